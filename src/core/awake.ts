// A clock for patience: time in which this process stood still (its machine slept, it was stopped) does not pass on it. What
// was waited for could not come meanwhile, or came and could not be read.

import { type Clock, sleepOn } from './clock.ts';

/** So much more than it was to have may whoever waited get for each standstill. */
const BEAT_MS = 1000;
/** A beat that comes so much too late is not the last one of a busy turn of the event loop: this process stood still. */
export const STANDSTILL_MS = 200;

const CLOCKS = new WeakMap<Clock, Clock>();

/** The one that goes by the given clock. Its instants are its own, and are not to be compared with any other's. */
export function awake(clock: Clock): Clock {
  const known = CLOCKS.get(clock) ?? new AwakeClock(clock);
  CLOCKS.set(clock, known);
  return known;
}

class AwakeClock implements Clock {
  readonly #clock: Clock;
  /** It beats as long as anybody waits. */
  #beat: Disposable | undefined;
  #beatAt = 0;
  #waiting = 0;
  /** The beat before was missed. */
  #missed = false;
  #lostMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    const now = this.#clock.now();
    if (this.#beat && now - this.#beatAt >= BEAT_MS + STANDSTILL_MS) this.#late(now);
    return now - this.#lostMs;
  }

  at(instantMs: number, task: () => void): Disposable {
    let alarm: Disposable | undefined;
    const arm = () => {
      alarm = this.#clock.at(instantMs + this.#lostMs, () => {
        // Whichever alarm comes first finds out: none is due before what has come can be read.
        if (this.now() < instantMs) {
          arm();
          return;
        }
        end();
        task();
      });
    };
    const end = () => {
      if (!alarm) return;
      alarm[Symbol.dispose]();
      alarm = undefined;
      if (--this.#waiting === 0) this.#rest();
    };
    if (this.#waiting++ === 0) {
      this.#missed = false;
      this.#from(this.#clock.now());
    }
    arm();
    return { [Symbol.dispose]: end };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  hold(): Disposable {
    return this.#clock.hold();
  }

  #late(now: number): void {
    // Late again and again is no standstill, but a machine with too much to do: all the more must limits hold there.
    this.#missed = !this.#missed;
    if (this.#missed) this.#lostMs += now - this.#beatAt;
    this.#from(now);
  }

  #from(now: number): void {
    this.#rest();
    this.#beatAt = now;
    this.#beat = this.#clock.at(now + BEAT_MS, () => {
      const at = this.#clock.now();
      if (at - now >= BEAT_MS + STANDSTILL_MS) this.#late(at);
      else {
        this.#missed = false;
        this.#from(at);
      }
    });
  }

  #rest(): void {
    this.#beat?.[Symbol.dispose]();
    this.#beat = undefined;
  }
}
