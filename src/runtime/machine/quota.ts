// How much may run at once, in MB of configured memory: a region's quota, and what functions have of it for themselves.

import { type Concurrency, type FunctionKey, type FunctionVersion, keyText } from '../../core/function.ts';
import { type Outcome, refusal } from '../../core/invocation.ts';

export interface Quotas {
  quotaMB(region: string): number;
  /** What the functions of a region have reserved, together. */
  reservedMB(region: string): number;
  of(key: FunctionKey): Concurrency;
  /** New instances per region and minute; 0 for any number. */
  readonly burst: number;
}

const MINUTE_MS = 60_000;

interface Use {
  readonly key: FunctionKey;
  usedMB: number;
}

export interface Shortage {
  readonly missingMB: number;
  /** Whether ending an instance of that version would help. */
  readonly helps: (version: FunctionVersion) => boolean;
  readonly refusal: () => Outcome;
}

/** Counts the instances of this machine, and says what one more would exceed. */
export class Usage {
  readonly #quotas: Quotas;
  readonly #functions = new Map<string, Use>();
  readonly #starts = new Map<string, { since: number; count: number }>();
  usedMB = 0;

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
  }

  count(version: FunctionVersion, memoryMB: number): void {
    this.usedMB += memoryMB;
    const name = keyText(version);
    const use = this.#functions.get(name) ?? { key: version, usedMB: 0 };
    use.usedMB += memoryMB;
    if (use.usedMB > 0) this.#functions.set(name, use);
    else this.#functions.delete(name);
  }

  /** undefined when one more instance of it is within the quota. */
  shortage(version: FunctionVersion): Shortage | undefined {
    const { memoryMB, region, name } = version;
    const { reservedMB } = this.#quotas.of(version);
    if (reservedMB !== undefined) {
      const missingMB = (this.#functions.get(keyText(version))?.usedMB ?? 0) + memoryMB - reservedMB;
      const text = `Function [ ${name} ] concurrency exceeded reserved quota ${reservedMB} MB`;
      const helps = (other: FunctionVersion) => keyText(other) === keyText(version);
      return missingMB > 0 ? { missingMB, helps, refusal: () => refusal(432, text) } : undefined;
    }
    const quotaMB = this.#quotas.quotaMB(region) - this.#quotas.reservedMB(region);
    const missingMB = this.#unreservedMB(region) + memoryMB - quotaMB;
    const text = `Function [ ${name} ] concurrency exceeded region unreserved quota ${quotaMB} MB`;
    const helps = (other: FunctionVersion) => other.region === region && !this.#reserves(other);
    return missingMB > 0 ? { missingMB, helps, refusal: () => refusal(432, text) } : undefined;
  }

  /** Whether the region has had all its new instances of this minute. */
  burst(version: FunctionVersion, now: number): Outcome | undefined {
    const { burst } = this.#quotas;
    const starts = this.#starts.get(version.region);
    if (burst === 0 || !starts || now - starts.since >= MINUTE_MS || starts.count < burst) return undefined;
    return refusal(429, `Function [ ${version.name} ] exceeded ${burst} new instances per minute in ${version.region}`);
  }

  started(version: FunctionVersion, now: number): void {
    if (this.#quotas.burst === 0) return;
    const starts = this.#starts.get(version.region);
    if (starts && now - starts.since < MINUTE_MS) starts.count++;
    else this.#starts.set(version.region, { since: now, count: 1 });
  }

  #unreservedMB(region: string): number {
    let sum = 0;
    for (const { key, usedMB } of this.#functions.values()) {
      if (key.region === region && !this.#reserves(key)) sum += usedMB;
    }
    return sum;
  }

  #reserves(key: FunctionKey): boolean {
    return this.#quotas.of(key).reservedMB !== undefined;
  }
}
