// How long instances without events are kept: until they have idled for their time, or as many as are wanted, for ever.

import type { Clock } from '../../core/clock.ts';
import type { Living } from '../instance/life.ts';
import type { Pool } from './pool.ts';
import type { Slot } from './slot.ts';

/** After an instance that was to be kept ready failed to start. */
const PROVISION_MS = 30_000;

export interface KeeperOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly slots: ReadonlySet<Slot>;
  end(slot: Slot): void;
  /** These want room, if there is any; room may have become free besides. */
  feed(pools: readonly Pool[]): void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  /** Pools of which some instances are kept. */
  readonly #provisioned = new Set<Pool>();
  #alarm: Disposable | undefined;
  #reapAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Keeps as many instances of it as are wanted, events or not. */
  provision(pool: Pool, count: number): void {
    pool.provisioned = count;
    pool.provisionAt = 0;
    if (count > 0) this.#provisioned.add(pool);
    else this.#provisioned.delete(pool);
    if (this.#closed) return;
    if (pool.wants(this.#clock.now())) this.#options.feed([pool]);
    // Some may be too many now, or too few in spite of that.
    this.#reapLater(pool.live < count ? PROVISION_MS : 0);
  }

  /** A start that was to be kept failed: the next one is not at once. */
  pause(pool: Pool): void {
    if (pool.provisioned === 0) return;
    pool.provisionAt = this.#clock.now() + PROVISION_MS;
    this.#reapLater(PROVISION_MS);
  }

  /** An instance idles from now on. */
  rests({ spec }: Living): void {
    this.#reapLater(Math.min(this.#options.idleMs, spec.renewAt - this.#clock.now()));
  }

  close(): void {
    this.#closed = true;
    this.#alarm?.[Symbol.dispose]();
  }

  #reapLater(ms: number): void {
    const at = this.#clock.now() + ms;
    if (this.#closed || at >= this.#reapAt) return;
    this.#alarm?.[Symbol.dispose]();
    this.#reapAt = at;
    this.#alarm = this.#clock.at(at, () => this.#reap());
  }

  #reap(): void {
    const { slots, idleMs, end, feed } = this.#options;
    this.#reapAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const slot of slots) {
      const { pool, instance } = slot;
      if (instance?.state !== 'idle') continue;
      const { idleSince, spec } = instance;
      // Of those that are kept ready another one takes the place of what cannot go on.
      const endsAt = pool.live <= pool.provisioned ? spec.renewAt : Math.min(idleSince + idleMs, spec.renewAt);
      if (endsAt <= now) end(slot);
      else next = Math.min(next, endsAt);
    }
    const lacking = [...this.#provisioned].filter(pool => pool.live < pool.provisioned);
    for (const pool of lacking) next = Math.min(next, pool.provisionAt > now ? pool.provisionAt : now + PROVISION_MS);
    feed(lacking.filter(pool => pool.wants(now)));
    if (next < Number.POSITIVE_INFINITY) this.#reapLater(next - now);
  }
}
