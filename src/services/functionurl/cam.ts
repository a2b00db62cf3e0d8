// Requests that are signed with a key of the account: TC3-HMAC-SHA256 with the time and the account in headers of their own.

import { type KeyObject, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Holder, isWithin } from '../../core/policy.ts';
import { canonicalText, payloadHash, signingKey, TC3, TC3_END, tc3Date, tc3Signature } from '../../http/tc3.ts';
import type { Refusal } from './errors.ts';
import type { Place } from './model.ts';

export interface Key {
  readonly secretKey: string;
  /** Only temporary keys have one. */
  readonly token?: string;
  /** ms since 1970. */
  readonly expiresAt?: number;
  /** Who has it and what limits it; undefined of the account's own keys. */
  readonly holder?: Holder;
}

/** The account's keys. */
export interface Keys {
  /** `token`: as it came, '' for none. */
  secretOf(secretId: string, token: string): Key | undefined;
}

export interface SignedCall {
  readonly method: string;
  /** The path as it was sent, and as the function sees it: clients sign the one that they know. */
  readonly paths: readonly string[];
  /** Without the `?`. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly place: Pick<Place, 'region' | 'namespace' | 'name'>;
  /** Its address. */
  readonly client: string;
}

const SERVICE = 'scf';
const ALLOWED_S = 300;
const TIMESTAMP = 'x-scf-cam-timestamp';
const UIN = 'x-scf-cam-uin';
const FORM = new RegExp(
  `^${TC3}\\s+Credential=([^/\\s]+)/(\\d{4}-\\d\\d-\\d\\d)/([^/\\s]+)/${TC3_END}\\s*,\\s*SignedHeaders=([^,\\s]+)\\s*,\\s*Signature=([0-9a-f]{64})\\s*$`,
);
const MAX_KEPT_KEYS = 100;

export class CamVerifier {
  readonly #keys: Keys;
  readonly #uin: string;
  /** `secretId/date` → the day's key. */
  readonly #kept = new Map<string, { readonly secretKey: string; readonly key: KeyObject }>();

  constructor(keys: Keys, uin: string) {
    this.#keys = keys;
    this.#uin = uin;
  }

  /** What refuses the call, if anything does. `nowMs`: real time. */
  refusalOf(call: SignedCall, nowMs: number): Refusal | undefined {
    const { headers } = call;
    for (const [name, shown] of REQUIRED) {
      if (textOf(headers, name) === undefined) return { code: 'Unsigned', params: { name: shown } };
    }
    const [, secretId, date, service, names, signature] = FORM.exec(headers.authorization ?? '') ?? [];
    if (!secretId || !date || !service || !names || !signature) return malformed(...SHAPE);
    if (service !== SERVICE)
      return malformed(`服务名应为 ${SERVICE}`, `the service in Credential has to be ${SERVICE}`);
    const signed = names.toLowerCase().split(';');
    if (!signed.includes('host')) return malformed('host 必须参与签名', 'host has to be among SignedHeaders');
    const sent = textOf(headers, TIMESTAMP) ?? '';
    if (!/^\d{1,12}$/.test(sent)) {
      return malformed('X-Scf-Cam-Timestamp 应为秒数', 'X-Scf-Cam-Timestamp has to be a number of seconds');
    }
    const timestampS = Number(sent);
    const seconds = Math.abs(Math.round(nowMs / 1000) - timestampS);
    if (seconds > ALLOWED_S) return { code: 'Expired', params: { seconds } };
    if (date !== tc3Date(timestampS)) {
      return malformed('Credential 的日期与时间戳不符', 'the date in Credential is not that of the timestamp');
    }
    const uin = textOf(headers, UIN) ?? '';
    const token = textOf(headers, 'x-scf-cam-token') ?? textOf(headers, 'x-tc-token') ?? '';
    const pair = this.#keys.secretOf(secretId, token);
    const isOver = pair?.expiresAt !== undefined && pair.expiresAt <= nowMs;
    if (!pair || isOver || uin !== this.#uin || (pair.token ?? '') !== token) {
      return { code: 'WrongKey', params: { secretId, uin } };
    }
    const key = this.#dayKey(secretId, date, pair.secretKey);
    const expected = Buffer.from(signature, 'hex');
    const payload = payloadHash(call.body);
    const { method, query } = call;
    for (const path of call.paths)
      for (const host of hostsOf(headers.host ?? '')) {
        const values = signed.map(name => [name, name === 'host' ? host : (textOf(headers, name) ?? '')] as const);
        const canonical = canonicalText({ method, path, query, headers: values, payload });
        if (timingSafeEqual(tc3Signature(key, timestampS, date, service, canonical), expected)) {
          return pair.holder && this.#limitOf(pair.holder, call);
        }
      }
    return { code: 'WrongSignature' };
  }

  #limitOf({ names, limits }: Holder, { place: { region, namespace, name }, client }: SignedCall): Refusal | undefined {
    const paths = [`namespace/${namespace}/function/${name}`];
    const resource = { service: 'scf', region, accounts: [`uin/${this.#uin}`], paths };
    const values = new Map([['qcs:ip', client]]);
    const isAllowed = isWithin(limits, { action: 'scf:InvokeFunctionUrl', resource, callers: names, values });
    return isAllowed ? undefined : { code: 'NotAllowed', params: { name } };
  }

  #dayKey(secretId: string, date: string, secretKey: string): KeyObject {
    const name = `${secretId}/${date}`;
    const kept = this.#kept.get(name);
    if (kept?.secretKey === secretKey) return kept.key;
    const key = signingKey(secretKey, date, SERVICE);
    if (this.#kept.size >= MAX_KEPT_KEYS) this.#kept.clear();
    this.#kept.set(name, { secretKey, key });
    return key;
  }
}

const REQUIRED = [
  ['authorization', 'Authorization'],
  [TIMESTAMP, 'X-Scf-Cam-Timestamp'],
  [UIN, 'X-Scf-Cam-Uin'],
] as const;

const SHAPE = [
  '应形如 TC3-HMAC-SHA256 Credential=<SecretId>/<日期>/scf/tc3_request, SignedHeaders=<名称>, Signature=<签名>',
  'it has the form TC3-HMAC-SHA256 Credential=<SecretId>/<date>/scf/tc3_request, SignedHeaders=<names>, Signature=<signature>',
] as const;

const malformed = (zh: string, en: string): Refusal => ({ code: 'Malformed', params: { zh, en } });

/** Some clients sign the host without the port that they send. */
function hostsOf(host: string): readonly string[] {
  const bare = host.replace(/:\d+$/, '');
  return bare === host ? [host] : [host, bare];
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
