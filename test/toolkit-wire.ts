// Calls as the vendor's deployment toolkit writes them: its fixed host names, form bodies, the older signature.

import { createHmac } from 'node:crypto';
import { ask, type Callable, type RawAnswer } from './fixture.ts';

const VERSIONS = { scf: '2018-04-16', apigateway: '2018-08-08', tag: '2018-08-13' } as const;
export type Product = keyof typeof VERSIONS;

export type Fields = Readonly<Record<string, string>>;
export type WireCall = (product: Product, action: string, fields?: Fields) => Promise<RawAnswer>;

export function wireCalls({ endpoint, credentials }: Callable): WireCall {
  return async (product, action, fields = {}) => {
    const host = `${product}.tencentcloudapi.com`;
    const signed: Record<string, string> = {
      Action: action,
      Version: VERSIONS[product],
      ...fields,
      Region: 'ap-guangzhou',
      SecretId: credentials.secretId,
      Timestamp: String(Math.floor(Date.now() / 1000)),
      Nonce: String(Math.floor(Math.random() * 65_535)),
      SignatureMethod: 'HmacSHA1',
      RequestClient: 'ServerlessComponentV2',
    };
    const joined = Object.keys(signed)
      .sort()
      .map(name => `${name}=${signed[name]}`)
      .join('&');
    const Signature = createHmac('sha1', credentials.secretKey).update(`POST${host}/?${joined}`).digest('base64');
    const body = new URLSearchParams({ ...signed, Signature }).toString();
    const headers = { Host: host, 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await ask(endpoint, { method: 'POST', headers }, body);
    const { Response } = JSON.parse(answer.body.toString()) as { Response: RawAnswer };
    return Response;
  };
}

/** What the toolkit takes of an answer: Result where there is one; null for what is not there; else it throws. */
export function taken(answer: RawAnswer): Record<string, unknown> | null {
  if (answer.Error) {
    if (answer.Error.Code.includes('ResourceNotFound')) return null;
    throw new Error(`${answer.Error.Code}: ${answer.Error.Message}`);
  }
  return (answer.Result ?? answer) as Record<string, unknown>;
}
