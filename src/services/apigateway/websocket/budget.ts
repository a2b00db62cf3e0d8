// The memory that all clients share for what waits to go out to them. Where it is used up, pushes wait until others have
// read; others who have stopped reading are ended.

/** Bytes that may be on their way to all clients together, and as many that wait for room. */
export const ALL_BYTES = 256 * 1024 * 1024;
/** How long a push waits for room, and a client may read nothing while others wait. */
export const PATIENCE_MS = 5000;

/** Runs `expire` after `ms`, unless the given function was called before. */
export type Patience = (ms: number, expire: () => void) => () => void;

export interface Holder {
  /** Set here; unset by the holder when some of its bytes have left. */
  stalled: boolean;
  /** Gives up its bytes and its client. */
  evict(): void;
  /** Takes what there is room for; whether it waits for others no more. */
  resume(): boolean;
}

export class Budget {
  readonly #patience: Patience;
  #bytes = 0;
  #queued = 0;
  readonly #holders = new Set<Holder>();
  /** Those who wait and hold nothing: nothing of their own will make room. In the order in which they came. */
  readonly #starving = new Set<Holder>();
  #stop: (() => void) | undefined;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Nobody overtakes those who wait for others. */
  room(bytes: number, holder: Holder): boolean {
    if (this.#starving.size > 0 && !this.#starving.has(holder)) return false;
    return this.#bytes + bytes <= ALL_BYTES;
  }

  take(bytes: number, holder: Holder): void {
    this.#bytes += bytes;
    this.#holders.add(holder);
  }

  give(bytes: number, holder: Holder, all: boolean): void {
    this.#bytes -= bytes;
    if (all) this.#holders.delete(holder);
    this.#wake();
  }

  /** Whether so much more may wait. */
  queue(bytes: number): boolean {
    if (this.#queued + bytes > ALL_BYTES) return false;
    this.#queued += bytes;
    return true;
  }

  unqueue(bytes: number): void {
    this.#queued -= bytes;
  }

  starve(holder: Holder): void {
    this.#starving.add(holder);
    if (!this.#stop) this.#watch();
  }

  /** It waits no more. */
  leave(holder: Holder): void {
    if (this.#starving.delete(holder)) this.#wake();
  }

  #wake(): void {
    for (const one of this.#starving) {
      if (!one.resume()) return;
      this.#starving.delete(one);
    }
    this.#stop?.();
    this.#stop = undefined;
  }

  #watch(): void {
    for (const one of this.#holders) one.stalled = true;
    this.#stop = this.#patience(PATIENCE_MS, () => {
      this.#stop = undefined;
      for (const one of [...this.#holders]) if (one.stalled) one.evict();
      if (this.#starving.size > 0 && !this.#stop) this.#watch();
    });
  }
}
