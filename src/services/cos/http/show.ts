// What answers tell of an object in their headers.

import type { Bucket, ObjectHead, StoredObject } from '../model.ts';
import type { AnswerHeaders } from './answer.ts';

export const quoted = (etag: string): string => `"${etag}"`;

export const httpTime = (ms: number): string => new Date(ms).toUTCString();

/** Lists have milliseconds, some answers have not. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
export const isoSeconds = (ms: number): string => isoTime(ms).replace(/\.\d+Z$/, 'Z');

/** After a write: documented for buckets that have versioning now, not where it is suspended. */
export const newVersion = (bucket: Bucket, object: StoredObject): string | undefined =>
  bucket.versioning === 'Enabled' ? object.versionId : undefined;

/** In a bucket that never had versioning there is nothing to tell apart. */
export const shownVersion = (bucket: Bucket, versionId: string): string | undefined =>
  bucket.versioning === 'never' ? undefined : versionId;

const classBesideStandard = ({ storageClass }: ObjectHead): string | undefined =>
  storageClass === 'STANDARD' ? undefined : storageClass;

/** Of what was stored just now. */
export function writtenHeaders(bucket: Bucket, object: StoredObject): AnswerHeaders {
  return {
    ETag: quoted(object.etag),
    'x-cos-hash-crc64ecma': object.crc64,
    'x-cos-version-id': newVersion(bucket, object),
    'x-cos-storage-class': classBesideStandard(object),
    ...encryptionOf(object),
  };
}

/** Also of what is to become an object. */
export function encryptionOf({ headers }: ObjectHead): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('x-cos-server-side-encryption')),
  );
}

const NAMES: Readonly<Record<string, string>> = {
  'cache-control': 'Cache-Control',
  'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding',
  'content-language': 'Content-Language',
  'content-type': 'Content-Type',
  expires: 'Expires',
};

/** What was said of an object when it was written. */
export function shownHeaders(headers: StoredObject['headers']): AnswerHeaders {
  const kept = Object.entries(headers).map(([name, value]) => [NAMES[name] ?? name, value]);
  return { 'Content-Type': 'application/octet-stream', ...Object.fromEntries(kept) };
}

/** Of an answer to GET or HEAD. `nowMs`: whether it is restored changes with time. */
export function objectHeaders(bucket: Bucket, object: StoredObject, nowMs: number): AnswerHeaders {
  return {
    ...shownHeaders(object.headers),
    ETag: quoted(object.etag),
    'Last-Modified': httpTime(object.modifiedAt),
    'Accept-Ranges': 'bytes',
    'x-cos-hash-crc64ecma': object.crc64,
    'x-cos-version-id': shownVersion(bucket, object.versionId),
    'x-cos-storage-class': classBesideStandard(object),
    'x-cos-object-type': object.appendable ? 'appendable' : 'normal',
    'x-cos-next-append-position': object.appendable ? String(object.bytes) : undefined,
    'x-cos-tagging-count': object.tags.length > 0 ? String(object.tags.length) : undefined,
    'x-cos-replication-status': object.replication,
    ...restoreHeaders(object, nowMs),
  };
}

const DAY_MS = 86_400_000;

const ARCHIVED: readonly string[] = ['ARCHIVE', 'DEEP_ARCHIVE'];

/** What can be read without being restored, or is restored. */
export function isReadable({ storageClass, restore }: StoredObject, nowMs: number): boolean {
  if (!ARCHIVED.includes(storageClass)) return true;
  return restore !== undefined && restore.doneAt <= nowMs && nowMs < restore.doneAt + restore.days * DAY_MS;
}

function restoreHeaders(object: StoredObject, nowMs: number): AnswerHeaders {
  const { restore } = object;
  if (!restore) return {};
  if (nowMs < restore.doneAt) {
    return {
      'x-cos-restore': 'ongoing-request="true"',
      'x-cos-restore-status': `tier="${restore.tier.toLowerCase()}"; request-date="${httpTime(restore.askedAt)}"`,
    };
  }
  if (!isReadable(object, nowMs)) return {};
  const expiry = httpTime(restore.doneAt + restore.days * DAY_MS);
  return { 'x-cos-restore': `ongoing-request="false", expiry-date="${expiry}"` };
}
