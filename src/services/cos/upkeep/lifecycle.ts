// Lifecycle rules, once a day: reads all versions that a rule can mean, batch by batch, and does what is due. A run that is
// broken off goes on behind the last batch that was done; one that was missed is made up for at the start.

import { CloudError } from '../../../core/errors.ts';
import type { ListQuery, ObjectRow, UploadRow } from '../../../core/objects.ts';
import type { Store } from '../../../core/ports.ts';
import type { Uploads } from '../contract.ts';
import type { Bucket, LifecycleRule } from '../model.ts';
import { removing } from '../remove.ts';
import { DAY_MS, objectIn, rowOf } from '../row.ts';
import { NO_CAUSE, type Scope } from '../scope.ts';
import { type Deed, deedOf, isUploadDue, prefixOf, type Versioned } from './due.ts';

/** Versions that are read at once; more only of a single key. */
const BATCH = 500;
/** Deeds that are under way at once. */
const AT_ONCE = 16;
/** The cloud's day begins at midnight, UTC+8. */
const DAY_BEGINS_MS = 16 * 3_600_000;

const PLACE = Object.freeze({ kind: 'cos/lifecycle', region: '', id: 'progress' });

/** A plain JSON value. */
interface Progress {
  /** ms since 1970: the last run that was done, or the first start. */
  readonly ranAt: number;
  /** The run under way: what comes up to this key of this bucket is done. */
  readonly run: { readonly bucket: string; readonly key: string } | undefined;
}

type Row = ObjectRow & { readonly newest: boolean };

export interface LifecycleDeps {
  readonly scope: Scope;
  readonly store: Store;
  readonly uploads: Pick<Uploads, 'abort'>;
}

