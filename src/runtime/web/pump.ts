// One direction of a WebSocket connection: bytes go on as they come, by the pace of who takes them and of what is allowed.

import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Allowance } from './allowance.ts';
import { FrameWatch } from './frames.ts';

/** Documented. */
const MESSAGE_BYTES = 256 * 1024;

export interface PumpEvents {
  /** Something has come. */
  moved(): void;
  /** The first close frame. */
  closed(code: number): void;
  tooLarge(): void;
  /** No more will come. */
  ended(): void;
}

export class Pump {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #clock: Clock;
  readonly #allowance: Allowance | undefined;
  readonly #events: PumpEvents;
  readonly #watch: FrameWatch;
  #messages = 0;
  /** Waits for whoever takes it; for the allowance. */
  #full = false;
  #pause: Disposable | undefined;
  #stopped = false;

  constructor(from: Duplex, to: Duplex, clock: Clock, allowance: Allowance | undefined, events: PumpEvents) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#allowance = allowance;
    this.#events = events;
    this.#watch = new FrameWatch(MESSAGE_BYTES, {
      message: () => {
        this.#messages++;
      },
      close: code => events.closed(code),
    });
  }

  /** What it has passed on ends with a whole frame. */
  get between(): boolean {
    return this.#watch.between;
  }

  /** `first` has come already. */
  start(first: Buffer): void {
    this.#from.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd);
    this.#to.on('drain', this.#onDrain);
    if (this.#from.destroyed || this.#from.readableEnded) this.#onEnd();
    else {
      this.#from.resume();
      if (first.length > 0) this.#onData(first);
    }
  }

  /** Passes nothing on any more. */
  stop(): void {
    this.#stopped = true;
    this.#pause?.[Symbol.dispose]();
    this.#from.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
    this.#to.off('drain', this.#onDrain);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#events.moved();
    const passed = this.#watch.push(chunk);
    if (passed > 0 && !this.#stopped && !this.#to.write(passed === chunk.length ? chunk : chunk.subarray(0, passed)))
      this.#full = true;
    if (passed < chunk.length) {
      this.#events.tooLarge();
      return;
    }
    const waitMs = this.#allowance?.spend(passed, this.#messages, this.#clock.now()) ?? 0;
    this.#messages = 0;
    if (waitMs > 0 && !this.#stopped) {
      this.#pause?.[Symbol.dispose]();
      this.#pause = this.#clock.at(this.#clock.now() + waitMs, () => {
        this.#pause = undefined;
        this.#goOn();
      });
    }
    if (this.#full || this.#pause) this.#from.pause();
  };

  readonly #onDrain = (): void => {
    this.#full = false;
    this.#goOn();
  };

  #goOn(): void {
    if (!this.#full && !this.#pause && !this.#stopped) this.#from.resume();
  }

  readonly #onEnd = (): void => {
    this.#events.ended();
  };
}
