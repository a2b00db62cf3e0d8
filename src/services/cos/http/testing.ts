// A port with the store behind it, and a client that sends what it is told to; for tests alone.

import { type IncomingHttpHeaders, request as send } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../../../core/clock.ts';
import { ACCOUNT } from '../../../core/fixture.ts';
import { SeededIds } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { Policy } from '../../../core/policy.ts';
import { NO_PROXIES, type TrustedProxies } from '../../../http/client.ts';
import { type KeyTime, type SignedPairs, signHeader } from '../../../http/qsign.ts';
import { openFront } from '../../../http/server.ts';
import { AccountGuard } from '../auth/guard.ts';
import { BUCKET, House, type HouseSetting, REGION, START } from '../testing.ts';
import { decodePath } from './address.ts';
import { queryOf } from './query.ts';
import { cosSite } from './site.ts';

export const HOST = `${BUCKET}.cos.${REGION}.myqcloud.com`;
export const SERVICE = 'service.cos.myqcloud.com';
export const SECRET = { secretId: 'AKIDEXAMPLE', secretKey: 'BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz' };
export const ROOT = `qcs::cam::uin/${ACCOUNT.uin}:uin/${ACCOUNT.uin}`;

const startS = START / 1000;
const DAY_S = 86_400;
export const KEY_TIME: KeyTime = `${startS - 60};${startS + 400 * DAY_S}`;

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Given {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Nobody's request. */
  readonly unsigned?: boolean;
  /** In chunks, of unknown length. */
  readonly chunked?: boolean;
}

export interface Shop extends AsyncDisposable {
  readonly house: House;
  readonly port: number;
  readonly log: Log & { readonly lines: readonly { readonly level: string; readonly text: string }[] };
  /** `target`: path and query as they go out. */
  ask(method: string, target: string, given?: Given): Promise<Got>;
}

export interface ShopSetting extends HouseSetting {
  readonly endpoints?: readonly string[];
  /** By which clients sign; the store's when left out. */
  readonly wallClock?: Clock;
  readonly proxies?: TrustedProxies;
  /** Of the key. */
  readonly limits?: readonly Policy[];
}

export async function openShop(setting: ShopSetting = {}): Promise<Shop> {
  const house = await House.open(setting);
  const { clock, log } = house;
  const holder = { names: [ROOT], limits: setting.limits ?? [] };
  const secrets = { secretOf: (id: string) => (id === SECRET.secretId ? { ...SECRET, holder } : undefined) };
  const site = cosSite({
    ...{ cos: house.cos, clock, log, ids: new SeededIds('http'), account: ACCOUNT, region: REGION },
    guard: new AccountGuard({ secrets, wallClock: setting.wallClock ?? clock, account: ACCOUNT }),
    endpoints: setting.endpoints ?? [],
    proxies: setting.proxies ?? NO_PROXIES,
  });
  const front = await openFront({ host: '127.0.0.1', port: 0, setting: 'portCos', sites: [], fallback: site, log });
  return {
    ...{ house, log, port: front.port },
    ask: (method, target, given = {}) => exchange(front.port, method, target, given),
    async [Symbol.asyncDispose]() {
      await front.close(0);
      await house[Symbol.asyncDispose]();
    },
  };
}

export function signed(method: string, target: string, headers: SignedPairs): string {
  const [path = '', query = ''] = target.split('?', 2);
  const request = { method, path: decodePath(path), query: queryOf(query).pairs, headers };
  return signHeader(request, SECRET, KEY_TIME);
}

function exchange(port: number, method: string, target: string, given: Given): Promise<Got> {
  const { host = HOST, headers = {}, body = '', unsigned = false, chunked = false } = given;
  const length = chunked || method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  // A query that cannot be read cannot be signed either.
  const source = headers['x-cos-copy-source'];
  const copies = source === undefined ? [] : [['x-cos-copy-source', source] as const];
  const authorization = () => ({ Authorization: signed(method, target, [['host', host], ...copies]) });
  return new Promise((resolve, reject) => {
    const out = send({
      ...{ host: '127.0.0.1', port, method, path: target, agent: false },
      headers: { Host: host, ...length, ...(!unsigned && authorization()), ...headers },
    });
    out.on('error', reject);
    out.on('response', response => {
      buffer(response).then(
        got =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: got, text: got.toString() }),
        reject,
      );
    });
    if (method === 'GET') out.end();
    // A text would be joined with the head, and the head's bytes be taken for characters.
    else out.end(Buffer.from(body));
  });
}

/** The text of the first element with this name. */
export function textIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

export const textsIn = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(match => match[1] ?? '');