export class Lifecycle {
  readonly #deps: LifecycleDeps;
  #progress: Progress;
  #timer: Disposable | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  private constructor(deps: LifecycleDeps, progress: Progress) {
    this.#deps = deps;
    this.#progress = progress;
  }

  static async load(deps: LifecycleDeps): Promise<Lifecycle> {
    const row = await deps.store.get('resources', PLACE);
    // This room alone writes this row.
    const kept = row?.body as Progress | undefined;
    const now = deps.scope.clock.now();
    // A clock that was ahead and has been set back must not put runs off until it is there again.
    const ranAt = Math.min(kept?.ranAt ?? now, now);
    const lifecycle = new Lifecycle(deps, { ranAt, run: kept?.run });
    if (ranAt !== kept?.ranAt) await lifecycle.#save({ run: kept?.run });
    return lifecycle;
  }

  /** Once triggers listen: they are told of what expires. */
  begin(): void {
    if (!this.#timer) this.#wait();
  }

  /** What is under way ends behind its batch. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #wait(): void {
    const { clock, log } = this.#deps.scope;
    const { ranAt, run } = this.#progress;
    this.#timer = clock.at(run ? clock.now() : dayAfter(ranAt), () => {
      const hold = clock.hold();
      this.#running = this.#run()
        .catch(error => {
          this.#progress = { ...this.#progress, run: undefined };
          log.error({ err: error }, 'lifecycle rules could not be applied; the next try is tomorrow');
        })
        .finally(() => {
          if (!this.#closed) this.#wait();
          hold[Symbol.dispose]();
        });
    });
  }

  async #run(): Promise<void> {
    const { buckets, clock } = this.#deps.scope;
    const begunAt = clock.now();
    const from = this.#progress.run ?? { bucket: '', key: '' };
    // A run that fails is not begun again at once.
    this.#progress = { ranAt: begunAt, run: undefined };
    for (const { id } of buckets.list()) {
      if (id < from.bucket) continue;
      await this.#versions(id, id === from.bucket ? from.key : '');
      await this.#uploads(id);
      if (this.#closed) return;
    }
    await this.#save({});
  }

  async #versions(bucket: string, after: string): Promise<void> {
    const { index, clock, buckets } = this.#deps.scope;
    for (let afterKey = after, more = true; more && !this.#closed; ) {
      const rules = rulesOf(buckets.find(bucket));
      if (rules.length === 0) return;
      const page = batchOf(
        query => index.versions(query),
        { bucket, prefix: prefixOf(rules), delimiter: '' },
        afterKey,
      );
      const due = page.rows.flatMap((row, place) => {
        const deed = deedOf(rules, versioned(page.rows, place), clock.now());
        return deed ? [{ row, deed }] : [];
      });
      await this.#each(due, ({ row, deed }) => this.#do(row, deed));
      afterKey = page.rows.at(-1)?.key ?? afterKey;
      more = page.more;
      // A scan that finds nothing to do is soon repeated.
      if (due.length > 0) await this.#save({ run: { bucket, key: afterKey } });
      else await new Promise(setImmediate);
    }
  }

  async #uploads(bucket: string): Promise<void> {
    const { index, clock, buckets } = this.#deps.scope;
    let last: UploadRow | undefined;
    for (let more = true; more && !this.#closed; ) {
      const rules = rulesOf(buckets.find(bucket)).filter(rule => rule.abortUploadsAfterDays !== undefined);
      if (rules.length === 0) return;
      const marks = { afterKey: last?.key ?? '', afterUploadId: last?.uploadId ?? '' };
      const page = index.uploads({ bucket, prefix: prefixOf(rules), delimiter: '', limit: BATCH, ...marks });
      const rows = page.entries.flatMap(entry => ('row' in entry ? [entry.row] : []));
      const due = rows.filter(row => isUploadDue(rules, row, clock.now()));
      await this.#each(due, async ({ key, uploadId }) => {
        await this.#deps.uploads.abort({ bucket, key, uploadId });
      });
      last = rows.at(-1);
      more = page.more;
    }
  }

  /** One that fails leaves the others. */
  async #each<T extends object>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
    const { log } = this.#deps.scope;
    const queue = all.values();
    const worker = async () => {
      for (const one of queue) {
        await work(one).catch(error => {
          // A client was faster.
          if (error instanceof CloudError && error.row.fault === 'caller') return;
          log.warn({ err: error }, 'a lifecycle rule could not be applied to an object');
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Unless it is another version by now, or has come to stand elsewhere among those of its key. */
  async #do(seen: Row, deed: Deed): Promise<void> {
    const { index, writer } = this.#deps.scope;
    const { bucket, key, versionId, order, newest } = seen;
    await writer.change<unknown>({ bucket, key }, now => {
      const there = newest ? now.newest : index.find(bucket, key, versionId);
      const isSame = there?.order === order && (now.newest?.order === order) === newest;
      if (!there || !isSame) return { result: undefined };
      if (deed.act === 'expire') return removing({ bucket, key }, there, now, NO_CAUSE);
      if (deed.act === 'remove') return removing({ bucket, key, versionId }, there, now, NO_CAUSE);
      const moved = { ...objectIn(there), storageClass: deed.to, restore: undefined };
      return { change: { put: [rowOf(moved)] }, result: undefined };
    });
  }

  async #save(change: Partial<Progress>): Promise<void> {
    const progress = { ...this.#progress, run: undefined, ...change };
    await this.#deps.store.put('resources', { ...PLACE, parent: '', body: progress });
    this.#progress = progress;
  }
}

const rulesOf = (bucket: Bucket | undefined): readonly LifecycleRule[] =>
  bucket?.lifecycle?.filter(rule => rule.enabled) ?? [];

/** The midnight behind an instant. */
export const dayAfter = (at: number): number =>
  Math.floor((at - DAY_BEGINS_MS) / DAY_MS) * DAY_MS + DAY_MS + DAY_BEGINS_MS;

type Scan = (query: ListQueryOfVersions) => {
  readonly entries: readonly ({ readonly row: Row } | { readonly commonPrefix: string })[];
  readonly more: boolean;
};
type ListQueryOfVersions = Omit<ListQuery, 'after'> & { readonly afterKey: string; readonly afterVersionId: string };

/** Whole keys: what becomes of a version depends on the others. Read in one go, so that they belong together. */
function batchOf(
  scan: Scan,
  query: Pick<ListQuery, 'bucket' | 'prefix' | 'delimiter'>,
  afterKey: string,
): { readonly rows: readonly Row[]; readonly more: boolean } {
  const page = (key: string, versionId: string) => {
    const { entries, more } = scan({ ...query, limit: BATCH, afterKey: key, afterVersionId: versionId });
    return { rows: entries.flatMap(entry => ('row' in entry ? [entry.row] : [])), more };
  };
  const first = page(afterKey, '');
  const rows = [...first.rows];
  let more = first.more;
  for (let last = rows.at(-1); more && last; last = rows.at(-1)) {
    const { key, versionId } = last;
    const next = page(key, versionId);
    const same = next.rows.filter(row => row.key === key);
    rows.push(...same);
    if (same.length < next.rows.length) break;
    more = next.more;
  }
  return { rows, more };
}

function versioned(rows: readonly Row[], place: number): Versioned {
  const row = rows[place];
  if (!row) throw new RangeError('no such row');
  const { key, marker, newest, modifiedAt, storageClass } = row;
  const newer = rows[place - 1];
  const { tags, appendable } = marker ? { tags: [], appendable: false } : objectIn(row);
  return {
    key,
    marker,
    newest,
    alone: newest && rows[place + 1]?.key !== key,
    modifiedAt,
    replacedAt: newest || newer?.key !== key ? undefined : newer.modifiedAt,
    storageClass,
    tags,
    appendable,
  };
}
