// Checks TC3-HMAC-SHA256 signatures, as the vendor's clients make them against any endpoint.

import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { fail } from '../core/errors.ts';
import {
  canonicalText,
  payloadHash,
  signingKey,
  TC3,
  TC3_END,
  tc3Date,
  tc3Signature,
  UNSIGNED_PAYLOAD,
} from '../http/tc3.ts';
import { refuse } from './errors.ts';
import { checkTime, checkToken, findKey, headerText, hostsOf, type Keys, type SignedRequest } from './sign.ts';

export interface Tc3Authorization {
  readonly secretId: string;
  readonly date: string;
  /** What the client takes for the service: `scf`, or `127` or `localhost:8080` from an endpoint. */
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: Buffer;
}

/** Refuses what is not of this scheme. `SKIP`, the clients' word for an unsigned call, is not. */
export function parseTc3(header: string): Tc3Authorization {
  const trimmed = header.trim();
  if (!trimmed.startsWith(`${TC3} `)) return refuse('SchemeUnknown');
  const fields = new Map<string, string>();
  for (const part of trimmed.slice(TC3.length).split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = (fields.get('SignedHeaders') ?? '').toLowerCase().split(';');
  if (!/^[0-9a-f]{64}$/i.test(signature) || signedHeaders[0] === '') return refuse('SchemeUnknown');
  if (!signedHeaders.includes('host')) return refuse('HostUnsigned');
  return {
    ...parseCredential(fields.get('Credential') ?? ''),
    signedHeaders,
    signature: Buffer.from(signature, 'hex'),
  };
}

/** From its ends, as the service in the middle may be any text. */
function parseCredential(credential: string): Pick<Tc3Authorization, 'secretId' | 'date' | 'service'> {
  const [, secretId, date, service] = /^([^/]+)\/(\d{4}-\d\d-\d\d)\/(.+)\/([^/]+)$/.exec(credential) ?? [];
  if (!secretId || !date || !service || !credential.endsWith(`/${TC3_END}`)) return refuse('CredentialMalformed');
  return { secretId, date, service };
}

interface KeptKey {
  readonly secretKey: string;
  readonly key: KeyObject;
}

const MAX_KEPT_KEYS = 100;

export class Tc3Verifier {
  readonly #keys: Keys;
  /** `secretId/date/service` → the day's key. */
  readonly #kept = new Map<string, KeptKey>();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** Gives the SecretId. The time comes first, then the key, the signature and the token. */
  verify(authorization: Tc3Authorization, request: SignedRequest, nowMs: number): string {
    const { secretId, date } = authorization;
    const timestampS = checkTime('X-TC-Timestamp', headerText(request.headers, 'x-tc-timestamp'), nowMs);
    const expected = tc3Date(timestampS);
    const token = headerText(request.headers, 'x-tc-token');
    const key = findKey(this.#keys, secretId, token);
    if (date !== expected) refuse('ScopeDate', { date, expected });
    if (!this.#matches(authorization, request, timestampS, key.secretKey)) fail('AuthFailure.SignatureFailure');
    checkToken(key, token, nowMs);
    return secretId;
  }

  #matches(authorization: Tc3Authorization, request: SignedRequest, timestampS: number, secretKey: string): boolean {
    const { date, service, signedHeaders, signature } = authorization;
    const key = this.#signingKey(authorization, secretKey);
    const unsigned = headerText(request.headers, 'x-tc-content-sha256') === UNSIGNED_PAYLOAD;
    const payload = payloadHash(unsigned ? UNSIGNED_PAYLOAD : request.body);
    for (const override of overrides(request, authorization)) {
      const headers = signedHeaders.map(
        name => [name, override[name] ?? headerText(request.headers, name) ?? ''] as const,
      );
      const { method, path, query } = request;
      const canonical = canonicalText({ method, path, query, headers, payload });
      if (timingSafeEqual(tc3Signature(key, timestampS, date, service, canonical), signature)) return true;
    }
    return false;
  }

  #signingKey({ secretId, date, service }: Tc3Authorization, secretKey: string): KeyObject {
    const name = `${secretId}/${date}/${service}`;
    const kept = this.#kept.get(name);
    // A key may be given a new secret while we run.
    if (kept?.secretKey === secretKey) return kept.key;
    const key = signingKey(secretKey, date, service);
    if (this.#kept.size >= MAX_KEPT_KEYS) this.#kept.clear();
    this.#kept.set(name, { secretKey, key });
    return key;
  }
}

/** Values that clients sign in place of what they send. */
function* overrides(
  request: SignedRequest,
  { service, signedHeaders }: Tc3Authorization,
): Generator<Record<string, string>> {
  const action = headerText(request.headers, 'x-tc-action');
  const actions = signedHeaders.includes('x-tc-action') && action ? [action, action.toLowerCase()] : [undefined];
  const hosts = hostsOf(request.headers);
  // The Node.js SDK alone takes its service from the endpoint, and it alone cuts the port: its first try is right.
  const isNode = hosts[0]?.split('.', 1)[0] === service;
  for (const host of isNode ? hosts.toReversed() : hosts) {
    for (const value of actions) yield value === undefined ? { host } : { host, 'x-tc-action': value };
  }
}
