// How much of their quota usage plans have used up: counted in memory, written a few seconds later and at the end.
// A kill forgets the last few seconds.

import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Store } from '../../../core/ports.ts';
import type { Objects, UsagePlan } from '../model.ts';

const KIND = 'apigateway/usage';
const WRITE_AFTER_MS = 5000;

interface Usage {
  readonly region: string;
  used: number;
  changed: boolean;
}

export interface QuotasDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly objects: () => Objects;
}

export class Quotas {
  readonly #deps: QuotasDeps;
  readonly #usages = new Map<string, Usage>();
  #alarm: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: QuotasDeps) {
    this.#deps = deps;
  }

  static async load(deps: QuotasDeps): Promise<Quotas> {
    const quotas = new Quotas(deps);
    for (const { region, id, body } of await deps.store.list('resources', { kind: KIND })) {
      const { used } = body as { readonly used: number };
      quotas.#usages.set(id, { region, used, changed: false });
    }
    return quotas;
  }

  used({ id }: UsagePlan): number {
    return this.#usages.get(id)?.used ?? 0;
  }

  take({ id, region }: UsagePlan): void {
    const usage = this.#usages.get(id) ?? { region, used: 0, changed: false };
    usage.used++;
    usage.changed = true;
    this.#usages.set(id, usage);
    const { clock } = this.#deps;
    this.#alarm ??= clock.at(clock.now() + WRITE_AFTER_MS, () => {
      this.#alarm = undefined;
      void this.#write();
    });
  }

  /** Writes what is not written yet. */
  close(): Promise<void> {
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    return this.#write();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeChanged());
    return this.#writing;
  }

  async #writeChanged(): Promise<void> {
    const { store, log, objects } = this.#deps;
    const { plans } = objects();
    try {
      for (const [id, { region }] of this.#usages) {
        if (plans.has(id)) continue;
        this.#usages.delete(id);
        await store.remove('resources', { kind: KIND, region, id });
      }
      const changed = [...this.#usages].filter(([, usage]) => usage.changed);
      const rows = changed.map(([id, { region, used }]) => ({ kind: KIND, region, id, parent: '', body: { used } }));
      for (const [, usage] of changed) usage.changed = false;
      await store.putAll('resources', rows);
    } catch (error) {
      // The next request of the plan brings it up again, with the count as it is then.
      log.error({ err: error }, 'the use of usage plans was not written');
    }
  }
}
