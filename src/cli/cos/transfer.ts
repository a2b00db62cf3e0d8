// What the ways of copying have in common.

import { createReadStream } from 'node:fs';
import { fail } from '../errors.ts';
import type { CosAddress } from './address.ts';
import type { CosClient } from './client.ts';
import { MAX_PARTS, upload, type Written } from './upload.ts';

export interface Transfer {
  readonly headers: Readonly<Record<string, string>>;
  readonly partBytes: number;
  readonly versionId: string | undefined;
}

export type Place = CosAddress | { readonly path: string } | 'stream';

const MB = 1024 * 1024;

export const isObject = (place: Place): place is CosAddress => place !== 'stream' && 'bucket' in place;

/** What has more parts than there may be has larger ones. */
export const partBytesFor = (bytes: number, partBytes: number): number =>
  Math.max(partBytes, Math.ceil(bytes / MAX_PARTS / MB) * MB);

export function uploadFile(
  cos: CosClient,
  { path, bytes }: { readonly path: string; readonly bytes: number },
  to: CosAddress,
  { headers, partBytes }: Transfer,
): Promise<Written> {
  return upload(cos, fileContent(path), { ...to, headers, bytes, partBytes: partBytesFor(bytes, partBytes) });
}

async function* fileContent(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: MB }) as AsyncIterable<Buffer>;
  } catch (error) {
    fail('Cli.File', { path, reason: (error as Error).message }, error);
  }
}
