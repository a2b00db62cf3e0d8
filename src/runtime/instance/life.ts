// What an instance is told at its start, and what it tells of its life.

import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Waiting } from './run.ts';

export interface InstanceSpec {
  readonly id: string;
  readonly version: FunctionVersion;
  /** Where the function sees its code. */
  readonly codeDir: string;
  /** What the bootstrap is told: handler, folders, environment, context … */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Events that it runs at once. */
  readonly concurrency: number;
  /** Random text that ends the log of a run. */
  readonly token: string;
  /** First line of the log, or empty. */
  readonly note: string;
  readonly startedAt: number;
}

/** `I` is the instance itself, as those who listen know it. */
export interface InstanceEvents<I> {
  /** It can run its first event. */
  ready(instance: I): void;
  /** It ended before it could run one. */
  unready(instance: I, outcome: Outcome): void;
  /** A run is over; it took so long in the function, which gave up its thread meanwhile or not. */
  ran(durationMs: number, waited: boolean): void;
  /** It can take another event. */
  free(instance: I): void;
  /** Events that were sent and have not begun: they are to be run elsewhere. */
  back(events: readonly Waiting[]): void;
  /** Its process is gone. */
  gone(instance: I): void;
}
