// Waiting and leased events as the server holds them: of each function the next ones, and all that are leased.

import { type FunctionKey, keyText } from '../../core/function.ts';
import type { QueuedEvent } from '../../core/ports.ts';
import { Heap, type Placed } from '../heap.ts';
import { ownBytes } from './pack.ts';
import type { LaneNumber, Opened } from './protocol.ts';
import { before, type Place, Window } from './window.ts';

export interface Entry extends Placed {
  readonly lane: Lane;
  readonly seq: number;
  dueAt: number;
  item: QueuedEvent;
  /** Of the lease that may settle it; '' without one. */
  token: string;
  leasedUntil: number;
  state: 'waiting' | 'leased' | 'settling';
}

/** One function's events: a function that can take none is passed over as a whole. */
export interface Lane extends Placed {
  readonly name: string;
  readonly number: LaneNumber;
  readonly window: Window<Entry>;
  events: number;
  /** While more is being read. */
  reading: Promise<void> | undefined;
}

export interface LaneLimits {
  /** Events of one function that are held while they wait. */
  readonly window: number;
  /** Bytes of all that are held. */
  readonly bytes: number;
}

export const LANE_LIMITS: LaneLimits = Object.freeze({ window: 256, bytes: 64 << 20 });

/** Beside its body. */
const ENTRY_BYTES = 512;
const sizeOf = (item: QueuedEvent) => item.event.body.byteLength + ENTRY_BYTES;
/** Its old lease may still settle it, so it is not forgotten. */
const isPinned = (entry: Entry) => entry.token !== '';

function laneBefore(a: Lane, b: Lane): boolean {
  const [first, second] = [a.window.bound, b.window.bound];
  return first !== undefined && second !== undefined && before(first, second);
}

export class Lanes {
  readonly #limits: LaneLimits;
  readonly #addLane: (key: FunctionKey) => LaneNumber;
  readonly #byName = new Map<string, Lane>();
  readonly #byNumber: Lane[] = [];
  readonly #byId = new Map<string, Entry>();
  /** Lanes with something that waits. */
  readonly #ready = new Heap<Lane>(laneBefore);
  readonly #leased = new Heap<Entry>((a, b) => a.leasedUntil < b.leasedUntil);
  /** Ids that are being taken out: none of them may be leased any more. */
  readonly cancelling = new Map<string, Promise<unknown>>();
  #bytes = 0;
  #events = 0;

  constructor(opened: Opened['lanes'], limits: LaneLimits, addLane: (key: FunctionKey) => LaneNumber) {
    this.#limits = limits;
    this.#addLane = addLane;
    for (const [number, { key, events, firstDue }] of opened.entries()) {
      const lane = this.#open(key, number, events > 0 ? { dueAt: firstDue, seq: 0 } : undefined);
      lane.events = events;
      this.#events += events;
      this.#rank(lane);
    }
  }

  /** Events of one function, or of all. */
  pending(key?: FunctionKey): number {
    return key ? (this.known(key)?.events ?? 0) : this.#events;
  }

  lane(key: FunctionKey): Lane {
    return this.known(key) ?? this.#open(key, this.#addLane(key), undefined);
  }

  known(key: FunctionKey): Lane | undefined {
    return this.#byName.get(keyText(key));
  }

  entry(requestId: string): Entry | undefined {
    return this.#byId.get(requestId);
  }

  /** It is in the database now. */
  added(lane: Lane, seq: number, item: QueuedEvent): void {
    this.#count(lane, 1);
    if (this.cancelling.has(item.event.requestId)) return;
    const place = { dueAt: item.dueAt, seq };
    if (!lane.window.covers(place)) return;
    if (this.#bytes + sizeOf(item) > this.#limits.bytes) {
      this.#forget(lane.window.cut({ dueAt: item.dueAt, seq: seq - 1 }, isPinned));
    } else {
      this.#hold(lane, seq, ownBytes(item));
      this.#forget(lane.window.shorten(this.#limits.window, isPinned));
    }
    this.#rank(lane);
  }

  /** So many of a lane have come into the database, none of them before `first`. */
  addedOnDisk(number: LaneNumber, events: number, first: Place): void {
    const lane = this.#byNumber[number];
    if (!lane) return;
    this.#count(lane, events);
    this.#forget(lane.window.cut({ dueAt: first.dueAt, seq: first.seq - 1 }, isPinned));
    this.#rank(lane);
  }

