// Checks the older signatures, HmacSHA1 and HmacSHA256 over all parameters.

import { createHmac } from 'node:crypto';
import { fail } from '../core/errors.ts';
import { refuse } from './errors.ts';
import type { Pairs } from './form.ts';
import { checkTime, checkToken, equalTexts, findKey, hostsOf, type Keys, type SignedRequest } from './sign.ts';

const ALGORITHMS: Readonly<Record<string, string>> = { HmacSHA1: 'sha1', HmacSHA256: 'sha256' };

/** Gives the SecretId. The time comes first, then the key, the signature and the token. */
export function verifyV1(
  pairs: Pairs,
  request: Pick<SignedRequest, 'method' | 'path' | 'headers'>,
  keys: Keys,
  nowMs: number,
): string {
  const given = pairs.get('Signature') || fail('MissingParameter', { name: 'Signature' });
  const secretId = pairs.get('SecretId') || fail('MissingParameter', { name: 'SecretId' });
  const method = pairs.get('SignatureMethod') || 'HmacSHA1';
  const algorithm = Object.hasOwn(ALGORITHMS, method) ? ALGORITHMS[method] : undefined;
  if (!algorithm) return refuse('SignatureMethod');
  checkTime('Timestamp', pairs.get('Timestamp'), nowMs);
  const token = pairs.get('Token');
  const key = findKey(keys, secretId, token);
  const isRight = [...joins(pairs, request.method)].some(joined =>
    hostsOf(request.headers).some(host => {
      const source = `${request.method}${host}${request.path}?${joined}`;
      return equalTexts(createHmac(algorithm, key.secretKey).update(source).digest('base64'), given);
    }),
  );
  if (!isRight) fail('AuthFailure.SignatureFailure');
  checkToken(key, token, nowMs);
  return secretId;
}

/** The signed parameters, in the ways in which clients write them. */
function* joins(pairs: Pairs, method: string): Generator<string> {
  const all = [...pairs].filter(([name]) => name !== 'Signature').sort(([a], [b]) => (a < b ? -1 : 1));
  yield* writings(all);
  // @tencent-sdk/capi leaves POST parameters out of the signature whose value begins with @.
  const rest = all.filter(([, value]) => !value.startsWith('@'));
  if (method === 'POST' && rest.length < all.length) yield* writings(rest);
}

function* writings(pairs: readonly (readonly [string, string])[]): Generator<string> {
  const join = (write: (name: string) => string) => pairs.map(([name, value]) => `${write(name)}=${value}`).join('&');
  yield join(name => name);
  // The Python SDK and @tencent-sdk/capi, after sorting.
  if (pairs.some(([name]) => name.includes('_'))) yield join(name => name.replaceAll('_', '.'));
}
