// What happened: the outcome of a run, and the record that every view is drawn from.

import type { FunctionEvent } from './event.ts';
import type { FunctionVersion } from './function.ts';

/** How one run of a function ended. A user's failure is data, never an exception. */
export interface Outcome {
  /** Function status: 200, 430, 433 … (core/status.ts). */
  readonly status: number;
  /** Status 200: the return value as JSON text. Else empty. */
  readonly body: Buffer;
  /** Text for callers; empty on success. */
  readonly errorMessage: string;
  /** The user's stack, one text with newlines; empty when there is none. */
  readonly stackTrace: string;
  /** Milliseconds the handler ran. */
  readonly durationMs: number;
  /** Milliseconds a cold start took until the handler could run; 0 on a warm instance. */
  readonly initMs: number;
  /** Milliseconds the event waited for an instance. */
  readonly waitMs: number;
  /** Highest memory seen during the run. */
  readonly memoryBytes: number;
  /** What the function printed (init output first on a cold start), cut at the documented size. */
  readonly log: string;
  /** Which instance ran it; empty if none did. */
  readonly instance: string;
  /** The call was queued: its caller has nothing but the request id. */
  readonly accepted?: true;
  /** Set when the caller has its answer while the run goes on (Node.js callback handlers): how the run ended. */
  readonly ended?: Promise<Outcome>;
}

/** One attempt at one event, from its beginning. */
export interface Begun {
  readonly event: FunctionEvent;
  /** Which version runs; undefined if the call was refused before one was chosen. */
  readonly version: FunctionVersion | undefined;
  /** 0 for the first attempt. */
  readonly retryNum: number;
  /** ms since 1970: when the event was accepted, when this attempt was due, and when it began. */
  readonly acceptedAt: number;
  readonly dueAt: number;
  readonly startedAt: number;
}

/** The same at its end, as kept for logs, metrics and `GetRequestStatus`. */
export interface Attempt extends Begun {
  readonly mode: 'sync' | 'async' | 'ordered';
  readonly outcome: Outcome;
  /** What became of the event: answered, done, tried again later; kept as a dead letter, dropped, or broken off by a user. */
  readonly verdict: 'answered' | 'acked' | 'retried' | 'dead' | 'dropped' | 'aborted';
  /** ms since 1970: the next attempt, if there is to be one. */
  readonly nextAt?: number;
  /** Why it was given up. */
  readonly why?: GivenUp;
}

export type GivenUp = 'retries used up' | 'too old' | 'not retried' | 'queue full';

const NOTHING = Buffer.alloc(0);

/** An outcome without a run: refused, no capacity, no such function. */
export function refusal(status: number, errorMessage: string): Outcome {
  return {
    status,
    body: NOTHING,
    errorMessage,
    stackTrace: '',
    durationMs: 0,
    initMs: 0,
    waitMs: 0,
    memoryBytes: 0,
    log: '',
    instance: '',
  };
}
