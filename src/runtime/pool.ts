// All instances of one revision of one function version: who runs the next event, and whether another one is worth its start.

import type { FunctionVersion } from '../core/function.ts';
import type { Outcome } from '../core/invocation.ts';
import type { Call } from '../core/ports.ts';
import type { Instance } from './instance.ts';

/** Until the first start has been measured. */
const FIRST_START_MS = 100;
/** Weight of the newest measurement. */
const NEWEST = 1 / 8;

export interface Waiting {
  readonly call: Call;
  readonly since: number;
  /** Not longer than this. */
  readonly until: number;
  readonly settle: (outcome: Outcome) => void;
}

export class Pool {
  readonly key: string;
  readonly version: FunctionVersion;
  /** Instances that start, run or idle. */
  live = 0;
  starting = 0;
  /** No new events: its revision is over. */
  retired = false;
  readonly idle: Instance[] = [];
  readonly waiting: Waiting[] = [];
  /** Averages, measured in the function: what this server measures grows with its own load. */
  runMs: number | undefined;
  startMs = FIRST_START_MS;

  constructor(key: string, version: FunctionVersion) {
    this.key = key;
    this.version = version;
  }

  /** Whether an event that waits is better served by one more instance than by those there are. */
  wants(now: number): boolean {
    const uncovered = this.waiting.length - this.starting;
    if (uncovered <= 0) return false;
    if (this.live === 0) return true;
    // A stuck instance would never free itself: what has waited as long as a start takes is not made to wait longer.
    if (now - this.headSince > this.startMs) return true;
    // Few and busy beats many and waking: an instance more costs its start and, on few cores, the others' time.
    return this.runMs === undefined || (uncovered * this.runMs) / this.live >= this.startMs;
  }

  /** When the event that waits longest came. */
  get headSince(): number {
    return this.waiting[0]?.since ?? Number.POSITIVE_INFINITY;
  }

  learnRun(ms: number): void {
    this.runMs = this.runMs === undefined ? ms : this.runMs + (ms - this.runMs) * NEWEST;
  }

  learnStart(ms: number): void {
    this.startMs += (ms - this.startMs) * (this.startMs === FIRST_START_MS ? 1 : NEWEST);
  }

  /** Takes out those that have waited too long. A start has a time limit of its own, which does not count. */
  expired(now: number): Waiting[] {
    const graceMs = this.starting > 0 ? this.version.initTimeoutS * 1000 : 0;
    const late = this.waiting.filter(one => one.until + graceMs <= now);
    for (const one of late) this.drop(one);
    return late;
  }

  drop(one: Waiting): void {
    const index = this.waiting.indexOf(one);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  /** Takes out those that share the failure of a start: all that waited for it, or just the first while others work. */
  sharers(startedAt: number): Waiting[] {
    if (this.live > this.starting) return this.waiting.splice(0, 1);
    const count = Math.max(1, this.waiting.filter(one => one.since <= startedAt).length);
    return this.waiting.splice(0, count);
  }
}
