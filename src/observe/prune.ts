// Keeps the invocation rows within their budget of age and number, the oldest going first, a few at a time.

import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';

export interface RowBudget {
  readonly rows: number;
  readonly ageMs: number;
}

export interface Pruner {
  /**
   * To be told of rows written; prunes when it is time. Not to be called while an earlier call goes on.
   * Resolves with the ms of real time it took from others.
   */
  wrote(rows: number): Promise<number>;
}

const AGE_CHECK_MS = 60_000;
/** Rows removed in one go; between two, others have their turn. */
const CHUNK_ROWS = 256;

export function createPruner(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly budget: RowBudget;
}): Pruner {
  const { store, clock, wallClock, budget } = deps;
  // Counting reads the whole index: the number is estimated, from above, and counted when that passes the budget.
  const slack = Math.ceil(budget.rows / 16);
  let estimate: number | undefined;
  let agesCheckedAt = Number.NEGATIVE_INFINITY;

  async function tooOld(): Promise<number> {
    const now = clock.now();
    if (now < agesCheckedAt + AGE_CHECK_MS) return 0;
    agesCheckedAt = now;
    return store.count('invocations', {}, { column: 'startedAt', before: now - budget.ageMs });
  }

  async function tooMany(written: number): Promise<number> {
    estimate = estimate === undefined ? await store.count('invocations') : estimate + written;
    if (estimate <= budget.rows + slack) return 0;
    estimate = await store.count('invocations');
    return estimate - budget.rows;
  }

  return {
    async wrote(rows) {
      let busyMs = 0;
      const timed = async <R>(work: () => Promise<R>): Promise<R> => {
        const began = wallClock.now();
        try {
          return await work();
        } finally {
          busyMs += wallClock.now() - began;
        }
      };
      const dropOldest = async (count: number) => {
        for (let left = count; left > 0; await new Promise(setImmediate)) {
          const removed = await timed(() => dropSome(store, Math.min(left, CHUNK_ROWS)));
          if (removed === 0) return;
          left -= removed;
        }
      };
      await dropOldest(await timed(tooOld));
      const excess = await timed(() => tooMany(rows));
      await dropOldest(excess);
      if (excess > 0) estimate = budget.rows;
      return busyMs;
    },
  };
}

async function dropSome(store: Store, count: number): Promise<number> {
  const orderBy = 'startedAt';
  // The first that stays, if any does.
  const [edge] = await store.list('invocations', {}, { orderBy, offset: count, limit: 1 });
  const before = edge ? edge.startedAt : Number.MAX_SAFE_INTEGER;
  const removed = await store.remove('invocations', {}, { column: 'startedAt', before });
  if (removed > 0) return removed;
  // All of one instant, as on a clock that stands still. Few at a time: their logs are read with them.
  const same = await store.list('invocations', {}, { orderBy, limit: Math.min(count, 16) });
  return store.transaction(async rows => {
    let gone = 0;
    for (const { requestId, retryNum } of same) gone += await rows.remove('invocations', { requestId, retryNum });
    return gone;
  });
}
