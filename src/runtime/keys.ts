// The keys of the role that a function runs by. An instance has them from its start, also for what is made then and used by
// all its runs; it is replaced at half of their life, so that they outlive what it runs.

import type { FunctionVersion } from '../core/function.ts';
import type { Sentence } from './languages/language.ts';

export interface RoleKeys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

/** Keys of a version's role, by true time; or why there are none. */
export type KeysOf = (version: FunctionVersion, nowMs: number) => RoleKeys | Sentence;

/** What an instance has of its role. */
export interface RoleShare {
  readonly variables: Readonly<Record<string, string>>;
  /** From then on it takes no more events: Living's clock. */
  readonly renewAt: number;
  /** A line of its log, or empty. */
  readonly note: string;
}

const NO_ROLE: RoleShare = Object.freeze({ variables: {}, renewAt: Number.POSITIVE_INFINITY, note: '' });
/** Without keys it stays no longer: the role may come back. */
const RETRY_MS = 60_000;

export function roleShare(version: FunctionVersion, keysOf: KeysOf, nowMs: number): RoleShare {
  if (version.role === '') return NO_ROLE;
  const keys = keysOf(version, nowMs);
  if (!('secretId' in keys))
    return { variables: {}, renewAt: nowMs + RETRY_MS, note: `[PLATFORM] No keys of the role: ${keys.en} ${keys.zh}` };
  const { secretId, secretKey, token, expiresAt } = keys;
  return {
    variables: {
      TENCENTCLOUD_SECRETID: secretId,
      TENCENTCLOUD_SECRETKEY: secretKey,
      TENCENTCLOUD_SESSIONTOKEN: token,
    },
    renewAt: nowMs + (expiresAt - nowMs) / 2,
    note: '',
  };
}
