// The sums of a content, block by block.

import { createHash, type Hash } from 'node:crypto';
import { Crc64 } from '../core/crc64.ts';
import type { WrittenFile } from '../core/objects.ts';

export type Sums = Omit<WrittenFile, 'file'>;

/** Each block goes in behind the one before; `last` is asked once, with what no block has had yet. */
export interface Summing {
  /** What it was given is the caller's again once it resolves. */
  add(block: Buffer): Promise<void>;
  last(block: Buffer): Promise<Sums>;
  /** Nothing more will come, and nobody waits. */
  drop(): void;
}

export class RunningSums {
  readonly #md5 = createHash('md5');
  readonly #sha1: Hash | undefined;
  readonly #crc64 = new Crc64();
  #bytes = 0;

  constructor(sha1: boolean) {
    this.#sha1 = sha1 ? createHash('sha1') : undefined;
  }

  add(block: Uint8Array): this {
    this.#md5.update(block);
    this.#sha1?.update(block);
    this.#crc64.update(block);
    this.#bytes += block.length;
    return this;
  }

  digest(): Sums {
    const [md5, sha1] = [this.#md5.digest('hex'), this.#sha1?.digest('hex') ?? ''];
    return { bytes: this.#bytes, md5, sha1, crc64: this.#crc64.digest() };
  }
}

/** On the thread that asks. */
export function summingHere(sha1: boolean): Summing {
  const sums = new RunningSums(sha1);
  return {
    add: async block => void sums.add(block),
    last: async block => sums.add(block).digest(),
    drop: () => undefined,
  };
}
