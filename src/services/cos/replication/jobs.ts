// Which changes of a bucket are copied to which others: new versions and delete markers, as clients make them. Documented: what
// is a copy itself, what lifecycle rules do and the removal of named versions are not.

import type { Ids } from '../../../core/ids.ts';
import type { NoticeRow, ObjectRow } from '../../../core/objects.ts';
import type { Bucket, ObjectEventName, StorageClass, StoredObject } from '../model.ts';
import { objectIn, rowOf } from '../row.ts';
import { NO_CAUSE } from '../scope.ts';
import type { Follower } from '../writer.ts';
import { type ReplicationRule, replicationRules } from './rules.ts';

export const TRIGGER = '@replication';

/** A version on its way to another bucket; a plain JSON value. */
export interface ReplicationJob {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Of this version: one with the same id may be another. */
  readonly order: number;
  /** A bucket. */
  readonly to: string;
  /** That of the object when left out. */
  readonly storageClass?: StorageClass;
}

const FOLLOWED: ReadonlySet<ObjectEventName> = new Set<ObjectEventName>([
  'ObjectCreated:Put',
  'ObjectCreated:Post',
  'ObjectCreated:Copy',
  'ObjectCreated:CompleteMultipartUpload',
  'ObjectCreated:Origin',
  'ObjectRemove:DeleteMarkerCreated',
]);

export function followBy(ids: Ids): Follower['follow'] {
  return (bucket, change, notices) => {
    const [row, ...others] = change.put ?? [];
    const event = notices[0];
    const isFollowed = row && event && FOLLOWED.has(event.name) && bucket.versioning === 'Enabled';
    // By far the most buckets have none.
    if (bucket.plain.replication === undefined || !isFollowed || event.cause === NO_CAUSE) return { change, own: [] };
    const object = row.marker ? undefined : objectIn(row);
    const jobs = jobsOf(replicationRules(bucket), row, object);
    if (jobs.length === 0) return { change, own: [] };
    const own = jobs.map(
      (job): NoticeRow => ({ id: ids.risingUuid(), triggerId: TRIGGER, detail: JSON.stringify(job) }),
    );
    const marked = object ? rowOf({ ...object, replication: 'Pending' }) : row;
    return { change: { ...change, put: [marked, ...others] }, own };
  };
}

/** At most one for each destination: that of the first rule that means the version. */
export function jobsOf(
  rules: readonly ReplicationRule[],
  { bucket, key, versionId, order }: Pick<ObjectRow, 'bucket' | 'key' | 'versionId' | 'order'>,
  object: Pick<StoredObject, 'tags' | 'storageClass'> | undefined,
): ReplicationJob[] {
  const jobs = new Map<string, ReplicationJob>();
  for (const rule of rules) {
    if (jobs.has(rule.to) || !concerns(rule, key, object)) continue;
    const { to, storageClass } = rule;
    jobs.set(to, { bucket, key, versionId, order, to, ...(storageClass && { storageClass }) });
  }
  return [...jobs.values()];
}

function concerns(
  { prefix, tags, markers, storageClass }: ReplicationRule,
  key: string,
  object: Pick<StoredObject, 'tags' | 'storageClass'> | undefined,
): boolean {
  if (!key.startsWith(prefix)) return false;
  if (!object) return markers;
  // Documented: what is kept in several zones is not copied to a class of one zone.
  if (storageClass && inZones(object.storageClass) && !inZones(storageClass)) return false;
  return tags.every(({ Key, Value }) => object.tags.some(tag => tag.Key === Key && tag.Value === Value));
}

const inZones = (storageClass: StorageClass) => storageClass.startsWith('MAZ_');

/** Of a bucket that can be copied to. */
export const takesCopies = (bucket: Bucket | undefined): boolean => bucket?.versioning === 'Enabled';
