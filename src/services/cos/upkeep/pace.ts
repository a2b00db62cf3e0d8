// Work in the background that leaves the disk to others: so many bytes a second, on the clock.

import type { Clock } from '../../../core/clock.ts';

/** A shorter sleep is put off until there is more to sleep for. */
const LEAST_MS = 20;
/** What a slow disk held up is made up for, within limits. */
const LAG_MS = 250;

export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerS: number;
  readonly #signal: AbortSignal;
  /** When the work that has been done is paid for. */
  #paidAt: number;
  #hold: Disposable | undefined;

  constructor(clock: Clock, bytesPerS: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#bytesPerS = bytesPerS;
    this.#signal = signal;
    this.#paidAt = clock.now();
  }

  /** A turned clock waits for what goes on in here, but for its sleeps. */
  async work<R>(task: () => Promise<R>): Promise<R> {
    this.#hold = this.#clock.hold();
    try {
      return await task();
    } finally {
      this.#hold[Symbol.dispose]();
      this.#hold = undefined;
    }
  }

  /** Sleeps off so much work; rejects when it is called off. */
  async spend(bytes: number): Promise<void> {
    this.#signal.throwIfAborted();
    const now = this.#clock.now();
    this.#paidAt = Math.max(this.#paidAt, now - LAG_MS) + (bytes * 1000) / this.#bytesPerS;
    if (this.#paidAt - now >= LEAST_MS) await this.sleep(Math.ceil(this.#paidAt - now));
  }

  async sleep(ms: number): Promise<void> {
    const held = this.#hold;
    held?.[Symbol.dispose]();
    try {
      await this.#clock.sleep(ms, this.#signal);
    } finally {
      if (held) this.#hold = this.#clock.hold();
    }
  }
}
