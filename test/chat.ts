// The chat example on a server of its own, deployed by the command line.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runIn } from '../src/cli/fixture.ts';
import type { Urls } from '../src/cli/wire.ts';
import { startTestServer } from './harness.ts';

const EXAMPLE = join(import.meta.dirname, '..', 'examples', 'chat-python');
const PARTS = ['room', 'register', 'transport', 'cleanup'];

export interface Chat extends AsyncDisposable {
  /** What `openscf deploy` said. */
  readonly deployed: string;
  readonly page: string;
  /** Where clients connect. */
  readonly socket: string;
  readonly cli: (...args: string[]) => Promise<string>;
}

export async function startChat(): Promise<Chat> {
  const server = await startTestServer();
  const folder = await mkdtemp(join(tmpdir(), 'openscf-chat-'));
  const dispose = async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  const cli = async (...args: string[]) => {
    const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, ...args]);
    assert.equal(run.status, 0, `openscf ${args.join(' ')}: ${run.note}`);
    return run.out;
  };
  try {
    await cp(EXAMPLE, folder, { recursive: true });
    const deployed = await cli('deploy', folder);
    for (const part of PARTS) assert.match(deployed, new RegExp(`^Created chat-python-${part} `, 'm'));
    const { functions } = await server.get<Urls>('/urls');
    const urlOf = (part: string) =>
      functions.find(one => one.name === `chat-python-${part}`)?.triggers[0]?.urls[0] ?? '';
    return { deployed, page: urlOf('room'), socket: urlOf('transport'), cli, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
