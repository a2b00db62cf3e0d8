// Dead letters over the thread of the database.

import type { DeadLetter, DeadLetters, Found, LetterFilter, Page } from '../../core/ports.ts';
import type { Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import type { LetterPlace, Redriven, RedriveRange, WireFilter } from './protocol.ts';
import type { SqliteQueue } from './queue.ts';
import { bufferOf, revived } from './rows.ts';

/** Of one transaction: new events wait no longer than it takes. */
const CHUNK = 200;
const NONE = { total: 0, rows: [] } as const;

export class SqliteLetters implements DeadLetters {
  readonly #link: Link;
  readonly #lanes: Lanes;
  readonly #queue: SqliteQueue;

  constructor(link: Link, lanes: Lanes, queue: SqliteQueue) {
    this.#link = link;
    this.#lanes = lanes;
    this.#queue = queue;
  }

  async keep(letter: DeadLetter): Promise<void> {
    const bytes = [letter.item.event.body, letter.message];
    await this.#link.call('keep', [this.#queue.letterCells(letter)], { bytes });
  }

  async list(filter: LetterFilter, page: Pick<Page, 'offset' | 'limit'>): Promise<Found<DeadLetter>> {
    const wire = this.#wire(filter);
    if (!wire) return NONE;
    const { total, rows } = await this.#link.call('letters', [wire, page.offset ?? 0, page.limit ?? null]);
    const letters = rows.map(row => Object.freeze({ ...row, item: revived(row.item), message: bufferOf(row.message) }));
    return { total, rows: letters };
  }

  async redrive(filter: LetterFilter, nowMs: number): Promise<number> {
    const wire = this.#wire(filter);
    if (!wire) return 0;
    const lastId = await this.#link.call('lastLetter', []);
    let count = 0;
    let after: LetterPlace | null = null;
    do {
      const seq = this.#queue.reserve(CHUNK);
      const range: RedriveRange = { after, lastId, limit: CHUNK };
      const { moved, next }: Redriven = await this.#link.call('redrive', [wire, range, nowMs, seq], {
        done: chunk => {
          for (const [lane, events] of chunk.moved) this.#lanes.addedOnDisk(lane, events, { dueAt: nowMs, seq });
        },
      });
      for (const [, events] of moved) count += events;
      after = next;
    } while (after);
    return count;
  }

  async purge(filter: LetterFilter): Promise<number> {
    const wire = this.#wire(filter);
    if (!wire) return 0;
    let count = 0;
    for (;;) {
      const removed = await this.#link.call('purge', [wire, CHUNK]);
      count += removed;
      if (removed < CHUNK) return count;
    }
  }

  /** undefined: nothing can match. */
  #wire({ to, target, requestId }: LetterFilter): WireFilter | undefined {
    const lane = target && this.#lanes.known(target);
    if (target && !lane) return undefined;
    return { ...to, ...(lane && { lane: lane.number }), ...(requestId !== undefined && { requestId }) };
  }
}
