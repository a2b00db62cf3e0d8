// Notices from outside. Who brings them does not always hear that they were taken and then brings them again: what was taken
// is remembered for a while, in the same commit, so that also a restart between the two changes nothing.

import type { Clock } from '../../../core/clock.ts';
import { uuidAt } from '../../../core/ids.ts';
import type { NoticeRow, ObjectIndex } from '../../../core/objects.ts';
import { told } from '../content.ts';
import type { OutsideNotice } from '../contract.ts';
import type { NoticeBoard } from './notices.ts';

/** Of the rows that remember: their id is the notice's, their detail when it was taken, ms since 1970. */
const TRIGGER = '@accepted';
const REMEMBERED_MS = 3_600_000;
const MOST = 50_000;
/** How many are forgotten in one commit. */
const FORGOTTEN_AT_ONCE = 1000;

export interface IntakeDeps {
  readonly index: Pick<ObjectIndex, 'commit' | 'notices'>;
  readonly clock: Clock;
  readonly board: Pick<NoticeBoard, 'rowsOf' | 'deliver'>;
  /** How many are remembered. */
  readonly most?: number;
}

export class Intake {
  readonly #deps: IntakeDeps;
  /** By id, when they were taken; the oldest first. */
  readonly #taken = new Map<string, number>();
  readonly #coming = new Map<string, Promise<void>>();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    const kept = deps.index.notices(Number.MAX_SAFE_INTEGER).filter(({ triggerId }) => triggerId === TRIGGER);
    const times = kept.map(({ id, detail }): [string, number] => [id, Number(detail)]);
    this.#taken = new Map(times.toSorted(([, a], [, b]) => a - b));
  }

  async accept(given: readonly OutsideNotice[]): Promise<void> {
    const fresh = new Map<string, OutsideNotice>();
    const waiting = new Set<Promise<void>>();
    for (const one of given) {
      const id = uuidAt(one.notice.at, one.id);
      const coming = this.#coming.get(id);
      if (coming) waiting.add(coming);
      else if (!this.#taken.has(id)) fresh.set(id, one);
    }
    const taking = this.#take(fresh).finally(() => {
      for (const id of fresh.keys()) this.#coming.delete(id);
    });
    for (const id of fresh.keys()) this.#coming.set(id, taking);
    await Promise.all([taking, ...waiting]);
  }

  async #take(fresh: ReadonlyMap<string, OutsideNotice>): Promise<void> {
    const { clock, board } = this.#deps;
    const now = clock.now();
    const rows: NoticeRow[] = [];
    const marks: NoticeRow[] = [];
    for (const [id, { notice }] of fresh) {
      const own = board.rowsOf(notice, triggerId => uuidAt(notice.at, `${id}/${triggerId}`));
      if (own.length === 0) continue;
      rows.push(...own);
      marks.push({ id, triggerId: TRIGGER, detail: String(now) });
    }
    if (rows.length === 0) return;
    const settled = this.#tooOld(now);
    const due = await told(() => this.#commit(rows, marks, settled));
    for (const id of settled) this.#taken.delete(id);
    for (const { id } of marks) this.#taken.set(id, now);
    await board.deliver(due);
  }

  /** Gives those that are to be told. */
  async #commit(rows: NoticeRow[], marks: readonly NoticeRow[], settled: readonly string[]): Promise<NoticeRow[]> {
    const { index } = this.#deps;
    try {
      await index.commit({ notices: [...rows, ...marks], settled });
      return rows;
    } catch (error) {
      const there = new Set(index.notices(Number.MAX_SAFE_INTEGER).map(({ id }) => id));
      // It has come about all the same.
      if (marks.some(({ id }) => there.has(id))) return rows;
      // Some may have waited for their trigger for so long that they were forgotten here.
      const fresh = rows.filter(({ id }) => !there.has(id));
      if (fresh.length === rows.length) throw error;
      await index.commit({ notices: [...fresh, ...marks], settled });
      return fresh;
    }
  }

  #tooOld(now: number): string[] {
    const { most = MOST } = this.#deps;
    const ids: string[] = [];
    let left = this.#taken.size;
    for (const [id, at] of this.#taken) {
      if (ids.length === FORGOTTEN_AT_ONCE || (at > now - REMEMBERED_MS && left <= most)) break;
      ids.push(id);
      left--;
    }
    return ids;
  }
}
