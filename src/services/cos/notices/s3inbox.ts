// Where other stores post what happened to their objects: their buckets stand for buckets here, whose triggers are told.

import type { Log } from '../../../core/log.ts';
import type { Cos } from '../contract.ts';
import { fail } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { readS3Events } from './s3events.ts';

/** Names of buckets that are told of one by one. */
const NAMED = 100;

export interface S3InboxDeps {
  readonly cos: {
    readonly buckets: Pick<Cos['buckets'], 'find' | 'create'>;
    readonly notices: Pick<Cos['notices'], 'accept'>;
  };
  /** `their-bucket=our-bucket-1250000000`, with commas between. */
  readonly map: string;
  /** Of buckets that are made because the map names them. */
  readonly region: string;
  readonly log: Log;
}

export interface S3Taken {
  /** Events of mapped buckets, whether or not a trigger is told of them, or had been before. */
  readonly accepted: number;
  /** Events that there are none of here, such as reading. */
  readonly ignored: number;
  /** Buckets that are not in the map: their events are lost. */
  readonly unmapped: readonly string[];
}

export interface S3Counts extends Pick<S3Taken, 'accepted' | 'ignored'> {
  /** Events by bucket. */
  readonly unmapped: Readonly<Record<string, number>>;
}

export interface S3Inbox {
  /** What is no notification is refused whole; when it resolves, the events are accepted for good. */
  take(body: unknown): Promise<S3Taken>;
  /** Since the start. */
  counts(): S3Counts;
}

/** Makes the buckets that the map names and that are not there. InvalidArgument where the map is wrong. */
export async function openS3Inbox({ cos, map, region, log }: S3InboxDeps): Promise<S3Inbox> {
  const names = namesOf(map);
  for (const id of new Set(names.values())) {
    if (cos.buckets.find(id)) continue;
    await cos.buckets.create({ id, region }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      fail('InvalidArgument', { name: 's3.buckets', reason: `${id}: ${reason}` }, error);
    });
    log.info({ bucket: id, region }, 'a bucket of another store has its bucket here now, for triggers');
  }
  let accepted = 0;
  let ignored = 0;
  const unmapped = new Map<string, number>();

  /** By name as it is now: a bucket may have been removed. */
  function mapped(): Map<string, Bucket> {
    const there = new Map<string, Bucket>();
    for (const [name, id] of names) {
      const bucket = cos.buckets.find(id);
      if (bucket) there.set(name, bucket);
    }
    return there;
  }

  function miss(bucket: string): void {
    const count = unmapped.get(bucket);
    if (count === undefined && unmapped.size === NAMED) return;
    unmapped.set(bucket, (count ?? 0) + 1);
    if (count !== undefined) return;
    const removed = names.get(bucket);
    if (removed)
      log.warn({ bucket, here: removed }, 'events of another store are dropped: their bucket here was removed');
    else log.warn({ bucket }, 'events of another store are dropped: the setting s3.buckets does not name their bucket');
  }

  return Object.freeze<S3Inbox>({
    async take(body) {
      const read = readS3Events(body, mapped());
      await cos.notices.accept(read.notices);
      accepted += read.notices.length;
      ignored += read.ignored;
      for (const bucket of read.unmapped) miss(bucket);
      return { accepted: read.notices.length, ignored: read.ignored, unmapped: [...new Set(read.unmapped)] };
    },
    counts: () => ({ accepted, ignored, unmapped: Object.fromEntries(unmapped) }),
  });
}

function namesOf(map: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const pair of map.split(',').map(text => text.trim())) {
    if (pair === '') continue;
    const [there = '', here = '', ...rest] = pair.split('=').map(text => text.trim());
    const isPair = there !== '' && here !== '' && rest.length === 0;
    if (!isPair) wrong(`"${pair}" 应为 <对方存储桶>=<本服务存储桶> (it is <their bucket>=<bucket here>)`);
    if (names.has(there)) wrong(`存储桶 ${there} 重复 (${there} is there twice)`);
    names.set(there, here);
  }
  return names;
}

const wrong = (reason: string): never => fail('InvalidArgument', { name: 's3.buckets', reason });
