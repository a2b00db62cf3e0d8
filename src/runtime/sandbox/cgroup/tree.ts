// The few file operations that control groups are made of. Behind an interface, so that the rules of kernels
// that this machine does not run can be tested as well.

import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** An open file of the kernel: each read gives its present content from the beginning. */
export interface KernelFile {
  read(): string;
  write(text: string): void;
  close(): void;
}

/** Everything throws the system's error, with its `code`. */
export interface CgroupTree {
  read(path: string): string;
  /** Never makes a file: what the kernel does not offer is ENOENT. */
  write(path: string, text: string): void;
  /** Whether it is there and may be written. */
  writable(path: string): boolean;
  /** Names of the folders in a folder. */
  folders(path: string): readonly string[];
  mkdir(path: string): void;
  rmdir(path: string): void;
  open(path: string, mode: 'r' | 'r+'): KernelFile;
  /** Sends SIGKILL. */
  kill(pid: number): void;
  /** This process. */
  readonly pid: number;
}

/** The longest file that is read often, memory.stat, has less than 3 KB. */
const buffer = Buffer.allocUnsafe(16 * 1024);

export const SYSTEM_TREE: CgroupTree = Object.freeze({
  pid: process.pid,
  read: (path: string) => readFileSync(path, 'latin1'),
  write: (path: string, text: string) => writeFileSync(path, text, { flag: 'r+' }),
  writable(path: string): boolean {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  folders: (path: string) =>
    readdirSync(path, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : [])),
  mkdir: (path: string) => mkdirSync(path, { mode: 0o755 }),
  rmdir: (path: string) => rmdirSync(path),
  kill: (pid: number) => void process.kill(pid, 'SIGKILL'),
  open(path: string, mode: 'r' | 'r+'): KernelFile {
    const fd = openSync(path, mode);
    return {
      read: () => buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0)),
      write: text => void writeSync(fd, text, 0),
      close: () => closeSync(fd),
    };
  },
});

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Whether it could be written. For settings that not every kernel has. */
export function tryWrite(tree: CgroupTree, path: string, text: string): boolean {
  try {
    tree.write(path, text);
    return true;
  } catch {
    return false;
  }
}

/** Removes a group that nobody is in; one that is in use stays. */
export function tryRmdir(tree: CgroupTree, path: string): void {
  try {
    tree.rmdir(path);
  } catch {
    // In use.
  }
}

/** Makes a folder that may be there already. */
export function ensureDir(tree: CgroupTree, path: string): void {
  try {
    tree.mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The number behind `name` in lines of `name number`; undefined when there is no such line. */
export function fieldOf(text: string, name: string): number | undefined {
  let at = 0;
  if (!text.startsWith(`${name} `)) {
    at = text.indexOf(`\n${name} `) + 1;
    if (at === 0) return undefined;
  }
  return Number.parseInt(text.slice(at + name.length + 1, at + name.length + 24), 10);
}

/** Pids in a cgroup.procs; those of other pid namespaces read 0 and cannot be reached. */
export function pidsIn(tree: CgroupTree, dir: string): number[] {
  try {
    return tree
      .read(`${dir}/cgroup.procs`)
      .split('\n')
      .flatMap(line => (Number(line) > 0 ? [Number(line)] : []));
  } catch {
    return [];
  }
}
