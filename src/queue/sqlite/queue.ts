// The queue over the thread of the database. A lease lives in memory alone: one server has the file, and a restart voids
// all leases by itself.

import type { FunctionKey } from '../../core/function.ts';
import type { Ids } from '../../core/ids.ts';
import type { DeadLetter, ExecutionEnd, Lease, Queue, QueuedEvent } from '../../core/ports.ts';
import type { Entry, Lane, Lanes } from './lanes.ts';
import type { Link } from './link.ts';
import type { LetterCells } from './protocol.ts';
import { eventCells, revived } from './rows.ts';

const NO_BYTES: readonly Uint8Array[] = [new Uint8Array(0), new Uint8Array(0)];
/** Of bodies that are read ahead of their turn at once. */
const READ_BYTES = 1 << 20;

export class SqliteQueue implements Queue {
  readonly #link: Link;
  readonly #lanes: Lanes;
  readonly #ids: Ids;
  #lastSeq: number;

  constructor(link: Link, lanes: Lanes, ids: Ids) {
    this.#link = link;
    this.#lanes = lanes;
    this.#ids = ids;
    this.#lastSeq = link.opened.lastSeq;
  }

  /** The first of so many places in the order of the pushes. */
  reserve(places: number): number {
    const first = this.#lastSeq + 1;
    this.#lastSeq += places;
    return first;
  }

  push(item: QueuedEvent, limit: number): Promise<'added' | 'there' | 'full'> {
    const lane = this.#lanes.lane(item.event.target);
    const seq = this.reserve(1);
    return this.#link.call('push', [...eventCells(item, seq, lane.number), limit], {
      bytes: [item.event.body],
      done: result => result === 'added' && this.#lanes.added(lane, seq, item),
    });
  }

  async lease(limit: number, nowMs: number, untilMs: number, skip?: ReadonlySet<string>): Promise<Lease[]> {
    const entries: Entry[] = [];
    const lend = (entry: Entry) => {
      this.#lanes.lease(entry, this.#ids.uuid(), untilMs);
      entries.push(entry);
    };
    try {
      for (;;) {
        const { starving } = this.#lanes.pick(limit - entries.length, nowMs, lend, skip);
        if (!starving) break;
        await this.#read(starving);
      }
    } catch (error) {
      for (const entry of entries) this.#lanes.unlease(entry);
      throw error;
    }
    for (const { lane } of entries) this.#readAhead(lane);
    return entries.map(({ item, token }) => Object.freeze({ item, token }));
  }

  async renew(lease: Lease, untilMs: number): Promise<boolean> {
    const entry = this.#held(lease);
    if (entry) this.#lanes.lease(entry, lease.token, untilMs);
    return entry !== undefined;
  }

  async later(lease: Lease, change: Pick<QueuedEvent, 'dueAt' | 'retryNum' | 'runErrors'>): Promise<boolean> {
    const entry = this.#held(lease);
    if (!entry) return false;
    const { dueAt, retryNum, runErrors } = change;
    this.#lanes.settling(entry);
    await this.#link.call('later', [entry.seq, dueAt, retryNum, runErrors], {
      kept: true,
      done: () => this.#lanes.back(entry, Object.freeze({ ...entry.item, dueAt, retryNum, runErrors })),
    });
    return true;
  }

  ack(lease: Lease, end?: ExecutionEnd): Promise<boolean> {
    return this.dead(lease, undefined, end);
  }

  async dead(lease: Lease, letter: DeadLetter | undefined, end?: ExecutionEnd): Promise<boolean> {
    const entry = this.#held(lease);
    if (!entry) return false;
    const { lane, seq, item } = entry;
    const { requestId } = item.event;
    this.#lanes.settling(entry);
    const cells = letter ? this.letterCells(letter) : null;
    await this.#link.call('end', [seq, lane.number, requestId, end ?? null, cells], {
      kept: true,
      bytes: letter ? [letter.item.event.body, letter.message] : NO_BYTES,
      done: () => this.#lanes.gone(lane.number, requestId),
    });
    return true;
  }

  async cancel(requestId: string, end: ExecutionEnd): Promise<'cancelled' | 'leased' | 'absent'> {
    const entry = this.#lanes.entry(requestId);
    const { cancelling } = this.#lanes;
    const other = cancelling.get(requestId);
    if (other) {
      await other;
      return 'absent';
    }
    if (entry && entry.state !== 'waiting') return 'leased';
    if (entry) this.#lanes.settling(entry);
    const cancelled = this.#link.call('cancel', [requestId, end], {
      kept: true,
      done: lane => {
        cancelling.delete(requestId);
        if (lane !== undefined) this.#lanes.gone(lane, requestId);
      },
    });
    cancelling.set(requestId, cancelled);
    return (await cancelled) === undefined ? 'absent' : 'cancelled';
  }

  async nextDue(): Promise<number | undefined> {
    for (;;) {
      const { at, starving } = this.#lanes.next();
      if (!starving) return at;
      await this.#read(starving);
    }
  }

  async pending(target?: FunctionKey): Promise<number> {
    return this.#lanes.pending(target);
  }

  async find(requestId: string): Promise<{ readonly item: QueuedEvent; readonly leased: boolean } | undefined> {
    const entry = this.#lanes.entry(requestId);
    if (entry) return { item: entry.item, leased: entry.state !== 'waiting' };
    const found = await this.#link.call('find', [requestId]);
    const leased = (this.#lanes.entry(requestId)?.state ?? 'waiting') !== 'waiting';
    return found && { item: revived(found.item), leased };
  }

  letterCells({ item, to, why, status, errorMessage, diedAt }: DeadLetter): LetterCells {
    const event = eventCells(item, 0, this.#lanes.lane(item.event.target).number);
    return { event, ...to, why, status, errorMessage, diedAt };
  }

  /** The entry that this lease still settles. */
  #held(lease: Lease): Entry | undefined {
    const entry = this.#lanes.entry(lease.item.event.requestId);
    return entry && entry.token === lease.token ? entry : undefined;
  }

  /** The next events of a lane, from disk. */
  #read(lane: Lane): Promise<void> {
    const after = lane.window.upTo;
    if (lane.reading || !after) return lane.reading ?? Promise.resolve();
    const { events, bytes } = this.#lanes.room(lane);
    lane.reading = this.#link
      .call('window', [lane.number, after, events, Math.min(bytes, READ_BYTES)], {
        done: ({ rows, more }) =>
          this.#lanes.read(
            lane,
            after,
            rows.map(({ seq, item }) => ({ seq, item: revived(item) })),
            more,
          ),
      })
      .then(() => {})
      .finally(() => {
        lane.reading = undefined;
      });
    return lane.reading;
  }

  /** So that the next lease need not wait for it; one that does meets the error, if there is one. */
  #readAhead(lane: Lane): void {
    const { window } = lane;
    if (window.upTo && !lane.reading && this.#lanes.low(lane)) this.#read(lane).catch(() => {});
  }
}
