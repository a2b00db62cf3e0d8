// GET Bucket: the keys in it.

import type { Listing } from '../../../core/objects.ts';
import type { Bucket, StoredObject } from '../model.ts';
import { type Answer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { commonPrefixes, type Page, pageOf, writeOwner } from './paging.ts';
import { isoTime, quoted } from './show.ts';
import { element, type Written } from './xml.ts';

export function listObjects(ask: Ask): Answer {
  const bucket = bucketOf(ask);
  const page = pageOf(ask, 'max-keys');
  const marker = ask.query.get('marker') ?? '';
  const { entries, more } = listed(ask, bucket, page, marker);
  const last = entries.at(-1);
  const next = last && ('row' in last ? last.row.key : last.commonPrefix);
  const { encoded } = page;
  return xmlAnswer(
    'ListBucketResult',
    [
      element('Name', bucket.id),
      page.encoding,
      element('Prefix', encoded(page.prefix)),
      element('Marker', encoded(marker)),
      element('MaxKeys', page.limit),
      page.delimiter === '' ? undefined : element('Delimiter', encoded(page.delimiter)),
      element('IsTruncated', more),
      more && next !== undefined ? element('NextMarker', encoded(next)) : undefined,
      ...entries.flatMap(entry => ('row' in entry ? [writeObject(entry.row, bucket, page)] : [])),
      ...commonPrefixes(
        entries.flatMap(entry => ('commonPrefix' in entry ? [entry.commonPrefix] : [])),
        page,
      ),
    ],
    { 'x-cos-bucket-region': bucket.region },
  );
}

const NOTHING: Listing<never> = { entries: [], more: false };

function listed(ask: Ask, bucket: Bucket, { prefix, delimiter, limit }: Page, after: string): Listing<StoredObject> {
  return limit === 0 ? NOTHING : ask.cos.objects.list({ bucket: bucket.id, prefix, delimiter, after, limit });
}

function writeObject(object: StoredObject, bucket: Bucket, { encoded }: Page): Written | undefined {
  return element('Contents', [
    element('Key', encoded(object.key)),
    element('LastModified', isoTime(object.modifiedAt)),
    element('ETag', quoted(object.etag)),
    element('Size', object.bytes),
    writeOwner(bucket.appId),
    element('StorageClass', object.storageClass),
  ]);
}
