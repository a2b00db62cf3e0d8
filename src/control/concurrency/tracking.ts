// How many instances keep the share of busy ones near its target.

import type { Tracking } from '../../core/rows.ts';

/** So many looks, a minute apart, must agree that fewer are enough: one quiet moment ends no instance. */
export const LOOKS = 3;

/** What these many busy instances call for. */
export function neededFor(busy: number, { target, min, max }: Tracking): number {
  // 7 / 0.7 is a little more than 10.
  const needed = Math.ceil(busy / target - 1e-9);
  return Math.min(max, Math.max(min, needed));
}

/** More at once, fewer only after `LOOKS` looks; `needed` has the latest last. */
export function trackedNumber(wanted: number, needed: readonly number[], { min, max }: Tracking): number {
  const recent = needed.slice(-LOOKS);
  const number = Math.max(...recent, recent.length < LOOKS ? wanted : min);
  return Math.min(max, Math.max(min, number));
}
