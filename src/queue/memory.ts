// Waiting events in memory, for tests and for servers that need not keep them: nothing survives the process.

import type { FunctionKey } from '../core/function.ts';
import { keyText } from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { Lease, Queue, QueuedEvent } from '../core/ports.ts';
import { Heap, type Placed } from './heap.ts';

interface Entry extends Placed {
  readonly lane: Lane;
  readonly order: number;
  item: QueuedEvent;
  /** Of the lease that may settle it; '' before the first. */
  token: string;
  leasedUntil: number;
}

/** One function's events: a function that can take none is passed over as a whole. */
interface Lane extends Placed {
  readonly name: string;
  readonly waiting: Heap<Entry>;
  events: number;
}

const dueBefore = (a: Entry, b: Entry) =>
  a.item.dueAt < b.item.dueAt || (a.item.dueAt === b.item.dueAt && a.order < b.order);

/** Lanes without waiting events are not in the heap. */
function laneBefore(a: Lane, b: Lane): boolean {
  const first = a.waiting.peek();
  const second = b.waiting.peek();
  return first !== undefined && second !== undefined && dueBefore(first, second);
}

export function memoryQueue(ids: Ids): Queue {
  return new MemoryQueue(ids);
}

class MemoryQueue implements Queue {
  readonly #ids: Ids;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Heap<Lane>(laneBefore);
  readonly #leased = new Heap<Entry>((a, b) => a.leasedUntil < b.leasedUntil);
  #pushed = 0;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  async push(item: QueuedEvent): Promise<void> {
    const id = item.event.requestId;
    if (this.#entries.has(id)) return;
    const lane = this.#lane(keyText(item.event.target));
    lane.events++;
    const entry: Entry = { lane, order: this.#pushed++, item, token: '', leasedUntil: WAITING, place: -1 };
    this.#entries.set(id, entry);
    this.#wait(entry);
  }

  async lease(limit: number, nowMs: number, untilMs: number, skip?: ReadonlySet<string>): Promise<Lease[]> {
    for (let first = this.#leased.peek(); first && first.leasedUntil <= nowMs; first = this.#leased.peek()) {
      this.#leased.remove(first);
      this.#wait(first);
    }
    const leases: Lease[] = [];
    const passed: Lane[] = [];
    for (let lane = this.#ready.peek(); lane && leases.length < limit; lane = this.#ready.peek()) {
      const entry = lane.waiting.peek();
      if (!entry || entry.item.dueAt > nowMs) break;
      if (skip?.has(lane.name)) {
        this.#ready.remove(lane);
        passed.push(lane);
        continue;
      }
      this.#unwait(entry);
      entry.token = this.#ids.uuid();
      entry.leasedUntil = untilMs;
      this.#leased.push(entry);
      leases.push(Object.freeze({ item: entry.item, token: entry.token }));
    }
    for (const lane of passed) this.#ready.push(lane);
    return leases;
  }

  async ack(lease: Lease): Promise<boolean> {
    const entry = this.#take(lease);
    if (!entry) return false;
    this.#entries.delete(lease.item.event.requestId);
    if (--entry.lane.events === 0) this.#lanes.delete(entry.lane.name);
    return true;
  }

  async later(lease: Lease, change: Pick<QueuedEvent, 'dueAt' | 'retryNum' | 'runErrors'>): Promise<boolean> {
    const entry = this.#take(lease);
    if (!entry) return false;
    const { dueAt, retryNum, runErrors } = change;
    entry.item = Object.freeze({ ...entry.item, dueAt, retryNum, runErrors });
    entry.token = '';
    this.#wait(entry);
    return true;
  }

  async nextDue(): Promise<number | undefined> {
    const due = this.#ready.peek()?.waiting.peek()?.item.dueAt;
    const ends = this.#leased.peek()?.leasedUntil;
    return due === undefined || ends === undefined ? (due ?? ends) : Math.min(due, ends);
  }

  async pending(target: FunctionKey): Promise<number> {
    return this.#lanes.get(keyText(target))?.events ?? 0;
  }

  /**
   * Takes a leased event out, if this lease still counts. One that ran out counts until its event is handed
   * out again: work that was done is not done twice for being a little late.
   */
  #take(lease: Lease): Entry | undefined {
    const entry = this.#entries.get(lease.item.event.requestId);
    if (!entry || entry.token !== lease.token) return undefined;
    if (entry.leasedUntil === WAITING) this.#unwait(entry);
    else this.#leased.remove(entry);
    return entry;
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { name, waiting: new Heap(dueBefore), events: 0, place: -1 };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #wait(entry: Entry): void {
    const { lane } = entry;
    entry.leasedUntil = WAITING;
    lane.waiting.push(entry);
    if (lane.place < 0) this.#ready.push(lane);
    else this.#ready.moved(lane);
  }

  #unwait(entry: Entry): void {
    const { lane } = entry;
    lane.waiting.remove(entry);
    if (lane.waiting.size === 0) this.#ready.remove(lane);
    else this.#ready.moved(lane);
  }
}

/** No instant at which a lease could end. */
const WAITING = Number.NEGATIVE_INFINITY;
