// TC3-HMAC-SHA256 of one JSON POST or GET without a query.

import { createHash, createHmac } from 'node:crypto';

export interface Signable {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly body: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly service: string;
  readonly secretId: string;
  readonly secretKey: string;
}

const SIGNED = 'content-type;host';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export function signTc3({ method, path, host, body, timestamp, service, secretId, secretKey }: Signable): string {
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const canonical = [method, path, '', `content-type:application/json\nhost:${host}\n`, SIGNED, sha256(body)].join(
    '\n',
  );
  const text = ['TC3-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${SIGNED}, Signature=${hmac(key, text).toString('hex')}`;
}
