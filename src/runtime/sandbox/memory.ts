// Memory of a running process and its children, read from /proc. Elsewhere (macOS) nothing can be read cheaply.

import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** Linux's page size on every machine this runs on but some ARM kernels; those are asked. */
const PAGE_BYTES = readPageBytes();

const buffer = Buffer.allocUnsafe(256);

export interface MemoryReader {
  /** Bytes, 0 when it cannot be told. */
  read(): number;
  close(): void;
}

/** Reads one process often and its descendants every `childrenEvery`-th time. */
export function memoryReader(pid: number, childrenEvery = 8): MemoryReader {
  let fd: number | undefined;
  let count = 0;
  let ofChildren = 0;
  try {
    fd = openSync(`/proc/${pid}/statm`, 'r');
  } catch {
    fd = undefined;
  }
  return {
    read() {
      if (fd === undefined) return 0;
      if (count++ % childrenEvery === 0) ofChildren = descendants(pid).reduce((sum, child) => sum + memoryOf(child), 0);
      return fromStatm(fd) + ofChildren;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function memoryOf(pid: number): number {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/statm`, 'r');
    return fromStatm(fd);
  } catch {
    return 0;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Resident minus shared: the pages of this process alone. Shared ones are the interpreter's own file,
 * which all instances have together.
 */
function fromStatm(fd: number): number {
  try {
    const [, resident = '0', shared = '0'] = buffer.toString('latin1', 0, readSync(fd, buffer, 0, 256, 0)).split(' ');
    return (Number(resident) - Number(shared)) * PAGE_BYTES;
  } catch {
    // The process has just ended.
    return 0;
  }
}

function descendants(pid: number): number[] {
  const found: number[] = [];
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ')) {
        if (child !== '') found.push(Number(child), ...descendants(Number(child)));
      }
    }
  } catch {
    // Ended, or a kernel without the list of children.
  }
  return found;
}

/** The auxiliary vector holds it as entry 6 (AT_PAGESZ). */
function readPageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readUInt32LE(at) === 6) return vector.readUInt32LE(at + 8);
    }
  } catch {
    // No /proc.
  }
  return 4096;
}
