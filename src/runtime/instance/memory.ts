// How much memory an instance holds, looked at often enough to end one that takes too much.

import type { Sandbox } from '../sandbox/driver.ts';

const SAMPLE_MS = 50;
const MB = 1024 * 1024;

/** What is kept of it for a run. */
interface Peak {
  peakBytes: number;
}

export class MemoryWatch {
  bytes = 0;
  readonly #sandbox: Pick<Sandbox, 'memoryBytes' | 'peakBytes'>;
  readonly #limitBytes: number;
  #sampledAt = 0;

  constructor(sandbox: Pick<Sandbox, 'memoryBytes' | 'peakBytes'>, memoryMB: number) {
    this.#sandbox = sandbox;
    this.#limitBytes = memoryMB * MB;
  }

  sample(now: number): void {
    this.bytes = this.#sandbox.memoryBytes();
    this.#sampledAt = now;
  }

  /** Whether it is over its limit. One that is near it is looked at each time. */
  isOver(run: Peak | undefined, now: number): boolean {
    if (now - this.#sampledAt < SAMPLE_MS && this.bytes < this.#limitBytes / 2) return false;
    this.sample(now);
    if (run) run.peakBytes = Math.max(run.peakBytes, this.bytes);
    return this.bytes > this.#limitBytes;
  }

  /** At the end of a run: the kernel knows its peak, unless it has just been looked at. */
  close(run: Peak, now: number): void {
    if (now - this.#sampledAt < SAMPLE_MS) return;
    run.peakBytes = Math.max(run.peakBytes, this.#sandbox.peakBytes());
    this.sample(now);
  }
}
