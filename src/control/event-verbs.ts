// What people ask about events: what became of each, sending one again, the dead letters; and what that needs.

import type { FunctionKey } from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { GivenUp, Outcome } from '../core/invocation.ts';
import type { DeadLetter, DeadLetters, Queue } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';
import type { Submit } from '../core/trigger.ts';
import type { KeptBytes, KeptHistory } from '../observe/history.ts';
import type { RecentQuery, RequestState } from '../observe/recent.ts';
import type { Control } from './control.ts';

export const EVENT_STATES = [
  'waiting',
  'running',
  'ok',
  'failed',
  'dead',
  'dropped',
  'aborted',
] as const satisfies readonly RequestState[];

/** `unknown`: it is over, and the record of its end was lost. */
export type EventState = RequestState | 'unknown';

export interface EventView extends FunctionKey {
  readonly requestId: string;
  readonly qualifier: string;
  readonly source: string;
  readonly mode: 'sync' | 'async';
  readonly state: EventState;
  /** Attempts that have begun. */
  readonly tried: number;
  /** ms since 1970; `startedAt` of the last attempt, or when it was accepted; `nextAt` 0 if it does not wait. */
  readonly acceptedAt: number;
  readonly startedAt: number;
  readonly nextAt: number;
  /** Of the last attempt; 0 and '' before one has ended. */
  readonly version: string;
  readonly status: number;
  readonly durationMs: number;
  readonly memoryBytes: number;
  readonly why: string;
}

export type Attempted = Pick<
  InvocationRow,
  | 'retryNum'
  | 'version'
  | 'instance'
  | 'startedAt'
  | 'queuedMs'
  | 'waitMs'
  | 'initMs'
  | 'durationMs'
  | 'memoryBytes'
  | 'memoryMB'
  | 'status'
  | 'verdict'
  | 'why'
  | 'nextAt'
  | 'retMsg'
  | 'errMsg'
  | 'log'
>;

/** Where an event is now. */
export type Place =
  | { readonly at: 'queue'; readonly dueAt: number }
  /** `since` is not known when the record of the beginning was lost. */
  | { readonly at: 'instance'; readonly since?: number }
  | { readonly at: 'letters'; readonly to: DeadLetter['to']; readonly why: GivenUp; readonly diedAt: number }
  | { readonly at: 'end' };

export interface EventLife {
  readonly event: EventView;
  readonly attempts: readonly Attempted[];
  readonly place: Place;
  /** Bytes kept of the event, undefined if none are, and of the replies by the number of the attempt. */
  readonly kept: { readonly eventBytes?: number; readonly replyBytes: Readonly<Record<number, number>> };
}

export interface EventList {
  readonly events: readonly EventView[];
  /** For the next page; undefined on the last one. */
  readonly before?: number;
}

export interface Replay {
  /** JSON, instead of the bytes that were kept. */
  readonly body?: Buffer;
  /** Another function; its `$LATEST` unless a qualifier is given. */
  readonly to?: Partial<FunctionKey>;
  readonly qualifier?: string;
}

export interface Replayed {
  /** A new one. */
  readonly requestId: string;
  readonly target: FunctionKey;
  readonly qualifier: string;
  /** Of a synchronous call; undefined when it was queued. */
  readonly outcome?: Outcome;
}

export interface LetterQuery {
  readonly type?: DeadLetter['to']['type'];
  /** Of the topic or queue. */
  readonly name?: string;
  readonly target?: FunctionKey;
}

export interface LetterVerbs {
  /** Oldest first. */
  list(query: LetterQuery, page: { readonly offset: number; readonly limit: number }): Promise<LetterList>;
  show(requestId: string): Promise<DeadLetter>;
  /** `left` stay: their functions are gone, they would be lost. */
  redrive(which: LetterQuery | string): Promise<{ readonly redriven: number; readonly left: number }>;
  purge(which: LetterQuery | string): Promise<{ readonly purged: number }>;
}

export interface LetterList {
  readonly total: number;
  readonly rows: readonly DeadLetter[];
}

export interface EventVerbs {
  list(query: RecentQuery): Promise<EventList>;
  show(requestId: string): Promise<EventLife>;
  /** Fails when nothing is known of the request. */
  payload(requestId: string): Promise<KeptBytes>;
  replay(requestId: string, change: Replay): Promise<Replayed>;
  readonly letters: LetterVerbs;
}

export interface EventDeps {
  readonly records: Pick<KeptHistory, 'list' | 'recent' | 'payload'>;
  readonly queue: Pick<Queue, 'find'>;
  readonly letters: DeadLetters;
  readonly submit: Submit;
  /** Something may be due. */
  readonly wake: () => void;
  readonly control: Pick<Control, 'catalog'> & { readonly functions: Pick<Control['functions'], 'get'> };
  readonly clock: { now(): number };
  readonly ids: Pick<Ids, 'risingUuid'>;
  /** What a run that goes on has printed so far. */
  readonly printed?: (requestId: string) => string | undefined;
}
