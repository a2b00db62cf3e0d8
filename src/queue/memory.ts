// Waiting events in memory, for tests and for servers that need not keep them: nothing survives the process.

import type { FunctionKey } from '../core/function.ts';
import { keyText } from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type {
  DeadLetter,
  DeadLetters,
  EventStore,
  ExecutionEnd,
  Found,
  Lease,
  LetterFilter,
  Page,
  Queue,
  QueuedEvent,
} from '../core/ports.ts';
import { Heap, type Placed } from './heap.ts';
import { MemoryExecutions } from './memory-executions.ts';

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

export function memoryEvents(ids: Ids): EventStore {
  const executions = new MemoryExecutions();
  const letters = new Map<string, DeadLetter>();
  const queue = new MemoryQueue(ids, letters, executions);
  return { queue, letters: new MemoryLetters(letters, queue), executions, close: async () => {} };
}

class MemoryQueue implements Queue {
  readonly #ids: Ids;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Heap<Lane>(laneBefore);
  readonly #leased = new Heap<Entry>((a, b) => a.leasedUntil < b.leasedUntil);
  readonly #letters: Map<string, DeadLetter>;
  readonly #executions: MemoryExecutions;
  #pushed = 0;

  constructor(ids: Ids, letters: Map<string, DeadLetter>, executions: MemoryExecutions) {
    this.#ids = ids;
    this.#letters = letters;
    this.#executions = executions;
  }

  async push(item: QueuedEvent, limit: number): Promise<'added' | 'there' | 'full'> {
    const id = item.event.requestId;
    if (this.#entries.has(id) || this.#executions.has(id)) return 'there';
    if ((this.#lanes.get(keyText(item.event.target))?.events ?? 0) >= limit) return 'full';
    this.add(item);
    return 'added';
  }

  has(requestId: string): boolean {
    return this.#entries.has(requestId);
  }

  add(item: QueuedEvent): void {
    const lane = this.#lane(keyText(item.event.target));
    lane.events++;
    const entry: Entry = { lane, order: this.#pushed++, item, token: '', leasedUntil: WAITING, place: -1 };
    this.#entries.set(item.event.requestId, entry);
    this.#executions.begin(item);
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

  async renew(lease: Lease, untilMs: number): Promise<boolean> {
    const entry = this.#take(lease);
    if (!entry) return false;
    entry.leasedUntil = untilMs;
    this.#leased.push(entry);
    return true;
  }

  ack(lease: Lease, end?: ExecutionEnd): Promise<boolean> {
    return this.dead(lease, undefined, end);
  }

  async dead(lease: Lease, letter: DeadLetter | undefined, end?: ExecutionEnd): Promise<boolean> {
    const entry = this.#take(lease);
    if (!entry) return false;
    this.#remove(entry);
    const { requestId } = lease.item.event;
    if (letter) bury(this.#letters, letter);
    if (end) this.#executions.end(requestId, end);
    return true;
  }

  async cancel(requestId: string, end: ExecutionEnd): Promise<'cancelled' | 'leased' | 'absent'> {
    const entry = this.#entries.get(requestId);
    if (!entry) return 'absent';
    if (entry.leasedUntil !== WAITING) return 'leased';
    this.#unwait(entry);
    this.#remove(entry);
    this.#executions.end(requestId, end);
    return 'cancelled';
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

  async pending(target?: FunctionKey): Promise<number> {
    return target ? (this.#lanes.get(keyText(target))?.events ?? 0) : this.#entries.size;
  }

  async find(requestId: string): Promise<{ readonly item: QueuedEvent; readonly leased: boolean } | undefined> {
    const entry = this.#entries.get(requestId);
    return entry && { item: entry.item, leased: entry.leasedUntil !== WAITING };
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.item.event.requestId);
    if (--entry.lane.events === 0) this.#lanes.delete(entry.lane.name);
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

class MemoryLetters implements DeadLetters {
  readonly #letters: Map<string, DeadLetter>;
  readonly #queue: MemoryQueue;

  constructor(letters: Map<string, DeadLetter>, queue: MemoryQueue) {
    this.#letters = letters;
    this.#queue = queue;
  }

  async keep(letter: DeadLetter): Promise<void> {
    bury(this.#letters, letter);
  }

  async list(filter: LetterFilter, { offset = 0, limit }: Pick<Page, 'offset' | 'limit'>): Promise<Found<DeadLetter>> {
    const all = this.#matching(filter);
    return { total: all.length, rows: all.slice(offset, limit === undefined ? undefined : offset + limit) };
  }

  async redrive(filter: LetterFilter, nowMs: number): Promise<number> {
    const all = this.#matching(filter).filter(({ item }) => !this.#queue.has(item.event.requestId));
    for (const { item } of all) {
      this.#letters.delete(item.event.requestId);
      this.#queue.add({ ...item, acceptedAt: nowMs, dueAt: nowMs, retryNum: item.retryNum + 1, runErrors: 0 });
    }
    return all.length;
  }

  async purge(filter: LetterFilter): Promise<number> {
    const all = this.#matching(filter);
    for (const { item } of all) this.#letters.delete(item.event.requestId);
    return all.length;
  }

  #matching({ to, target, requestId }: LetterFilter): DeadLetter[] {
    return [...this.#letters.values()]
      .filter(
        letter =>
          (!to || (letter.to.type === to.type && letter.to.name === to.name)) &&
          (!target || keyText(letter.item.event.target) === keyText(target)) &&
          (requestId === undefined || letter.item.event.requestId === requestId),
      )
      .sort((a, b) => a.diedAt - b.diedAt);
  }
}

/** In place of one with the same id, as the last of its instant. */
function bury(letters: Map<string, DeadLetter>, letter: DeadLetter): void {
  const { requestId } = letter.item.event;
  letters.delete(requestId);
  letters.set(requestId, letter);
}

/** No instant at which a lease could end. */
const WAITING = Number.NEGATIVE_INFINITY;
