// What happened, in memory first and written behind: a call pays for one push to an array.

import type { Clock } from '../core/clock.ts';
import type { FunctionEvent } from '../core/event.ts';
import type { Attempt, Begun } from '../core/invocation.ts';
import type { Log } from '../core/log.ts';
import type { Store, Timeline } from '../core/ports.ts';
import { createPruner, type Pruner } from './prune.ts';
import type { Entry } from './row.ts';
import { RANK, rankOf, Waiting } from './waiting.ts';
import { createWriter, type Writer, type Written } from './writer.ts';

export interface TimelineBudget {
  /** Rows kept in the store, and for how long. */
  readonly rows: number;
  readonly ageMs: number;
  /** Bytes of events and replies kept in the store; 0 for none. */
  readonly bytes: number;
  /** Entries in memory that wait to be written; the oldest go when there are more. */
  readonly memoryRows: number;
}

export interface TimelineDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Real time: how long writing takes is no matter of a clock that is turned. */
  readonly wallClock: Clock;
  readonly log: Log;
  readonly budget: TimelineBudget;
}

export interface KeptTimeline extends Timeline {
  /** Resolves when all that has happened until now is in the store; if the store fails, that is logged and tried again later. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const WRITE_AFTER_MS = 200;
const RETRY_AFTER_MS = 5_000;
/** In one transaction. */
const BATCH_ROWS = 256;
const BATCH_BYTES = 1024 * 1024;
/** Bytes of events and replies in one transaction when the writing falls behind: records are worth more. */
const BEHIND_BYTES = 256 * 1024;
/**
 * Writing behind takes at most 4 % of the time from the calls: after each batch it rests so many times as long. With the
 * removal of an old one, a record takes 8 µs and 1 KB of bytes 6 µs, half of it the disk's: some thousands in a second
 * are kept; what comes beyond is dropped.
 */
const REST = 24;
const SAY_DROPPED_EVERY_MS = 10_000;
/** Bodies and logs are held until they are written: when to write at once, and when to drop. */
const FULL_BYTES = 8 * 1024 * 1024;
const MEMORY_BYTES = 64 * 1024 * 1024;

export function createTimeline(deps: TimelineDeps): KeptTimeline {
  return new WrittenBehind(deps);
}

class WrittenBehind implements KeptTimeline {
  readonly #deps: TimelineDeps;
  readonly #writer: Writer;
  readonly #pruner: Pruner;
  readonly #waiting = new Waiting();
  /** How many ever came, and how many of them are dealt with: written or dropped. */
  #came = 0;
  #done = 0;
  #dropped = 0;
  /** Written without their bytes. */
  #bare = 0;
  #timer: Disposable | undefined;
  #isDueSoon = false;
  /** Spent on writing behind and pruning since the last rest, without what others did meanwhile. */
  #writingMs = 0;
  #saidDroppedAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<boolean> | undefined;
  #pruning: Promise<void> | undefined;
  /** Written since the pruner was told last. */
  #untold: Told | undefined;
  #isFailing = false;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(deps: TimelineDeps) {
    this.#deps = deps;
    this.#writer = createWriter({ ...deps, budgetBytes: deps.budget.bytes });
    this.#pruner = createPruner(deps);
  }

  accepted(event: FunctionEvent, acceptedAt: number): void {
    this.#add({ event, acceptedAt });
  }

  began(attempt: Begun): void {
    this.#add(attempt);
  }

  settled(attempt: Attempt): void {
    this.#add(attempt);
  }

