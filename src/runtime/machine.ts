// The machine that all instances share: room in MB, how many start at once, deadlines, and the end of what idles.

import { availableParallelism } from 'node:os';
import type { Clock } from '../core/clock.ts';
import type { FunctionVersion } from '../core/function.ts';
import { type Outcome, refusal } from '../core/invocation.ts';
import type { Call } from '../core/ports.ts';
import type { Instance } from './instance.ts';
import { LaunchError, type Launcher } from './launcher.ts';
import { outcomeOf, stopped } from './outcomes.ts';
import type { Pool, Waiting } from './pool.ts';

export interface MachineOptions {
  /** For all instances together, by their configured memory. */
  readonly memoryMB: number;
  readonly idleMs: number;
  readonly quotaMB: (region: string) => number;
  readonly clock: Clock;
  readonly launcher: Launcher;
}

/** Deadlines are kept this exactly. */
const TICK_MS = 20;
/** A start is mostly CPU: more at once than there are cores only makes each of them slower. */
const STARTS_AT_ONCE = Math.max(2, availableParallelism());

/** Room taken by one instance, from before its process is there until it is told to end. */
interface Slot {
  readonly pool: Pool;
  readonly startedAt: number;
  instance: Instance | undefined;
  starting: boolean;
}

export class Machine {
  readonly #options: MachineOptions;
  readonly #clock: Clock;
  readonly #slots = new Set<Slot>();
  readonly #regionMB = new Map<string, number>();
  #usedMB = 0;
  #starts = 0;
  /** Pools that want room, in the order in which they get it. */
  readonly #hungry = new Set<Pool>();
  /** Pools with events that wait. */
  readonly #queued = new Set<Pool>();
  /** Instances that may have a deadline. */
  readonly #watched = new Set<Instance>();
  #ticker: Disposable | undefined;
  #reaper: Disposable | undefined;
  #closed = false;
  /** Processes that are on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #launching = new Set<Promise<void>>();

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  get usedMB(): number {
    return this.#usedMB;
  }

  get waiting(): number {
    let count = 0;
    for (const pool of this.#queued) count += pool.waiting.length;
    return count;
  }

  *instances(): Iterable<Instance> {
    for (const slot of this.#slots) if (slot.instance) yield slot.instance;
  }

  run(pool: Pool, call: Call): Promise<Outcome> {
    if (this.#closed) return Promise.resolve(outcomeOf(stopped(), NOTHING_MEASURED));
    let instance = pool.idle.pop();
    // One that has died is told apart before it is taken out.
    while (instance && instance.state !== 'idle') instance = pool.idle.pop();
    if (instance) return this.#begin(instance, call, 0);
    const since = this.#clock.now();
    return new Promise(settle => {
      const waiting = { call, since, until: since + call.waitMs, settle };
      pool.waiting.push(waiting);
      this.#queued.add(pool);
      if (pool.wants(since)) this.#consider(pool, waiting);
      this.#tickSoon();
    });
  }

  /** Ends the instances of a revision that is over; those that run finish first, and events that wait are still served. */
  retire(pool: Pool): void {
    pool.retired = true;
    for (const slot of this.#slots) if (slot.pool === pool && slot.instance?.state === 'idle') this.#end(slot);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const pool of this.#queued) {
      for (const one of pool.waiting.splice(0)) one.settle(outcomeOf(stopped(), NOTHING_MEASURED));
    }
    this.#queued.clear();
    this.#hungry.clear();
    await Promise.all(this.#launching);
    for (const slot of this.#slots) this.#end(slot);
    await Promise.all(this.#leaving);
    this.#ticker?.[Symbol.dispose]();
    this.#reaper?.[Symbol.dispose]();
  }

  #begin(instance: Instance, call: Call, waitMs: number): Promise<Outcome> {
    this.#watch(instance);
    return instance.begin(call, waitMs);
  }

  /** Starts an instance for a pool that wants one; `newest` has just come and is refused if it never can run. */
  #consider(pool: Pool, newest?: Waiting): 'started' | 'full' | 'refused' {
    if (this.#closed) return 'refused';
    const { memoryMB, region, name } = pool.version;
    const { memoryMB: roomMB, quotaMB } = this.#options;
    if (memoryMB > roomMB) {
      if (newest) refuse(pool, newest, 449, tooBig(memoryMB, roomMB));
      return 'refused';
    }
    const overQuotaMB = (this.#regionMB.get(region) ?? 0) + memoryMB - quotaMB(region);
    if (!this.#makeRoom(overQuotaMB, slot => slot.pool.version.region === region)) {
      if (newest) refuse(pool, newest, 432, overQuotaText(name, quotaMB(region)));
      return 'refused';
    }
    if (this.#starts >= STARTS_AT_ONCE || !this.#makeRoom(this.#usedMB + memoryMB - roomMB, () => true)) {
      this.#hungry.add(pool);
      return 'full';
    }
    this.#start(pool);
    return 'started';
  }

  /** Ends idle instances, longest idle first, to make up for what is missing; none if that would not be enough. */
  #makeRoom(missingMB: number, may: (slot: Slot) => boolean): boolean {
    if (missingMB <= 0) return true;
    const idle = [...this.#slots].filter(slot => slot.instance?.state === 'idle' && may(slot));
    idle.sort((a, b) => (a.instance?.idleSince ?? 0) - (b.instance?.idleSince ?? 0));
    let freedMB = 0;
    const ends = idle.filter(slot => {
      const needed = freedMB < missingMB;
      if (needed) freedMB += slot.pool.version.memoryMB;
      return needed;
    });
    if (freedMB < missingMB) return false;
    for (const slot of ends) this.#end(slot);
    return true;
  }

  #start(pool: Pool): void {
    const startedAt = this.#clock.now();
    const slot: Slot = { pool, startedAt, instance: undefined, starting: true };
    this.#slots.add(slot);
    this.#count(pool.version, pool.version.memoryMB);
    this.#starts++;
    pool.live++;
    pool.starting++;
    const launching = this.#launch(slot).finally(() => this.#launching.delete(launching));
    this.#launching.add(launching);
  }

  async #launch(slot: Slot): Promise<void> {
    const { pool, startedAt } = slot;
    try {
      slot.instance = await this.#options.launcher.launch(pool.version, startedAt, {
        ready: instance => {
          this.#started(slot);
          pool.learnStart(instance.initMs);
          this.#offer(slot, instance);
        },
        unready: (_, outcome) => this.#failed(slot, outcome),
        free: (instance, durationMs) => {
          pool.learnRun(durationMs);
          this.#offer(slot, instance);
        },
        gone: () => {
          this.#release(slot);
          if (pool.wants(this.#clock.now())) this.#consider(pool);
          this.#feed();
        },
      });
      this.#watch(slot.instance);
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      const initMs = this.#clock.now() - startedAt;
      this.#failed(slot, outcomeOf(error.verdict, { ...NOTHING_MEASURED, initMs }));
    }
  }

  #started(slot: Slot): void {
    if (!slot.starting) return;
    slot.starting = false;
    slot.pool.starting--;
    this.#starts--;
  }

