// One run of the command line: its settings, its language, its way to the server.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, type Origins, readConfig } from '../config.ts';
import { Client, type Keys } from './client.ts';
import { fail } from './errors.ts';
import { type Io, type Say, sayer } from './io.ts';
import { flagsOf } from './options.ts';

export interface Session {
  readonly config: Config;
  readonly origins: Origins;
  readonly say: Say;
  /** For machines: results as JSON. */
  readonly json: boolean;
  readonly client: Client;
  /** Refused when there are none. */
  readonly keys: () => Keys;
}

interface Common {
  readonly config?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
}

export function openSession(command: Command, io: Io): Session {
  const common = command.optsWithGlobals<Common>();
  const { config, origins } = readConfig({
    flags: flagsOf(command),
    env: io.env,
    cwd: io.cwd,
    configPath: common.config,
  });
  const running = common.endpoint ?? io.env.OPENSCF_ENDPOINT ?? endpointOf(config);
  const endpoint = running ?? `http://${config.host}:${config.portApi}`;
  // A data folder without keys never had a server.
  const keys = () =>
    keysOf(config) ?? (running ? fail('Cli.NoKeys', { path: keyPath(config) }) : fail('Cli.NotRunning', { endpoint }));
  const client = new Client({
    endpoint,
    keys,
    token: readText(join(config.data, 'token')),
    region: config.region,
    lang: config.lang,
    clock: io.clock,
  });
  return { config, origins, say: sayer(config.lang), json: common.json === true, client, keys };
}

/** The server on this data folder writes where it listens. */
function endpointOf(config: Config): string | undefined {
  const { endpoint } = readObject(join(config.data, 'server.json'));
  return typeof endpoint === 'string' ? endpoint : undefined;
}

function keysOf(config: Config): Keys | undefined {
  if (config.secretId !== undefined && config.secretKey !== undefined) {
    return { secretId: config.secretId, secretKey: config.secretKey };
  }
  const { secretId, secretKey } = readObject(keyPath(config));
  return typeof secretId === 'string' && typeof secretKey === 'string' ? { secretId, secretKey } : undefined;
}

const keyPath = (config: Config): string => join(config.data, 'credentials.json');

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
