// What waits to go out to one client, counted: a client that does not read must not fill the memory.

import { type Budget, type Holder, PATIENCE_MS, type Patience } from './budget.ts';

/** Bytes that may wait for one client. A message that finds nothing waiting may be larger. */
export const CONNECTION_BYTES = 1024 * 1024;
/** What one message takes beside its data; without it any number of empty ones would have room. */
const FRAME_BYTES = 64;

export type Pushed = 'sent' | 'slow' | 'gone';

interface Waiting {
  readonly bytes: number;
  readonly send: () => void;
  readonly settle: (result: Pushed) => void;
}

interface Line {
  /** Writes; `written` is called when the bytes have left, or never will. */
  write(data: Buffer, binary: boolean, written: () => void): void;
  readonly patience: Patience;
  /** The client has not read for too long. */
  slow(): void;
}

/** One connection's way out: in order, bounded. */
export class Outbox implements Holder {
  stalled = false;
  readonly #line: Line;
  readonly #budget: Budget;
  #bytes = 0;
  /** Pushes that wait for room, oldest first. */
  #waiting: Waiting[] | undefined;
  #waitingBytes = 0;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(line: Line, budget: Budget) {
    this.#line = line;
    this.#budget = budget;
  }

  push(data: Buffer, binary: boolean): Promise<Pushed> | Pushed {
    if (this.#closed) return 'gone';
    const bytes = data.length + FRAME_BYTES;
    if (!this.#waiting && this.#room(bytes)) {
      this.#send(data, binary);
      return 'sent';
    }
    // Those who wait hold their messages as well: no more of them than the buffer itself.
    if (this.#waiting && this.#waitingBytes + bytes > CONNECTION_BYTES) return 'slow';
    if (!this.#budget.queue(bytes)) return 'slow';
    this.#waitingBytes += bytes;
    const { promise, resolve } = Promise.withResolvers<Pushed>();
    this.#waiting ??= [];
    this.#waiting.push({ bytes, send: () => this.#send(data, binary), settle: resolve });
    // Before its own time runs: who is in its way is to go first.
    if (this.#bytes === 0) this.#budget.starve(this);
    this.#stop ??= this.#line.patience(PATIENCE_MS, () => this.#giveUp());
    return promise;
  }

  close(result: Pushed = 'gone'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settleAll(result);
    const held = this.#bytes;
    this.#bytes = 0;
    this.#budget.leave(this);
    this.#budget.give(held, this, true);
  }

  evict(): void {
    this.close('slow');
    this.#line.slow();
  }

  resume(): boolean {
    const waiting = this.#waiting;
    if (!waiting) return true;
    let moved = 0;
    for (const one of waiting) {
      if (!this.#room(one.bytes)) break;
      one.send();
      this.#waitingBytes -= one.bytes;
      this.#budget.unqueue(one.bytes);
      one.settle('sent');
      moved++;
    }
    if (moved > 0) {
      waiting.splice(0, moved);
      // The client reads: whoever still waits has its full time again.
      this.#stop?.();
      this.#stop = undefined;
      if (waiting.length === 0) this.#waiting = undefined;
      else this.#stop = this.#line.patience(PATIENCE_MS, () => this.#giveUp());
    }
    return this.#bytes > 0;
  }

  #giveUp(): void {
    if (this.#bytes > 0) this.evict();
    else {
      // It is others who do not read.
      this.#settleAll('slow');
      this.#budget.leave(this);
    }
  }

  #settleAll(result: Pushed): void {
    this.#stop?.();
    this.#stop = undefined;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#budget.unqueue(this.#waitingBytes);
    this.#waitingBytes = 0;
    for (const one of waiting) one.settle(result);
  }

  #room(bytes: number): boolean {
    return (this.#bytes === 0 || this.#bytes + bytes <= CONNECTION_BYTES) && this.#budget.room(bytes, this);
  }

  #send(data: Buffer, binary: boolean): void {
    const bytes = data.length + FRAME_BYTES;
    this.#bytes += bytes;
    this.#budget.take(bytes, this);
    this.#line.write(data, binary, () => this.#written(bytes));
  }

  #written(bytes: number): void {
    if (this.#closed) return;
    this.stalled = false;
    this.#bytes -= bytes;
    this.#budget.give(bytes, this, this.#bytes === 0);
    if (this.#waiting && !this.resume()) this.#budget.starve(this);
  }
}
