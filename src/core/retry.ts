// What becomes of an asynchronous event after an attempt: a pure function, tested against the vendor's table
// ("Invocation types and retry policies", edition of 2025-06).

import type { AsyncPolicy } from './function.ts';
import { RETRY_GAP_MS } from './limits.ts';
import { statusClass } from './status.ts';

export interface Tried {
  /** ms since 1970, of the first push: `MsgTTL` counts from there. */
  readonly acceptedAt: number;
  /** Attempts that failed through the function, this one not counted. */
  readonly runErrors: number;
}

export type Verdict =
  | { readonly act: 'ack' }
  | { readonly act: 'later'; readonly dueAt: number; readonly runErrors: number }
  | { readonly act: 'dead'; readonly why: 'retries used up' | 'too old' | 'not retried' };

/**
 * The function's failures are retried `retryNum` times, limits and the platform's own failures as long as the
 * event may live; both a minute apart. A faulty request is never retried.
 */
export function next(tried: Tried, status: number, policy: AsyncPolicy, now: number): Verdict {
  const kind = statusClass(status);
  if (kind === 'ok') return { act: 'ack' };
  if (kind === 'request' || kind === 'caller') return { act: 'dead', why: 'not retried' };
  if (kind === 'run' && tried.runErrors >= policy.retryNum) return { act: 'dead', why: 'retries used up' };
  const dueAt = now + RETRY_GAP_MS;
  if (expired(tried.acceptedAt, policy, dueAt)) return { act: 'dead', why: 'too old' };
  return { act: 'later', dueAt, runErrors: tried.runErrors + (kind === 'run' ? 1 : 0) };
}

/** Whether an event accepted then may no longer run at `instant`. */
export function expired(acceptedAt: number, policy: AsyncPolicy, instant: number): boolean {
  return instant - acceptedAt > policy.msgTtlS * 1000;
}
