// The machine that all instances share: room in MB, how many start at once, who runs the next event, and deadlines.

import { availableParallelism } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Call } from '../../core/ports.ts';
import type { Living } from '../instance/life.ts';
import { stopped, withdrawn } from '../instance/outcomes.ts';
import type { Waiting } from '../instance/run.ts';
import { Keeper } from './keeper.ts';
import { LaunchError, type Launcher } from './launcher.ts';
import type { Pool } from './pool.ts';
import { type Quotas, Usage } from './quota.ts';
import { neverRun, neverStarted, noRoom, refuse, tooBig } from './refusals.ts';
import type { Slot } from './slot.ts';
import { Ticker } from './ticker.ts';

export interface MachineOptions {
  /** For all instances together, by their configured memory. */
  readonly memoryMB: number;
  readonly idleMs: number;
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly launcher: Pick<Launcher, 'launch'>;
}

/** Events that were sent ahead are looked after this often: one that blocks the thread holds up those behind it. */
const WATCH_MS = 2;
/** An event that runs this long gives back those behind it, and for a while none is sent ahead. */
const STUCK_MS = 5;
const SUSPEND_MS = 50;
/** A start is mostly CPU: many more at once than there are cores only make each of them slower. */
const STARTS_AT_ONCE = Math.max(4, availableParallelism());
/** One that takes longer than this waits for something, or never ends: others need not wait for it. */
const LONG_START_MS = 500;
/** Turns are 32 bits on the wire: an instance that has had half of them is replaced when it idles. */
const TURNS_MAX = 2 ** 31;

export class Machine {
  readonly #options: MachineOptions;
  readonly #clock: Clock;
  readonly #usage: Usage;
  readonly #slots = new Set<Slot>();
  readonly #slotOf = new WeakMap<Living, Slot>();
  /** Those that are starting. */
  readonly #starts = new Set<Slot>();
  #blocking = 0;
  /** Pools that want room, in the order in which they get it. */
  readonly #hungry = new Set<Pool>();
  /** Pools with events that wait. */
  readonly #queued = new Set<Pool>();
  /** Instances that may have a deadline. */
  readonly #watched = new Set<Living>();
  /** Instances that have events ahead. */
  readonly #ahead = new Set<Living>();
  readonly #keeper: Keeper;
  readonly #ticker: Ticker;
  #watcher: Disposable | undefined;
  #closed = false;
  /** Processes that are on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #launching = new Set<Promise<void>>();

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#usage = new Usage(options.quotas);
    const { clock, idleMs } = options;
    this.#ticker = new Ticker(
      clock,
      now => this.#tick(now),
      ms => this.#stoodStill(ms),
    );
    this.#keeper = new Keeper({
      clock,
      idleMs,
      slots: this.#slots,
      end: slot => this.#end(slot),
      feed: pools => {
        for (const pool of pools) this.#hungry.add(pool);
        this.#feed();
      },
    });
  }

  get usedMB(): number {
    return this.#usage.usedMB;
  }

  get waiting(): number {
    let count = 0;
    for (const pool of this.#queued) count += pool.waiting.length;
    return count;
  }

  /** Events wait, or instances start. */
  get busy(): boolean {
    return this.#blocking > 0 || this.#queued.size > 0;
  }

