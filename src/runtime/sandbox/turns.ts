// The file behind descriptor 4 of an instance: nobody else can name it.

import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux: a file without a name (O_TMPFILE | O_RDWR). */
const NAMELESS = 0o20200002;

let count = 0;

/** An open file of sixteen zero bytes. */
export function openTurns(dir = tmpdir()): number {
  const fd = openNameless(dir);
  try {
    writeSync(fd, Buffer.alloc(16), 0, 16, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openNameless(dir: string): number {
  if (process.platform === 'linux') {
    try {
      return openSync(dir, NAMELESS, 0o600);
    } catch {
      // A file system that has none.
    }
  }
  const path = join(dir, `.turns-${process.pid}-${++count}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}
