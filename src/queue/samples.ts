// Events and letters for tests of the queue.

import type { DeadLetter, ExecutionEnd, Lease, QueuedEvent } from '../core/ports.ts';

/** More than any test pushes. */
export const MANY = 1e6;

export const target = (name: string, namespace = 'default') => ({ region: 'ap-guangzhou', namespace, name });

interface Change extends Partial<Pick<QueuedEvent, 'acceptedAt' | 'retryNum' | 'runErrors' | 'execution'>> {
  readonly name?: string;
  readonly namespace?: string;
  readonly body?: string;
  readonly source?: string;
}

export function queued(requestId: string, dueAt: number, change: Change = {}): QueuedEvent {
  const { name = 'f', namespace, body = '{}', source = 'timer', ...rest } = change;
  const event = {
    requestId,
    target: target(name, namespace),
    qualifier: '$DEFAULT',
    source,
    body: Buffer.from(body),
  };
  return { event, acceptedAt: 0, dueAt, retryNum: 0, runErrors: 0, ...rest };
}

export function letterOf(item: QueuedEvent, diedAt: number, change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    item,
    to: { type: 'CMQ-QUEUE', name: 'graveyard' },
    why: 'retries used up',
    status: 433,
    errorMessage: 'Invoking task timed out after 3 seconds',
    diedAt,
    message: Buffer.from(`{"RequestId":"${item.event.requestId}"}`),
    ...change,
  };
}

export const FINISHED: ExecutionEnd = { state: 'FINISHED', status: 200, endedAt: 50 };
export const FAILED: ExecutionEnd = { state: 'FAILED', status: 433, endedAt: 60 };
export const ABORTED: ExecutionEnd = { state: 'ABORTED', status: 499, endedAt: 70 };

export const idsOf = (leases: readonly Pick<Lease, 'item'>[]) => leases.map(lease => lease.item.event.requestId);

/** The only one of a list. */
export function only<T>(all: readonly T[]): T {
  const [one] = all;
  if (!one || all.length > 1) throw new Error(`${all.length} instead of one`);
  return one;
}

/** Of random schedules. */
export const NAMES = ['f', 'g', 'h'] as const;
export const IDS: readonly string[] = Array.from({ length: 12 }, (_, i) => `r${i}`);