  *instances(): Iterable<Living> {
    for (const slot of this.#slots) if (slot.instance) yield slot.instance;
  }

  run(pool: Pool, call: Call): Promise<Outcome> {
    if (this.#closed) return Promise.resolve(neverRun());
    const since = this.#clock.now();
    return new Promise(settle => {
      const waiting = { call, since, until: since + call.waitMs, settle };
      const instance = pool.waiting.length === 0 ? pool.pick(since) : undefined;
      if (instance) {
        this.#send(instance, waiting);
        return;
      }
      if (pool.waiting.length === 0) pool.still = 0;
      pool.waiting.push(waiting);
      this.#queued.add(pool);
      if (pool.wants(since)) this.#consider(pool, waiting);
      this.#ticker.soon();
    });
  }

  /** Breaks off what runs or waits for a request, see Runner.terminate. */
  terminate(requestId: string, graceful: boolean): boolean {
    for (const pool of this.#queued) {
      const one = pool.waiting.find(({ call }) => call.event.requestId === requestId);
      if (!one) continue;
      pool.drop(one);
      one.settle(withdrawn(one.since, this.#clock.now()));
      return true;
    }
    for (const instance of this.instances()) if (instance.terminate(requestId, graceful)) return true;
    return false;
  }

  /** What a run that goes on has printed so far. */
  printed(requestId: string): string | undefined {
    for (const instance of this.instances()) {
      const text = instance.printed(requestId);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** Keeps as many instances of it as are wanted, events or not. */
  provision(pool: Pool, count: number): void {
    this.#keeper.provision(pool, count);
  }

  /** Ends the instances of a revision that is over; those that run finish first, and events that wait are still served. */
  retire(pool: Pool): void {
    pool.retired = true;
    this.provision(pool, 0);
    for (const slot of this.#slots) if (slot.pool === pool && slot.instance?.state === 'idle') this.#end(slot);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#keeper.close();
    for (const pool of this.#queued) {
      for (const one of pool.waiting.splice(0)) one.settle(neverRun());
    }
    this.#queued.clear();
    this.#hungry.clear();
    await Promise.all(this.#launching);
    for (const slot of this.#slots) this.#end(slot);
    await Promise.all(this.#leaving);
    this.#ticker.stop();
    this.#watcher?.[Symbol.dispose]();
  }

  #send(instance: Living, waiting: Waiting): void {
    if (!this.#watched.has(instance)) {
      this.#watched.add(instance);
      this.#ticker.soon();
    }
    instance.send(waiting);
    if (instance.load > 1 && instance.spec.concurrency === 1) {
      this.#ahead.add(instance);
      this.#watchSoon();
    }
  }

  /** Starts an instance for a pool that wants one; `newest` has just come and is refused if it never can run. */
  #consider(pool: Pool, newest?: Waiting): 'started' | 'full' | 'refused' {
    if (this.#closed) return 'refused';
    const { memoryMB } = pool.version;
    const { memoryMB: roomMB } = this.#options;
    if (memoryMB > roomMB) return refuse(pool, newest, tooBig(memoryMB, roomMB));
    const short = this.#usage.shortage(pool.version);
    if (short && !this.#makeRoom(short.missingMB, slot => slot.pool !== pool && short.helps(slot.pool.version))) {
      return refuse(pool, newest, short.refusal());
    }
    const burst = this.#usage.burst(pool.version, this.#clock.now());
    if (burst) return refuse(pool, newest, burst);
    if (this.#blocking >= STARTS_AT_ONCE || !this.#makeRoom(this.usedMB + memoryMB - roomMB, () => true)) {
      this.#hungry.add(pool);
      return 'full';
    }
    this.#start(pool);
    return 'started';
  }

  /** Ends idle instances, longest idle first, to make up for what is missing; none if that would not be enough. */
  #makeRoom(missingMB: number, may: (slot: Slot) => boolean): boolean {
    if (missingMB <= 0) return true;
    const spare = new Map<Pool, number>();
    const idle = [...this.#slots].filter(slot => slot.instance?.state === 'idle' && may(slot));
    idle.sort((a, b) => (a.instance?.idleSince ?? 0) - (b.instance?.idleSince ?? 0));
    let freedMB = 0;
    const ends = idle.filter(({ pool }) => {
      const left = spare.get(pool) ?? pool.live - pool.provisioned;
      if (freedMB >= missingMB || left <= 0) return false;
      spare.set(pool, left - 1);
      freedMB += pool.version.memoryMB;
      return true;
    });
    if (freedMB < missingMB) return false;
    for (const slot of ends) this.#end(slot);
    return true;
  }

  #start(pool: Pool): void {
    const startedAt = this.#clock.now();
    const slot: Slot = { pool, startedAt, instance: undefined, starting: true, blocking: true, slow: false };
    this.#slots.add(slot);
    this.#usage.count(pool.version, pool.version.memoryMB);
    this.#usage.started(pool.version, startedAt);
    this.#starts.add(slot);
    this.#blocking++;
    pool.live++;
    pool.starting++;
    const launching = this.#launch(slot).finally(() => this.#launching.delete(launching));
    this.#launching.add(launching);
  }

  async #launch(slot: Slot): Promise<void> {
    const { pool, startedAt } = slot;
    try {
      const instance = await this.#options.launcher.launch(pool.version, startedAt, {
        ready: ready => {
          this.#started(slot);
          pool.learnStart(ready.initMs);
          pool.failure = '';
          pool.members.push(ready);
          this.#offer(slot, ready);
        },
        unready: (_, outcome) => this.#failed(slot, outcome),
        ran: (durationMs, waited) => {
          if (pool.pace.learn(durationMs, waited, this.#clock.now())) slot.slow = true;
        },
        free: free => {
          pool.still = 0;
          this.#offer(slot, free);
          if (!slot.slow) return;
          slot.slow = false;
          this.#gather(pool);
        },
        back: events => this.#queueAgain(pool, events),
        gone: gone => {
          // One that dies before its first event would die again and again.
          if (this.#slots.has(slot) && gone.runs === 0) this.#keeper.pause(pool);
          this.#release(slot, gone);
          this.#dispatch(pool);
          this.#feed();
        },
      });
      slot.instance = instance;
      this.#slotOf.set(instance, slot);
      this.#watched.add(instance);
      this.#ticker.soon();
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      this.#failed(slot, neverStarted(error.verdict, this.#clock.now() - startedAt));
    }
  }

  #started(slot: Slot): void {
    if (!slot.starting) return;
    slot.starting = false;
    slot.pool.starting--;
    this.#starts.delete(slot);
    this.#unblock(slot);
  }

  #unblock(slot: Slot): void {
    if (slot.blocking) this.#blocking--;
    slot.blocking = false;
  }

  #failed(slot: Slot, outcome: Outcome): void {
    const { pool, startedAt } = slot;
    this.#started(slot);
    this.#release(slot, slot.instance);
    const now = this.#clock.now();
    pool.failure = outcome.errorMessage;
    this.#keeper.pause(pool);
    for (const one of pool.sharers(startedAt)) {
      one.settle({ ...outcome, waitMs: Math.max(0, now - one.since - outcome.initMs) });
    }
    if (pool.wants(now)) this.#consider(pool);
    this.#feed();
  }

  /** An instance can take events: those that wait longest, or none. */
  #offer(slot: Slot, instance: Living): void {
    const { pool } = slot;
    const idle = instance.state === 'idle';
    if (idle && (this.#closed || this.#mustYield(pool))) {
      this.#end(slot);
      this.#feed();
      return;
    }
    if (pool.waiting.length > 0) {
      const ahead = pool.aheadOf(this.#clock.now());
      // An event in hand counts as one more than its room ahead.
      while (instance.load <= ahead || instance.state === 'idle') {
        const next = pool.waiting.shift();
        if (!next) break;
        this.#send(instance, next);
      }
      // Left to rest while the others got on, which may be over.
      if (pool.idle.length > 0) this.#handOut(pool);
    }
    if (instance.state === 'idle') this.#rest(slot, instance);
    if (this.#hungry.size > 0) this.#feed();
  }

  #rest(slot: Slot, instance: Living): void {
    const { pool } = slot;
    this.#ahead.delete(instance);
    if (pool.retired || instance.runs > TURNS_MAX) this.#end(slot);
    else {
      pool.idle.push(instance);
      this.#keeper.rests(instance);
    }
  }

  /** A function without any instance that has waited for room longer than this one's next event goes first. */
  #mustYield(pool: Pool): boolean {
    if (this.#hungry.size === 0 || this.#blocking >= STARTS_AT_ONCE) return false;
    const [first] = this.#hungry;
    if (!first || first === pool || first.live > 0 || pool.live <= pool.provisioned) return false;
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

  /** Takes back what was sent ahead to instances of a pool, and gives it to whoever is free. */
  #gather(pool: Pool): void {
    for (const member of pool.members) if (this.#ahead.has(member)) this.#takeBack(pool, member);
    this.#dispatch(pool);
  }

  #takeBack(pool: Pool, instance: Living): void {
    this.#ahead.delete(instance);
    const back = instance.takeBack();
    if (back.length > 0) this.#queueAgain(pool, back);
  }

  #queueAgain(pool: Pool, events: readonly Waiting[]): void {
    if (this.#closed) {
      for (const one of events) one.settle(neverRun());
      return;
    }
    pool.putBack(events);
    this.#queued.add(pool);
    this.#ticker.soon();
    this.#handOut(pool);
  }

  /** Instances that idle are not heard of while events wait: events have come back, or the busy ones no longer get on. */
  #handOut(pool: Pool): void {
    const now = this.#clock.now();
    while (pool.waiting.length > 0) {
      const instance = pool.pick(now);
      if (!instance) break;
      const next = pool.waiting.shift();
      if (next) this.#send(instance, next);
    }
  }

  #dispatch(pool: Pool): void {
    this.#handOut(pool);
    if (pool.wants(this.#clock.now())) this.#consider(pool);
  }

  #end(slot: Slot): void {
    const { instance } = slot;
    if (!instance) return;
    this.#started(slot);
    const leaving = instance.end(stopped()).then(() => {
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
    this.#release(slot, instance);
  }

  #release(slot: Slot, instance: Living | undefined): void {
    const { pool } = slot;
    if (instance) {
      pool.leave(instance);
      this.#ahead.delete(instance);
    }
    if (!this.#slots.delete(slot)) return;
    this.#usage.count(pool.version, -pool.version.memoryMB);
    pool.live--;
  }

  #stoodStill(ms: number): void {
    for (const instance of this.#watched) instance.stoodStill(ms);
    for (const pool of this.#queued) for (const one of pool.waiting) one.until += ms;
  }

  #tick(now: number): void {
    for (const instance of this.#watched) {
      const { state } = instance;
      if (state === 'starting' || state === 'busy' || state === 'draining') instance.tick(now);
      else this.#watched.delete(instance);
    }
    const before = this.#blocking;
    for (const slot of this.#starts) if (now - slot.startedAt >= LONG_START_MS) this.#unblock(slot);
    if (this.#blocking < before) this.#feed();
    for (const pool of this.#queued) {
      for (const one of pool.expired(now)) {
        const short = this.#usage.shortage(pool.version)?.refusal();
        one.settle({ ...(short ?? noRoom(pool.version.name, now - one.since)), waitMs: now - one.since });
      }
      pool.still++;
      if (pool.idle.length > 0) this.#handOut(pool);
      if (pool.waiting.length === 0) {
        this.#queued.delete(pool);
        if (!pool.wants(now)) this.#hungry.delete(pool);
      } else if (pool.wants(now)) this.#consider(pool);
    }
    if (!this.#closed && this.#watched.size + this.#queued.size + this.#starts.size > 0) this.#ticker.soon();
  }

  #watchSoon(): void {
    this.#watcher ??= this.#clock.at(this.#clock.now() + WATCH_MS, () => this.#watchAhead());
  }

  #watchAhead(): void {
    this.#watcher = undefined;
    const now = this.#clock.now();
    for (const instance of this.#ahead) {
      const pool = this.#slotOf.get(instance)?.pool;
      if (instance.load < 2 || !pool) this.#ahead.delete(instance);
      else if (now - instance.headSince >= STUCK_MS) {
        pool.pace.suspend(now + SUSPEND_MS);
        this.#takeBack(pool, instance);
        this.#dispatch(pool);
      }
    }
    if (!this.#closed && this.#ahead.size > 0) this.#watchSoon();
  }
}
