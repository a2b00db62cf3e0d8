// TC3-HMAC-SHA256, the signature of the Cloud API 3.0: the arithmetic that callers and the server share.

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export const TC3 = 'TC3-HMAC-SHA256';
export const TC3_END = 'tc3_request';
/** Value of X-TC-Content-SHA256 that leaves the body out of the signature; it is hashed in the body's place. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

export interface CanonicalRequest {
  readonly method: string;
  readonly path: string;
  /** As sent, without the `?`. */
  readonly query: string;
  /** Names in lower case, in the order in which they are signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** From `payloadHash`. */
  readonly payload: string;
}

export function payloadHash(payload: Buffer | string): string {
  return hash('sha256', payload, 'hex');
}

export function canonicalText({ method, path, query, headers, payload }: CanonicalRequest): string {
  let lines = '';
  let names = '';
  for (const [name, value] of headers) {
    lines += `${name}:${value.trim()}\n`;
    names += names === '' ? name : `;${name}`;
  }
  return `${method}\n${path}\n${query}\n${lines}\n${names}\n${payload}`;
}

/** The UTC day of an instant in seconds, as scopes name it. */
export function tc3Date(timestampS: number): string {
  return new Date(timestampS * 1000).toISOString().slice(0, 10);
}

/** The key of one day and service; worth keeping, as it costs three of the four HMACs. */
export function signingKey(secretKey: string, date: string, service: string): KeyObject {
  return createSecretKey(hmac(hmac(hmac(`TC3${secretKey}`, date), service), TC3_END));
}

export function tc3Signature(
  key: KeyObject,
  timestampS: number,
  date: string,
  service: string,
  canonical: string,
): Buffer {
  const text = `${TC3}\n${timestampS}\n${date}/${service}/${TC3_END}\n${hash('sha256', canonical, 'hex')}`;
  return hmac(key, text);
}

export interface Signable {
  readonly method: string;
  readonly path: string;
  /** Without the `?`. */
  readonly query?: string;
  readonly host: string;
  /** `application/json` when left out. */
  readonly contentType?: string;
  readonly body: Buffer | string;
  readonly timestampS: number;
  readonly service: string;
  readonly secretId: string;
  readonly secretKey: string;
}

/** The value of the Authorization header, signing content-type and host as the vendor's clients do. */
export function signTc3(request: Signable): string {
  const { method, path, query = '', host, contentType = 'application/json', body, timestampS, service } = request;
  const date = tc3Date(timestampS);
  const canonical = canonicalText({
    method,
    path,
    query,
    headers: [
      ['content-type', contentType],
      ['host', host],
    ],
    payload: payloadHash(body),
  });
  const key = signingKey(request.secretKey, date, service);
  const signature = tc3Signature(key, timestampS, date, service, canonical).toString('hex');
  return `${TC3} Credential=${request.secretId}/${date}/${service}/${TC3_END}, SignedHeaders=content-type;host, Signature=${signature}`;
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
