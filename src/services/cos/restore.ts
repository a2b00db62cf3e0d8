// Restoring of archived objects: takes its time, on the clock. That it is due is kept with the change that asked for it, as a
// notice of the store to itself, so that its completion is told once also after a stop.

import type { NoticeRow } from '../../core/objects.ts';
import type { ObjectRef, Objects } from './contract.ts';
import { fail } from './errors.ts';
import { objectOf } from './find.ts';
import type { StoredObject, Tier } from './model.ts';
import { isArchived, objectIn, restoreState, rowOf } from './row.ts';
import { NO_CAUSE, noticeOf, type Scope } from './scope.ts';
import { namedVersion } from './versioning.ts';

const TRIGGER = '@restore';
/** Documented. */
const MOST_DAYS = 365;
/** Until it is tried again to tell a completion. */
const AGAIN_MS = 60_000;

/** How long it takes, ms. */
export type RestoreDelays = Readonly<Record<Tier, number>>;

interface Job extends Required<Pick<ObjectRef, 'bucket' | 'key'>> {
  readonly versionId: string;
  /** Of this version and this asking: another version `null` is another object. */
  readonly order: number;
  readonly askedAt: number;
  readonly doneAt: number;
}

interface Asked {
  readonly result: 'begun' | 'again';
  readonly row: NoticeRow | undefined;
}

export interface Restores {
  readonly restore: Objects['restore'];
  /** Once triggers listen: they are told of what is done. */
  begin(): void;
  close(): Promise<void>;
}

export function createRestores(scope: Scope, delays: RestoreDelays): Restores {
  const { index, clock, ids, log, buckets, writer } = scope;
  const waiting = new Map<string, Disposable>();
  const going = new Set<Promise<void>>();
  let closed = false;
  let early: NoticeRow[] | undefined = index
    .notices(Number.MAX_SAFE_INTEGER)
    .filter(({ triggerId }) => triggerId === TRIGGER);

  function expect(row: NoticeRow): void {
    const { id, detail } = row;
    if (early) {
      early.push(row);
      return;
    }
    const job = JSON.parse(detail) as Job;
    completeAt(job.doneAt, id, job);
  }

  function completeAt(at: number, id: string, job: Job): void {
    const timer = clock.at(at, () => {
      waiting.delete(id);
      const hold = clock.hold();
      const done = complete(id, job)
        .catch(error => {
          log.error({ err: error, ...job }, 'that an object is restored could not be told and is tried again');
          // It is still in the index: found again at the next start.
          if (!closed) completeAt(clock.now() + AGAIN_MS, id, job);
        })
        .finally(() => {
          going.delete(done);
          hold[Symbol.dispose]();
        });
      going.add(done);
    });
    waiting.set(id, timer);
  }

  async function complete(id: string, job: Job): Promise<void> {
    // Emptied and removed meanwhile.
    if (!buckets.find(job.bucket)) return void (await index.commit({ settled: [id] }));
    await writer.change(job, ({ bucket, at }) => {
      const row = index.find(job.bucket, job.key, job.versionId);
      const object = row && !row.marker && row.order === job.order ? objectIn(row) : undefined;
      const told = object?.restore?.askedAt === job.askedAt ? object : undefined;
      return {
        change: { settled: [id] },
        notices: told ? [noticeOf('ObjectRestore:Completed', bucket, told, at, NO_CAUSE)] : [],
        result: undefined,
      };
    });
  }

  async function restore(...[ref, days, tier, cause]: Parameters<Objects['restore']>): Promise<Asked['result']> {
    if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
      fail('InvalidArgument', { name: 'Days', reason: `it is 1 to ${MOST_DAYS}` });
    const { result, row } = await writer.change<Asked>(ref, ({ bucket, newest, at }) => {
      const version = namedVersion(ref);
      const object = objectOf(ref, version === undefined ? newest : index.find(ref.bucket, ref.key, version));
      check(object, tier);
      const state = restoreState(object, at);
      if (state === 'under way') fail('RestoreAlreadyInProgress');
      if (object.restore && state === 'done') {
        const restore = { ...object.restore, days, doneAt: at };
        return {
          change: { put: [rowOf({ ...object, restore })] },
          result: { result: 'again', row: undefined },
        };
      }
      const doneAt = at + delays[tier];
      const after: StoredObject = { ...object, restore: { tier, days, askedAt: at, doneAt } };
      const { key, versionId, order } = object;
      const job: Job = { bucket: bucket.id, key, versionId, order, askedAt: at, doneAt };
      const row: NoticeRow = { id: ids.risingUuid(), triggerId: TRIGGER, detail: JSON.stringify(job) };
      return {
        change: { put: [rowOf(after)], notices: [row] },
        notices: [noticeOf('ObjectRestore:Post', bucket, after, at, cause)],
        result: { result: 'begun', row },
      };
    });
    if (row) expect(row);
    return result;
  }

  return {
    restore,
    begin: () => {
      const rows = early ?? [];
      early = undefined;
      for (const row of rows) expect(row);
    },
    close: async () => {
      closed = true;
      for (const timer of waiting.values()) timer[Symbol.dispose]();
      await Promise.all(going);
    },
  };
}

function check(object: StoredObject, tier: Tier): void {
  if (object.damagedAt !== undefined) fail('ObjectDamaged');
  if (!isArchived(object)) fail('RestoreNonArchiveObject');
  if (object.storageClass === 'DEEP_ARCHIVE' && tier === 'Expedited')
    fail('InvalidArgument', { name: 'Tier', reason: 'DEEP_ARCHIVE has Standard and Bulk' });
}
