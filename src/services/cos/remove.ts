// The removal of a key or of one of its versions, with what is told of it.

import type { ObjectRow } from '../../core/objects.ts';
import type { ObjectRef, Removed } from './contract.ts';
import type { Cause } from './model.ts';
import { noticeOf } from './scope.ts';
import { removal } from './versioning.ts';
import type { Now, Plan } from './writer.ts';

/** `there`: the version that is named, else the newest one. */
export function removing(ref: ObjectRef, there: ObjectRow | undefined, now: Now, cause: Cause): Plan<Removed> {
  const { bucket, order, at } = now;
  const { change, event, row, result } = removal(bucket.versioning, ref, there, { order, modifiedAt: at });
  if (!event || !row) return { result };
  const { key, versionId, storageClass } = row;
  const about = { key, versionId, storageClass, bytes: 0, etag: '', headers: {} };
  return { change, notices: [noticeOf(event, bucket, about, at, cause)], result };
}
