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
  readonly runtimes: readonly { readonly runtime: string; readonly works: boolean; readonly detail: string }[];
  /** Actions that callers asked for and that are not built. */
  readonly missed: readonly {
    readonly service: string;
    readonly action: string;
    readonly calls: number;
    readonly lastAt: number;
  }[];
}
