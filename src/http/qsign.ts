// The `q-sign` signature of the object store (and of the log service): the arithmetic that callers and the server share.
// Documented: "Request Signature" of the object store's API.

import { createHmac, hash } from 'node:crypto';

export type SignedPairs = readonly (readonly [name: string, value: string])[];

/** `start;end` in seconds since 1970. */
export type KeyTime = `${number};${number}`;

/** A request as its signature sees it. */
export interface QSignRequest {
  readonly method: string;
  /** Decoded; begins with a slash. */
  readonly path: string;
  /** What is to be signed of it, decoded. */
  readonly query: SignedPairs;
  readonly headers: SignedPairs;
}

export interface QSignKey {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary keys. */
  readonly token?: string | undefined;
}

/** RFC 3986 with upper-case digits; a slash is encoded too. */
export function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, encodeByte);
}

const encodeByte = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

export const encodeName = (name: string): string => encodeText(name).toLowerCase();

/** By name; values of one name in their own order. */
export function canonicalPairs(pairs: SignedPairs): string {
  const encoded = pairs.map(([name, value]) => [encodeName(name), value] as const);
  return joinPairs(encoded.toSorted(byName));
}

export function joinPairs(encoded: SignedPairs): string {
  return encoded.map(([name, value]) => `${name}=${encodeText(value)}`).join('&');
}

export function byName([a, x]: readonly [string, string], [b, y]: readonly [string, string]): number {
  return compare(a, b) || compare(x, y);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function httpText(method: string, path: string, query: string, headers: string): string {
  return `${method.toLowerCase()}\n${path}\n${query}\n${headers}\n`;
}

/** Hex, and as such the key of the signature. */
export function signKey(secretKey: string, keyTime: string): string {
  return hmac(secretKey, keyTime);
}

/** Hex. */
export function qSignature(key: string, signTime: string, text: string): string {
  return hmac(key, `sha1\n${signTime}\n${hash('sha1', text)}\n`);
}

/** Of a form: its decoded policy is all that is signed. */
export function formSignature(key: string, policy: string): string {
  return hmac(key, hash('sha1', policy));
}

function hmac(key: string, text: string): string {
  return createHmac('sha1', key).update(text).digest('hex');
}

/** The seven pairs, in the order in which the documents show them. */
export function signPairs(request: QSignRequest, { secretId, secretKey }: QSignKey, keyTime: KeyTime): SignedPairs {
  const { method, path, query, headers } = request;
  const text = httpText(method, path, canonicalPairs(query), canonicalPairs(headers));
  const names = (pairs: SignedPairs) =>
    pairs
      .map(([name]) => encodeName(name))
      .toSorted(compare)
      .join(';');
  return [
    ['q-sign-algorithm', 'sha1'],
    ['q-ak', secretId],
    ['q-sign-time', keyTime],
    ['q-key-time', keyTime],
    ['q-header-list', names(headers)],
    ['q-url-param-list', names(query)],
    ['q-signature', qSignature(signKey(secretKey, keyTime), keyTime, text)],
  ];
}

/** The value of the header Authorization. */
export function signHeader(request: QSignRequest, key: QSignKey, keyTime: KeyTime): string {
  return signPairs(request, key, keyTime)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

export interface Presigned extends Omit<QSignRequest, 'headers'> {
  /** `http://bucket-1250000000.host:port` */
  readonly origin: string;
  /** Beside the host, which is always signed. */
  readonly headers?: SignedPairs;
}

/** A URL that works by itself until its time is over. Keys keep their slashes. */
export function presign(request: Presigned, key: QSignKey, keyTime: KeyTime): string {
  const { origin, path, query } = request;
  const host = origin.slice(origin.indexOf('://') + 3);
  const pairs = signPairs({ ...request, headers: [['host', host], ...(request.headers ?? [])] }, key, keyTime);
  const token: SignedPairs = key.token ? [['x-cos-security-token', key.token]] : [];
  const text = [...query, ...pairs, ...token].map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`);
  return `${origin}${encodeText(path).replaceAll('%2F', '/')}?${text.join('&')}`;
}
