// Programs of other makers that run beside a test, and end with it.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

const TAIL_CHARS = 4000;
/** Ceph looks for new persistent topics every 30 s. */
const PATIENCE_MS = 100_000;

export interface Daemon {
  readonly pid: number | undefined;
  /** Its exit code or signal, once it has ended. */
  ended(): string | undefined;
  /** The end of what it said. */
  said(): string;
  end(): Promise<void>;
}

/** Where a program is, if it is on the PATH. */
export function programAt(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

type Environment = Readonly<Record<string, string>>;

/** It ends with this process, however this one ends: util-linux's setpriv has the kernel see to that. */
export function startDaemon(program: string, args: readonly string[], env: Environment = {}): Daemon {
  const setpriv = programAt('setpriv');
  const line = setpriv ? [setpriv, '--pdeathsig', 'KILL', program, ...args] : [program, ...args];
  const [command = '', ...rest] = line;
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  let tail = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-TAIL_CHARS);
    });
  let how: string | undefined;
  const gone = new Promise<void>(resolve => {
    child.once('error', error => {
      how = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      how = String(signal ?? code);
      resolve();
    });
  });
  void gone.then(() => process.off('exit', kill));
  return {
    pid: child.pid,
    ended: () => how,
    said: () => tail,
    async end() {
      kill();
      await gone;
    },
  };
}

/** Runs a program to its end; fails unless it ended well. */
export async function runProgram(program: string, args: readonly string[], env: Environment = {}): Promise<string> {
  const run = startDaemon(program, args, env);
  try {
    const how = await seen(`the end of ${program} ${args.join(' ')}`, async () => run.ended());
    if (how !== '0') throw new Error(`${program} ${args.join(' ')}: ${how}\n${run.said()}`);
    return run.said();
  } finally {
    await run.end();
  }
}

/** Looks until there is something; fails in the end, or when the daemon has ended. */
export async function seen<T>(what: string, look: () => Promise<T | undefined | false>, daemon?: Daemon): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (daemon?.ended() !== undefined) throw new Error(`ended (${daemon.ended()}) before ${what}\n${daemon.said()}`);
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${daemon?.said() ?? ''}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

export const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    async response => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );

let addresses = 0;

/** An address of this machine's loopback that nobody else listens at: ports can be what they usually are. */
export const ownAddress = (): string =>
  `127.${200 + ((process.pid >> 8) % 50)}.${process.pid & 255}.${1 + (addresses++ % 250)}`;
