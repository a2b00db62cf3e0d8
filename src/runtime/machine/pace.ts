// How fast a function's handler is, as measured in the function: what this server measures grows with its own load.
// Only for handlers that are short and keep their thread is it worth sending events ahead of their turn.

/** Weight of the newest measurement. */
const NEWEST = 1 / 8;
/** Events before anything is known. */
const SEEN = 8;
/** The share of events in which the handler may give up its thread. */
const WAITED_SHARE = 0.02;
/** A handler that takes longer than this, at its 95th percentile, gets one event at a time. */
const SHORT_MS = 1;
/** As much work ahead as this: an event that comes meanwhile is not served later than by an instance of its own. */
const AHEAD_MS = 0.5;
const AHEAD_MAX = 16;
/** How far an estimate of the 95th percentile moves up or down with one measurement. */
const STEP = 0.1;
const QUANTILE = 0.95;
/** Below this the estimate is noise; it may fall under zero. */
const LEAST_MS = 0.005;
/** An event that waits for this long shows that others would wait behind it. */
const SLOW_WAIT_MS = 2;
/** One that keeps its thread this long may just have lost its core to others; that many of a hundred have not. */
const SLOW_MS = 10;
const SLOW_SHARE = 0.01;
const SLOW_WEIGHT = 1 / 256;
/** After a slow event none is sent ahead for so long; the pause doubles while slow events come back. */
const PAUSE_MS = { first: 1000, max: 60_000 };

export class Pace {
  /** Average length of a run. */
  runMs: number | undefined;
  #seen = 0;
  #waitedShare = 0;
  #slowShare = 0;
  #highMs = 0;
  #pauseMs = PAUSE_MS.first;
  #pausedUntil = 0;
  #suspendedUntil = 0;

  /** Whether the event that was measured was a slow one among fast ones. */
  learn(ms: number, waited: boolean, now: number): boolean {
    this.#seen++;
    this.runMs = this.runMs === undefined ? ms : this.runMs + (ms - this.runMs) * NEWEST;
    this.#waitedShare += ((waited ? 1 : 0) - this.#waitedShare) / 64;
    if (this.#seen === 1) this.#highMs = ms;
    // Rises 19 times as fast as it falls, so that it rests where one of twenty is above.
    const step = STEP * Math.max(this.#highMs, LEAST_MS);
    this.#highMs += ms > this.#highMs ? step * QUANTILE : -step * (1 - QUANTILE);
    this.#slowShare += ((ms > SLOW_MS ? 1 : 0) - this.#slowShare) * SLOW_WEIGHT;
    const slow = (waited && ms > SLOW_WAIT_MS) || (ms > SLOW_MS && this.#slowShare > SLOW_SHARE);
    if (slow) this.#pause(now);
    return slow;
  }

  /** For a moment nothing is sent ahead: an instance does not get on, whatever the reason. */
  suspend(until: number): void {
    this.#suspendedUntil = until;
  }

  /** Short events alone, all in the handler's own thread. */
  isShort(now: number): boolean {
    if (this.#seen < SEEN || now < this.#pausedUntil) return false;
    return this.#waitedShare <= WAITED_SHARE && this.#highMs <= SHORT_MS;
  }

  /** Slow events among the fast ones: who waits may wait for a slow one. */
  isMixed(now: number): boolean {
    return now < this.#pausedUntil;
  }

  /** How many events an instance may have beside the one that it runs. */
  ahead(now: number): number {
    if (now < this.#suspendedUntil || !this.isShort(now)) return 0;
    return Math.min(AHEAD_MAX, Math.floor(AHEAD_MS / Math.max(this.#highMs, LEAST_MS)));
  }

  #pause(now: number): void {
    // The first ones of a new function are slow anyway.
    if (this.#seen < SEEN) return;
    const over = now - this.#pausedUntil;
    if (over >= 0) {
      // It came back soon after the last pause, or that is long ago.
      this.#pauseMs = over < 2 * this.#pauseMs ? Math.min(PAUSE_MS.max, 2 * this.#pauseMs) : PAUSE_MS.first;
    }
    this.#pausedUntil = now + this.#pauseMs;
  }
}
