// Changes how many instances are wanted, when a schedule says so or the share of busy ones does.

import type { Clock } from '../../core/clock.ts';
import { type FunctionKey, keyText } from '../../core/function.ts';
import type { Log } from '../../core/log.ts';
import type { Store } from '../../core/ports.ts';
import type { ProvisionedRow, Tracking } from '../../core/rows.ts';
import type { LiveCatalog } from '../catalog.ts';
import type { Instances } from '../needs.ts';
import type { Turns } from '../turns.ts';
import { keyOf } from '../validate.ts';
import { dueAt, nextTick, plan, type ReadCron } from './schedule.ts';
import { LOOKS, neededFor, trackedNumber } from './tracking.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: LiveCatalog;
  readonly turns: Turns;
  readonly cron: ReadCron;
  readonly instances: Instances;
}

/** Between two looks at how many instances are busy. */
const LOOK_MS = 60_000;
/** How long to wait before a store that refused is asked again. */
const AGAIN_MS = 5_000;

export class Provisioning {
  readonly #deps: Deps;
  /** Of each version with a schedule, for its next tick. */
  readonly #alarms = new Map<string, { readonly function: string; readonly alarm: Disposable }>();
  /** Of each version with a target: what the last looks called for. */
  readonly #needed = new Map<string, number[]>();
  readonly #running = new Set<Promise<void>>();
  #lookout: Disposable | undefined;
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(deps: Deps) {
    this.#deps = deps;
    deps.catalog.watch(key => this.#sync(key));
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    for (const { entry, provisioned } of this.#deps.catalog.all()) if (provisioned.length > 0) this.#sync(entry.key);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    for (const { alarm } of this.#alarms.values()) alarm[Symbol.dispose]();
    this.#alarms.clear();
    this.#lookout?.[Symbol.dispose]();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Brings the alarms of one function in line with its rows. */
  #sync(key: FunctionKey): void {
    if (this.#state !== 'started') return;
    const name = keyText(key);
    for (const [id, { function: of, alarm }] of this.#alarms) {
      if (of !== name) continue;
      alarm[Symbol.dispose]();
      this.#alarms.delete(id);
    }
    for (const row of this.#rowsOf(key)) {
      this.#arm(row);
      if (row.tracking) this.#lookLater();
    }
  }

  #rowsOf(key: FunctionKey): readonly ProvisionedRow[] {
    return this.#deps.catalog.find(key) ? this.#deps.catalog.held(key).provisioned : [];
  }

  #arm(row: ProvisionedRow): void {
    const { cron, log } = this.#deps;
    try {
      const tick = nextTick(plan(row.schedule, cron), row.appliedTo);
      if (tick !== undefined) this.#applyAt(row, tick);
    } catch (error) {
      log.error({ err: error, ...about(row) }, 'a schedule of provisioned concurrency cannot be read');
    }
  }

  #applyAt(row: ProvisionedRow, instantMs: number): void {
    const alarm = this.#deps.clock.at(instantMs, () => this.#go(() => this.#apply(row)));
    this.#alarms.set(idOf(row), { function: keyText(row), alarm });
  }

  #go(work: () => Promise<void>): void {
    const held = this.#deps.clock.hold();
    const running = work().finally(() => {
      held[Symbol.dispose]();
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  async #apply(seen: ProvisionedRow): Promise<void> {
    const { clock, cron, log } = this.#deps;
    try {
      await this.#change(seen, row => {
        const due = dueAt(plan(row.schedule, cron), row.appliedTo, clock.now());
        return due && { wanted: due.instances, appliedTo: due.at };
      });
    } catch (error) {
      log.error({ err: error, ...about(seen) }, 'scheduled concurrency was not kept; trying again');
      if (this.#state === 'started') this.#applyAt(seen, clock.now() + AGAIN_MS);
    }
  }

  /** Nothing is written when the row is gone or has been changed meanwhile, here or on another node. */
  async #change(
    seen: ProvisionedRow,
    next: (row: ProvisionedRow) => Partial<ProvisionedRow> | undefined,
  ): Promise<void> {
    const { store, catalog, turns } = this.#deps;
    const key = keyOf(seen);
    await turns.take(keyText(key), async () => {
      if (this.#state !== 'started') return;
      const changed = await store.transaction(async rows => {
        const row = await rows.get('provisioned', { ...key, version: seen.version });
        const change = row && next(row);
        if (row && change) await rows.put('provisioned', { ...row, ...change });
        return change !== undefined;
      });
      if (changed) await catalog.changed(key);
    });
  }

  #lookLater(): void {
    const { clock } = this.#deps;
    this.#lookout ??= clock.at(clock.now() + LOOK_MS, () => this.#go(() => this.#look()));
  }

  async #look(): Promise<void> {
    const { catalog, log } = this.#deps;
    this.#lookout = undefined;
    if (this.#state !== 'started') return;
    const rows = [...catalog.all()].flatMap(({ provisioned }) => provisioned.filter(row => row.tracking));
    const ids = new Set(rows.map(idOf));
    for (const id of this.#needed.keys()) if (!ids.has(id)) this.#needed.delete(id);
    if (rows.length > 0) this.#lookLater();
    for (const row of rows) {
      if (!row.tracking) continue;
      const wanted = this.#track(row, row.tracking);
      if (wanted === row.wanted) continue;
      try {
        await this.#change(row, ({ tracking }) => (tracking ? { wanted } : undefined));
      } catch (error) {
        log.error({ err: error, ...about(row) }, 'tracked concurrency was not kept; trying again in a minute');
      }
    }
  }

  #track(row: ProvisionedRow, tracking: Tracking): number {
    const { busy } = this.#deps.instances.provisionedOf(keyOf(row), row.version);
    const needed = [...(this.#needed.get(idOf(row)) ?? []), neededFor(busy, tracking)].slice(-LOOKS);
    this.#needed.set(idOf(row), needed);
    return trackedNumber(row.wanted, needed, tracking);
  }
}

function idOf(row: ProvisionedRow): string {
  return `${keyText(row)}/${row.version}`;
}

function about(row: ProvisionedRow): object {
  return { function: keyText(row), version: row.version };
}
