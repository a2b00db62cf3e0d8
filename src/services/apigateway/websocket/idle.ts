// Connections on which nothing has moved for too long, found with one alarm for all of them.

import type { Clock } from '../../../core/clock.ts';

export class Idle<T> {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #expire: (item: T) => void;
  /** When each was seen last; the longest ago first. */
  readonly #seen = new Map<T, number>();
  #alarm: Disposable | undefined;

  constructor(clock: Clock, ms: number, expire: (item: T) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#expire = expire;
  }

  seen(item: T): void {
    const now = this.#clock.now();
    // A busy connection is moved to the end once per millisecond at most.
    if (this.#seen.get(item) === now) return;
    this.#seen.delete(item);
    this.#seen.set(item, now);
    if (!this.#alarm) this.#arm(now);
  }

  drop(item: T): void {
    this.#seen.delete(item);
  }

  close(): void {
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    this.#seen.clear();
  }

  /** It is not moved when its connection is seen again: it finds the next one when it rings. */
  #arm(since: number): void {
    this.#alarm = this.#clock.at(since + this.#ms, () => this.#ring());
  }

  #ring(): void {
    this.#alarm = undefined;
    const now = this.#clock.now();
    const due: T[] = [];
    for (const [item, since] of this.#seen) {
      if (since + this.#ms > now) {
        this.#arm(since);
        break;
      }
      due.push(item);
    }
    for (const item of due) this.#seen.delete(item);
    for (const item of due) this.#expire(item);
  }
}
