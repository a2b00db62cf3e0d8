// The end of an instance's process: it has exited, and all that it wrote has been read.

import type { Clock } from '../../core/clock.ts';
import type { Exit, Sandbox } from '../sandbox/driver.ts';

/** What has left its pipes open after its process ended is not waited for longer. */
const DRAIN_MS = 250;

export interface ExitEvents {
  /** Its channel is closed, and it lives. */
  unplugged(): void;
  /** Its process has exited; whether anybody waits for what it had to say. */
  exited(): boolean;
  /** There is no more to come. */
  over(exit: Exit): void;
}

export class ExitWatch {
  exit: Exit | undefined;
  readonly #clock: Clock;
  readonly #events: ExitEvents;
  /** Its channel and its output. */
  #open = 2;
  #told = false;
  #drain: Disposable | undefined;

  constructor({ channel, output, exited }: Sandbox, clock: Clock, events: ExitEvents) {
    this.#clock = clock;
    this.#events = events;
    for (const stream of [channel, output]) {
      // A process that dies resets its sockets; its exit tells the story.
      stream.on('error', () => {});
      stream.once('close', () => {
        this.#open--;
        if (stream === channel && !this.exit) events.unplugged();
        this.#settle();
      });
    }
    void exited.then(exit => this.#exited(exit));
  }

  /** One that should end by itself, and does not. */
  otherwise(task: () => void): void {
    this.#drain?.[Symbol.dispose]();
    // What is in its pipes is read first, however long this server stood still.
    const drain = this.#clock.at(this.#clock.now() + DRAIN_MS, () => {
      setImmediate(() => this.#drain === drain && task());
    });
    this.#drain = drain;
  }

  #exited(exit: Exit): void {
    this.exit = exit;
    if (!this.#events.exited()) this.#open = 0;
    this.otherwise(() => {
      this.#open = 0;
      this.#settle();
    });
    this.#settle();
  }

  #settle(): void {
    if (!this.exit || this.#open > 0 || this.#told) return;
    this.#told = true;
    this.#drain?.[Symbol.dispose]();
    this.#events.over(this.exit);
  }
}