  /** As much of a lane as may be read from disk now. */
  room(lane: Lane): { readonly events: number; readonly bytes: number } {
    const events = Math.max(1, this.#limits.window - lane.window.size);
    return { events, bytes: Math.max(0, this.#limits.bytes - this.#bytes) };
  }

  /** It should be read on before it is empty. */
  low(lane: Lane): boolean {
    return lane.window.size * 2 < this.#limits.window && this.#bytes * 2 < this.#limits.bytes;
  }

  /** What was read from disk after `after`; it counts for nothing if the window has been cut since. */
  read(lane: Lane, after: Place, rows: readonly { seq: number; item: QueuedEvent }[], more: boolean): void {
    if (lane.window.upTo !== after) return;
    const last = rows.at(-1);
    lane.window.extend(more && last ? { dueAt: last.item.dueAt, seq: last.seq } : undefined);
    for (const { seq, item } of rows) {
      const { requestId } = item.event;
      if (!this.#byId.has(requestId) && !this.cancelling.has(requestId)) this.#hold(lane, seq, item);
    }
    this.#rank(lane);
  }

  /**
   * Leases entries that are due, in order, until the limit is reached or `starving` has to be read from disk first.
   */
  pick(
    limit: number,
    nowMs: number,
    lend: (entry: Entry) => void,
    skip?: ReadonlySet<string>,
  ): { readonly starving: Lane | undefined } {
    this.#endLeases(nowMs);
    const passed: Lane[] = [];
    let starving: Lane | undefined;
    let left = limit;
    for (let lane = this.#ready.peek(); lane && left > 0; lane = this.#ready.peek()) {
      if ((lane.window.bound?.dueAt ?? 0) > nowMs) break;
      if (skip?.has(lane.name)) {
        this.#ready.remove(lane);
        passed.push(lane);
        continue;
      }
      const entry = lane.window.front;
      if (!entry) {
        starving = lane;
        break;
      }
      lend(entry);
      left--;
    }
    for (const lane of passed) this.#ready.push(lane);
    return { starving };
  }

  /** Makes it wait no more, or prolongs its lease. */
  lease(entry: Entry, token: string, untilMs: number): void {
    if (entry.state === 'leased') this.#leased.remove(entry);
    else this.#unwait(entry);
    entry.token = token;
    entry.leasedUntil = untilMs;
    entry.state = 'leased';
    this.#leased.push(entry);
  }

  /** As if it had not been leased. */
  unlease(entry: Entry): void {
    if (entry.state !== 'leased') return;
    this.#leased.remove(entry);
    entry.token = '';
    this.back(entry, entry.item);
  }

  /** Neither waits nor is leased while the database writes what becomes of it. */
  settling(entry: Entry): void {
    if (entry.state === 'leased') this.#leased.remove(entry);
    else this.#unwait(entry);
    entry.state = 'settling';
    entry.token = '';
  }

  /** It waits again, as `item` says. */
  back(entry: Entry, item: QueuedEvent): void {
    const { lane } = entry;
    entry.item = item;
    entry.dueAt = item.dueAt;
    entry.state = 'waiting';
    if (isPinned(entry) || lane.window.covers(entry)) {
      lane.window.add(entry);
      this.#forget(lane.window.shorten(this.#limits.window, isPinned));
    } else this.#forget([entry]);
    this.#rank(lane);
  }

  /** It is in the database no more. */
  gone(number: LaneNumber, requestId: string): void {
    const lane = this.#byNumber[number];
    const entry = this.#byId.get(requestId);
    if (entry) {
      this.#unwait(entry);
      this.#forget([entry]);
    }
    if (lane) this.#count(lane, -1);
  }

  /** When the first falls due or the first lease ends; `starving` has to be read from disk to know. */
  next(): { readonly at: number | undefined; readonly starving: Lane | undefined } {
    const lane = this.#ready.peek();
    const at = Math.min(lane?.window.bound?.dueAt ?? NEVER, this.#leased.peek()?.leasedUntil ?? NEVER);
    const starving = lane && !lane.window.front ? lane : undefined;
    return { at: at === NEVER ? undefined : at, starving };
  }

  /** Those whose lease has run out wait again; until they are handed out, the old lease may still settle them. */
  #endLeases(nowMs: number): void {
    for (let first = this.#leased.peek(); first && first.leasedUntil <= nowMs; first = this.#leased.peek()) {
      this.#leased.remove(first);
      this.back(first, first.item);
    }
  }

  #open(key: FunctionKey, number: LaneNumber, upTo: Place | undefined): Lane {
    const name = keyText(key);
    const lane: Lane = { name, number, window: new Window(upTo), events: 0, reading: undefined, place: -1 };
    this.#byName.set(name, lane);
    this.#byNumber[number] = lane;
    return lane;
  }

  #hold(lane: Lane, seq: number, item: QueuedEvent): void {
    const { dueAt, event } = item;
    const entry: Entry = { lane, seq, dueAt, item, token: '', leasedUntil: 0, state: 'waiting', place: -1 };
    this.#bytes += sizeOf(item);
    this.#byId.set(event.requestId, entry);
    lane.window.add(entry);
  }

  #forget(entries: readonly Entry[]): void {
    for (const { item } of entries) {
      this.#bytes -= sizeOf(item);
      this.#byId.delete(item.event.requestId);
    }
  }

  #count(lane: Lane, events: number): void {
    lane.events += events;
    this.#events += events;
  }

  #unwait(entry: Entry): void {
    if (entry.lane.window.remove(entry)) this.#rank(entry.lane);
  }

  #rank(lane: Lane): void {
    if (lane.place >= 0) {
      if (lane.window.bound) this.#ready.moved(lane);
      else this.#ready.remove(lane);
    } else if (lane.window.bound) this.#ready.push(lane);
  }
}

const NEVER = Number.POSITIVE_INFINITY;
