// Room kept aside on the disk. Even what removes objects is first written, to the write-ahead log: on a disk that is full to the
// last block nothing could be removed any more, and it would stay full.

import { createCipheriv } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const RESERVE_BYTES = 4 << 20;
/** A removal writes less; what it leaves is anybody's. */
const SLICE_BYTES = 128 << 10;
/** The last blocks are not taken from the other files of the data folder. */
const LEFT_BYTES = 1 << 20;

export class Reserve {
  readonly #path: string;
  readonly #wanted: number;
  #bytes: number;
  /** Where it cannot be made, for want of rights or on another system, all goes on without it. */
  #isPossible = true;

  constructor(path: string, bytes = RESERVE_BYTES) {
    this.#path = path;
    this.#wanted = bytes;
    this.#bytes = this.#open(file => fstatSync(file).size) ?? 0;
    this.restore();
  }

  /** Kept aside at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes back what was given up, if the disk has room for it. */
  restore(): void {
    const missing = this.#wanted - this.#bytes;
    if (missing <= 0 || !this.#isPossible || this.free() < missing + LEFT_BYTES) return;
    const done = this.#open(file => {
      try {
        writeWhole(file, noise(missing), this.#bytes);
        return true;
      } catch (error) {
        ftruncateSync(file, this.#bytes);
        throw error;
      }
    });
    if (done) this.#bytes = this.#wanted;
  }

  /** Gives up a slice. False when nothing is left. */
  spend(): boolean {
    if (this.#bytes === 0) return false;
    const left = Math.max(this.#bytes - SLICE_BYTES, 0);
    if (!this.#open(file => ftruncateSync(file, left) === undefined)) return false;
    this.#bytes = left;
    return true;
  }

  /** Bytes that this program may still write to the disk, as far as the system tells. */
  free(): number {
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      return bavail * bsize;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  /** undefined where the disk, or the system, refuses. */
  #open<R>(work: (file: number) => R): R | undefined {
    let file: number | undefined;
    try {
      file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      return work(file);
    } catch (error) {
      this.#isPossible = isFull(error);
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code));

function writeWhole(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

/** Bytes that no file system can keep in fewer. */
function noise(count: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(count));
}
