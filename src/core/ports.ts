// The ports: what the core needs of the outside. Two to five verbs each, no business rule inside;
// every driver of a port passes the same contract suite.

import type { Readable } from 'node:stream';
import type { FunctionEvent } from './event.ts';
import type { FunctionEntry, FunctionKey, FunctionVersion } from './function.ts';
import type { Attempt, Outcome } from './invocation.ts';
import type { Row, TableName } from './rows.ts';
import type { Trigger, TriggerDraft } from './trigger.ts';

export interface Page {
  /** Column and direction; the table's key when left out. */
  readonly orderBy?: string;
  readonly descending?: boolean;
  readonly offset?: number;
  readonly limit?: number;
  /** Only rows whose number in `column` is at least `from` and below `before`. */
  readonly range?: Range;
}

export interface Range {
  readonly column: string;
  readonly from?: number;
  readonly before?: number;
}

/** Rows by equality on columns; every column of a table's row type may be named. */
export type Where<T extends TableName> = Partial<Row<T>>;

/** What can be done inside and outside a transaction. Rows come back frozen. */
export interface Rows {
  get<T extends TableName>(table: T, where: Where<T>): Promise<Row<T> | undefined>;
  list<T extends TableName>(table: T, where?: Where<T>, page?: Page): Promise<Row<T>[]>;
  count<T extends TableName>(table: T, where?: Where<T>, range?: Range): Promise<number>;
  /** Inserts, or replaces the row with the same key. */
  put<T extends TableName>(table: T, row: Row<T>): Promise<void>;
  /** The same for many at once, in their order. */
  putAll<T extends TableName>(table: T, rows: readonly Row<T>[]): Promise<void>;
  /** How many were removed. */
  remove<T extends TableName>(table: T, where: Where<T>, range?: Range): Promise<number>;
}

export interface Store extends Rows {
  /** All or nothing, one after another; an exception inside undoes it and is passed on. No call on the store itself inside. */
  transaction<R>(work: (rows: Rows) => Promise<R>): Promise<R>;
  close(): Promise<void>;
}

/** Bytes by the SHA-256 of their content. */
export interface Blob {
  /** Durable, whole or not at all, once it resolves. The same content twice is one blob. */
  put(content: Buffer | Readable): Promise<{ readonly sha256: string; readonly bytes: number }>;
  /** undefined if there is none. */
  get(sha256: string): Promise<Readable | undefined>;
  delete(sha256: string): Promise<void>;
}

/** An asynchronous event as it waits. */
export interface QueuedEvent {
  readonly event: FunctionEvent;
  /** ms since 1970: first accepted; not before this it is due. */
  readonly acceptedAt: number;
  readonly dueAt: number;
  /** Attempts made so far. */
  readonly retryNum: number;
  /** How many of them failed through the function itself; only those count against `RetryNum`. */
  readonly runErrors: number;
}

export interface Lease {
  readonly item: QueuedEvent;
  /** Stands for this lease alone: a lease that ran out can no longer be settled. */
  readonly token: string;
}

/** Events that wait, in order of their due time. At least once: what is not settled in time is leased again. */
export interface Queue {
  /** Accepted for good when it resolves. A request id that is already waiting is not added twice. */
  push(item: QueuedEvent): Promise<void>;
  /** At most `limit` due events, leased until `untilMs`; `skip` names functions (keyText) that can't take one now. */
  lease(limit: number, nowMs: number, untilMs: number, skip?: ReadonlySet<string>): Promise<Lease[]>;
  /** Settles a lease: done, or back to wait. False when the lease had run out. */
  ack(lease: Lease): Promise<boolean>;
  later(lease: Lease, change: Pick<QueuedEvent, 'dueAt' | 'retryNum' | 'runErrors'>): Promise<boolean>;
  /** When the next event falls due or the next lease runs out; undefined if nothing waits. */
  nextDue(): Promise<number | undefined>;
  /** Events of one function that wait or run. */
  pending(target: FunctionKey): Promise<number>;
}

/** "Something changed", between rooms and between nodes. */
export interface Bus {
  publish(topic: string, text: string): void;
  subscribe(topic: string, heard: (text: string) => void): Disposable;
}

/** What functions there are, answered from memory. */
export interface Catalog {
  find(key: FunctionKey): FunctionEntry | undefined;
}

/** One event on its way to an instance. */
export interface Call {
  readonly event: FunctionEvent;
  readonly retryNum: number;
  /** How long the call may wait for an instance; after that it ends with 449. */
  readonly waitMs: number;
}

/** From a version to an outcome: finds or starts an instance and runs one event. Never rejects. */
export interface Runner {
  run(version: FunctionVersion, call: Call): Promise<Outcome>;
}

/** Keeps what happened, in memory first, written behind. */
export interface Timeline {
  /** An asynchronous event was accepted. */
  accepted(event: FunctionEvent, acceptedAt: number): void;
  settled(attempt: Attempt): void;
}

/** How a source's own API makes, finds and drops the triggers that stand for its objects. */
export interface Triggers {
  attach(draft: TriggerDraft): Promise<Trigger>;
  detach(id: string): Promise<void>;
  list(where: Where<'triggers'>): Promise<Trigger[]>;
}
