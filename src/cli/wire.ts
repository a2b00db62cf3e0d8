// What the server serves under /_openscf/v1, as JSON. A refusal is {"error":{"code","message"}} with a 4xx or 5xx status.

import type { Words } from './io.ts';

/** GET /status */
export interface Status {
  readonly version: string;
  readonly pid: number;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly dev: boolean;
  readonly driver: string;
  readonly region: string;
  /** Of the account; what names of buckets end with. */
  readonly appId: string;
  /** Ports that are open, by the name of their setting. */
  readonly ports: Readonly<Record<string, number>>;
  readonly dataDir: string;
  /** undefined without a TLS port. */
  readonly caPath?: string;
}

/** GET /clock; POST /clock with a ClockChange gives it after the change. Refused with UnsupportedOperation without `dev`. */
export interface ClockState {
  /** ms since 1970. */
  readonly nowMs: number;
  readonly frozen: boolean;
}

export type ClockChange =
  | { readonly action: 'freeze' | 'resume' }
  | { readonly action: 'advance'; readonly ms: number }
  | { readonly action: 'to'; readonly instantMs: number };

/** GET /urls: every function of every region with its triggers. */
export interface Urls {
  readonly functions: readonly FunctionUrls[];
}

export interface FunctionUrls {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly runtime: string;
  readonly status: string;
  readonly triggers: readonly TriggerUrls[];
}

export interface TriggerUrls {
  readonly type: string;
  readonly name: string;
  readonly qualifier: string;
  readonly enabled: boolean;
  /** The kind's own short text: the cron expression, the method and path. */
  readonly summary: string;
  /** The first is the one to print. */
  readonly urls: readonly string[];
}

/** GET /kinds. GET /sample/<type> is the event itself, or ResourceNotFound. */
export interface Kinds {
  readonly kinds: readonly { readonly type: string; readonly title: Words }[];
}

/** ms since 1970, by the clock of the server. */
interface Dated {
  readonly nowMs: number;
}

export interface EventFunction {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
}

/** GET /events?function=&namespace=&region=&source=&state=&limit=&from=&before=: the latest first. */
export interface Events extends Dated {
  readonly events: readonly EventView[];
  /** For the next page; undefined on the last one. */
  readonly before?: number;
}

export type EventState = 'waiting' | 'running' | 'ok' | 'failed' | 'dead' | 'dropped' | 'aborted' | 'unknown';

export interface EventView extends EventFunction {
  readonly requestId: string;
  readonly qualifier: string;
  readonly source: string;
  readonly mode: 'sync' | 'async';
  readonly state: EventState;
  /** Attempts that have begun. */
  readonly tried: number;
  /** ms since 1970; `nextAt` is 0 if it does not wait. */
  readonly acceptedAt: number;
  readonly startedAt: number;
  readonly nextAt: number;
  /** Of the last attempt; 0 before one has ended. */
  readonly status: number;
  readonly durationMs: number;
  readonly memoryBytes: number;
  readonly why: string;
}

/** GET /events/<requestId> */
export interface EventLife extends Dated {
  readonly event: EventView;
  readonly attempts: readonly EventAttempt[];
  readonly place: EventPlace;
  /** Bytes kept, of the replies by the number of the attempt. */
  readonly kept: { readonly eventBytes?: number; readonly replyBytes: Readonly<Record<string, number>> };
}

export type EventPlace =
  | { readonly at: 'queue'; readonly dueAt: number }
  | { readonly at: 'instance'; readonly since?: number }
  | { readonly at: 'letters'; readonly to: LetterPlace; readonly why: string; readonly diedAt: number }
  | { readonly at: 'end' };

export interface LetterPlace {
  readonly type: string;
  readonly name: string;
}

export interface EventAttempt {
  readonly retryNum: number;
  readonly version: string;
  readonly instance: string;
  readonly startedAt: number;
  /** ms in the queue, and for an instance. */
  readonly queuedMs: number;
  readonly waitMs: number;
  /** 0 on a warm instance. */
  readonly initMs: number;
  readonly durationMs: number;
  readonly memoryBytes: number;
  readonly status: number;
  readonly verdict: string;
  readonly why: string;
  readonly nextAt: number;
  readonly errMsg: string;
  readonly log: string;
}

