// The vendor's Node.js client of object storage, in the releases that programs use, as it is pointed at a server here.

import { createHash } from 'node:crypto';
import type Cos from 'cos-nodejs-sdk-v5';
import { crc64 } from '../../src/core/crc64.ts';
import type { Callable } from '../fixture.ts';
import { requireClient } from './installed.ts';

/** The newest of either line, under the names by which the suite `clients` installs them beside each other. */
export const RELEASES = ['cos-nodejs-sdk-2', 'cos-nodejs-sdk-3'] as const;

export const MB = 1024 * 1024;
export const REGION = 'ap-guangzhou';

/** In the order of their bytes. */
export const KEYS = ['a+b & c=d.txt', "it's (*!~).txt", 'with space/%20 #?.txt', '中文/文件 名+1.txt'];

export type { Cos };
export type CosOptions = Cos.COSOptions;

/** Its types know fewer options than it takes. */
export function cosClient(release: string, options: object): Cos {
  const Client = requireClient(release) as typeof Cos;
  return new Client(options as CosOptions);
}

/** The cloud's names stay in the header Host; the client documents `Ip` for that. */
export const byAddress = (server: Callable, port: number) => ({
  ...{ SecretId: server.credentials.secretId, SecretKey: server.credentials.secretKey },
  ...{ Protocol: 'http:', Ip: `127.0.0.1:${port}` },
});

export const md5 = (body: Buffer | string): string => createHash('md5').update(body).digest('hex');

/** How the store tells contents apart: its length and both sums. */
export const sums = (body: Buffer) => ({ bytes: body.length, md5: md5(body), crc64: crc64(body) });
