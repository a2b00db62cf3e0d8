// The ports: what the core needs of the outside. Two to five verbs each, no business rule inside;
// every driver of a port passes the same contract suite.

import type { Readable } from 'node:stream';
import type { EventSource, FunctionEvent } from './event.ts';
import type { DeadLetterTarget, FunctionEntry, FunctionKey, FunctionVersion } from './function.ts';
import type { Attempt, Begun, GivenUp, Outcome } from './invocation.ts';
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
  /** Of a column of numbers; 0 of no rows. */
  sum<T extends TableName>(table: T, column: keyof Row<T> & string, where?: Where<T>, range?: Range): Promise<number>;
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
  /** Of an asynchronous-execution function: its state is kept from the push until days after its end. */
  readonly execution?: Pick<Execution, 'version' | 'traced'>;
}

export interface Lease {
  readonly item: QueuedEvent;
  /** Stands for this lease alone: a lease that ran out can no longer be settled. */
  readonly token: string;
}

/** Events that wait, in order of their due time. At least once: what is not settled in time is leased again. */
export interface Queue {
  /**
   * Accepted for good when it resolves with `added`. `there`: this request id waits, or its execution is known,
   * already. `full`: `limit` events of the function wait or run, nothing was added.
   */
  push(item: QueuedEvent, limit: number): Promise<'added' | 'there' | 'full'>;
  /** At most `limit` due events, leased until `untilMs`; `skip` names functions (keyText) that can't take one now. */
  lease(limit: number, nowMs: number, untilMs: number, skip?: ReadonlySet<string>): Promise<Lease[]>;
  /** These four prolong or settle a lease. False when it had run out. */
  renew(lease: Lease, untilMs: number): Promise<boolean>;
  later(lease: Lease, change: Pick<QueuedEvent, 'dueAt' | 'retryNum' | 'runErrors'>): Promise<boolean>;
  ack(lease: Lease, end?: ExecutionEnd): Promise<boolean>;
  /** Given up: gone from the queue and, in the same instant, kept as a letter if there is one. */
  dead(lease: Lease, letter: DeadLetter | undefined, end?: ExecutionEnd): Promise<boolean>;
  /** Takes out an event that waits; one that is leased is left alone. */
  cancel(requestId: string, end: ExecutionEnd): Promise<'cancelled' | 'leased' | 'absent'>;
  /** When the next event falls due or the next lease runs out; undefined if nothing waits. */
  nextDue(): Promise<number | undefined>;
  /** Events of one function that wait or run; of all functions when left out. */
  pending(target?: FunctionKey): Promise<number>;
  /** One that waits or runs. */
  find(requestId: string): Promise<{ readonly item: QueuedEvent; readonly leased: boolean } | undefined>;
}

/** An event that was given up, as it is kept for those who send it again. */
export interface DeadLetter {
  readonly item: QueuedEvent;
  /** The topic or queue it is kept under. */
  readonly to: Pick<DeadLetterTarget, 'type' | 'name'>;
  readonly why: GivenUp;
  /** Of the last attempt. */
  readonly status: number;
  readonly errorMessage: string;
  /** ms since 1970. */
  readonly diedAt: number;
  /** The documented message, as a consumer of the topic or queue reads it. */
  readonly message: Buffer;
}

/** Which letters: all that are left out match. */
export interface LetterFilter {
  readonly to?: DeadLetter['to'];
  readonly target?: FunctionKey;
  readonly requestId?: string;
}

/** Dead letters, at most one per request id: the last one. */
export interface DeadLetters {
  /** For an event that never came into the queue, which was full. */
  keep(letter: DeadLetter): Promise<void>;
  /** Oldest first, and how many match before paging. */
  list(filter: LetterFilter, page: Pick<Page, 'offset' | 'limit'>): Promise<Found<DeadLetter>>;
  /** Back into the queue as events of now, their attempts counted on: how many. A kill leaves each in one place. */
  redrive(filter: LetterFilter, nowMs: number): Promise<number>;
  /** How many were removed. */
  purge(filter: LetterFilter): Promise<number>;
}

export interface Found<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

