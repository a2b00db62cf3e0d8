// The rows that are kept. A driver knows tables by this list and their columns by store/schema.ts.

import type { Alias, AsyncPolicy, CodePackage, FunctionKey, FunctionVersion, StatusReason } from './function.ts';
import type { Attempt } from './invocation.ts';
import type { Trigger } from './trigger.ts';

export interface NamespaceRow {
  readonly region: string;
  readonly namespace: string;
  readonly description: string;
  readonly addTime: number;
  readonly modTime: number;
}

/** What belongs to a function and to no version of it. */
export interface FunctionRow extends FunctionKey {
  readonly id: string;
  /** Version numbers are never used again. */
  readonly lastVersion: number;
  readonly async: AsyncPolicy;
  readonly addTime: number;
}

/** What belongs to a layer and to no version of it. A layer is there as long as it has a version. */
export interface LayerRow {
  readonly region: string;
  readonly name: string;
  /** Version numbers are never used again. */
  readonly lastVersion: number;
}

/** One version of a layer; nothing but its status ever changes. */
export interface LayerVersionRow {
  readonly region: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  /** Ids of runtimes that it suits. */
  readonly runtimes: readonly string[];
  readonly license: string;
  readonly code: CodePackage;
  readonly status: 'Publishing' | 'Active' | 'PublishFailed';
  readonly statusReasons: readonly StatusReason[];
  /** ms since 1970. */
  readonly addTime: number;
}

/** A function's own share of its region's concurrency; no row, no such share. */
export interface ReservedRow extends FunctionKey {
  readonly memoryMB: number;
}

/** Instances of a published version that are to be ready, and what changes their number. */
export interface ProvisionedRow extends FunctionKey {
  readonly version: string;
  /** As many as are wanted now. */
  readonly wanted: number;
  readonly tracking: Tracking | null;
  readonly schedule: readonly ScheduledNumber[];
  /** ms since 1970: ticks of the schedule up to here have had their effect. */
  readonly appliedTo: number;
}

/** Keeps the share of busy instances near `target`. */
export interface Tracking {
  /** Between 0 and 1. */
  readonly target: number;
  readonly min: number;
  readonly max: number;
}

export interface ScheduledNumber {
  readonly name: string;
  readonly instances: number;
  /** Seven fields. */
  readonly cron: string;
}

/** A region's concurrency quota where it has been set. */
export interface ConcurrencyQuotaRow {
  readonly region: string;
  readonly memoryMB: number;
}

/** An object of a service (a gateway's service, API …): the service alone knows the body. */
export interface ResourceRow {
  /** `apigateway/service`, `apigateway/api`, … */
  readonly kind: string;
  readonly region: string;
  readonly id: string;
  /** The object it belongs to, or ''. */
  readonly parent: string;
  readonly body: unknown;
}

/** One attempt, as logs and status queries read it. */
export interface InvocationRow extends FunctionKey {
  readonly requestId: string;
  readonly retryNum: number;
  readonly version: string;
  readonly qualifier: string;
  readonly source: string;
  /** ms since 1970. */
  readonly acceptedAt: number;
  readonly startedAt: number;
  /** 202 while it waits or runs. */
  readonly status: number;
  readonly verdict: 'accepted' | 'running' | Attempt['verdict'];
  /** ms between its due time and its start. */
  readonly queuedMs: number;
  /** ms since 1970: the next attempt; 0 if there is none. */
  readonly nextAt: number;
  /** Why it was given up, or ''. */
  readonly why: string;
  readonly durationMs: number;
  readonly initMs: number;
  readonly waitMs: number;
  readonly memoryBytes: number;
  readonly memoryMB: number;
  /** Return value or error JSON, cut at 8 KB. */
  readonly retMsg: string;
  readonly errMsg: string;
  readonly log: string;
  readonly instance: string;
}

/** The exact bytes of an attempt, kept as long as there is room: what came in, and what went out. */
export interface PayloadRow {
  readonly requestId: string;
  readonly retryNum: number;
  /** ms since 1970. */
  readonly at: number;
  /** Both together. */
  readonly bytes: number;
  readonly routingKey: string;
  /** Of the first attempt; those after it have the same, and none here. */
  readonly event: Buffer;
  /** Return value or error JSON, whole. */
  readonly reply: Buffer;
}

export interface Tables {
  namespaces: NamespaceRow;
  functions: FunctionRow;
  versions: FunctionVersion;
  aliases: Alias;
  layers: LayerRow;
  layerVersions: LayerVersionRow;
  reserved: ReservedRow;
  provisioned: ProvisionedRow;
  concurrencyQuotas: ConcurrencyQuotaRow;
  triggers: Trigger;
  resources: ResourceRow;
  invocations: InvocationRow;
  payloads: PayloadRow;
  /** One row per call of an action that is not built, for `doctor`. */
  missed: { readonly service: string; readonly action: string; readonly calls: number; readonly lastAt: number };
}

export type TableName = keyof Tables;
export type Row<T extends TableName> = Tables[T];
