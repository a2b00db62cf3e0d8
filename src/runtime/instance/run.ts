// One event in an instance, from the moment it is sent.

import type { Outcome } from '../../core/invocation.ts';
import type { Call } from '../../core/ports.ts';
import type { LogBuffer } from './logs.ts';
import type { Verdict } from './outcomes.ts';

/** An event that wants an instance. */
export interface Waiting {
  readonly call: Call;
  readonly since: number;
  /** Not longer than this. */
  until: number;
  readonly settle: (outcome: Outcome) => void;
}

export class Run {
  readonly waiting: Waiting;
  readonly turn: number;
  /** It was sent while another one ran. */
  readonly ahead: boolean;
  /** Takes the outcome: the caller, or after an early answer whoever waits for the end of the run. */
  settle: (outcome: Outcome) => void;
  /** When it began, as far as this server can tell: when it was sent, or when the one before it was over. */
  startedAt = 0;
  deadlineAt = Number.POSITIVE_INFINITY;
  initMs = 0;
  waitMs = 0;
  /** What it printed. */
  log: LogBuffer | undefined;
  peakBytes = 0;
  /** The end mark was printed. */
  marked = false;
  /** Over in the function; its log is still to come. */
  over: Verdict | undefined;
  overAt = 0;
  waited = false;
  /** A user has broken it off. */
  cancelled = false;
  /** Of the early answer; the run itself may end otherwise. */
  answer: Verdict | undefined;

  constructor(waiting: Waiting, turn: number, ahead: boolean) {
    this.waiting = waiting;
    this.turn = turn;
    this.ahead = ahead;
    this.settle = waiting.settle;
  }

  begin(now: number, timeoutS: number, initMs: number): void {
    this.startedAt = now;
    this.deadlineAt = now + timeoutS * 1000;
    this.initMs = initMs;
    this.waitMs = Math.max(0, now - this.waiting.since - initMs);
  }
}
