// How much concurrency a region has: as it was set, or as much as the account may have. Answered from memory.

import type { Bus, Rows, Store } from '../../core/ports.ts';

/** Bus topic; the text is a JSON object with the row of `concurrencyQuotas`. */
const QUOTA_CHANGED = 'control/quota';

interface Deps {
  readonly store: Store;
  readonly bus: Bus;
  /** The most that a region's quota may be set to. */
  readonly limitMB: (region: string) => number;
}

export class RegionQuotas {
  readonly #deps: Deps;
  readonly #set = new Map<string, number>();
  readonly #subscription: Disposable;

  private constructor(deps: Deps) {
    this.#deps = deps;
    this.#subscription = deps.bus.subscribe(QUOTA_CHANGED, text => {
      const { region, memoryMB } = JSON.parse(text) as { region: string; memoryMB: number };
      this.#set.set(region, memoryMB);
    });
  }

  static async load(deps: Deps): Promise<RegionQuotas> {
    const quotas = new RegionQuotas(deps);
    for (const row of await deps.store.list('concurrencyQuotas')) quotas.#set.set(row.region, row.memoryMB);
    return quotas;
  }

  limitMB(region: string): number {
    return this.#deps.limitMB(region);
  }

  /** Never above the limit, which may have been lowered since. */
  quotaMB(region: string): number {
    const limitMB = this.limitMB(region);
    return Math.min(this.#set.get(region) ?? limitMB, limitMB);
  }

  /** The same inside a transaction. */
  async keptMB(rows: Rows, region: string): Promise<number> {
    const limitMB = this.limitMB(region);
    return Math.min((await rows.get('concurrencyQuotas', { region }))?.memoryMB ?? limitMB, limitMB);
  }

  /** `check` refuses by failing; nobody reserves anything while it looks. */
  async set(region: string, memoryMB: number, check: (rows: Rows) => Promise<void>): Promise<void> {
    const { store, bus } = this.#deps;
    await store.transaction(async rows => {
      await check(rows);
      await rows.put('concurrencyQuotas', { region, memoryMB });
    });
    this.#set.set(region, memoryMB);
    bus.publish(QUOTA_CHANGED, JSON.stringify({ region, memoryMB }));
  }

  close(): void {
    this.#subscription[Symbol.dispose]();
  }
}
