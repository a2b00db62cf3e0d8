// What is written of a batch: of each attempt one row, however many states it went through meanwhile.

import type { Attempt } from '../core/invocation.ts';
import { type Accepted, type Entry, isAttempt, isBegun, retryNumOf, stageOf } from './row.ts';

export interface Latest {
  /** One per attempt. */
  readonly rows: readonly Entry[];
  /** Whose bytes are kept: the beginning of an attempt brings none. */
  readonly payloads: readonly (Attempt | Accepted)[];
}

/** A later entry of an attempt replaces an earlier one; none replaces one that is further on: accepted, begun, ended. */
export function latestOf(batch: readonly Entry[]): Latest {
  if (batch.every(isAttempt)) return { rows: batch, payloads: batch };
  const rows = new Map<string, Entry>();
  const payloads = new Map<string, Attempt | Accepted>();
  for (const entry of batch) {
    const key = `${entry.event.requestId} ${retryNumOf(entry)}`;
    const before = rows.get(key);
    if (before === undefined || stageOf(entry) >= stageOf(before)) rows.set(key, entry);
    if (isAttempt(entry) || !(isBegun(entry) || payloads.has(key))) payloads.set(key, entry);
  }
  return { rows: [...rows.values()], payloads: [...payloads.values()] };
}

/** Parts of at most `count`, and of a size together that has a limit, unless one alone is larger. */
export function* slicesOf<T>(
  all: readonly T[],
  count: number,
  size?: { readonly limit: number; readonly of: (one: T) => number },
): Generator<readonly T[]> {
  let start = 0;
  let sum = 0;
  for (const [place, one] of all.entries()) {
    const own = size?.of(one) ?? 0;
    if (place > start && (place - start >= count || (size && sum + own > size.limit))) {
      yield all.slice(start, place);
      start = place;
      sum = 0;
    }
    sum += own;
  }
  if (start < all.length) yield all.slice(start);
}
