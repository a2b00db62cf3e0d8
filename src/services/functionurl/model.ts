// A function URL's nouns.

import type { FunctionKey } from '../../core/function.ts';

/** What is called: a version or an alias of a function. */
export interface Place extends FunctionKey {
  readonly qualifier: string;
}

export interface Cors {
  readonly origins: readonly string[];
  readonly headers: readonly string[];
  readonly methods: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeS: number | undefined;
  readonly credentials: boolean;
}

export interface UrlSettings {
  /** CAM: only requests that are signed with a key of the account. */
  readonly auth: 'NONE' | 'CAM';
  /** Reached by its private names, and by its public ones. */
  readonly intranet: boolean;
  readonly extranet: boolean;
  /** undefined: answers to other origins are the function's business. */
  readonly cors: Cors | undefined;
}

/** Documented: 10 characters, never changed once there. */
export const URL_ID_CHARS = 10;
/** Documented for synchronous events and requests of web functions. */
export const REQUEST_BYTES = 6 * 1024 * 1024;
