// What has happened and is not written yet, in the order it came.

import { type Entry, isAttempt } from './row.ts';

export class Waiting {
  #entries: Entry[] = [];
  /** Of each entry. Kept beside them: those that are dropped under load are long out of the processor's cache. */
  #sizes: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.#entries.length;
  }

  /** What bodies and logs take that are held until they are written. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Entry): void {
    const size = bytesOf(entry);
    this.#entries.push(entry);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  /** Takes out the oldest, at most `count`. */
  take(count: number): Entry[] {
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
    return this.#entries.splice(0, count);
  }

  /** Puts what was taken last back in its place. */
  putBack(taken: readonly Entry[]): void {
    const sizes = taken.map(bytesOf);
    for (const size of sizes) this.#bytes += size;
    this.#entries = [...taken, ...this.#entries];
    this.#sizes = [...sizes, ...this.#sizes];
  }
}

function bytesOf(entry: Entry): number {
  const bytes = entry.event.body.length;
  return isAttempt(entry) ? bytes + entry.outcome.body.length + entry.outcome.log.length : bytes;
}
