// The program as users run it: a process of its own, on free ports unless told otherwise, stopped by its id.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export const ROOT = join(import.meta.dirname, '..');
/** Run by the pinned Node.js, as `npm run openscf` does. */
export const SOURCE: readonly string[] = [process.execPath, join(ROOT, 'src', 'cli', 'main.ts')];

const READY_MS = 60_000;
const STOP_MS = 60_000;
/** Of its output, for the message when it does not start. */
const TAIL_CHARS = 4000;

export interface ProgramOptions {
  readonly dataDir: string;
  /** Program and first arguments; the source tree's if not given. */
  readonly command?: readonly string[];
  /** Flags of `start`. */
  readonly flags?: readonly string[];
  /** The whole environment; this process's without the program's settings if not given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface Program {
  readonly pid: number;
  readonly endpoint: string;
  /** Of the object store. */
  readonly cosEndpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly dataDir: string;
  readonly urls: readonly { readonly name: string; readonly url: string }[];
  /** SIGTERM, and waits; rejects when it ends otherwise than by itself with 0. */
  stop(): Promise<void>;
}

interface Summary {
  readonly endpoint: string;
  readonly cosEndpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly urls: Program['urls'];
}

type Child = ChildProcessByStdio<null, Readable, Readable>;
const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// Whoever is ended leaves no server behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.kill(process.pid, signal);
  });
}

/** Resolves when the program has printed where it listens. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const [program = process.execPath, ...first] = options.command ?? SOURCE;
  const ports = ['--port-api', '0', '--port-cos', '0', '--port-http', '0', '--port-tls', '0'];
  const args = [...first, '--json', '--data', options.dataDir, 'start', ...ports, ...(options.flags ?? [])];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? withoutSettings(),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  running.add(child);
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('exit', (code, signal) => resolve(String(signal ?? code)));
  });
  void ended.then(() => running.delete(child));
  const { endpoint, cosEndpoint, credentials, urls } = await firstLine(child, ended);
  return {
    pid: child.pid ?? 0,
    endpoint,
    cosEndpoint,
    ...credentials,
    dataDir: options.dataDir,
    urls,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const how = await ended;
      clearTimeout(late);
      if (how !== '0') throw new Error(`the server ended with ${how} on SIGTERM`);
    },
  };
}

async function firstLine(child: Child, ended: Promise<string>): Promise<Summary> {
  let tail = '';
  let line = '';
  const late = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  child.stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-TAIL_CHARS);
  });
  const said = new Promise<string>(resolve => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (line.includes('\n')) return;
      line += chunk.toString();
      if (line.includes('\n')) resolve(line.slice(0, line.indexOf('\n')));
    });
  });
  const dead = ended.then(how => {
    throw new Error(`the server ended with ${how} before it was ready\n${tail}${line}`);
  });
  try {
    return JSON.parse(await Promise.race([said, dead])) as Summary;
  } finally {
    clearTimeout(late);
  }
}

/** A test is not to depend on a registry. */
const withoutSettings = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPENSCF_'))),
  OPENSCF_RUNTIMES: 'installed',
});
