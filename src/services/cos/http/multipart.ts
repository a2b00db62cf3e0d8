// Uploads in parts.

import type { UploadRef } from '../contract.ts';
import { fail } from '../errors.ts';
import { headOfUpload } from '../row.ts';
import { type Answer, empty, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf, headerOf } from './ask.ts';
import { contentOf, LIST_BYTES, xmlBody } from './body.ts';
import { copySourceOf } from './copysource.ts';
import { headersOf, headOf, refuseUnbuilt } from './head.ts';
import { encodeKey, pageOf, writeOwner } from './paging.ts';
import { overwriting } from './put.ts';
import { numberIn } from './query.ts';
import { copyRangeOf } from './range.ts';
import { childrenOf, expectOnly, numberOf, wordOf, type XmlElement } from './readxml.ts';
import { encryptionOf, isoSeconds, isoTime, quoted, shownVersion, writtenHeaders } from './show.ts';
import { element } from './xml.ts';

const MAX_PART = 10_000;

export async function beginUpload(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const head = headOf(headersOf(ask), ask.key);
  const ref = { bucket: bucket.id, key: ask.key };
  const { uploadId } = await ask.cos.uploads.begin(ref, head, overwriting(headersOf(ask)));
  const content = [element('Bucket', bucket.id), element('Key', ask.key), element('UploadId', uploadId)];
  return xmlAnswer('InitiateMultipartUploadResult', content, encryptionOf(head));
}

const uploadOf = (ask: Ask): UploadRef => ({
  bucket: bucketOf(ask).id,
  key: ask.key,
  uploadId: ask.query.get('uploadid') || fail('NoSuchUpload'),
});

function partNumberOf({ query }: Ask): number {
  const number = numberIn(query, 'partnumber', 1, MAX_PART, 0);
  return number || fail('InvalidArgument', { name: 'partNumber', reason: `it is a number from 1 to ${MAX_PART}` });
}

export async function putPart(ask: Ask): Promise<Answer> {
  const ref = uploadOf(ask);
  const [number, content] = [partNumberOf(ask), contentOf(ask)];
  const encryption = encryptionOf(headOfUpload(ask.cos.uploads.find(ref)));
  const part = await ask.cos.uploads.putPart(ref, number, content);
  return empty(200, { ETag: quoted(part.etag), 'x-cos-hash-crc64ecma': part.crc64, ...encryption });
}

export async function copyPart(ask: Ask): Promise<Answer> {
  const source = copySourceOf(ask);
  const range = copyRangeOf(headerOf(ask, 'x-cos-copy-source-range'));
  const part = await ask.cos.uploads.copyPart(uploadOf(ask), partNumberOf(ask), source, range);
  return xmlAnswer(
    'CopyPartResult',
    [
      element('ETag', quoted(part.etag)),
      element('CRC64', part.crc64),
      element('LastModified', isoSeconds(part.modifiedAt)),
    ],
    { 'x-cos-hash-crc64ecma': part.crc64, 'x-cos-copy-source-version-id': source.versionId },
  );
}

export async function completeUpload(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const ref = uploadOf(ask);
  refuseUnbuilt(headersOf(ask));
  const options = overwriting(headersOf(ask));
  const list = await xmlBody(ask, 'CompleteMultipartUpload', LIST_BYTES);
  expectOnly(list, 'Part');
  const object = await ask.cos.uploads.complete(ref, childrenOf(list, 'Part').map(readPart), ask.cause, options);
  const { ETag: _, ...headers } = writtenHeaders(bucket, object);
  return xmlAnswer(
    'CompleteMultipartUploadResult',
    [
      element('Location', `http://${bucket.id}.cos.${bucket.region}.myqcloud.com/${encodeKey(ask.key)}`),
      element('Bucket', bucket.id),
      element('Key', ask.key),
      element('ETag', quoted(object.etag)),
    ],
    { ...headers, 'x-cos-version-id': shownVersion(bucket, object.versionId) },
  );
}

/** Some clients send what they were told of the part besides. */
function readPart(part: XmlElement): { number: number; etag: string } {
  const number = numberOf(part, 'PartNumber', 1, MAX_PART) ?? fail('MalformedXML');
  const etag = wordOf(part, 'ETag') ?? fail('MalformedXML');
  return { number, etag: etag.replace(/^"(.*)"$/, '$1') };
}

export async function abortUpload(ask: Ask): Promise<Answer> {
  await ask.cos.uploads.abort(uploadOf(ask));
  return empty(204);
}

export function listParts(ask: Ask): Answer {
  const bucket = bucketOf(ask);
  const ref = uploadOf(ask);
  const { limit, encoded, encoding } = pageOf(ask, 'max-parts');
  const after = numberIn(ask.query, 'part-number-marker', 0, Number.MAX_SAFE_INTEGER, 0);
  const upload = ask.cos.uploads.find(ref);
  const found = limit === 0 ? [] : ask.cos.uploads.parts(ref, after, limit + 1);
  const shown = found.slice(0, limit);
  const more = found.length > shown.length;
  return xmlAnswer('ListPartsResult', [
    element('Bucket', bucket.id),
    encoding,
    element('Key', encoded(ask.key)),
    element('UploadId', upload.uploadId),
    writeOwner(bucket.appId, 'Initiator'),
    writeOwner(bucket.appId),
    element('PartNumberMarker', after),
    element('NextPartNumberMarker', more ? shown.at(-1)?.number : undefined),
    element('StorageClass', upload.storageClass),
    element('MaxParts', limit),
    element('IsTruncated', more),
    ...shown.map(part =>
      element('Part', [
        element('PartNumber', part.number),
        element('LastModified', isoTime(part.modifiedAt)),
        element('ETag', quoted(part.etag)),
        element('Size', part.bytes),
      ]),
    ),
  ]);
}
