// All instances of one revision of one function version: who runs the next event, and whether another one is worth its start.

import { availableParallelism } from 'node:os';
import type { FunctionVersion } from '../../core/function.ts';
import type { Living } from '../instance/life.ts';
import type { Waiting } from '../instance/run.ts';
import { Pace } from './pace.ts';

/** Until the first start has been measured. */
const FIRST_START_MS = 100;
/** Weight of the newest measurement. */
const NEWEST = 1 / 8;
/** A handler that keeps its thread gains nothing from more instances than there are cores. */
const CORES = availableParallelism();
/** Behind slow events nobody waits longer than this for one of those there are. */
const MIXED_MS = 1;
/** Unless none of them gets on: so many looks of the machine in which no event has ended. A stall of this server is one look. */
const STILL_LOOKS = 3;

export class Pool {
  readonly key: string;
  readonly version: FunctionVersion;
  /** Events that one instance runs at once. */
  readonly concurrency: number;
  /** Instances that start, run or idle. */
  live = 0;
  starting = 0;
  /** No new events: its revision is over. */
  retired = false;
  /** Those that run or idle, oldest first. */
  readonly members: Living[] = [];
  /** Those of them that idle, the one used last at the end. */
  readonly idle: Living[] = [];
  readonly waiting: Waiting[] = [];
  readonly pace = new Pace();
  /** Looks of the machine since an event ended. */
  still = 0;
  startMs = FIRST_START_MS;
  /** Instances that are kept without events. */
  provisioned = 0;
  /** Why the last start for them failed, and not before when the next is tried. */
  failure = '';
  provisionAt = 0;

  /** An event that finds none idle has one started for it, as in the cloud. */
  readonly instancePerEvent: boolean;

  constructor(key: string, version: FunctionVersion, { concurrency = 1, instancePerEvent = false } = {}) {
    this.key = key;
    this.version = version;
    this.concurrency = concurrency;
    this.instancePerEvent = instancePerEvent;
  }

  /** Who takes one more event now: few and busy beats many and waking. Nobody, if it is served sooner by waiting. */
  pick(now: number): Living | undefined {
    const ahead = this.aheadOf(now);
    if (ahead > 0) {
      let busy = 0;
      for (const member of this.members) {
        if (member.state !== 'busy') continue;
        if (member.load <= ahead) return member;
        busy++;
      }
      // One more would only take turns with them.
      if (busy >= CORES && this.concurrency === 1 && this.still < STILL_LOOKS) return undefined;
    }
    let instance = this.idle.pop();
    // One that has died is told apart before it is taken out.
    while (instance && (instance.state !== 'idle' || instance.spec.renewAt <= now)) {
      // A machine that has slept looks after it too late.
      if (instance.state === 'idle') void instance.end();
      instance = this.idle.pop();
    }
    return instance;
  }

  /** How many events an instance may have beside the one that it runs. */
  aheadOf(now: number): number {
    if (this.concurrency > 1) return this.concurrency - 1;
    // A request that has been sent cannot be taken back.
    return this.instancePerEvent || this.version.type === 'HTTP' ? 0 : this.pace.ahead(now);
  }

  /** Whether an event that waits is better served by one more instance than by those there are. */
  wants(now: number): boolean {
    if (this.live < this.provisioned && now >= this.provisionAt) return true;
    const uncovered = this.waiting.length - this.starting * this.concurrency;
    // One that idles is called when that helps.
    if (uncovered <= 0 || this.idle.length > 0) return false;
    if (this.live === 0 || this.instancePerEvent) return true;
    if (this.concurrency === 1 && this.live >= CORES && this.pace.isShort(now)) return this.still >= STILL_LOOKS;
    // A stuck instance would never free itself: what has waited as long as a start takes is not made to wait longer.
    const patienceMs = this.pace.isMixed(now) ? Math.min(MIXED_MS, this.startMs) : this.startMs;
    if (now - this.headSince > patienceMs) return true;
    // An instance more costs its start and, on few cores, the others' time.
    const { runMs } = this.pace;
    return runMs === undefined || (uncovered * runMs) / this.live >= this.startMs;
  }

  /** When the event that waits longest came. */
  get headSince(): number {
    return this.waiting[0]?.since ?? Number.POSITIVE_INFINITY;
  }

  learnStart(ms: number): void {
    this.startMs += (ms - this.startMs) * (this.startMs === FIRST_START_MS ? 1 : NEWEST);
  }

  /** Events that were sent and come back: they are the oldest. */
  putBack(events: readonly Waiting[]): void {
    this.waiting.unshift(...events);
    this.waiting.sort((a, b) => a.since - b.since);
  }

  /** Takes out those that have waited too long. A start has a time limit of its own, which does not count. */
  expired(now: number): Waiting[] {
    const graceMs = this.starting > 0 ? this.version.initTimeoutS * 1000 : 0;
    const late = this.waiting.filter(one => one.until + graceMs <= now);
    for (const one of late) this.drop(one);
    return late;
  }

  drop(one: Waiting): void {
    remove(this.waiting, one);
  }

  /** It is no member any more. */
  leave(instance: Living): void {
    remove(this.members, instance);
    remove(this.idle, instance);
  }

  /** Takes out those that share the failure of a start: all that waited for it, or just the first while others work. */
  sharers(startedAt: number): Waiting[] {
    if (this.live > this.starting) return this.waiting.splice(0, 1);
    const count = Math.max(1, this.waiting.filter(one => one.since <= startedAt).length);
    return this.waiting.splice(0, count);
  }
}

function remove<T>(list: T[], one: T): void {
  const index = list.indexOf(one);
  if (index >= 0) list.splice(index, 1);
}
