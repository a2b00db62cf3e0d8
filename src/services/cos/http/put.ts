// Writing an object: PUT, append, copy.

import type { CopySource, OverwriteOptions } from '../contract.ts';
import { fail } from '../errors.ts';
import type { ObjectHead } from '../model.ts';
import { aclOfHeaders } from './acl.ts';
import { type Answer, empty, xmlAnswer } from './answer.ts';
import { type Ask, bucketOf, headerOf } from './ask.ts';
import { contentOf } from './body.ts';
import { copySourceOf } from './copysource.ts';
import { headersOf, headOf, type Named } from './head.ts';
import { numberIn } from './query.ts';
import { isoSeconds, newVersion, quoted, writtenHeaders } from './show.ts';
import { element } from './xml.ts';

export async function putObject(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const options = { event: 'ObjectCreated:Put', ...overwriting(headersOf(ask)) } as const;
  const content = contentOf(ask);
  const ref = { bucket: bucket.id, key: ask.key };
  const object = await ask.cos.objects.put(ref, headOf(headersOf(ask), ask.key), content, options, ask.cause);
  return empty(200, writtenHeaders(bucket, object));
}

/** A word that is none must not be taken for leave. */
export function overwriting({ get }: Named): OverwriteOptions {
  const name = 'x-cos-forbid-overwrite';
  const word = get(name)?.toLowerCase() ?? 'false';
  if (word !== 'true' && word !== 'false') fail('InvalidArgument', { name, reason: 'it is true or false' });
  return { forbidOverwrite: word === 'true' };
}

export async function appendObject(ask: Ask): Promise<Answer> {
  const position = numberIn(ask.query, 'position', 0, Number.MAX_SAFE_INTEGER, -1);
  if (position < 0) fail('InvalidArgument', { name: 'position', reason: 'it is needed' });
  const content = contentOf(ask);
  const { object, chunkMd5 } = await ask.cos.objects.append(
    { bucket: bucketOf(ask).id, key: ask.key },
    position,
    headOf(headersOf(ask), ask.key),
    content,
    ask.cause,
  );
  return empty(200, {
    ...writtenHeaders(bucketOf(ask), object),
    'x-cos-version-id': undefined,
    'x-cos-next-append-position': String(object.bytes),
    // Its name notwithstanding: the vendor's Go SDK compares it with the MD5 of what it has sent.
    'x-cos-content-sha1': chunkMd5,
  });
}

export async function copyObject(ask: Ask): Promise<Answer> {
  const bucket = bucketOf(ask);
  const source = copySourceOf(ask);
  refuseNothingNew(ask, source);
  const to = { bucket: bucket.id, key: ask.key };
  const object = await ask.cos.objects.copy(source, to, headOfCopy(ask), ask.cause, overwriting(headersOf(ask)));
  const content = [
    element('ETag', quoted(object.etag)),
    element('CRC64', object.crc64),
    element('LastModified', isoSeconds(object.modifiedAt)),
    element('VersionId', newVersion(bucket, object)),
  ];
  const { ETag: _, ...headers } = writtenHeaders(bucket, object);
  return xmlAnswer('CopyObjectResult', content, { ...headers, 'x-cos-copy-source-version-id': source.versionId });
}

/** What the copy does not take from its source. Neither rights nor the storage class are copied. */
function headOfCopy(ask: Ask): Partial<ObjectHead> {
  const { headers, storageClass, acl, tags } = headOf(headersOf(ask), ask.key);
  return {
    ...(isReplaced(ask, 'x-cos-metadata-directive') && { headers }),
    storageClass,
    acl,
    ...(isReplaced(ask, 'x-cos-tagging-directive') && { tags }),
  };
}

function isReplaced(ask: Ask, name: string): boolean {
  const directive = (headerOf(ask, name) ?? 'copy').toLowerCase();
  if (directive === 'copy') return false;
  return directive.startsWith('replace') || fail('InvalidArgument', { name, reason: 'it is Copy or Replaced' });
}

function refuseNothingNew(ask: Ask, { bucket, key, versionId }: CopySource): void {
  if (bucket !== ask.bucketId || key !== ask.key || versionId !== undefined) return;
  const changes = headerOf(ask, 'x-cos-storage-class') !== undefined || aclOfHeaders(ask, 'object') !== undefined;
  if (changes || isReplaced(ask, 'x-cos-metadata-directive') || isReplaced(ask, 'x-cos-tagging-directive')) return;
  fail('InvalidRequest', {
    reason: 'an object is copied onto itself only to change its metadata, tags, ACL or storage class',
  });
}
