// What a check of a signature asks of the account's keys.

import { hash, timingSafeEqual } from 'node:crypto';
import { fail } from '../errors.ts';

export interface Secret {
  readonly secretKey: string;
  /** That goes with it; only temporary keys have one. */
  readonly token?: string | undefined;
  /** ms since 1970. */
  readonly expiresAt?: number | undefined;
}

export interface Secrets<Found extends Secret = Secret> {
  /** `token`: as it came with the request; '' for none. */
  secretOf(secretId: string, token: string): Found | undefined;
}

/** An empty token is none; a lasting key has none either. */
export function needSecret<Found extends Secret>(
  secrets: Secrets<Found>,
  secretId: string,
  token: string,
  nowMs: number,
): Found {
  const secret = secrets.secretOf(secretId, token) ?? fail('InvalidAccessKeyId', { secretId });
  if (!equalTexts(secret.token ?? '', token)) fail('AccessDenied');
  if (secret.expiresAt !== undefined && secret.expiresAt <= nowMs) fail('ExpiredToken');
  return secret;
}

/** Takes as long for any two texts of their lengths. */
export function equalTexts(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
