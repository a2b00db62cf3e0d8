// What both ways of signing share: keys, time, tokens and comparing.

import { hash, timingSafeEqual } from 'node:crypto';
import { fail } from '../core/errors.ts';
import type { Holder } from '../core/policy.ts';
import { refuse } from './errors.ts';

export interface Key {
  readonly secretKey: string;
  /** Only temporary keys have one. */
  readonly token?: string | undefined;
  /** ms since 1970, where a temporary key has an end. */
  readonly expiresAt?: number | undefined;
  /** Who has it and what limits it; undefined of the account's own keys, which nothing limits. */
  readonly holder?: Holder | undefined;
}

export interface Keys {
  /** `token`: as it came; a temporary key may be known by both alone. */
  secretOf(secretId: string, token?: string): Key | undefined;
  /** Of the account, as policies name it: needed where keys can be limited. */
  readonly appId?: string;
  readonly uin?: string;
}

/** A request as its signature sees it. */
export interface SignedRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** As sent, without the `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const MAX_SKEW_S = 300;

/** `name` is the parameter's, for errors. Gives whole seconds. */
export function checkTime(name: string, text: string | undefined, nowMs: number): number {
  if (text === undefined || text === '') return fail('MissingParameter', { name });
  if (!/^\d{1,12}$/.test(text)) return refuse('Timestamp', { name });
  const timestampS = Number(text);
  const skewS = Math.abs(timestampS - nowMs / 1000);
  if (skewS > MAX_SKEW_S) fail('AuthFailure.SignatureExpire', { seconds: Math.round(skewS) });
  return timestampS;
}

export function findKey(keys: Keys, secretId: string, token: string | undefined): Key {
  return keys.secretOf(secretId, token) ?? fail('AuthFailure.SecretIdNotFound', { secretId });
}

/** An empty token is none; a lasting key has none either. */
export function checkToken(key: Key, token: string | undefined, nowMs: number): void {
  const isFresh = key.expiresAt === undefined || key.expiresAt > nowMs;
  if (!isFresh || !equalTexts(key.token ?? '', token ?? '')) fail('AuthFailure.TokenFailure');
}

/** Takes as long for any two texts of their lengths. */
export function equalTexts(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** A header's text; of one that came several times, the first. */
export function headerText(headers: SignedRequest['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The Host header as received, and without its port: clients sign either. */
export function hostsOf(headers: SignedRequest['headers']): readonly string[] {
  const host = headerText(headers, 'host') ?? '';
  const colon = host.lastIndexOf(':');
  return colon > host.lastIndexOf(']') ? [host, host.slice(0, colon)] : [host];
}
