// What one sandbox holds of the machine's memory: told by its control group where it has one, else by /proc.

import type { Group } from './cgroup/group.ts';
import type { MemoryReader } from './memory.ts';

export class Gauge {
  readonly #group: Group | undefined;
  #reader: MemoryReader | undefined;
  #over = false;
  #lastPeakBytes = 0;
  #oomKilled = false;

  constructor(group: Group | undefined) {
    this.#group = group;
  }

  /** What is asked where there is no group. */
  readBy(reader: MemoryReader): void {
    if (this.#over) reader.close();
    else this.#reader = reader;
  }

  usedBytes(): number {
    if (this.#over) return 0;
    return this.#group ? this.#group.usedBytes() : (this.#reader?.read() ?? 0);
  }

  peakBytes(): number {
    if (this.#over) return this.#lastPeakBytes;
    if (!this.#group) return this.usedBytes();
    const peak = this.#group.peakBytes();
    this.#group.resetPeak();
    return peak;
  }

  oomKilled(): boolean {
    if (!this.#over) this.#oomKilled ||= this.#group?.oomKilled() ?? false;
    return this.#oomKilled;
  }

  /** The sandbox has ended: what it says last stays. */
  end(): void {
    this.oomKilled();
    this.#lastPeakBytes = this.peakBytes();
    this.#over = true;
    this.#reader?.close();
  }
}
