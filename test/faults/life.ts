// One life of a server: from the start of its process until it is killed or stopped.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A start that takes longer has failed. */
const READY_MS = 120_000;
const STOP_MS = 120_000;
/** Of its log, for messages. */
const TAIL_CHARS = 4000;

/** What a server says once it listens. */
export interface Served {
  readonly endpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly token: string;
}

export interface LifeOptions {
  readonly dataDir: string;
  /** `<point>:<n>`: where it kills itself. */
  readonly kill?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Program and arguments that end by becoming the server, whose command line follows. */
  readonly prefix?: readonly string[];
  /** Compiled modules are kept here: a start takes half the time. */
  readonly cacheDir?: string;
}

export interface Life {
  readonly pid: number;
  /** Rejects when it ends before. */
  readonly ready: Promise<Served>;
  /** Exit code or signal. */
  readonly ended: Promise<string>;
  /** ms from its start until it listened. */
  startMs(): number | undefined;
  /** Attempts whose end it has written and said so. */
  settled(): number;
  /** The end of its log. */
  complaints(): string;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  /** SIGTERM; how it ended. */
  stop(): Promise<string>;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;
const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startLife({ dataDir, kill, settings = {}, prefix = [], cacheDir }: LifeOptions): Life {
  const server = [process.execPath, join(import.meta.dirname, 'server.ts'), dataDir, JSON.stringify(settings)];
  const [command = '', ...args] = [...prefix, ...server];
  const began = performance.now();
  const env = {
    ...process.env,
    ...(kill !== undefined && { OPENSCF_TEST_KILL: kill }),
    ...(cacheDir !== undefined && { NODE_COMPILE_CACHE: cacheDir }),
  };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  let tail = '';
  child.stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-TAIL_CHARS);
  });
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message));
    // All that it has said has been read by then.
    child.once('close', (code, signal) => resolve(String(signal ?? code)));
  });
  void ended.then(() => running.delete(child));
  const output = new Output(child.stdout);
  let startMs: number | undefined;
  const ready = firstLine(child, output, ended).then(line => {
    startMs = performance.now() - began;
    return JSON.parse(line) as Served;
  });
  // Not everybody waits for it: a life may be meant to end before.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    ended,
    startMs: () => startMs,
    settled: () => output.dots,
    complaints: () => tail,
    signal: name => void child.kill(name),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const how = await ended;
      clearTimeout(late);
      return how;
    },
  };
}

/** A byte per settled attempt, from the start on, and somewhere among them the line that says where it listens. */
class Output {
  dots = 0;
  readonly line: Promise<string>;

  constructor(stdout: Readable) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.line = promise;
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      for (const char of chunk.toString()) {
        if (text === '' && char === '.') this.dots++;
        else if (char !== '\n') text += char;
        else {
          resolve(text);
          text = '';
        }
      }
    });
  }
}

async function firstLine(child: Child, output: Output, ended: Promise<string>): Promise<string> {
  const late = setTimeout(() => child.kill('SIGKILL'), READY_MS);
  const dead = ended.then(how => {
    throw new Error(`the server ended with ${how} before it listened`);
  });
  try {
    return await Promise.race([output.line, dead]);
  } finally {
    clearTimeout(late);
  }
}
