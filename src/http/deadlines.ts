// Deadlines of many calls with few clock alarms: calls with the same time-out end in the order in which they began,
// so one alarm stands for the oldest of them.

import type { Clock } from '../core/clock.ts';

interface Waiting {
  readonly instant: number;
  /** Dropped when the call settles, so that the list keeps no request alive. */
  expire: (() => void) | undefined;
}

/** One time-out's calls, oldest first; `first` is the index of the oldest that may be waiting. */
interface Lane {
  readonly calls: Waiting[];
  first: number;
  alarm: Disposable | undefined;
}

/** How many settled calls may lie in front before the list is cut. */
const SLACK = 1024;

export class Deadlines {
  readonly #clock: Clock;
  readonly #lanes = new Map<number, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `expire` after `ms`, unless the given function was called before. */
  start(ms: number, expire: () => void): () => void {
    let lane = this.#lanes.get(ms);
    if (!lane) {
      lane = { calls: [], first: 0, alarm: undefined };
      this.#lanes.set(ms, lane);
    }
    const call: Waiting = { instant: this.#clock.now() + ms, expire };
    lane.calls.push(call);
    if (!lane.alarm) this.#arm(lane, call.instant);
    const own = lane;
    return () => {
      call.expire = undefined;
      skipDone(own);
    };
  }

  /** Calls everything off. */
  close(): void {
    for (const lane of this.#lanes.values()) lane.alarm?.[Symbol.dispose]();
    this.#lanes.clear();
  }

  /** The alarm is not moved when its call settles: it finds the next one when it rings, or nothing. */
  #arm(lane: Lane, instant: number): void {
    lane.alarm = this.#clock.at(instant, () => this.#ring(lane));
  }

  #ring(lane: Lane): void {
    lane.alarm = undefined;
    const now = this.#clock.now();
    skipDone(lane);
    for (let call = lane.calls[lane.first]; call && call.instant <= now; call = lane.calls[lane.first]) {
      const { expire } = call;
      call.expire = undefined;
      expire?.();
      skipDone(lane);
    }
    const next = lane.calls[lane.first];
    // The clock may have been set back since a call began; then its deadline comes later, never too early.
    if (next && !lane.alarm) this.#arm(lane, next.instant);
  }
}

function skipDone(lane: Lane): void {
  while (lane.first < lane.calls.length && !lane.calls[lane.first]?.expire) lane.first++;
  if (lane.first === lane.calls.length) lane.calls.length = 0;
  else if (lane.first > SLACK) lane.calls.splice(0, lane.first);
  else return;
  lane.first = 0;
}
