// Keeps the bytes of events and replies within their budget, the oldest going first, a few at a time.

import type { Store } from '../core/ports.ts';

export interface PayloadPruner {
  /** `again`: how many of the bytes may have taken the place of the same. */
  wrote(bytes: number, again: number): Promise<void>;
  /** Removes what is older than `instant`, ms since 1970. To be called after `wrote`. */
  dropBefore(instant: number): Promise<void>;
}

/** Rows removed in one go; between two, others have their turn. */
const CHUNK_ROWS = 256;
/** The same of rows of one instant, that have to be read before. */
const SAME_ROWS = 8;
const ROOM_BYTES = 1024 * 1024;
const ALL = { column: 'at', from: 0 } as const;

export function createPayloadPruner(deps: {
  readonly store: Store;
  readonly budgetBytes: number;
  /** Measures the time that work takes from others. */
  readonly timed: <R>(work: () => Promise<R>) => Promise<R>;
}): PayloadPruner {
  const { store, budgetBytes, timed } = deps;
  // Some room is made at a time, little enough to be quick; a single payload may take all of it.
  const sixteenth = Math.floor(budgetBytes / 16);
  const goal = budgetBytes - Math.min(sixteenth, ROOM_BYTES);
  /** From above: what was written in the place of the same is counted twice, until adding up all is worth it. */
  let total: number | undefined;
  let unsure = 0;
  /** What is told next may have been written before all was added up. */
  let isDoubtful = false;
  /** How many went last time: with large ones, few are looked at. */
  let usual = CHUNK_ROWS;

  const added = (range: { readonly from?: number; readonly before?: number }) =>
    store.sum('payloads', 'bytes', {}, { column: 'at', ...range });

  async function addUp(): Promise<number> {
    isDoubtful = true;
    unsure = 0;
    return timed(() => added({}));
  }

  /** The oldest of `rows` or fewer that have no more than `excess` bytes, or the oldest one. */
  async function oldest(excess: number): Promise<{ before: number; bytes: number }> {
    for (let rows = Math.min(CHUNK_ROWS, usual * 2); ; rows >>= 1) {
      const [edge] = await store.list('payloads', {}, { orderBy: 'at', range: ALL, offset: rows, limit: 1 });
      const before = edge?.at ?? Number.MAX_SAFE_INTEGER;
      const bytes = await added({ before });
      usual = rows;
      if (rows === 1 || bytes <= excess) return { before, bytes };
    }
  }

  /** How many bytes went; undefined if nothing is to go. */
  async function dropSome(held: number): Promise<number | undefined> {
    const { before, bytes } = await oldest(held - goal);
    if (bytes > held - goal && held <= budgetBytes) return undefined;
    const removed = await store.remove('payloads', {}, { column: 'at', before });
    return removed > 0 ? bytes : dropSame(held);
  }

  /** All of one instant, as on a clock that stands still. */
  async function dropSame(held: number): Promise<number | undefined> {
    const same = await store.list('payloads', {}, { orderBy: 'at', range: ALL, limit: SAME_ROWS });
    if (same.length === 0) return held;
    return store.transaction(async rows => {
      let left = held;
      for (const { requestId, retryNum, bytes } of same) {
        if (left <= goal || (left <= budgetBytes && bytes > left - goal)) break;
        await rows.remove('payloads', { requestId, retryNum });
        left -= bytes;
      }
      return left < held ? held - left : undefined;
    });
  }

  return {
    async wrote(bytes, again) {
      unsure += isDoubtful ? bytes : again;
      isDoubtful = false;
      total = total === undefined ? await addUp() : total + bytes;
      if (total <= budgetBytes) return;
      if (unsure > sixteenth) total = await addUp();
      for (let held = total; held > goal; await new Promise(setImmediate)) {
        const gone = await timed(() => dropSome(held));
        if (gone === undefined) break;
        held -= gone;
        total = held;
      }
    },

    async dropBefore(instant) {
      for (let isOver = !total; !isOver; await new Promise(setImmediate)) {
        isOver = await timed(async () => {
          const range = { column: 'at', from: 0, before: instant };
          const [edge] = await store.list('payloads', {}, { orderBy: 'at', range, offset: CHUNK_ROWS, limit: 1 });
          // Those of its own instant go with it, however many.
          const before = edge ? edge.at + 1 : instant;
          const bytes = await added({ before });
          await store.remove('payloads', {}, { column: 'at', before });
          total = Math.max(0, (total ?? 0) - bytes);
          return edge === undefined;
        });
      }
    },
  };
}
