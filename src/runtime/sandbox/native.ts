// The program beside the source that does what Node.js cannot (native/), and its long-lived mount helper.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { errorRow, failer } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { assetPath } from '../languages/assets.ts';

const fail = failer({
  'FailedOperation.SandboxProgram': errorRow.platform(
    '沙箱程序 {path} 与 SHA256SUMS 不符，请重新安装 openscf。',
    'The sandbox program {path} is not the one that SHA256SUMS names; install openscf again.',
  ),
  'FailedOperation.SandboxProgramMode': errorRow.platform(
    '沙箱程序 {path} 不可执行，请执行 chmod 755 {path}。',
    'The sandbox program {path} cannot be executed; run chmod 755 {path}.',
  ),
});

export interface SandboxProgram {
  readonly path: string;
  /** Hex; verified. */
  readonly sha256: string;
}

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Where `linux-x64`, `linux-arm64` and SHA256SUMS lie; those of this package when left out. */
  readonly folder?: string;
  /** Takes a copy when the program lies where its mode is lost and cannot be set. */
  readonly copyDir?: string;
}

/** undefined where there is none for the machine; throws when it is not as released. */
export function sandboxProgram(machine: Machine = process): SandboxProgram | undefined {
  const name = `${machine.platform}-${machine.arch}`;
  const folder = machine.folder ?? dirname(assetPath('../sandbox/native/SHA256SUMS'));
  const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  const sha256 = new RegExp(`^([0-9a-f]{64})  ${name}$`, 'm').exec(sums)?.[1];
  if (!name.startsWith('linux-') || sha256 === undefined) return undefined;
  const path = join(folder, name);
  if (!existsSync(path) || hashOf(path) !== sha256) fail('FailedOperation.SandboxProgram', { path });
  return { path: executable(path, machine.copyDir, sha256), sha256 };
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Archives and some package stores lose the mode. */
function executable(path: string, copyDir: string | undefined, sha256: string): string {
  if (runs(path)) return path;
  try {
    chmodSync(path, 0o755);
    return path;
  } catch {
    // A folder of somebody else's.
  }
  if (copyDir === undefined) return fail('FailedOperation.SandboxProgramMode', { path });
  const copy = join(copyDir, `openscf-sandbox-${sha256.slice(0, 12)}`);
  if (existsSync(copy) && runs(copy) && hashOf(copy) === sha256) return copy;
  mkdirSync(copyDir, { recursive: true, mode: 0o700 });
  copyFileSync(path, `${copy}.new`);
  chmodSync(`${copy}.new`, 0o755);
  renameSync(`${copy}.new`, copy);
  return copy;
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ForwardedPort {
  /** On the sandbox's own loopback. */
  readonly port: number;
  /** An IPv4 address as seen from this server. */
  readonly host: string;
  readonly targetPort: number;
}

export interface MountHelper {
  /** Of the process whose namespaces `run --ns` enters; another one after a restart; undefined while there is none. */
  readonly pid: number | undefined;
  /** Brings folders, read-only, onto folders of the sandbox that `pid` (as this server sees it) is in. */
  mount(pid: number, pairs: readonly (readonly [from: string, to: string])[]): Promise<void>;
  /** Listens inside a sandbox with its own network, until the process ends. */
  forward(pid: number, ports: readonly ForwardedPort[]): Promise<void>;
  /** Mounts the first `bytes` of an ext4 image; 0 is all of it. */
  loop(image: string, mountpoint: string, bytes: number): Promise<void>;
  umount(mountpoint: string): Promise<void>;
  close(): Promise<void>;
}

export interface HelperOptions {
  readonly program: string;
  /** In a user and mount namespace of its own: for a server that is not root. */
  readonly userns: boolean;
  readonly log: Log;
}

/** Rejects when the helper cannot start. */
export async function openMountHelper(options: HelperOptions): Promise<MountHelper> {
  const helper = new NativeMountHelper(options);
  await helper.start();
  return helper;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** One living process; commands are answered in any order, matched by their id. */
interface Session {
  readonly child: Child;
  readonly pid: number;
  readonly waiting: Map<string, Waiting>;
  /** It has done something: one that dies before is not started again and again. */
  proven: boolean;
}

class NativeMountHelper implements MountHelper {
  readonly #options: HelperOptions;
  #session: Session | undefined;
  #starting: Promise<Session> | undefined;
  #count = 0;
  #closed = false;

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#session?.pid;
  }

  mount(pid: number, pairs: readonly (readonly [string, string])[]): Promise<void> {
    return this.#do('mount', pid, ...pairs.flat());
  }

  forward(pid: number, ports: readonly ForwardedPort[]): Promise<void> {
    return this.#do('forward', pid, ...ports.flatMap(({ port, host, targetPort }) => [port, host, targetPort]));
  }

  loop(image: string, mountpoint: string, bytes: number): Promise<void> {
    return this.#do('loop', image, mountpoint, bytes);
  }

  umount(mountpoint: string): Promise<void> {
    return this.#do('umount', mountpoint);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => undefined);
    const child = this.#session?.child;
    this.#session = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>(resolve => {
      child.once('exit', () => resolve());
      child.stdin.end();
    });
  }

  /** One start at a time, whoever asks. */
  start(): Promise<Session> {
    this.#starting ??= startSession(this.#options)
      .then(session => {
        this.#session = session;
        session.child.once('close', () => {
          if (this.#session === session) this.#session = undefined;
          if (this.#closed) return;
          this.#options.log.warn({ pid: session.pid }, 'the mount helper has died');
          // New sandboxes need its namespaces; else the next command would start it.
          if (session.proven) void this.start().catch(() => undefined);
        });
        return session;
      })
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  async #do(...fields: readonly (string | number)[]): Promise<void> {
    if (this.#closed) throw new Error('the mount helper is closed');
    const { child, waiting } = this.#session ?? (await this.start());
    const id = String(++this.#count);
    const line = `${[id, ...fields.map(escaped)].join('\t')}\n`;
    await new Promise<void>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.stdin.write(line);
    });
  }
}

function escaped(field: string | number): string {
  return String(field).replace(/[\\\t\n]/g, one => (one === '\t' ? '\\t' : one === '\n' ? '\\n' : '\\\\'));
}

function startSession({ program, userns, log }: HelperOptions): Promise<Session> {
  return new Promise((resolve, reject) => {
    const child: Child = spawn(program, userns ? ['serve', '--userns'] : ['serve'], { env: {}, stdio: 'pipe' });
    const waiting = new Map<string, Waiting>();
    let session: Session | undefined;
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-500);
    });
    // A write to one that has just died; `close` tells it.
    child.stdin.on('error', () => {});
    const died = (why: string) => {
      const error = new Error(`the mount helper has ended: ${complaint.trim() || why}`);
      reject(error);
      for (const one of waiting.values()) one.reject(error);
      waiting.clear();
    };
    child.once('error', error => died(error.message));
    child.once('close', (code, signal) => died(signal ?? `exit code ${code}`));
    createInterface({ input: child.stdout }).on('line', line => {
      const ready = /^ready (\d+)$/.exec(line);
      if (ready) {
        session = { child, pid: Number(ready[1]), waiting, proven: false };
        return resolve(session);
      }
      const [, id = '', failed] = /^(\S+) (?:ok|error (.*))$/.exec(line) ?? [];
      const one = waiting.get(id);
      waiting.delete(id);
      if (!one) log.error({ line }, 'an answer of the mount helper that nobody asked for');
      else if (failed === undefined) {
        if (session) session.proven = true;
        one.resolve();
      } else one.reject(new Error(`mount helper: ${failed}`));
    });
  });
}
