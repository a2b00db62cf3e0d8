// The header x-cos-copy-source: `<host of a bucket>/<key>[?versionId=…]`.

import type { CopySource } from '../contract.ts';
import { fail } from '../errors.ts';
import { decodePath, isBucketId } from './address.ts';
import { type Ask, headerOf } from './ask.ts';
import { conditionsOf } from './conditions.ts';
import { queryOf } from './query.ts';
import { demandBeside } from './rights.ts';

/** Whose content the caller may read. InvalidCopySource, NoSuchBucket, AccessDenied. */
export function copySourceOf(ask: Ask): CopySource {
  if (!ask.caller.mayCopy) fail('CopySourceUnsigned');
  const place = parseSource(headerOf(ask, 'x-cos-copy-source') ?? '');
  const bucket = ask.cos.buckets.need(place.bucket);
  demandBeside(ask, { action: 'GetObject', permission: 'READ', of: 'object' }, { ...place, bucket });
  return { ...place, conditions: conditionsOf(ask, 'x-cos-copy-source-') };
}

/** The bucket is the host's first label, whoever's host it is; `/<bucket>/<key>` is taken as well. */
export function parseSource(text: string): { bucket: string; key: string; versionId: string | undefined } {
  const question = text.search(/\?versionid=/i);
  const path = (question < 0 ? text : text.slice(0, question)).replace(/^https?:\/\//i, '');
  const [, host = '', key = ''] = /^\/?([^/]*)\/(.+)$/s.exec(path) ?? [];
  const bucket = decodePath(host).split('.', 1)[0] ?? '';
  if (!isBucketId(bucket) || key === '') fail('InvalidCopySource');
  const versionId = question < 0 ? undefined : queryOf(text.slice(question + 1)).get('versionid');
  return { bucket, key: decodePath(key), versionId: versionId || undefined };
}
