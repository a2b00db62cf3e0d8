// For tests: clocks of a process that stands still now and then.

import { type Clock, sleepOn } from './clock.ts';

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

  /** How many tasks are to come. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Time passes, and nothing has been run yet. */
  jump(ms: number): void {
    this.#now += ms;
  }

  pass(ms: number): void {
    this.jump(ms);
    for (const due of [...this.#due]) if (due.instant <= this.#now && this.#due.delete(due)) due.task();
  }
}

/** Another clock as a process sees it that stands still now and then: what falls due meanwhile comes soon afterwards. */
export class SleptClock implements Clock {
  readonly #awake: Clock;
  readonly #alarms = new Set<() => void>();
  #sleptMs = 0;

  constructor(awake: Clock) {
    this.#awake = awake;
  }

  now(): number {
    return this.#awake.now() + this.#sleptMs;
  }

  at(instantMs: number, task: () => void): Disposable {
    let alarm: Disposable | undefined;
    const arm = () => {
      alarm?.[Symbol.dispose]();
      alarm = this.#awake.at(instantMs - this.#sleptMs, () => {
        this.#alarms.delete(arm);
        task();
      });
    };
    this.#alarms.add(arm);
    arm();
    return {
      [Symbol.dispose]: () => {
        this.#alarms.delete(arm);
        alarm?.[Symbol.dispose]();
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  hold(): Disposable {
    return this.#awake.hold();
  }

  sleepFor(ms: number): void {
    this.#sleptMs += ms;
    for (const arm of this.#alarms) arm();
  }
}
