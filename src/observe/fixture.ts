// Attempts, for tests alone.

import { anEvent, anOutcome, aVersion } from '../core/fixture.ts';
import type { Attempt, Begun, Outcome } from '../core/invocation.ts';
import { type Accepted, rowOf } from './row.ts';

export const START = 1_700_000_000_000;

export function anAttempt(
  requestId: string,
  change: Partial<Omit<Attempt, 'outcome'>> & { outcome?: Partial<Outcome> } = {},
): Attempt {
  const { outcome, ...rest } = change;
  return {
    event: anEvent({ requestId }),
    mode: 'sync',
    version: aVersion({ memoryMB: 256 }),
    retryNum: 0,
    acceptedAt: START,
    dueAt: START,
    startedAt: START,
    verdict: 'answered',
    ...rest,
    outcome: anOutcome(outcome?.status ?? 200, outcome),
  };
}

export const anAccepted = (requestId: string, acceptedAt = START): Accepted => ({
  event: anEvent({ requestId }),
  acceptedAt,
});

export const aBegun = (requestId: string, change: Partial<Begun> = {}): Begun => ({
  event: anEvent({ requestId }),
  version: aVersion({ memoryMB: 256 }),
  retryNum: 0,
  acceptedAt: START,
  dueAt: START,
  startedAt: START,
  ...change,
});

export const aRow = (...given: Parameters<typeof anAttempt>) => rowOf(anAttempt(...given));
