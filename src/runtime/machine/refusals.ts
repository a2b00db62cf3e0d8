// How events end that no instance has run.

import { type Outcome, refusal } from '../../core/invocation.ts';
import { outcomeOf, stopped, type Verdict } from '../instance/outcomes.ts';
import type { Waiting } from '../instance/run.ts';
import type { Pool } from './pool.ts';

const NOTHING_MEASURED = { durationMs: 0, initMs: 0, waitMs: 0, memoryBytes: 0, log: '', instance: '' };

/** The server ends. */
export function neverRun(): Outcome {
  return outcomeOf(stopped(), NOTHING_MEASURED);
}

/** There was not even a process. */
export function neverStarted(verdict: Verdict, initMs: number): Outcome {
  return outcomeOf(verdict, { ...NOTHING_MEASURED, initMs });
}

/** No instance more for that pool; `newest` is told so, others may still be served by those there are. */
export function refuse(pool: Pool, newest: Waiting | undefined, outcome: Outcome): 'refused' {
  pool.failure = outcome.errorMessage;
  if (newest) {
    pool.drop(newest);
    newest.settle(outcome);
  }
  return 'refused';
}

export function tooBig(memoryMB: number, roomMB: number): Outcome {
  const text = `The function needs ${memoryMB} MB, and this machine gives all functions together ${roomMB} MB`;
  return refusal(449, `${text}; lower MemorySize or raise the machine's memory setting`);
}

export function noRoom(name: string, waitMs: number): Outcome {
  return refusal(449, `No instance of function [ ${name} ] became free within ${waitMs} ms`);
}
