// The signature of the store's former interface, `?sign=<Base64>`, as the vendor's clients still make it for a download
// (getV4Auth). It signs an object's name and its time and nothing else: nothing else can be asked for with it.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedPairs } from '../../../http/qsign.ts';
import { fail } from '../errors.ts';

const MAC_BYTES = 20;

export interface FormerSignature {
  readonly secretId: string;
  /** `start;end` in seconds since 1970. */
  readonly time: string;
  /** `/<appid>/<bucket without it>/<key>`, decoded. */
  readonly object: string;
  /** What was signed. */
  readonly text: string;
  readonly mac: Buffer;
}

/** undefined: there is none of this form. */
export function findFormer(query: SignedPairs): FormerSignature | undefined {
  const sign = query.find(([name]) => name === 'sign')?.[1] ?? '';
  if (!/^[A-Za-z0-9+/]{28,}={0,2}$/.test(sign)) return undefined;
  const bytes = Buffer.from(sign, 'base64');
  const text = bytes.subarray(MAC_BYTES).toString();
  const fields = new Map(text.split('&').map(pair => [pair.slice(0, 1), pair.slice(2)] as const));
  const get = (name: string, shape: RegExp) => {
    const value = fields.get(name) ?? '';
    return shape.test(value) ? value : fail('InvalidArgument', { name: 'sign', reason: `${name}=` });
  };
  // One that holds once has no end; that it was used would have to be kept.
  const [start, end] = [get('t', /^\d{1,12}$/), get('e', /^[1-9]\d{0,11}$/)];
  return {
    secretId: get('k', /./),
    time: `${start};${end}`,
    object: decoded(get('f', /^\/\d+\/[^/]+\/./)),
    text,
    mac: bytes.subarray(0, MAC_BYTES),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    return fail('InvalidArgument', { name: 'sign', reason: 'f=' }, error);
  }
}

interface Download {
  readonly method: string;
  /** Decoded, as sent. */
  readonly path: string;
  readonly query: SignedPairs;
  readonly bucket: string | undefined;
  readonly inPath: boolean;
}

/** Whether it is of that object, by that key, and nothing is asked but to read it. */
export function holdsFormer({ text, mac, object }: FormerSignature, secretKey: string, asked: Download): boolean {
  const { method, path, query, bucket = '', inPath } = asked;
  const key = inPath ? path.slice(bucket.length + 1) : path;
  const dash = bucket.lastIndexOf('-');
  return (
    (method === 'GET' || method === 'HEAD') &&
    query.every(([name]) => name === 'sign') &&
    object === `/${bucket.slice(dash + 1)}/${bucket.slice(0, dash)}${key}` &&
    timingSafeEqual(createHmac('sha1', secretKey).update(text).digest(), mac)
  );
}
