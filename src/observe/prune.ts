// Keeps records and their bytes within their budget of age, number and size, the oldest going first, a few at a time.

import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import { createPayloadPruner } from './prune-payloads.ts';

export interface Budget {
  readonly rows: number;
  readonly ageMs: number;
  readonly bytes: number;
}

export interface Pruner {
  /**
   * To be told of what was written; prunes when it is time. Not to be called while an earlier call goes on.
   * Resolves with the ms of real time it took from others.
   */
  wrote(written: { readonly rows: number; readonly bytes: number; readonly again: number }): Promise<number>;
}

const AGE_CHECK_MS = 60_000;
/** Rows removed in one go; between two, others have their turn. */
const CHUNK_ROWS = 256;

export function createPruner(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly budget: Budget;
}): Pruner {
  const { store, clock, wallClock, budget } = deps;
  // Counting reads the whole index: the number is estimated, from above, and counted when that passes the budget.
  const slack = Math.ceil(budget.rows / 16);
  let estimate: number | undefined;
  let agesCheckedAt = Number.NEGATIVE_INFINITY;
  let busyMs = 0;
  const timed = async <R>(work: () => Promise<R>): Promise<R> => {
    const began = wallClock.now();
    try {
      return await work();
    } finally {
      busyMs += wallClock.now() - began;
    }
  };
  const payloads = createPayloadPruner({ store, budgetBytes: budget.bytes, timed });

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

  async function dropOldest(count: number): Promise<void> {
    for (let left = count; left > 0; await new Promise(setImmediate)) {
      const removed = await timed(() => dropSome(store, Math.min(left, CHUNK_ROWS)));
      if (removed === 0) return;
      left -= removed;
    }
  }

  return {
    async wrote({ rows, bytes, again }) {
      busyMs = 0;
      const old = await timed(tooOld);
      await dropOldest(old);
      const excess = await timed(() => tooMany(rows));
      await dropOldest(excess);
      if (excess > 0) estimate = budget.rows;
      await payloads.wrote(bytes, again);
      // Bytes without a record are found by nobody.
      if (old + excess > 0) await payloads.dropBefore(await timed(() => oldest(store)));
      return busyMs;
    },
  };
}

const OLDEST_FIRST = { orderBy: 'startedAt', range: { column: 'startedAt', from: 0 } } as const;

async function oldest(store: Store): Promise<number> {
  const [first] = await store.list('invocations', {}, { ...OLDEST_FIRST, limit: 1 });
  return first?.startedAt ?? Number.MAX_SAFE_INTEGER;
}

async function dropSome(store: Store, count: number): Promise<number> {
  // The first that stays, if any does.
  const [edge] = await store.list('invocations', {}, { ...OLDEST_FIRST, offset: count, limit: 1 });
  const before = edge ? edge.startedAt : Number.MAX_SAFE_INTEGER;
  const removed = await store.remove('invocations', {}, { column: 'startedAt', before });
  if (removed > 0) return removed;
  // All of one instant, as on a clock that stands still. Few at a time: their logs are read with them.
  const same = await store.list('invocations', {}, { ...OLDEST_FIRST, limit: Math.min(count, 16) });
  return store.transaction(async rows => {
    let gone = 0;
    for (const { requestId, retryNum } of same) gone += await rows.remove('invocations', { requestId, retryNum });
    return gone;
  });
}
