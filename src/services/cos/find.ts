// Which version a client means, and whether it can be read.

import type { ObjectIndex, ObjectRow } from '../../core/objects.ts';
import type { Buckets, ObjectRef } from './contract.ts';
import { fail } from './errors.ts';
import type { StoredObject } from './model.ts';
import { isArchived, objectIn, restoreState } from './row.ts';
import { namedVersion } from './versioning.ts';

/** Bytes of UTF-8, documented. */
const KEY_BYTES = 850;

/** Keys whose paths are the bucket's once `//` and `/./` in them are merged: whoever gets one gets the bucket's list instead. */
const NAMELESS = /^(?:\.?\/)*\.?$/;

/** Of an object that is to come about. */
export function checkKey(key: string): void {
  if (NAMELESS.test(key)) fail('InvalidObjectName');
  if (Buffer.byteLength(key) > KEY_BYTES) fail('KeyTooLong');
}

export interface Finder {
  /** The row of the version, a marker too; undefined if there is none. NoSuchBucket. */
  row(ref: ObjectRef): ObjectRow | undefined;
  /** NoSuchKey (`marker` true of a delete marker), NoSuchVersion. */
  object(ref: ObjectRef): StoredObject;
}

export function createFinder(buckets: Pick<Buckets, 'need'>, index: ObjectIndex): Finder {
  const row = (ref: ObjectRef) => {
    buckets.need(ref.bucket);
    return index.find(ref.bucket, ref.key, namedVersion(ref));
  };
  return { row, object: ref => objectOf(ref, row(ref)) };
}

export function objectOf(ref: ObjectRef, row: ObjectRow | undefined): StoredObject {
  if (!row) return namedVersion(ref) === undefined ? fail('NoSuchKey') : fail('NoSuchVersion');
  if (row.marker) fail('NoSuchKey', { marker: 'true', versionId: row.versionId });
  return objectIn(row);
}

/** ObjectDamaged, InvalidObjectState. */
export function checkReadable(object: StoredObject, now: number): void {
  if (object.damagedAt !== undefined) fail('ObjectDamaged');
  if (isArchived(object) && restoreState(object, now) !== 'done') fail('InvalidObjectState');
}
