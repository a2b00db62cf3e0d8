// What was promised and what happened: which requests were answered, and each time that one was brought to a function.

/** What a function does with its events, and so what must become of them. */
export type Kind = 'ok' | 'fails' | 'flaky';

export interface Delivery {
  /** Number of the server's life; 0 for a process whose server nobody knows. */
  readonly life: number;
  /** ms of the test's own clock, as all instants here. */
  readonly beganAt: number;
  /** When the function was done, but for its return. */
  endedAt?: number;
  failed?: boolean;
}

export interface LifeSpan {
  readonly pid: number;
  /** Attempts whose end the server has written. */
  readonly settled: () => number;
  endedAt?: number;
}

export class Ledger {
  /** By request id. */
  readonly answered = new Map<string, Kind>();
  readonly deliveries = new Map<string, Delivery[]>();
  /** Also of those that were delivered and not answered. */
  readonly kinds = new Map<string, Kind>();
  /** Answered, and never yet brought to an end, failed or not. */
  readonly open = new Set<string>();
  /** By number, from 1. */
  readonly lives = new Map<number, LifeSpan>();
  /** From here on somebody turns the server's clock: retries come sooner than by the test's own. */
  turnedAt = Number.POSITIVE_INFINITY;
  readonly #now: () => number;
  readonly #lifeByPid = new Map<number, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  lifeBegan(pid: number, settled: LifeSpan['settled']): number {
    const number = this.lives.size + 1;
    this.lives.set(number, { pid, settled });
    this.#lifeByPid.set(pid, number);
    return number;
  }

  lifeEnded(number: number): void {
    const life = this.lives.get(number);
    if (life) life.endedAt = this.#now();
  }

  answer(requestId: string, kind: Kind): void {
    this.answered.set(requestId, kind);
    this.kinds.set(requestId, kind);
    if (!this.deliveries.get(requestId)?.some(one => one.endedAt !== undefined)) this.open.add(requestId);
  }

  /** Its number among those of the request, and whether the function is to fail. */
  begin(requestId: string, kind: Kind, serverPid: number): { readonly number: number; readonly fails: boolean } {
    const all = this.deliveries.get(requestId) ?? [];
    this.deliveries.set(requestId, all);
    this.kinds.set(requestId, kind);
    const hasFailed = all.some(one => one.failed === true);
    const number = all.push({ life: this.#lifeByPid.get(serverPid) ?? 0, beganAt: this.#now() }) - 1;
    return { number, fails: kind === 'fails' || (kind === 'flaky' && !hasFailed) };
  }

  end(requestId: string, number: number, failed: boolean): void {
    const delivery = this.deliveries.get(requestId)?.[number];
    if (!delivery) throw new Error(`${requestId} ended without a beginning`);
    delivery.endedAt = this.#now();
    delivery.failed = failed;
    this.open.delete(requestId);
  }

  isDone(requestId: string): boolean {
    return this.deliveries.get(requestId)?.some(one => one.failed === false) ?? false;
  }
}
