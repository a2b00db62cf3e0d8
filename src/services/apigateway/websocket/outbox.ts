// What waits to go out to clients, counted: a client that does not read must not fill the memory.

/** Bytes that may wait for one client. A message that finds nothing waiting is always taken. */
export const CONNECTION_BYTES = 1024 * 1024;
/** The same for all clients together. */
export const ALL_BYTES = 256 * 1024 * 1024;
/** What one message takes beside its data; without it any number of empty ones would have room. */
const FRAME_BYTES = 64;
/** How long a push waits for room before its client counts as too slow. */
export const PATIENCE_MS = 5000;

/** Shared by all connections. */
export interface Budget {
  bytes: number;
}

export type Pushed = 'sent' | 'slow' | 'gone';

interface Waiting {
  readonly bytes: number;
  readonly send: () => void;
  readonly settle: (result: Pushed) => void;
}

interface Line {
  /** Writes; `written` is called when the bytes have left, or never will. */
  write(data: Buffer, binary: boolean, written: () => void): void;
  /** Runs `expire` after `ms`, unless the given function was called before. */
  patience(ms: number, expire: () => void): () => void;
  /** The client has not read for too long. */
  slow(): void;
}

/** One connection's way out: in order, bounded. */
export class Outbox {
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
    const waiting = this.#waiting ?? [];
    this.#waiting = waiting;
    // Those who wait hold their messages as well: no more of them than the buffer itself.
    if (waiting.length > 0 && this.#waitingBytes + bytes > CONNECTION_BYTES) return 'slow';
    this.#waitingBytes += bytes;
    const { promise, resolve } = Promise.withResolvers<Pushed>();
    waiting.push({ bytes, send: () => this.#send(data, binary), settle: resolve });
    this.#stop ??= this.#line.patience(PATIENCE_MS, () => this.#giveUp());
    return promise;
  }

  close(result: Pushed = 'gone'): void {
    this.#closed = true;
    this.#budget.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#stop?.();
    this.#stop = undefined;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    for (const one of waiting) one.settle(result);
  }

  #giveUp(): void {
    this.close('slow');
    this.#line.slow();
  }

  #room(bytes: number): boolean {
    if (this.#bytes === 0) return true;
    return this.#bytes + bytes <= CONNECTION_BYTES && this.#budget.bytes + bytes <= ALL_BYTES;
  }

  #send(data: Buffer, binary: boolean): void {
    const bytes = data.length + FRAME_BYTES;
    this.#bytes += bytes;
    this.#budget.bytes += bytes;
    this.#line.write(data, binary, () => this.#written(bytes));
  }

  #written(bytes: number): void {
    if (this.#closed) return;
    this.#bytes -= bytes;
    this.#budget.bytes -= bytes;
    const waiting = this.#waiting;
    if (!waiting) return;
    let moved = 0;
    for (const one of waiting) {
      if (!this.#room(one.bytes)) break;
      one.send();
      this.#waitingBytes -= one.bytes;
      one.settle('sent');
      moved++;
    }
    if (moved === 0) return;
    waiting.splice(0, moved);
    // The client reads: whoever still waits has its full time again.
    this.#stop?.();
    this.#stop = undefined;
    if (waiting.length === 0) this.#waiting = undefined;
    else this.#stop = this.#line.patience(PATIENCE_MS, () => this.#giveUp());
  }
}
