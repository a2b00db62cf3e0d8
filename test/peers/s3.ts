// A client of a store that speaks S3, signed with AWS Signature Version 4.

import { createHash, createHmac } from 'node:crypto';

export interface S3Store {
  /** `http://<address>:<port>`. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

export interface S3Asked {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly service?: string;
}

export interface S3Answer {
  readonly headers: Headers;
  readonly text: string;
}

export type S3Client = ReturnType<typeof s3Of>;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const compare = (a: string, b: string) => (a < b ? -1 : 1);

/** `path` is not escaped: `/bucket/key`. */
export const pathOf = (path: string): string => path.split('/').map(escaped).join('/');

export function s3Of({ url, accessKey, secretKey, region }: S3Store) {
  /** Fails unless it was done. */
  return async (method: string, path: string, asked: S3Asked = {}): Promise<S3Answer> => {
    const { query = {}, headers = {}, body = '', service = 's3' } = asked;
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const hash = sha256(body);
    const md5 = createHash('md5').update(body).digest('base64');
    const signed = {
      ...headers,
      'content-md5': md5,
      host: new URL(url).host,
      'x-amz-content-sha256': hash,
      'x-amz-date': time,
    };
    const lines = Object.entries(signed).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
    lines.sort(([a], [b]) => compare(a, b));
    const names = lines.map(([name]) => name).join(';');
    const search = Object.entries(query)
      .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
      .toSorted(compare)
      .join('&');
    const wanted = [method, pathOf(path), search, ...lines.map(line => line.join(':')), '', names, hash].join('\n');
    const scope = [time.slice(0, 8), region, service, 'aws4_request'];
    const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretKey}`);
    const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(wanted)].join('\n')).toString('hex');
    const { host: _, ...sent } = signed;
    const credential = `${accessKey}/${scope.join('/')}`;
    const response = await fetch(`${url}${pathOf(path)}${search && `?${search}`}`, {
      method,
      headers: {
        ...sent,
        Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
      },
      ...(body !== '' && { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${search}: ${response.status} ${text}`);
    return { headers: response.headers, text };
  };
}

/** The first element of this name. */
export const valueIn = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
