// Time comes in through the door: everything that waits, waits on a Clock.
// This file is the one place where the ambient clock is read.

export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs `task` once `now()` has reached `instantMs`; dispose to call it off. A past instant runs it soon. */
  at(instantMs: number, task: () => void): Disposable;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Says that something caused by a past instant is still going on. A turned clock waits for it
   * before it moves to the next instant, so that effects come in the order of their causes.
   */
  hold(): Disposable;
}

const NO_HOLD: Disposable = { [Symbol.dispose]() {} };
/** setTimeout fires at once above this. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.at(clock.now() + ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  at(instantMs: number, task: () => void): Disposable {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const wait = instantMs - Date.now();
      if (wait > MAX_DELAY_MS) timer = setTimeout(arm, MAX_DELAY_MS);
      // A timer may fire a millisecond early by the wall clock; nobody may run before their instant.
      else timer = setTimeout(() => (Date.now() < instantMs ? arm() : task()), Math.max(0, wait));
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  hold(): Disposable {
    return NO_HOLD;
  }
}

interface Due {
  readonly instant: number;
  readonly order: number;
  readonly task: () => void;
}

/**
 * A clock that can be frozen and turned. It follows the system clock until `freeze`, `advance` or `moveTo`;
 * from then on it stands still between turns, until `resume`.
 */
export class TurnableClock implements Clock {
  readonly #system = new SystemClock();
  #due: Due[] = [];
  #order = 0;
  #holds = 0;
  #quiet: (() => void)[] = [];
  /** undefined while running. */
  #frozenAt: number | undefined;
  /** Added to the system clock while running. */
  #offset = 0;
  #wake: Disposable | undefined;
  #turning: Promise<unknown> = Promise.resolve();

  /** Starts frozen at `startMs`, or running with the system clock when it is left out. */
  constructor(startMs?: number) {
    this.#frozenAt = startMs;
  }

  now(): number {
    return this.#frozenAt ?? this.#system.now() + this.#offset;
  }

  get frozen(): boolean {
    return this.#frozenAt !== undefined;
  }

  at(instantMs: number, task: () => void): Disposable {
    const due = { instant: instantMs, order: this.#order++, task };
    let place = this.#due.length;
    while (place > 0 && before(due, this.#due[place - 1])) place--;
    this.#due.splice(place, 0, due);
    if (place === 0) this.#arm();
    return {
      [Symbol.dispose]: () => {
        const index = this.#due.indexOf(due);
        if (index >= 0) this.#due.splice(index, 1);
        // The system timer would keep the process alive for nobody.
        if (index === 0 && !this.frozen) this.#arm();
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  hold(): Disposable {
    let held = true;
    this.#holds++;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#holds--;
        if (this.#holds === 0) for (const wake of this.#quiet.splice(0)) wake();
      },
    };
  }

  freeze(): void {
    this.#frozenAt ??= this.now();
    this.#arm();
  }

  /** Follows the system clock again, from where it stands. */
  resume(): void {
    if (this.#frozenAt === undefined) return;
    this.#offset = this.#frozenAt - this.#system.now();
    this.#frozenAt = undefined;
    this.#arm();
  }

  /** Turns the clock forward, running everything that falls due, in order; resolves when all of it has settled. */
  advance(ms: number): Promise<void> {
    return this.#turn(() => this.now() + ms);
  }

  /** Like `advance`, to an instant. An instant in the past is refused. */
  moveTo(instantMs: number): Promise<void> {
    return this.#turn(() => instantMs);
  }

  /** One turn after another: where a turn begins is known when it begins. */
  #turn(target: () => number): Promise<void> {
    const turn = this.#turning.then(() => this.#turnTo(target()));
    this.#turning = turn.catch(() => undefined);
    return turn;
  }

  async #turnTo(instantMs: number): Promise<void> {
    this.freeze();
    if (instantMs < this.now()) throw new RangeError('a clock is only turned forward');
    await this.#settle();
    for (let due = this.#due[0]; due && due.instant <= instantMs; due = this.#due[0]) {
      this.#due.shift();
      this.#frozenAt = Math.max(this.now(), due.instant);
      due.task();
      await this.#settle();
    }
    this.#frozenAt = instantMs;
    await this.#settle();
  }

  /** Waits until nothing that was set off is under way: two quiet turns of the event loop in a row. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 2 || this.#holds > 0; quiet++) {
      if (this.#holds > 0) {
        await new Promise<void>(wake => this.#quiet.push(wake));
        quiet = -1;
      }
      await new Promise(setImmediate);
    }
  }

  /** A past instant runs soon also while the clock stands still. */
  #runOverdue(): void {
    const turn = this.#turning.then(() => (this.frozen ? this.#turnTo(this.now()) : undefined));
    this.#turning = turn.catch(error => {
      // Nobody waits for this turn: a task that throws is an uncaught exception, as with a system timer.
      queueMicrotask(() => {
        throw error;
      });
    });
  }

  /** While running, one system timer stands for the earliest task. */
  #arm(): void {
    this.#wake?.[Symbol.dispose]();
    this.#wake = undefined;
    const first = this.#due[0];
    if (!first) return;
    if (this.frozen) {
      if (first.instant <= this.now()) this.#runOverdue();
      return;
    }
    this.#wake = this.#system.at(first.instant - this.#offset, () => {
      const now = this.now();
      while (this.#due[0] && this.#due[0].instant <= now) this.#due.shift()?.task();
      this.#arm();
    });
  }
}

function before(a: Due, b: Due | undefined): boolean {
  return b !== undefined && (a.instant < b.instant || (a.instant === b.instant && a.order < b.order));
}
