// What the tests of the sandbox program share: running it, and what the machine must offer for that.

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const FOLDER = import.meta.dirname;
const NATIVE = join(FOLDER, `linux-${process.arch}`);

export const IS_ROOT = process.getuid?.() === 0;
/** Nobody: the tests' unprivileged server when they run as root. */
export const NOBODY = 65534;

/** `skip` of a test that runs the program. */
export const onLinux =
  process.platform !== 'linux' ? 'needs Linux' : existsSync(NATIVE) ? false : `there is no program for ${process.arch}`;

export interface Probe {
  readonly kernel: string;
  readonly openTree: boolean;
  readonly userns: boolean;
  readonly mountNs: boolean;
  readonly seccomp: boolean;
  readonly pidfd: boolean;
  readonly loop: boolean;
  readonly root: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export function run(
  args: readonly string[],
  options: { uid?: number; gid?: number; cwd?: string } = {},
): Promise<Ended> {
  return new Promise(resolve => {
    const child = execFile(PROGRAM, [...args], { ...options, encoding: 'utf8' }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** A copy that everybody may execute: the checkout may lie in a folder of root's. */
function copyForAll(): string {
  if (onLinux) return NATIVE;
  const folder = mkdtempSync(join(tmpdir(), 'openscf-native-'));
  spawnSync('chmod', ['755', folder]);
  const copy = join(folder, 'openscf-sandbox');
  copyFileSync(NATIVE, copy);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return copy;
}

export const PROGRAM = copyForAll();

/** Found by the program itself; its own test compares it with what other programs find. */
export const probed: Probe | undefined = onLinux
  ? undefined
  : (JSON.parse(spawnSync(PROGRAM, ['probe'], { encoding: 'utf8' }).stdout) as Probe);

export const withUserns = onLinux || (probed?.userns ? false : 'user namespaces are forbidden here');
export const withMounts = onLinux || (probed?.openTree ? false : 'mounts in namespaces are forbidden here');
export const asRoot = onLinux || (probed?.root ? false : 'needs root');

export function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

export const withUnshare = (skip: string | false) => skip || (has('unshare') ? false : 'needs unshare (util-linux)');

const started = new Set<ChildProcess>();

/** A test that fails leaves its processes behind, and they would keep the whole run from ending. */
export function toBeEnded<T extends ChildProcess>(child: T): T {
  started.add(child);
  child.once('close', () => started.delete(child));
  return child;
}

export function endAll(): void {
  for (const child of started) child.kill('SIGKILL');
}

/** Real processes come and go in real time. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (holds()) return;
    await pause(10);
  }
  throw new Error(`${what}: not within a minute`);
}

export function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** A process in new namespaces of `unshare`'s options, told to work by lines on its stdin; ends with it. */
export async function inNamespaces(options: readonly string[], command: readonly string[], helperPid?: number) {
  const before = helperPid === undefined ? [] : ['run', '--ns', String(helperPid), '--'];
  // `exec` keeps the pid: the helper is told that of the process inside.
  const [first = '', ...rest] = [...before, 'unshare', ...options, ...command];
  const child = toBeEnded(
    spawn(helperPid === undefined ? first : PROGRAM, helperPid === undefined ? rest : [first, ...rest], {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(helperPid !== undefined && IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {}),
    }),
  );
  const lines: string[] = [];
  let woken = () => {};
  let partial = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (partial + text).split('\n');
    partial = parts.pop() ?? '';
    lines.push(...parts);
    woken();
  });
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()));
  const line = async (): Promise<string> => {
    while (lines.length === 0) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the process has ended');
      await Promise.race([new Promise<void>(resolve => (woken = resolve)), gone]);
    }
    return lines.shift() ?? '';
  };
  return {
    pid: child.pid ?? 0,
    line,
    tell: (text: string) => child.stdin.write(`${text}\n`),
    async end() {
      child.stdin.end();
      child.kill('SIGKILL');
      await gone;
    },
  };
}