  #failed(slot: Slot, outcome: Outcome): void {
    const { pool, startedAt } = slot;
    this.#started(slot);
    this.#release(slot);
    const now = this.#clock.now();
    for (const one of pool.sharers(startedAt)) {
      one.settle({ ...outcome, waitMs: Math.max(0, now - one.since - outcome.initMs) });
    }
    if (pool.wants(now)) this.#consider(pool);
    this.#feed();
  }

  /** An instance can run an event: the one that waits longest, or none. */
  #offer(slot: Slot, instance: Instance): void {
    const { pool } = slot;
    if (this.#closed || this.#mustYield(pool)) {
      this.#end(slot);
      this.#feed();
      return;
    }
    const next = pool.waiting.shift();
    if (next) {
      const waited = this.#clock.now() - next.since;
      const waitMs = Math.max(0, instance.runs === 0 ? waited - instance.initMs : waited);
      void this.#begin(instance, next.call, waitMs).then(next.settle);
    } else if (pool.retired) this.#end(slot);
    else {
      pool.idle.push(instance);
      this.#reapLater(this.#options.idleMs);
    }
    if (this.#hungry.size > 0) this.#feed();
  }

  /** A function without any instance that has waited for room longer than this one's next event goes first. */
  #mustYield(pool: Pool): boolean {
    if (this.#hungry.size === 0 || this.#starts >= STARTS_AT_ONCE) return false;
    const [first] = this.#hungry;
    if (!first || first === pool || first.live > 0) return false;
    return first.headSince < pool.headSince && this.#clock.now() - first.headSince > first.startMs;
  }

  /** Gives room that has become free to those who wait for it, in turns. */
  #feed(): void {
    for (const pool of [...this.#hungry]) {
      if (!pool.wants(this.#clock.now())) this.#hungry.delete(pool);
      else {
        const came = this.#consider(pool);
        // It keeps its place before those behind it.
        if (came === 'full') return;
        this.#hungry.delete(pool);
        if (came === 'started' && pool.wants(this.#clock.now())) this.#hungry.add(pool);
      }
    }
  }

  #end(slot: Slot): void {
    const { instance, pool } = slot;
    if (!instance) return;
    const index = pool.idle.indexOf(instance);
    if (index >= 0) pool.idle.splice(index, 1);
    this.#started(slot);
    const leaving = instance.end(stopped()).then(() => {
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
    this.#release(slot);
  }

  #release(slot: Slot): void {
    const { instance, pool } = slot;
    if (!this.#slots.delete(slot)) return;
    this.#count(pool.version, -pool.version.memoryMB);
    pool.live--;
    if (!instance) return;
    const index = pool.idle.indexOf(instance);
    if (index >= 0) pool.idle.splice(index, 1);
  }

  #count(version: FunctionVersion, memoryMB: number): void {
    this.#usedMB += memoryMB;
    this.#regionMB.set(version.region, (this.#regionMB.get(version.region) ?? 0) + memoryMB);
  }

  #watch(instance: Instance): void {
    this.#watched.add(instance);
    this.#tickSoon();
  }

  #tickSoon(): void {
    this.#ticker ??= this.#clock.at(this.#clock.now() + TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#ticker = undefined;
    const now = this.#clock.now();
    for (const instance of this.#watched) {
      if (instance.state === 'starting' || instance.state === 'busy') instance.tick(now);
      else this.#watched.delete(instance);
    }
    for (const pool of this.#queued) {
      for (const one of pool.expired(now)) one.settle(noRoom(pool.version.name, now - one.since));
      if (pool.waiting.length === 0) {
        this.#queued.delete(pool);
        this.#hungry.delete(pool);
      } else if (pool.wants(now)) this.#consider(pool);
    }
    if (!this.#closed && (this.#watched.size > 0 || this.#queued.size > 0)) this.#tickSoon();
  }

  #reapLater(ms: number): void {
    this.#reaper ??= this.#clock.at(this.#clock.now() + ms, () => this.#reap());
  }

  #reap(): void {
    this.#reaper = undefined;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      if (slot.instance?.state !== 'idle') continue;
      const endsAt = slot.instance.idleSince + this.#options.idleMs;
      if (endsAt <= now) this.#end(slot);
      else next = Math.min(next, endsAt);
    }
    if (next < Number.POSITIVE_INFINITY) this.#reapLater(next - now);
  }
}

const NOTHING_MEASURED = { durationMs: 0, initMs: 0, waitMs: 0, memoryBytes: 0, log: '', instance: '' };

function refuse(pool: Pool, waiting: Waiting, status: number, text: string): void {
  pool.drop(waiting);
  waiting.settle(refusal(status, text));
}

function overQuotaText(name: string, quotaMB: number): string {
  return `Function [ ${name} ] concurrency exceeded region unreserved quota ${quotaMB} MB`;
}

function tooBig(memoryMB: number, roomMB: number): string {
  return `The function needs ${memoryMB} MB, and this machine gives all functions together ${roomMB} MB; lower MemorySize or raise the machine's memory setting`;
}

function noRoom(name: string, waitMs: number): Outcome {
  return { ...refusal(449, `No instance of function [ ${name} ] became free within ${waitMs} ms`), waitMs };
}
