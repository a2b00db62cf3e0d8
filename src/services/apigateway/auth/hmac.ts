// The form that signatures of key pairs and applications share:
// Authorization: hmac id="…", algorithm="hmac-sha1", headers="x-date source", signature="<Base64>".

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const CANNOT = 'HMAC signature cannot be verified';
/** Documented texts. */
export const HMAC = Object.freeze({
  noAuthorization: `${CANNOT}, a validate authorization header is required`,
  format: 'HMAC authorization format error',
  headers: 'HMAC authorization headers is invalidate',
  missing: 'HMAC id or signature missing',
  noXDate: `${CANNOT}, a valid x-date header is required for HMAC Authentication`,
  outOfDate: `${CANNOT}, the x-date header is out of date for HMAC Authentication`,
  noDate: `${CANNOT}, a valid date or x-date header is required`,
  noHeader: (name: string) => `${CANNOT}, a valid ${name} header is required`,
  algorithm: (name: string) => `HMAC algorithm ${name} not supported`,
  multiple: 'HMAC do not support multiple HTTP header',
  unknown: CANNOT,
  notForApi: 'HMAC apikey is invalid for API',
  mismatch: 'HMAC signature does not match',
});

export interface Signed {
  readonly id: string;
  readonly algorithm: string;
  /** Lower case, in their order. */
  readonly names: readonly string[];
  readonly signature: string;
}

const FORM = /^hmac +(?:[a-z]+="[^"]*"(?:, *(?=[a-z])| *$))+$/i;
const PART = /([a-z]+)="([^"]*)"/gi;
const NAMES = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: [!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;

/** The signature, or the text that refuses it. */
export function readSigned(authorization: string | undefined): Signed | string {
  if (authorization === undefined || authorization === '') return HMAC.noAuthorization;
  if (!FORM.test(authorization)) return HMAC.format;
  const parts = new Map<string, string>();
  for (const [, written = '', value = ''] of authorization.matchAll(PART)) {
    const name = written.toLowerCase();
    if (parts.has(name)) return HMAC.format;
    parts.set(name, value);
  }
  const { id = '', algorithm = '', headers = '', signature = '' } = Object.fromEntries(parts);
  if (id === '' || signature === '') return HMAC.missing;
  if (!NAMES.test(headers)) return HMAC.headers;
  return { id, algorithm, names: headers.toLowerCase().split(' '), signature };
}

const PATIENCE_MS = 900_000;
/** As HTTP writes dates; the zone is GMT and nothing else. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** What is wrong with the date headers. `X-Date` is held against the clock, `Date` is not (documented). */
export function dateFault(headers: IncomingHttpHeaders, now: number): string | undefined {
  const { 'x-date': xDate, date } = headers;
  if (xDate === undefined) {
    return date !== undefined && !Number.isNaN(Date.parse(date)) ? undefined : HMAC.noDate;
  }
  const at = HTTP_DATE.test(String(xDate)) ? Date.parse(String(xDate)) : Number.NaN;
  if (Number.isNaN(at)) return HMAC.noXDate;
  return Math.abs(now - at) > PATIENCE_MS ? HMAC.outOfDate : undefined;
}

/** What is wrong with the headers that a signature names: each must be there once, the date among them. */
export function namesFault(
  names: readonly string[],
  rawHeaders: readonly string[],
  dateName: string,
): string | undefined {
  const counts = new Map(names.map(name => [name, 0]));
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const count = counts.get(name);
    if (count !== undefined) counts.set(name, count + 1);
  }
  for (const [name, count] of counts) {
    if (count === 0) return HMAC.noHeader(name);
    if (count > 1) return HMAC.multiple;
  }
  // Else the date, which ends a signature's life, could be changed by whoever has seen the request.
  return counts.has(dateName) ? undefined : HMAC.headers;
}

export function signatureOf(algorithm: string, secret: string, text: string): string {
  // Header values came as Latin-1; what was signed are their bytes.
  return createHmac(algorithm, secret).update(text, 'latin1').digest('base64');
}

export function same(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export const sentValue = (headers: IncomingHttpHeaders, name: string): string => String(headers[name] ?? '');
