// Content into a file, summed up on its way: one block is on its way to the disk while the next one is filled.

import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { WriteOptions } from '../core/objects.ts';
import type { Chunks } from './feed.ts';
import { flow } from './flow.ts';
import type { Summers } from './summers.ts';
import { type Summing, type Sums, summingHere } from './sums.ts';

/** Blocks of one content that may wait to be summed up: the disk is faster, and is not to stand idle for that. */
const SUMS_BEHIND = 2;

export interface PourDeps {
  /** In memory that threads share. */
  readonly blocks: Chunks;
  readonly summers: Pick<Summers, 'begin'>;
}

/** Resolves when all is written; the sums may take a little longer. The first block is filled while the file is opened. */
export async function pour(
  content: Buffer | Readable,
  file: FileHandle | Promise<FileHandle>,
  deps: PourDeps,
  options: WriteOptions,
): Promise<{ readonly sums: Promise<Sums> }> {
  const pouring = new Pouring(file, deps, options);
  try {
    if (Buffer.isBuffer(content)) return await pouring.whole(content);
    await flow(content, chunk => pouring.take(chunk));
    return await pouring.end();
  } catch (error) {
    await pouring.drop();
    throw error;
  }
}

class Pouring {
  readonly #file: FileHandle | Promise<FileHandle>;
  readonly #deps: PourDeps;
  readonly #sha1: boolean;
  readonly #spent: WriteOptions['spent'];
  #summing: Summing | undefined;
  #isDropped = false;
  #block: Buffer | undefined;
  #filled = 0;
  /** What follows may be written. */
  #written: Promise<void> = Promise.resolve();
  /** Of blocks that are being written and summed up, the first one first. */
  readonly #done: Promise<void>[] = [];

  constructor(file: FileHandle | Promise<FileHandle>, deps: PourDeps, { sha1 = false, spent }: WriteOptions) {
    this.#file = file;
    this.#deps = deps;
    this.#sha1 = sha1;
    this.#spent = spent;
  }

  async whole(content: Buffer): Promise<{ readonly sums: Promise<Sums> }> {
    this.#written = heard(writeAll(this.#file, content));
    const sums = summingHere(this.#sha1).last(content);
    await this.#written;
    return { sums };
  }

  /** What fits is taken at once. */
  take(chunk: Buffer): Promise<void> | undefined {
    this.#block ??= this.#deps.blocks.take();
    if (this.#filled + chunk.length > this.#block.length) return this.#fill(chunk);
    this.#filled += chunk.copy(this.#block, this.#filled);
    this.#spent?.(chunk);
    return undefined;
  }

  async #fill(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const block = this.#block ?? this.#deps.blocks.take();
      this.#block = block;
      const taken = chunk.copy(block, this.#filled, at);
      at += taken;
      this.#filled += taken;
      // The last block is left for the end, whether or not it is full.
      if (at === chunk.length) break;
      this.#block = undefined;
      this.#filled = 0;
      await this.#flush(block);
    }
    this.#spent?.(chunk);
  }

  /** Waits for the write of the block before, and for this one not. */
  async #flush(block: Buffer): Promise<void> {
    await this.#written;
    if (this.#done.length === SUMS_BEHIND) await this.#done.shift();
    // Its content broke off meanwhile: the file is being closed, and who sums up has been told to forget it.
    if (this.#isDropped) throw new Error('the content has been given up');
    this.#summing ??= this.#deps.summers.begin(this.#sha1);
    // The disk first: it may be this thread that sums up.
    this.#written = heard(writeAll(this.#file, block));
    this.#done.push(this.#returned(block, this.#summing.add(block)));
  }

  async end(): Promise<{ readonly sums: Promise<Sums> }> {
    const block = this.#block ?? this.#deps.blocks.take();
    const rest = block.subarray(0, this.#filled);
    await this.#written;
    this.#written = heard(writeAll(this.#file, rest));
    // A content of one block is summed up here: another thread would have heard of it about when it is over.
    const sums = heard((this.#summing ?? summingHere(this.#sha1)).last(rest));
    this.#summing = undefined;
    // The sums of what came before are in these: a file can go to its place and to the disk while they are made.
    this.#returned(block, sums);
    await this.#written;
    return { sums };
  }

  /** The file is closed behind this. */
  async drop(): Promise<void> {
    this.#isDropped = true;
    this.#summing?.drop();
    await this.#written.catch(() => undefined);
  }

  /** A block of which something failed may still be in use, and is not used again. */
  #returned(block: Buffer, summed: Promise<unknown>): Promise<void> {
    return heard(Promise.all([this.#written, summed]).then(() => this.#deps.blocks.give(block)));
  }
}

/** It is waited for later. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A write may take less than it was given, most of all when the disk is nearly full. */
async function writeAll(opening: FileHandle | Promise<FileHandle>, part: Buffer): Promise<void> {
  const file = await opening;
  for (let at = 0; at < part.length; ) {
    const { bytesWritten } = await file.writev([part.subarray(at)]);
    if (bytesWritten === 0) throw Object.assign(new Error('the disk takes nothing more'), { code: 'ENOSPC' });
    at += bytesWritten;
  }
}
