// For tests of the names: a server with the project's CA that stands for this one, and programs that call the cloud.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { SystemClock } from '../../core/clock.ts';
import { SystemIds } from '../../core/ids.ts';
import { NO_LOG } from '../../core/log.ts';
import { openFront } from '../../http/server.ts';
import type { Site } from '../../http/site.ts';
import { openTls } from '../../http/tls.ts';
import { cloudNames, type NamesSettings } from '../names.ts';

export interface Standing {
  readonly settings: NamesSettings;
  readonly caPath: string;
  /** A folder for programs. */
  readonly dir: string;
  close(): Promise<void>;
}

const echo: Site = {
  name: 'echo',
  claims: () => false,
  serve(request, response) {
    const { servername } = request.socket as TLSSocket;
    const scheme = 'encrypted' in request.socket ? 'https' : 'http';
    const arrived = { scheme, host: request.headers.host, servername: servername || '', url: request.url };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ ...arrived, Response: { ...arrived, RequestId: 'a' } }));
  },
};

export async function startStanding(host = '127.0.0.1', site = echo): Promise<Standing> {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-names-'));
  const source = { dataDir: dir, clock: new SystemClock(), ids: new SystemIds(), baseDomain: 'localhost' };
  const tls = await openTls(source);
  const options = { host, port: 0, sites: [], log: NO_LOG, fallback: site };
  const plain = await openFront({ ...options, setting: 'portApi' });
  const secure = await openFront({ ...options, setting: 'portTls', tls: tls.options });
  const ports = { api: plain.port, tls: secure.port };
  const caPem = await readFile(tls.caPath, 'utf8');
  const settings = cloudNames({ cloudNames: 'on', host, ports, caPem });
  if (!settings) throw new Error('unreachable: the names are on');
  return {
    settings,
    caPath: tls.caPath,
    dir,
    async close() {
      await Promise.all([plain.close(0), secure.close(0)]);
      await rm(dir, { recursive: true });
    },
  };
}

/** A hanging program is ended: nothing here takes so long. */
const PROGRAM_MS = 110_000;

/** Runs a program to its end and gives the JSON that it printed; an error holds what it printed on stderr. */
export async function printed(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PROGRAM_MS });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${err}`);
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`${command} printed no JSON: ${out}${err}`);
  }
}
