// A beat for those who look after deadlines: it goes as long as somebody wants it, and knows when it was missed.

import { STANDSTILL_MS } from '../../core/awake.ts';
import type { Clock } from '../../core/clock.ts';

/** Deadlines are kept this exactly. */
const TICK_MS = 20;

export class Ticker {
  readonly #clock: Clock;
  readonly #tick: (now: number) => void;
  readonly #stoodStill: (ms: number) => void;
  #next: Disposable | undefined;
  /** The beat before was missed. */
  #missed = false;

  /**
   * `tick` asks for the next beat with `soon` if it wants one. A process that stood still (its machine slept, or had no time for it)
   * gets `stoodStill` in place of a beat: what came meanwhile is not read yet, and time that nobody had counts against nobody.
   */
  constructor(clock: Clock, tick: (now: number) => void, stoodStill: (ms: number) => void) {
    this.#clock = clock;
    this.#tick = tick;
    this.#stoodStill = stoodStill;
  }

  soon(): void {
    if (this.#next) return;
    const due = this.#clock.now() + TICK_MS;
    this.#next = this.#clock.at(due, () => this.#beat(due));
  }

  #beat(due: number): void {
    this.#next = undefined;
    const now = this.#clock.now();
    // Late again and again is no standstill, but a machine with too much to do: all the more must limits hold there.
    this.#missed = now - due >= STANDSTILL_MS && !this.#missed;
    if (this.#missed) {
      this.#stoodStill(now - due);
      this.soon();
    } else this.#tick(now);
  }

  stop(): void {
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }
}
