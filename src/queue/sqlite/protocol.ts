// What the server's thread and the thread of the database say to each other.

import type { FunctionKey } from '../../core/function.ts';
import type { DeadLetter, Execution, ExecutionEnd, ExecutionQuery, QueuedEvent } from '../../core/ports.ts';
import type { Failure } from '../errors.ts';
import type { Place } from './window.ts';

/** Lanes are named by their place in a list that both threads keep: texts cross once. */
export type LaneNumber = number;

/** An event without its bytes, which travel beside it. */
export type EventCells = readonly [
  seq: number,
  lane: LaneNumber,
  dueAt: number,
  acceptedAt: number,
  requestId: string,
  qualifier: string,
  source: string,
  routingKey: string | null,
  retryNum: number,
  runErrors: number,
  /** Of its execution, if it is kept. */
  version: string | null,
  traced: number | null,
];

/** One flat list: most of what crosses are these, and each object in a message costs. */
export type PushCells = readonly [...event: EventCells, limit: number];

/** Everything of a letter but the bytes of event and message. */
export interface LetterCells {
  /** Its `seq` stands for nothing. */
  readonly event: EventCells;
  readonly type: string;
  readonly name: string;
  readonly why: string;
  readonly status: number;
  readonly errorMessage: string;
  readonly diedAt: number;
}

export interface WireFilter {
  readonly type?: string;
  readonly name?: string;
  readonly lane?: LaneNumber;
  readonly requestId?: string;
}

export interface EventRow {
  readonly seq: number;
  readonly item: QueuedEvent;
}

/** A place in the order of letters: after it. */
export interface LetterPlace {
  readonly diedAt: number;
  readonly id: number;
}

export interface RedriveRange {
  readonly after: LetterPlace | null;
  /** What became a letter later is left alone. */
  readonly lastId: number;
  readonly limit: number;
}

export interface Redriven {
  readonly moved: readonly (readonly [lane: LaneNumber, events: number])[];
  readonly next: LetterPlace | null;
}

/** What can be asked for, with what it takes and gives. Bytes among the arguments follow them, in order. */
export interface Verbs {
  /** Bytes: the event's. */
  push(...push: PushCells): 'added' | 'there' | 'full';
  later(seq: number, dueAt: number, retryNum: number, runErrors: number): void;
  /** Done, or given up; bytes: the letter's event and message, or two times nothing. */
  end(seq: number, lane: LaneNumber, requestId: string, end: ExecutionEnd | null, letter: LetterCells | null): void;
  cancel(requestId: string, end: ExecutionEnd): LaneNumber | undefined;
  find(requestId: string): EventRow | undefined;
  /** The next events of a lane after a place in its order, as many as `limit` and `maxBytes` allow, but one at least. */
  window(lane: LaneNumber, after: Place, limit: number, maxBytes: number): { rows: EventRow[]; more: boolean };
  /** Bytes: the letter's event and message. */
  keep(letter: LetterCells): void;
  letters(filter: WireFilter, offset: number, limit: number | null): { total: number; rows: DeadLetter[] };
  lastLetter(): number;
  /** At most `limit` letters after a place, as events numbered from `seq` on; gives where to go on, if there is more. */
  redrive(filter: WireFilter, range: RedriveRange, nowMs: number, seq: number): Redriven;
  purge(filter: WireFilter, limit: number): number;
  execution(requestId: string): Execution | undefined;
  executions(query: ExecutionQuery, lane: LaneNumber): { total: number; rows: Execution[] };
  prune(endedBefore: number, limit: number): number;
}

export type Verb = keyof Verbs;

/** They change nothing, so they wait for no disk. */
export const READS: ReadonlySet<Verb> = new Set([
  'find',
  'window',
  'letters',
  'lastLetter',
  'execution',
  'executions',
] as const);

/** How many pieces of bytes go with a verb. */
export const PIECES: Readonly<Partial<Record<Verb, number>>> = { push: 1, end: 2, keep: 2 };

/** Ops side by side. */
export interface Batch {
  readonly verbs: readonly Verb[];
  readonly args: readonly (readonly unknown[])[];
  /** Of all pieces of bytes, in their order, which follow one another in one buffer. */
  readonly lengths: readonly number[];
  readonly bytes: ArrayBuffer;
  /** Lanes that were not known before. */
  readonly lanes: readonly FunctionKey[];
}

export interface Answer {
  /** One for each op of the batch. */
  readonly results: readonly unknown[];
  /** Ops that failed: place in the batch and reason. */
  readonly failures: readonly (readonly [number, Failure])[];
  /** Real time, whatever the clock says; undefined if nothing was to be written. */
  readonly commitMs: number | undefined;
}

export interface Opened {
  readonly lanes: readonly { readonly key: FunctionKey; readonly events: number; readonly firstDue: number }[];
  readonly lastSeq: number;
}

export type FromThread = { readonly opened: Opened } | { readonly failed: Failure } | Answer;
export type ToThread = Batch | 'close';

/** Between the steps of a batch; a test ends the process there. */
export type KillPoint = 'queue.begin' | 'queue.written' | 'queue.committed' | 'queue.answered';

export interface ThreadOptions {
  readonly file: string;
  readonly maxPages?: number;
  readonly migrations?: readonly string[];
  /** SIGKILL to the own process when `at` is passed for the `after`th time. */
  readonly kill?: { readonly at: KillPoint; readonly after: number };
}
