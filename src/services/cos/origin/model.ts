// Sources of objects that are not here: the rules for them, and what is asked of them. Documented: PUT Bucket Origin.

import type { Readable } from 'node:stream';
import type { Cause } from '../model.ts';

export interface OriginHost {
  /** Of 10 with 4 and 6, four in ten requests go here. */
  readonly weight: number;
  /** `host` or `host:port`; the first, then those that stand by for it. */
  readonly names: readonly [string, ...string[]];
}

export interface SentHeaders {
  /** Of the client's. */
  readonly all: boolean;
  readonly added: readonly (readonly [name: string, value: string])[];
  /** Lower case. */
  readonly followed: readonly string[];
  /** Lower case. */
  readonly forbidden: readonly string[];
}

export interface OriginRule {
  /** Fetched, given to the client and kept; sent to the source and fetched behind that; sent to the source. */
  readonly type: 'Mirror' | 'Proxy' | 'Redirect';
  /** Lower ones go first. */
  readonly priority: number;
  /** Of the answer that there would be without the rule. */
  readonly status: number;
  readonly prefix: string;
  readonly suffix: string;
  /** Requests to these hosts are not meant; lower case. */
  readonly spared: readonly string[];
  readonly protocol: 'http' | 'https' | 'follow';
  /** Refusals of the source are passed on as they are. */
  readonly transparent: boolean;
  readonly followsQuery: boolean;
  readonly headers: SentHeaders;
  readonly followsRedirects: boolean;
  readonly redirectStatus: number;
  /** What is fetched is kept. */
  readonly keeps: boolean;
  readonly hosts: readonly OriginHost[];
  /** Beside 5xx: upon these those are asked that stand by. */
  readonly standbyStatuses: readonly number[];
  /** What is asked for there: one file for all keys, or the key with something before and behind it. */
  readonly file: { readonly fixed: string } | { readonly prefix: string; readonly suffix: string };
}

/** A request of a client that a rule answers. */
export interface ClientRequest {
  readonly bucket: string;
  readonly key: string;
  /** Of the connection. */
  readonly scheme: 'http' | 'https';
  /** As sent, without the `?`. */
  readonly query: string;
  readonly rawHeaders: readonly string[];
}

export interface Pull extends ClientRequest {
  readonly rule: OriginRule;
  readonly cause: Cause;
  /** The client's header, where it wants a part. */
  readonly range: string | undefined;
}

export interface Fetched {
  readonly status: number;
  /** By lower-case names; the last of several. */
  readonly headers: ReadonlyMap<string, string>;
  /** Fails if the source breaks it off. */
  readonly body: Readable;
}

export interface Sources {
  /** The source's answer, whatever it is; undefined if the object is here by now. FailedDependency. */
  mirror(pull: Pull): Promise<Fetched | undefined>;
  /** Fetched and kept, some time; the client is sent elsewhere meanwhile. FailedDependency of a source that leads back. */
  later(pull: Pull): void;
}
