// What the verbs share.

import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { ObjectFiles, ObjectIndex } from '../../core/objects.ts';
import type { Buckets, ObjectRef } from './contract.ts';
import type { Finder } from './find.ts';
import type { Gate } from './gate.ts';
import type { HeldFiles } from './held.ts';
import type { Bucket, Cause, ObjectEventName, ObjectNotice, StoredObject } from './model.ts';
import { rowOf } from './row.ts';
import { newVersionId } from './versioning.ts';
import type { Now, Plan, Writer } from './writer.ts';

export interface Scope {
  readonly index: ObjectIndex;
  readonly files: ObjectFiles;
  readonly held: HeldFiles;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly buckets: Buckets;
  readonly finder: Finder;
  readonly writer: Writer;
  /** By upload: parts pass, whoever ends it is alone. */
  readonly uploadGate: Gate;
}

/** What the store does of itself. */
export const NO_CAUSE: Cause = Object.freeze({ requestId: '', sourceIp: '', authorization: '' });

type Told = Pick<ObjectNotice, 'key' | 'versionId' | 'bytes' | 'etag' | 'storageClass' | 'headers'>;

export function noticeOf(name: ObjectEventName, bucket: Bucket, about: Told, at: number, cause: Cause): ObjectNotice {
  const { key, bytes, etag, storageClass } = about;
  const told = Object.entries(about.headers).filter(([header]) => /^(content-type|x-cos-meta-.*)$/.test(header));
  const headers = Object.fromEntries(told);
  const versionId = bucket.versioning === 'never' ? '' : about.versionId;
  return {
    name,
    bucket: bucket.id,
    region: bucket.region,
    key,
    versionId,
    bytes,
    etag,
    storageClass,
    headers,
    at,
    cause,
  };
}

/** A version that is written: a new one, or in the place of the version `null`. */
export function writing(
  ref: Pick<ObjectRef, 'key'>,
  { bucket, order, at }: Now,
  content: Omit<StoredObject, 'bucket' | 'key' | 'versionId' | 'order' | 'modifiedAt' | 'restore'>,
  event: ObjectEventName,
  cause: Cause,
): Plan<StoredObject> & { readonly change: { readonly put: readonly [ReturnType<typeof rowOf>] } } {
  const versionId = newVersionId(bucket.versioning, order);
  const place = { bucket: bucket.id, key: ref.key, versionId, order, modifiedAt: at };
  const object: StoredObject = { ...content, ...place, restore: undefined };
  return { change: { put: [rowOf(object)] }, notices: [noticeOf(event, bucket, object, at, cause)], result: object };
}
