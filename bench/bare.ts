// A process that starts, does nothing and ends: the yardstick of starts.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function msOf(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Without NODE_EXTRA_CA_CERTS and the like, which cost a start more than it takes by itself. */
export const PLAIN_ENV: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C' };

export async function bareProcess(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore', env: PLAIN_ENV });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}
