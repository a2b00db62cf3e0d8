// GET Bucket?uploads: uploads in parts that have neither been completed nor aborted.

import type { Listing, UploadRow } from '../../../core/objects.ts';
import { type Answer, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf } from './ask.ts';
import { commonPrefixes, type Page, pageOf, writeOwner } from './paging.ts';
import { isoTime } from './show.ts';
import { element, type Written } from './xml.ts';

export function listUploads(ask: Ask): Answer {
  const bucket = bucketOf(ask);
  const page = pageOf(ask, 'max-uploads');
  const { prefix, delimiter, limit, encoded } = page;
  const afterKey = ask.query.get('key-marker') ?? '';
  // Documented: without a key-marker it counts for nothing.
  const afterUploadId = afterKey === '' ? '' : (ask.query.get('upload-id-marker') ?? '');
  const query = { bucket: bucket.id, prefix, delimiter, afterKey, afterUploadId, limit };
  const { entries, more }: Listing<UploadRow> =
    limit === 0 ? { entries: [], more: false } : ask.cos.uploads.list(query);
  const last = more ? entries.at(-1) : undefined;
  return xmlAnswer('ListMultipartUploadsResult', [
    element('Bucket', bucket.id),
    page.encoding,
    element('KeyMarker', encoded(afterKey)),
    element('UploadIdMarker', afterUploadId),
    element('MaxUploads', limit),
    element('IsTruncated', more),
    element('Prefix', encoded(prefix)),
    element('Delimiter', encoded(delimiter)),
    element('NextKeyMarker', last && encoded('row' in last ? last.row.key : last.commonPrefix)),
    element('NextUploadIdMarker', last && ('row' in last ? last.row.uploadId : '')),
    ...entries.flatMap(entry => ('row' in entry ? [writeUpload(entry.row, bucket.appId, page)] : [])),
    ...commonPrefixes(
      entries.flatMap(entry => ('commonPrefix' in entry ? [entry.commonPrefix] : [])),
      page,
    ),
  ]);
}

function writeUpload(upload: UploadRow, appId: string, { encoded }: Page): Written | undefined {
  return element('Upload', [
    element('Key', encoded(upload.key)),
    element('UploadId', upload.uploadId),
    element('StorageClass', upload.storageClass),
    writeOwner(appId, 'Initiator'),
    writeOwner(appId),
    element('Initiated', isoTime(upload.startedAt)),
  ]);
}