/** GET /events/<requestId>/payload */
export interface EventPayload {
  readonly requestId: string;
  readonly routingKey: string;
  /** undefined when it is no longer kept. */
  readonly event?: Bytes;
  readonly replies: readonly (Bytes & { readonly retryNum: number })[];
}

export interface Bytes {
  readonly encoding: 'utf8' | 'base64';
  readonly bytes: number;
  readonly text: string;
}

/** POST /events/<requestId>/replay with {event?, to?, namespace?, region?, qualifier?} */
export type Replayed = { readonly requestId: string } & (
  | { readonly mode: 'async' }
  | {
      readonly mode: 'sync';
      readonly status: number;
      /** The return value, or the error JSON. */
      readonly result: string;
      readonly errorMessage: string;
      readonly stackTrace: string;
      readonly durationMs: number;
      readonly memoryBytes: number;
    }
);

/** GET /deadletters?name=&type=&function=&namespace=&region=&limit=&offset=: the oldest first. */
export interface Letters extends Dated {
  readonly total: number;
  readonly letters: readonly LetterView[];
}

/** GET /deadletters/<requestId> */
export interface Letter extends Dated {
  readonly letter: LetterView;
  /** As a consumer of the topic or queue reads it. */
  readonly message: unknown;
}

export interface LetterView extends EventFunction {
  readonly requestId: string;
  readonly qualifier: string;
  readonly source: string;
  readonly to: LetterPlace;
  readonly why: string;
  readonly status: number;
  readonly errorMessage: string;
  readonly tried: number;
  readonly acceptedAt: number;
  readonly diedAt: number;
  readonly eventBytes: number;
}

interface ObjectCounts {
  readonly checked: number;
  readonly damaged: number;
  /** It could not be told. */
  readonly unchecked: number;
}

/** What looking through all objects of the store has found. */
export interface ObjectsReport extends ObjectCounts {
  /** ms since 1970; none if it never has; no `endedAt` while it goes on. */
  readonly begunAt?: number;
  readonly endedAt?: number;
  /** Of what was written last before a crash, if the start followed one. */
  readonly afterCrash?: ObjectCounts;
  /** Damaged still; not all if there are many. */
  readonly found: readonly { readonly bucket: string; readonly key: string; readonly versionId: string }[];
  /** Of uploads that are not complete: damaged still. */
  readonly parts: readonly {
    readonly bucket: string;
    readonly key: string;
    readonly uploadId: string;
    readonly number: number;
  }[];
}

/** Events that other object stores have posted, since the start. */
export interface OtherStoresReport {
  readonly accepted: number;
  /** Of kinds that there are none of here. */
  readonly ignored: number;
  /** Lost, by bucket: the setting s3.buckets does not name it. */
  readonly unmapped: Readonly<Record<string, number>>;
}

/** GET /doctor */
export interface Doctor {
  readonly version: string;
  readonly node: string;
  readonly driver: { readonly name: string; readonly notes: readonly string[] };
  readonly load: {
    readonly instances: number;
    /** Sandboxes that wait for a function. */
    readonly prepared: number;
    /** Events that wait for an instance. */
    readonly waiting: number;
    readonly usedMB: number;
    /** The setting `memory`. */
    readonly memoryMB: number;
  };
  /** What becomes of the cloud's names inside functions. */
  readonly cloudNames: string;
  readonly functions: { readonly all: number; readonly web: number };
  /** undefined before they have been looked through for the first time, and where they never are. */
  readonly objects?: ObjectsReport;
  readonly otherStores: OtherStoresReport;
  readonly runtimes: readonly { readonly runtime: string; readonly works: boolean; readonly detail: string }[];
  /** Actions that callers asked for and that are not built. */
  readonly missed: readonly {
    readonly service: string;
    readonly action: string;
    readonly calls: number;
    readonly lastAt: number;
  }[];
}
