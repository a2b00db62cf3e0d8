// How everything that is done to a key is done: one after another, against the newest version as it is now, in one commit with
// the notices of it; then they are delivered, and files that are nobody's go.

import type { Clock } from '../../core/clock.ts';
import type { NoticeRow, ObjectChange, ObjectIndex, ObjectRow } from '../../core/objects.ts';
import { Turns } from '../../core/turns.ts';
import { told } from './content.ts';
import type { Buckets } from './contract.ts';
import { fail } from './errors.ts';
import type { Gate } from './gate.ts';
import type { HeldFiles } from './held.ts';
import type { Bucket, ObjectNotice } from './model.ts';
import type { NoticeBoard } from './notices/notices.ts';

/** Who writes the same key from elsewhere is tried against as often as this. */
const ATTEMPTS = 16;

/** A key as it is in the turn of a change. */
export interface Now {
  readonly bucket: Bucket;
  readonly newest: ObjectRow | undefined;
  /** Of the version that is being made. */
  readonly order: number;
  readonly at: number;
}

export interface Plan<R> {
  /** Nothing is changed when left out. */
  readonly change?: ObjectChange | undefined;
  readonly notices?: readonly ObjectNotice[];
  /** Files that the change alone names: they go if it does not come about. */
  readonly made?: readonly string[];
  readonly result: R;
}

/** What is to be done of itself once a change has been committed. */
export interface Follower {
  /** The change with what it is kept by, and what is kept with it. */
  follow(
    bucket: Bucket,
    change: ObjectChange,
    notices: readonly ObjectNotice[],
  ): { readonly change: ObjectChange; readonly own: readonly NoticeRow[] };
  /** They are committed. */
  expect(own: readonly NoticeRow[]): void;
}

interface Done<R> {
  readonly result: R;
  readonly rows: readonly NoticeRow[];
  readonly own: readonly NoticeRow[];
}

export interface WriterDeps {
  readonly index: ObjectIndex;
  readonly clock: Clock;
  readonly buckets: Pick<Buckets, 'need'>;
  /** By bucket: whoever removes one is alone. */
  readonly gate: Gate;
  readonly held: HeldFiles;
  readonly board: NoticeBoard;
  readonly follower: Follower;
}

export class Writer {
  readonly #deps: WriterDeps;
  readonly #turns = new Turns();
  #lastOrder = 0;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  /** `plan` may be asked more than once; what it throws is the answer. */
  async change<R>(
    ref: { readonly bucket: string; readonly key: string },
    plan: (now: Now) => Plan<R> | Promise<Plan<R>>,
  ): Promise<R> {
    const { gate, board, follower } = this.#deps;
    const { result, rows, own } = await told(() =>
      gate.pass(ref.bucket, () => this.#turns.take(`${ref.bucket}/${ref.key}`, () => this.#attempt(ref, plan))),
    );
    if (own.length > 0) follower.expect(own);
    await board.deliver(rows);
    return result;
  }

  /** What concerns no version of a key: parts and uploads. NoSuchUpload where the index refuses it. */
  async commit(bucket: string, change: ObjectChange): Promise<void> {
    const { index, gate, buckets, held } = this.#deps;
    const committed = await told(() =>
      gate.pass(bucket, async () => {
        buckets.need(bucket);
        return (await index.commit(change)) ?? fail('NoSuchUpload');
      }),
    );
    held.free(committed.freed);
  }

  /** Files written for a change that failed, unless it came about all the same. */
  drop(files: readonly string[]): void {
    if (files.length === 0) return;
    const named = this.#deps.index.named(files);
    this.#deps.held.free(files.filter(file => !named.has(file)));
  }

  async #attempt<R>(
    { bucket: id, key }: { readonly bucket: string; readonly key: string },
    plan: (now: Now) => Plan<R> | Promise<Plan<R>>,
  ): Promise<Done<R>> {
    const { index, clock, buckets, board, held, follower } = this.#deps;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const bucket = buckets.need(id);
      const newest = index.find(id, key);
      const {
        change,
        notices = [],
        made = [],
        result,
      } = await plan({
        bucket,
        newest,
        order: this.#order(newest),
        at: clock.now(),
      });
      if (!change) return { result, rows: [], own: [] };
      const rows = notices.flatMap(notice => board.rowsOf(notice));
      const { change: followed, own } = follower.follow(bucket, change, notices);
      const kept = [...(followed.notices ?? []), ...rows, ...own];
      const all = kept.length > 0 ? { ...followed, notices: kept } : followed;
      try {
        const committed = await index.commit(all, { bucket: id, key, newest: newest?.order });
        if (committed) {
          held.free(committed.freed);
          return { result, rows, own };
        }
        held.free(made);
      } catch (error) {
        this.drop(made);
        throw error;
      }
    }
    return fail('SlowDown');
  }

  /** Rises with time and over what is there, also when the clock was set back. */
  #order(newest: ObjectRow | undefined): number {
    // Thousandths of a ms: whole numbers of JavaScript suffice until the year 2255.
    this.#lastOrder = Math.max(this.#deps.clock.now() * 1000, this.#lastOrder + 1, (newest?.order ?? 0) + 1);
    return this.#lastOrder;
  }
}
