// GET Bucket?versions: all versions of all keys, and delete markers.

import type { VersionEntry } from '../contract.ts';
import { fail } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { type Answer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { commonPrefixes, type Page, pageOf, writeOwner } from './paging.ts';
import { isoTime, quoted, shownVersion } from './show.ts';
import { element, type Written } from './xml.ts';

export function listVersions(ask: Ask): Answer {
  const bucket = bucketOf(ask);
  const page = pageOf(ask, 'max-keys');
  const { prefix, delimiter, limit, encoded } = page;
  const afterKey = ask.query.get('key-marker') ?? '';
  const afterVersionId = ask.query.get('version-id-marker') ?? '';
  if (afterVersionId !== '' && afterKey === '') {
    fail('InvalidArgument', { name: 'version-id-marker', reason: 'it comes with a key-marker' });
  }
  const query = { bucket: bucket.id, prefix, delimiter, afterKey, afterVersionId, limit };
  const { entries, more } = limit === 0 ? { entries: [], more: false } : ask.cos.objects.versions(query);
  return xmlAnswer('ListVersionsResult', [
    element('Name', bucket.id),
    page.encoding,
    element('Prefix', encoded(prefix)),
    element('KeyMarker', encoded(afterKey)),
    element('VersionIdMarker', afterVersionId),
    element('MaxKeys', limit),
    delimiter === '' ? undefined : element('Delimiter', encoded(delimiter)),
    element('IsTruncated', more),
    ...(more ? nextOf(entries.at(-1), page) : []),
    ...entries.flatMap(entry => ('row' in entry ? [writeVersion(entry.row, bucket, page)] : [])),
    ...commonPrefixes(
      entries.flatMap(entry => ('commonPrefix' in entry ? [entry.commonPrefix] : [])),
      page,
    ),
  ]);
}

type Entry = { readonly row: VersionEntry } | { readonly commonPrefix: string };

function nextOf(last: Entry | undefined, { encoded }: Page): (Written | undefined)[] {
  if (!last) return [];
  if ('commonPrefix' in last) return [element('NextKeyMarker', encoded(last.commonPrefix))];
  return [element('NextKeyMarker', encoded(last.row.key)), element('NextVersionIdMarker', last.row.versionId)];
}

function writeVersion(version: VersionEntry, bucket: Bucket, { encoded }: Page): Written | undefined {
  const common = [
    element('Key', encoded(version.key)),
    element('VersionId', shownVersion(bucket, version.versionId) ?? ''),
    element('IsLatest', version.newest),
    element('LastModified', isoTime(version.modifiedAt)),
  ];
  if (version.marker) return element('DeleteMarker', [...common, writeOwner(bucket.appId)]);
  return element('Version', [
    ...common,
    element('ETag', quoted(version.etag)),
    element('Size', version.bytes),
    element('StorageClass', version.storageClass),
    writeOwner(bucket.appId),
  ]);
}
