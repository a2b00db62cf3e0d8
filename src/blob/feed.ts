// A run of a file, handed on in chunks that are filled again and again: a new one for each costs more than reading it.

import { CHUNK_BYTES, type Slice } from './slice.ts';

/** So many wait for the next who needs one: 16 MB. */
const KEPT = 64;

export class Chunks {
  readonly #make: () => Buffer;
  readonly #free: Buffer[] = [];

  constructor(make: () => Buffer = () => Buffer.allocUnsafeSlow(CHUNK_BYTES)) {
    this.#make = make;
  }

  take(): Buffer {
    return this.#free.pop() ?? this.#make();
  }

  give(chunk: Buffer): void {
    if (this.#free.length < KEPT) this.#free.push(chunk);
  }
}

/** A chunk is the taker's until its promise is over; while it has one, the next one is read. */
export async function feed(slice: Slice, chunks: Chunks, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  const file = await slice.open();
  let closing: Promise<void> | undefined;
  try {
    let taking: Promise<void> = Promise.resolve();
    for (let at = slice.from; at < slice.to; ) {
      const chunk = chunks.take();
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, slice.to - at), at);
      if (bytesRead === 0) slice.short();
      at += bytesRead;
      await taking;
      // Whoever fails may have it still: such a chunk is not used again.
      taking = take(chunk.subarray(0, bytesRead)).then(() => chunks.give(chunk));
      // Heard when it is waited for.
      taking.catch(() => undefined);
    }
    closing = file.close();
    await taking;
  } finally {
    await (closing ?? file.close());
  }
}