  async flush(): Promise<void> {
    const goal = this.#came;
    while (this.#done < goal) if (!(await this.#writeSome())) return;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    await this.flush();
    this.#timer?.[Symbol.dispose]();
    await this.#pruning;
    this.#saidDroppedAt = Number.NEGATIVE_INFINITY;
    this.#sayDropped();
    const lost = this.#waiting.count;
    if (lost > 0) this.#deps.log.error({ lost }, 'invocation records could not be written before the end');
  }

  #add(entry: Entry): void {
    const { clock, budget, log } = this.#deps;
    if (this.#isClosed) {
      log.warn({ requestId: entry.event.requestId }, 'an invocation ended after the timeline was closed: not recorded');
      return;
    }
    this.#came++;
    const waiting = this.#waiting;
    const rank = rankOf(entry);
    // Under a load of asynchronous events their ends take all the room: states would be taken in only to be dropped.
    if (rank === RANK.state && waiting.count * 2 >= budget.memoryRows && !waiting.hasBelow(rank)) {
      this.#done++;
      return;
    }
    if (waiting.count >= budget.memoryRows || waiting.bytes > MEMORY_BYTES) {
      // What is kept for a while and then dropped costs the garbage collector most: under load, what comes beyond the
      // room is not kept at all. The end of an asynchronous event is asked for later: it goes before an older record.
      if (rank !== RANK.end && !waiting.hasBelow(rank)) {
        this.#done++;
        if (rank === RANK.call) this.#dropped++;
        return;
      }
      this.#drop();
    }
    waiting.add(entry, rank);
    if (this.#isFailing) return;
    if (waiting.count >= BATCH_ROWS || waiting.bytes > FULL_BYTES) this.#writeSoon();
    // A clock that stands still brings no timer: what is read is flushed first, and a full batch is written all the same.
    else this.#timer ??= clock.at(clock.now() + WRITE_AFTER_MS, () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#isDueSoon) return;
    this.#isDueSoon = true;
    const hold = this.#deps.clock.hold();
    setImmediate(async () => {
      this.#writingMs = 0;
      await this.#writeSome();
      await this.#pruning;
      hold[Symbol.dispose]();
      if (this.#writingMs > 0) {
        const rest = this.#deps.wallClock.sleep(this.#writingMs * REST, this.#closing.signal);
        await rest.catch(() => undefined);
      }
      this.#isDueSoon = false;
      if (this.#waiting.count > 0 && !this.#isFailing && !this.#isClosed) this.#writeSoon();
    });
  }

  /** Some at a time: taking the first out of a long array moves all the others. */
  #drop(): void {
    const { gone, rank } = this.#waiting.drop(Math.max(1, this.#deps.budget.memoryRows >> 6));
    this.#done += gone;
    // A state is no record of its own: the end of the attempt is to come.
    if (rank !== RANK.state) this.#dropped += gone;
  }

  #writeSome(): Promise<boolean> {
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** False if the store cannot take rows now; they go on waiting. */
  async #writeBatch(): Promise<boolean> {
    const hold = this.#deps.clock.hold();
    const { budget } = this.#deps;
    const waiting = this.#waiting;
    const isBehind = waiting.bytes > FULL_BYTES || waiting.count > budget.memoryRows / 2;
    const batch = waiting.take(BATCH_ROWS, isBehind || !(budget.bytes > 0) ? undefined : BATCH_BYTES);
    try {
      const written = await this.#writer.write(batch, isBehind ? BEHIND_BYTES : Number.POSITIVE_INFINITY);
      this.#writingMs += written.ms;
      this.#bare += written.bare;
      this.#done += batch.length;
      this.#isFailing = false;
      this.#prune(written);
      return true;
    } catch (error) {
      this.#waiting.putBack(batch);
      this.#tryLater(error);
      return false;
    } finally {
      this.#sayDropped();
      hold[Symbol.dispose]();
    }
  }

  #sayDropped(): void {
    const { wallClock, log } = this.#deps;
    const now = wallClock.now();
    const [dropped, bare] = [this.#dropped, this.#bare];
    if (dropped + bare === 0 || now - this.#saidDroppedAt < SAY_DROPPED_EVERY_MS) return;
    if (dropped > 0) log.warn({ dropped }, 'more invocations than can be recorded: some records were dropped');
    if (bare > 0)
      log.warn({ records: bare }, 'more bytes than can be recorded: some records are without event and reply');
    this.#dropped = 0;
    this.#bare = 0;
    this.#saidDroppedAt = now;
  }

  #tryLater(error: unknown): void {
    const { clock, log } = this.#deps;
    if (!this.#isFailing)
      log.error({ err: error, waiting: this.#waiting.count }, 'invocation records cannot be written');
    this.#isFailing = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#isClosed ? undefined : clock.at(clock.now() + RETRY_AFTER_MS, () => this.#wake());
  }

  /** Beside the writing: nobody who reads waits for it. */
  #prune(written: Written): void {
    this.#untold = together(this.#untold, written);
    this.#pruning ??= this.#pruneAll().finally(() => {
      this.#pruning = undefined;
    });
  }

  async #pruneAll(): Promise<void> {
    using _ = this.#deps.clock.hold();
    for (let told = this.#untold; told; told = this.#untold) {
      this.#untold = undefined;
      try {
        this.#writingMs += await this.#pruner.wrote(told);
      } catch (error) {
        this.#untold = together(this.#untold, told);
        this.#deps.log.error({ err: error }, 'old invocation records could not be removed');
        return;
      }
    }
  }
}

type Told = Parameters<Pruner['wrote']>[0];

const together = (a: Told | undefined, b: Told): Told => ({
  rows: (a?.rows ?? 0) + b.rows,
  bytes: (a?.bytes ?? 0) + b.bytes,
  again: (a?.again ?? 0) + b.again,
});
