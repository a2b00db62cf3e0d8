// Objects as rows of the index, and back.

import type { ObjectRow, UploadRow } from '../../core/objects.ts';
import type { ObjectDetail, ObjectHead, StorageClass, StoredObject } from './model.ts';

/** Of what was written while the bucket had no versioning, or has it suspended. */
export const NULL_VERSION = 'null';

/** Ids of versions get smaller as time goes on: 2^64 - 1, from which the number of a version is taken. */
const HIGHEST = 2n ** 64n - 1n;

/** The Base64 of a decimal number, without padding. */
export function versionIdOf(order: number): string {
  return Buffer.from(String(HIGHEST - BigInt(order))).toString('base64url');
}

export function rowOf(object: StoredObject): ObjectRow {
  const { bucket, key, versionId, order, modifiedAt, etag, bytes, inline, ...detail } = object;
  const files = detail.pieces.map(piece => piece.file);
  const { storageClass } = detail;
  const place = { bucket, key, versionId, order, marker: false, modifiedAt, etag, bytes, storageClass };
  return { ...place, detail: JSON.stringify(detail), inline, files };
}

/** Of a row that is no marker. */
export function objectIn(row: ObjectRow): StoredObject {
  const { bucket, key, versionId, order, modifiedAt, etag, bytes, inline } = row;
  // This room alone writes these rows.
  const { restore, ...detail } = JSON.parse(row.detail) as ObjectDetail;
  return { ...detail, restore, bucket, key, versionId, order, modifiedAt, etag, bytes, inline };
}

export function markerRow(place: Pick<ObjectRow, 'bucket' | 'key' | 'versionId' | 'order' | 'modifiedAt'>): ObjectRow {
  const nothing = { marker: true, etag: '', bytes: 0, storageClass: '', detail: '', inline: undefined, files: [] };
  return { ...place, ...nothing };
}

export const headOfUpload = (upload: UploadRow): ObjectHead => JSON.parse(upload.detail) as ObjectHead;

const ARCHIVES: readonly StorageClass[] = ['ARCHIVE', 'DEEP_ARCHIVE'];

export const isArchived = (object: Pick<StoredObject, 'storageClass'>) => ARCHIVES.includes(object.storageClass);

export const DAY_MS = 86_400_000;

/** How far the restoring of an archived object is. */
export function restoreState(object: Pick<StoredObject, 'restore'>, now: number): 'none' | 'under way' | 'done' {
  const { restore } = object;
  if (!restore) return 'none';
  if (now < restore.doneAt) return 'under way';
  return now < restoreEnd(restore) ? 'done' : 'none';
}

/** Until when it can be read. */
export function restoreEnd(restore: { readonly doneAt: number; readonly days: number }): number {
  return restore.doneAt + restore.days * DAY_MS;
}
