// How many batches are under way at once, and how much of what waits goes with one.
//
// On a slow disk few large commits are fastest: one batch is written, all else gathers for the next. On a fast one the way
// between the threads takes as long as the commit: two halves take turns, and neither thread waits for the other.

const FAST_MS = 1;
/** One checkpoint among hundreds of commits makes no disk slow. */
const MOST_MS = 3;
/** Weight of the latest commit in the average. */
const WEIGHT = 1 / 8;
/** Fewer are not worth a commit of their own. */
const WORTH_HALVING = 16;
/** A batch that grows with the backlog would make its own members wait. */
const BATCH_OPS = 512;

export class Pace {
  #commitMs = FAST_MS;

  heard(commitMs: number): void {
    this.#commitMs += (Math.min(commitMs, MOST_MS) - this.#commitMs) * WEIGHT;
  }

  /** Ops for another batch; 0: not now. */
  share(waiting: number, batchesUnderWay: number): number {
    const fast = this.#commitMs < FAST_MS;
    if (batchesUnderWay >= (fast ? 2 : 1)) return 0;
    const half = fast && batchesUnderWay === 0 && waiting >= WORTH_HALVING;
    return Math.min(half ? Math.ceil(waiting / 2) : waiting, BATCH_OPS);
  }
}