/** API AsyncEvent: one call of an asynchronous-execution function. */
export interface Execution {
  readonly requestId: string;
  readonly target: FunctionKey;
  readonly version: string;
  readonly source: EventSource;
  /** It is shown in lists. */
  readonly traced: boolean;
  readonly state: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  /** Function status; 0 while it runs. */
  readonly status: number;
  /** ms since 1970; `endedAt` is 0 while it runs. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export type ExecutionEnd = Pick<Execution, 'status' | 'endedAt'> & {
  readonly state: Exclude<Execution['state'], 'RUNNING'>;
};

export interface ExecutionQuery {
  readonly target: FunctionKey;
  readonly requestId?: string;
  readonly version?: string;
  readonly sources?: readonly string[];
  readonly states?: readonly Execution['state'][];
  /** ms since 1970: from ≤ x < before. */
  readonly started?: { readonly from: number; readonly before: number };
  readonly ended?: { readonly from: number; readonly before: number };
  readonly orderBy: 'startedAt' | 'endedAt';
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** Written by the queue, with its own changes. */
export interface Executions {
  get(requestId: string): Promise<Execution | undefined>;
  /** Traced ones. */
  list(query: ExecutionQuery): Promise<Found<Execution>>;
  /** Forgets those that ended before. */
  prune(endedBefore: number): Promise<void>;
}

/** What a driver opens: the waiting events and what it keeps of those that are over, changed together or not at all. */
export interface EventStore {
  readonly queue: Queue;
  readonly letters: DeadLetters;
  readonly executions: Executions;
  close(): Promise<void>;
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
  /**
   * Breaks off the run of a request: its outcome is 499 and its instance ends. With `graceful` its process is told
   * by SIGTERM and may end as it likes. False when it does not run here.
   */
  terminate(requestId: string, graceful: boolean): boolean;
  /** What a run that goes on has printed so far; undefined when it does not run here. */
  printed(requestId: string): string | undefined;
}

/** Keeps what happened, in memory first, written behind. */
export interface Timeline {
  /** An asynchronous event was accepted. */
  accepted(event: FunctionEvent, acceptedAt: number): void;
  /** An attempt at an asynchronous event begins. */
  began(attempt: Begun): void;
  settled(attempt: Attempt): void;
}

/** Named instants between the steps of the path; a test stops the process at one of them. */
export type Step = (name: string) => void;

/** The region stays: a source's object does not move. */
export type TriggerChange = Partial<Pick<TriggerDraft, 'namespace' | 'name' | 'triggerName' | 'qualifier' | 'desc'>>;

/** How a source's own API makes, finds and drops the triggers that stand for its objects. */
export interface Triggers {
  attach(draft: TriggerDraft): Promise<Trigger>;
  /** Another function, qualifier or value in one step: there is no moment with two triggers or none. */
  change(id: string, change: TriggerChange): Promise<Trigger>;
  detach(id: string): Promise<void>;
  list(where: Where<'triggers'>): Promise<Trigger[]>;
}

/** An uploaded certificate with its key. */
export interface Certificate {
  /** CertificateId of the APIs. */
  readonly id: string;
  readonly alias: string;
  /** PEM: the certificate, then those that lead to its root. */
  readonly certificatePem: string;
  /** '' of a CA, which clients of mutual TLS are checked by. */
  readonly privateKeyPem: string;
  /** Names that it vouches for, lower case; `*.` stands for one label. None of a CA. */
  readonly domains: readonly string[];
  /** ms since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Uploaded certificates, answered from memory. */
export interface Certificates {
  find(id: string): Certificate | undefined;
  /** One that vouches for this name and is valid now; the exact name first, then the longest life. */
  forHost(host: string): Certificate | undefined;
}

/** Wire shape of the API's Tag. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What a tag can hang on: `qcs::<service>:<region>:uin/<uin>:<prefix>/<id>` of this account. */
export interface TaggedResource {
  /** `scf`, `apigw`, `clb`, … */
  readonly service: string;
  /** '' for what is account-wide. */
  readonly region: string;
  /** `lam`, `service`, `clb`, … */
  readonly prefix: string;
  readonly id: string;
}

/** The one table of tags; a tag that is not there yet is made. At most one value per key of a resource. */
export interface Tags {
  /** Answered from memory. */
  of(resource: TaggedResource): readonly Tag[];
  /** These and no others; refused with InvalidParameterValue where a key, a value or their number is not allowed. */
  set(resource: TaggedResource, tags: readonly Tag[]): Promise<void>;
  /** When the resource is gone. */
  drop(resource: TaggedResource): Promise<void>;
}
