// What a function is: versions, aliases, and how they are told apart.

export const LATEST = '$LATEST';
export const DEFAULT_ALIAS = '$DEFAULT';
export const DEFAULT_NAMESPACE = 'default';

/** Which function: the region is part of every resource's key. */
export interface FunctionKey {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
}

export type FunctionStatus =
  | 'Creating'
  | 'CreateFailed'
  | 'Active'
  | 'Updating'
  | 'UpdateFailed'
  | 'Publishing'
  | 'PublishFailed'
  | 'Deleting'
  | 'DeleteFailed';

/** Wire shape of the API's StatusReason. */
export interface StatusReason {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

/** A stored code package: the zip's SHA-256 in hex is its name in the blob store. */
export interface CodePackage {
  readonly sha256: string;
  readonly bytes: number;
}

/** A version of a layer as a function version holds it: what runs hangs on this alone, not on the layer's row. */
export interface BoundLayer {
  readonly name: string;
  readonly version: number;
  readonly code: CodePackage;
}

/** API DeadLetterConfig: the name of a CMQ topic or queue, under which dead letters are kept here. */
export interface DeadLetterTarget {
  readonly type: 'CMQ-TOPIC' | 'CMQ-QUEUE';
  readonly name: string;
  readonly filterType: string;
}

/** One version of a function: `$LATEST`, which changes, or a published one, which never does. */
export interface FunctionVersion extends FunctionKey {
  /** `$LATEST` or "1", "2", … */
  readonly version: string;
  /** `lam-xxxxxxxx`, the same for all versions of one function. */
  readonly id: string;
  readonly type: 'Event' | 'HTTP';
  readonly runtime: string;
  readonly handler: string;
  readonly description: string;
  readonly memoryMB: number;
  readonly timeoutS: number;
  readonly initTimeoutS: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly code: CodePackage;
  /** In the order in which they are laid over each other: a later one covers the files of an earlier one. */
  readonly layers: readonly BoundLayer[];
  /** Asynchronous execution: every call is queued, and a run may take a day. Never changes (API AsyncRunEnable). */
  readonly asyncRun: boolean;
  /** Its asynchronous executions can be listed (API TraceEnable). */
  readonly traced: boolean;
  /** Where asynchronous events go that are given up; null: nowhere, they are dropped. */
  readonly deadLetter: DeadLetterTarget | null;
  /** Web functions alone: it speaks WebSocket. Chosen when it is made (API ProtocolType). */
  readonly protocol: 'WS' | '';
  /** How long a connection may be without a message; 0 without the protocol. */
  readonly wsIdleTimeoutS: number;
  /** Name of the role by which it asks the cloud for things; '' without one. */
  readonly role: string;
  readonly status: FunctionStatus;
  readonly statusReasons: readonly StatusReason[];
  /** Settings of the API that have no counterpart here: kept and given back as they came (wire names). */
  readonly echoed: Readonly<Record<string, unknown>>;
  /** Rises with every change that an instance can notice, so that old instances are told from new ones. */
  readonly revision: number;
  /** ms since 1970. */
  readonly addTime: number;
  readonly modTime: number;
}

/** An alias may send a share of its calls, or those that match a rule, to one more version. */
export interface Alias extends FunctionKey {
  readonly alias: string;
  readonly version: string;
  readonly description: string;
  readonly routing: Routing;
  readonly addTime: number;
  readonly modTime: number;
}

export type Routing =
  | { readonly by: 'none' }
  | { readonly by: 'weight'; readonly version: string; readonly weight: number }
  | { readonly by: 'match'; readonly rules: readonly MatchRule[] };

/** `key` is the part after `invoke.headers.`; a range is `(a,b)` or `[a,b]` over integers. */
export interface MatchRule {
  readonly version: string;
  readonly key: string;
  readonly method: 'exact' | 'range';
  readonly expression: string;
}

/** All that a call needs to know of a function, in one piece, from memory. */
export interface FunctionEntry {
  readonly key: FunctionKey;
  readonly versions: ReadonlyMap<string, FunctionVersion>;
  readonly aliases: ReadonlyMap<string, Alias>;
  readonly async: AsyncPolicy;
  readonly concurrency: Concurrency;
}

/** What a function has of its region's concurrency, and which instances it keeps ready. */
export interface Concurrency {
  /** MB of configured memory for all versions together: no more, and nobody else's. undefined: the region's common share. */
  readonly reservedMB: number | undefined;
  /** Published version → instances that are to be ready without a call. */
  readonly provisioned: ReadonlyMap<string, number>;
}

export const NO_CONCURRENCY: Concurrency = Object.freeze({ reservedMB: undefined, provisioned: new Map() });

/** Retry settings of asynchronous calls (the vendor's page "Retry policies"). */
export interface AsyncPolicy {
  /** Retries of a run that failed through the function: 0–2. */
  readonly retryNum: number;
  /** Seconds an event may stay in the queue, counted from its first push: 60–21600. */
  readonly msgTtlS: number;
}

export const DEFAULT_ASYNC_POLICY: AsyncPolicy = Object.freeze({ retryNum: 2, msgTtlS: 21600 });

/** One text per function, for maps and queues. */
export function keyText(key: FunctionKey): string {
  return `${key.region}/${key.namespace}/${key.name}`;
}
