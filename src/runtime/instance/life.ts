// What an instance is told at its start, what it tells of its life, and what those know of it who hand out events.

import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Verdict } from './outcomes.ts';
import type { Waiting } from './run.ts';

/** Whatever runs in it. */
export interface Living {
  readonly spec: Pick<InstanceSpec, 'id' | 'version' | 'concurrency' | 'startedAt' | 'renewAt'>;
  /** draining: it gets no more events and ends with those that it has. */
  readonly state: 'starting' | 'idle' | 'busy' | 'draining' | 'ending' | 'gone';
  /** When it was last free. */
  readonly idleSince: number;
  /** Events sent so far. */
  readonly runs: number;
  readonly initMs: number;
  readonly memoryBytes: number;
  /** Events that were sent to it and are not over. */
  readonly load: number;
  /** When the event that it runs began; with several at once, the oldest. */
  readonly headSince: number;
  send(waiting: Waiting): void;
  /** Events that it was sent and has not begun: they are the caller's again, oldest first. */
  takeBack(): Waiting[];
  /** Breaks off a run, see Runner.terminate. */
  terminate(requestId: string, graceful: boolean): boolean;
  /** What a run has printed so far; undefined when it is not here. */
  printed(requestId: string): string | undefined;
  /** Called every few ms while it starts or runs. */
  tick(now: number): void;
  /** For so long this process could not hear it: that counts against no deadline. */
  stoodStill(ms: number): void;
  /** Ends it; a run under way ends with `verdict`. */
  end(verdict?: Verdict): Promise<void>;
}

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
  /** From then on it takes no more events: what it was given at its start is no longer good for them. */
  readonly renewAt: number;
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
