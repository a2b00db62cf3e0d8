// The events in an instance: those that it runs, and those that were sent ahead.

import type { Duplex } from 'node:stream';
import { Run, type Waiting } from './run.ts';
import { Sender } from './sender.ts';
import { begun, revoke } from './turn.ts';

/** Events in an instance beyond which others are held until these are nearly done. */
const ENOUGH = 2;

export interface RunQueueOptions {
  readonly channel: Duplex;
  readonly turnFd: number;
  readonly timeoutS: number;
  /** Events that it runs at once. */
  readonly concurrency: number;
}

/**
 * Whether a run has been taken out, is the one that runs, begins now that the one before it is over in the function,
 * or is over there itself, its answer on the way.
 */
export interface Isolated {
  readonly stands: 'taken' | 'running' | 'next' | 'over';
  readonly unbegun: readonly Run[];
}

export class RunQueue {
  /** In the order in which they were sent; the first has begun, those behind it may have. */
  readonly all: Run[] = [];
  readonly #options: RunQueueOptions;
  readonly #sender: Sender;
  /** The last turn that was ever given out: what is taken back once stays so, also when a later call takes back less. */
  #last = 0;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    this.#sender = new Sender(options.channel, options.timeoutS * 1000);
  }

  /** The oldest that is not over. */
  get head(): Run | undefined {
    for (const run of this.all) if (!run.over) return run;
    return undefined;
  }

  add(waiting: Waiting, turn: number): Run {
    const ahead = this.all.length > 0 && this.#options.concurrency === 1;
    const run = new Run(waiting, turn, ahead);
    this.#last = turn;
    this.all.push(run);
    // One that it works at and one that is next: what comes now is in time when the first is over.
    if (ahead && this.all.length - this.#sender.held > ENOUGH) this.#sender.hold(run);
    else this.#sender.send(run);
    return run;
  }

  /** What was held leaves when what was sent is nearly done. */
  refill(): void {
    if (this.all.length - this.#sender.held < ENOUGH) this.#sender.release();
  }

  remove(run: Run): void {
    this.all.splice(this.all.indexOf(run), 1);
  }

  /** The last turn that may have begun: from now on none behind it can. Infinite when that cannot be told. */
  revoke(): number {
    const first = this.all[0]?.turn ?? 0;
    const sent = this.all.length - this.#sender.held;
    this.#sender.drop();
    return sent <= 1 ? first : Math.max(first, revoke(this.#options.turnFd, this.#last));
  }

  /** The same of an instance that has died. */
  begun(): number {
    return Math.max(this.all[0]?.turn ?? 0, begun(this.#options.turnFd));
  }

  /** Takes out those behind a turn. */
  takeBehind(turn: number): Run[] {
    const kept = this.all.findIndex(run => run.turn > turn);
    return kept < 0 ? [] : this.all.splice(kept);
  }

  /** Takes out what is behind a run, and the run itself if it has not begun; of events that run in order. */
  isolate(run: Run): Isolated {
    const last = this.all.length > 1 ? this.revoke() : run.turn;
    const unbegun = this.takeBehind(last);
    if (run.turn > last) return { stands: 'taken', unbegun };
    if (run.turn < last && last < Number.POSITIVE_INFINITY) return { stands: 'over', unbegun };
    return { stands: run.startedAt > 0 ? 'running' : 'next', unbegun };
  }

  find(requestId: string): Run | undefined {
    return this.all.find(run => run.waiting.call.event.requestId === requestId);
  }
}
