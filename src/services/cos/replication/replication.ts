// Copying of versions to other buckets, behind the writes that made them. What is to be copied is kept with the write, as a
// notice of the store to itself, until it is copied or cannot be any more; it is tried again until then.

import { CloudError } from '../../../core/errors.ts';
import type { NoticeRow } from '../../../core/objects.ts';
import { copyPieces } from '../copy.ts';
import type { ObjectHead, StoredObject } from '../model.ts';
import { markerRow, objectIn, rowOf } from '../row.ts';
import { NO_CAUSE, noticeOf, type Scope } from '../scope.ts';
import type { Follower } from '../writer.ts';
import { followBy, type ReplicationJob, TRIGGER, takesCopies } from './jobs.ts';

/** Copies under way at once. */
const AT_ONCE = 4;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** `Gone`: there is nothing to copy any more. */
type Outcome = 'Complete' | 'Failed' | 'Gone';

interface Pending {
  readonly id: string;
  readonly job: ReplicationJob;
  failures: number;
}

export class Replication implements Follower {
  readonly follow: Follower['follow'];
  readonly #scope: Scope;
  /** How many copies of a version are not over. */
  readonly #open = new Map<string, number>();
  readonly #ready: Pending[] = [];
  /** One after another of a key: its destination is told in the order in which it happened. */
  readonly #busy = new Set<string>();
  readonly #going = new Set<Promise<void>>();
  readonly #timers = new Set<Disposable>();
  #begun = false;
  #closed = false;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.follow = followBy(scope.ids);
    this.expect(scope.index.notices(Number.MAX_SAFE_INTEGER).filter(({ triggerId }) => triggerId === TRIGGER));
  }

  expect(own: readonly NoticeRow[]): void {
    for (const { id, detail } of own) {
      const job = JSON.parse(detail) as ReplicationJob;
      this.#ready.push({ id, job, failures: 0 });
      this.#open.set(versionOf(job), (this.#open.get(versionOf(job)) ?? 0) + 1);
    }
    if (this.#begun && own.length > 0) this.#at(0, () => this.#fill());
  }

  /** Once triggers listen: they are told of what is copied. */
  begin(): void {
    this.#begun = true;
    if (this.#ready.length > 0) this.#at(0, () => this.#fill());
  }

  /** What is under way is done first; what waits is found at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    await Promise.all(this.#going);
  }

  #at(waitMs: number, task: () => void): void {
    const { clock } = this.#scope;
    const timer = clock.at(clock.now() + waitMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }

  #fill(): void {
    const { clock } = this.#scope;
    while (!this.#closed && this.#going.size < AT_ONCE) {
      const [next] = this.#ready.splice(this.#nextReady(), 1);
      if (!next) return;
      const hold = clock.hold();
      this.#busy.add(keyOf(next.job));
      const going = this.#try(next).finally(() => {
        this.#going.delete(going);
        this.#busy.delete(keyOf(next.job));
        this.#fill();
        hold[Symbol.dispose]();
      });
      this.#going.add(going);
    }
  }

  #nextReady(): number {
    const at = this.#ready.findIndex(({ job }) => !this.#busy.has(keyOf(job)));
    return at < 0 ? this.#ready.length : at;
  }

  async #try(pending: Pending): Promise<void> {
    const { id, job } = pending;
    try {
      await this.#settle(id, job, await this.#copy(job));
      const left = (this.#open.get(versionOf(job)) ?? 1) - 1;
      if (left > 0) this.#open.set(versionOf(job), left);
      else this.#open.delete(versionOf(job));
    } catch (error) {
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** pending.failures++, LAST_RETRY_MS);
      this.#scope.log.warn({ err: error, ...job }, 'an object could not be replicated and is tried again');
      if (this.#closed) return;
      this.#at(waitMs, () => {
        this.#ready.push(pending);
        this.#fill();
      });
    }
  }

  async #copy(job: ReplicationJob): Promise<Outcome> {
    const { index, buckets, log } = this.#scope;
    const row = index.find(job.bucket, job.key, job.versionId);
    if (!row || row.order !== job.order) return 'Gone';
    const impossible = (reason: string): Outcome => {
      log.warn({ ...job }, `an object is not replicated: ${reason}`);
      return 'Failed';
    };
    if (!takesCopies(buckets.find(job.to))) return impossible('its destination is gone, or has no versioning');
    try {
      if (row.marker) await this.#copyMarker(job, row.modifiedAt);
      else {
        const object = objectIn(row);
        if (object.damagedAt !== undefined) return impossible('its content is damaged');
        await this.#copyObject(job, object);
      }
      return 'Complete';
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (error.code === 'ObjectDamaged') return impossible('its content is damaged');
      if (error.code === 'NoSuchBucket') return impossible('its destination is gone');
      throw error;
    }
  }

  async #copyMarker({ key, versionId, order, to }: ReplicationJob, modifiedAt: number): Promise<void> {
    const { writer, index } = this.#scope;
    await writer.change({ bucket: to, key }, ({ bucket, at }) => {
      if (index.find(to, key, versionId)) return { result: undefined };
      const about = { key, versionId, storageClass: '', bytes: 0, etag: '', headers: {} };
      return {
        change: { put: [markerRow({ bucket: to, key, versionId, order, modifiedAt })] },
        notices: [noticeOf('ObjectRemove:DeleteMarkerCreated', bucket, about, at, NO_CAUSE)],
        result: undefined,
      };
    });
  }

  /** With its id and its place among the versions, whatever was written there meanwhile. */
  async #copyObject({ key, to, ...job }: ReplicationJob, source: StoredObject): Promise<void> {
    const { writer, index } = this.#scope;
    // It was copied, and then the server stopped.
    if (index.find(to, key, source.versionId)) return;
    const pieces = await copyPieces(this.#scope, source.pieces);
    try {
      await writer.change({ bucket: to, key }, ({ bucket, at }) => {
        const { versionId, order, modifiedAt, etag, bytes, crc64, inline, appendable } = source;
        const object: StoredObject = {
          ...{ bucket: to, key, versionId, order, modifiedAt, etag, bytes, crc64, inline, appendable, pieces },
          ...headOf(source, job.storageClass),
          restore: undefined,
          replication: 'Replica',
        };
        const notice = noticeOf('ObjectCreated:Replication', bucket, object, at, NO_CAUSE);
        return { change: { put: [rowOf(object)] }, notices: [notice], result: undefined };
      });
    } catch (error) {
      writer.drop(pieces.map(piece => piece.file));
      throw error;
    }
  }

  /** The version tells how it went once all its copies are over. */
  async #settle(id: string, job: ReplicationJob, outcome: Outcome): Promise<void> {
    const { index, buckets, writer } = this.#scope;
    if (!buckets.find(job.bucket)) return void (await index.commit({ settled: [id] }));
    await writer.change(job, () => {
      const row = index.find(job.bucket, job.key, job.versionId);
      const object = row && !row.marker && row.order === job.order ? objectIn(row) : undefined;
      const isLast = outcome === 'Failed' || this.#open.get(versionOf(job)) === 1;
      const replication = outcome === 'Gone' || !isLast || object?.replication === 'Failed' ? undefined : outcome;
      const put = object && replication ? [rowOf({ ...object, replication })] : [];
      return { change: { settled: [id], put }, result: undefined };
    });
  }
}

const keyOf = ({ bucket, key }: ReplicationJob) => `${bucket}/${key}`;
const versionOf = ({ bucket, key, versionId }: ReplicationJob) => `${bucket}/${versionId}/${key}`;

/** Documented: what it says of its encryption is lost. Who may read it is the destination's to say, as of every copy. */
function headOf(source: StoredObject, storageClass = source.storageClass): ObjectHead {
  const headers = Object.entries(source.headers).filter(([name]) => !name.startsWith('x-cos-server-side-encryption'));
  return {
    headers: Object.fromEntries(headers),
    storageClass,
    acl: { canned: 'default', grants: [] },
    tags: source.tags,
  };
}
