// A run of a file as a stream. The one of Node ends early, as if all were well, when the file is short.

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Large, since each costs a turn through the thread pool. */
export const CHUNK_BYTES = 256 * 1024;

export interface Slice {
  readonly open: () => Promise<FileHandle>;
  readonly from: number;
  /** Not part of it. */
  readonly to: number;
  /** Says what is wrong with a file that ends before it should. */
  readonly short: () => never;
}

/** Opens the file when the first byte is asked for. */
export class FileSlice extends Readable {
  readonly #slice: Slice;
  #at: number;
  #file: Promise<FileHandle> | undefined;

  constructor(slice: Slice) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#slice = slice;
    this.#at = slice.from;
  }

  override _read(): void {
    this.#next().then(
      chunk => {
        if (chunk) this.push(chunk);
        if (this.#at >= this.#slice.to) this.push(null);
      },
      error => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Closing waits for a read that is under way; what could not be opened has been told already.
    const closing = this.#file?.then(file => file.close()) ?? Promise.resolve();
    closing.then(
      () => done(error),
      failed => done(error ?? failed),
    );
  }

  async #next(): Promise<Buffer | undefined> {
    this.#file ??= this.#slice.open();
    const file = await this.#file;
    const wanted = Math.min(CHUNK_BYTES, this.#slice.to - this.#at);
    if (wanted <= 0) return undefined;
    const chunk = Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await file.read(chunk, 0, wanted, this.#at);
    if (bytesRead === 0) this.#slice.short();
    this.#at += bytesRead;
    return bytesRead === wanted ? chunk : chunk.subarray(0, bytesRead);
  }
}
