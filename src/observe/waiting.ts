// What has happened and is not written yet, in the order it came.

import { type Entry, isAttempt } from './row.ts';

/** What is missed least when there is no room, first. */
export const RANK = {
  /** A synchronous call: its caller has the answer. */
  call: 0,
  /** A state that the end of the attempt replaces. */
  state: 1,
  /** The end of an attempt that nobody waits for: all that will be known of it. */
  end: 2,
} as const;

export type Rank = (typeof RANK)[keyof typeof RANK];

const ALL: readonly Rank[] = [RANK.call, RANK.state, RANK.end];

export function rankOf(entry: Entry): Rank {
  if (!isAttempt(entry)) return RANK.state;
  return entry.mode === 'sync' ? RANK.call : RANK.end;
}

export class Waiting {
  #entries: Entry[] = [];
  /** Of each entry. Kept beside them: those that are dropped under load are long out of the processor's cache. */
  #sizes: number[] = [];
  #ranks: Rank[] = [];
  /** How many there are of each rank. */
  readonly #counts = [0, 0, 0];
  #bytes = 0;

  get count(): number {
    return this.#entries.length;
  }

  /** What bodies and logs take that are held until they are written. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Entry, rank = rankOf(entry)): void {
    const size = bytesOf(entry);
    this.#entries.push(entry);
    this.#sizes.push(size);
    this.#ranks.push(rank);
    this.#bytes += size;
    this.#count(rank, 1);
  }

  /** Takes out the oldest, at most `count`, and no more after the first than fit into `bytes`. */
  take(count: number, bytes = Number.POSITIVE_INFINITY): Entry[] {
    let taken = 0;
    let size = 0;
    while (taken < count && taken < this.#sizes.length) {
      size += this.#sizes[taken] ?? 0;
      if (taken > 0 && size > bytes) break;
      taken++;
    }
    for (const each of this.#sizes.splice(0, taken)) this.#bytes -= each;
    for (const rank of this.#ranks.splice(0, taken)) this.#count(rank, -1);
    return this.#entries.splice(0, taken);
  }

  /** Puts what was taken last back in its place. */
  putBack(taken: readonly Entry[]): void {
    const sizes = taken.map(bytesOf);
    for (const size of sizes) this.#bytes += size;
    this.#entries = [...taken, ...this.#entries];
    this.#sizes = [...sizes, ...this.#sizes];
    const ranks = taken.map(rankOf);
    for (const rank of ranks) this.#count(rank, 1);
    this.#ranks = [...ranks, ...this.#ranks];
  }

  /** Whether something is here that is missed less. */
  hasBelow(rank: Rank): boolean {
    return this.#counts.some((count, each) => count > 0 && each < rank);
  }

  /** Drops the oldest of what is missed least, at most `count`: how many, and of which rank. */
  drop(count: number): { readonly gone: number; readonly rank: Rank } {
    const rank = ALL.find(each => (this.#counts[each] ?? 0) > 0) ?? RANK.end;
    if (this.#counts[rank] === this.count) return { gone: this.take(count).length, rank };
    let gone = 0;
    const stays = this.#ranks.map(each => each !== rank || gone++ >= count);
    gone = Math.min(gone, count);
    this.#sizes.forEach((size, place) => {
      if (!stays[place]) this.#bytes -= size;
    });
    const kept = (_: unknown, place: number) => stays[place] === true;
    this.#entries = this.#entries.filter(kept);
    this.#sizes = this.#sizes.filter(kept);
    this.#ranks = this.#ranks.filter(kept);
    this.#count(rank, -gone);
    return { gone, rank };
  }

  #count(rank: Rank, change: number): void {
    this.#counts[rank] = (this.#counts[rank] ?? 0) + change;
  }
}

function bytesOf(entry: Entry): number {
  const bytes = entry.event.body.length;
  return isAttempt(entry) ? bytes + entry.outcome.body.length + entry.outcome.log.length : bytes;
}
