// For tests: the clock of a process that stands still now and then.

import type { Clock } from '../core/clock.ts';

/** What falls due while time passes is run at the end of it, as by a process that was stopped meanwhile. */
export class LateClock implements Clock {
  #now: number;
  readonly #due = new Set<{ readonly instant: number; readonly task: () => void }>();

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  at(instant: number, task: () => void): Disposable {
    const due = { instant, task };
    this.#due.add(due);
    return { [Symbol.dispose]: () => this.#due.delete(due) };
  }

  async sleep(): Promise<void> {
    throw new Error('nothing is to sleep on this clock');
  }

  hold(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const due of [...this.#due]) if (due.instant <= this.#now && this.#due.delete(due)) due.task();
  }
}
