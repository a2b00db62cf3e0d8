// What the gateway holds beside services and APIs (keys, plans, own domains …): in memory as one frozen value, each
// change written first. Requests read the value; nobody reads these rows while the server runs.

import type { Rows, Store } from '../../core/ports.ts';
import type { ApiApp, ApiKey, IpStrategy, Objects, Plugin, SubDomain, UsagePlan } from './model.ts';

const KINDS = {
  keys: 'apigateway/key',
  plans: 'apigateway/plan',
  apps: 'apigateway/app',
  ipStrategies: 'apigateway/ipstrategy',
  plugins: 'apigateway/plugin',
  domains: 'apigateway/domain',
} as const;

export interface Held {
  keys: ApiKey;
  plans: UsagePlan;
  apps: ApiApp;
  ipStrategies: IpStrategy;
  plugins: Plugin;
  domains: SubDomain;
}
export type Noun = keyof Objects & keyof Held;
type Anything = Held[Noun];

const NOUNS = Object.keys(KINDS) as Noun[];

/** One change, all or nothing. */
export interface Edit {
  readonly rows: Rows;
  /** As they are now, with what this change has done so far. */
  readonly objects: Objects;
  put<N extends Noun>(noun: N, value: Held[N]): Promise<void>;
  remove<N extends Noun>(noun: N, value: Held[N]): Promise<void>;
}

type Maps = { readonly [N in Noun]: Map<string, Held[N]> };

export class LiveObjects {
  readonly #store: Store;
  #now: Objects;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(store: Store, now: Objects) {
    this.#store = store;
    this.#now = now;
  }

  static async load(store: Store): Promise<LiveObjects> {
    const maps = copyOf(undefined);
    for (const noun of NOUNS) {
      for (const row of await store.list('resources', { kind: KINDS[noun] })) keep(maps, noun, row.body as never);
    }
    return new LiveObjects(store, Object.freeze(maps));
  }

  /** A new value after each change. */
  readonly now = (): Objects => this.#now;

  /** Inside one transaction; one change after another, so that each sees what the former has made. */
  edit<R>(work: (edit: Edit) => Promise<R>): Promise<R> {
    const turn = this.#tail.then(async () => {
      const maps = copyOf(this.#now);
      const result = await this.#store.transaction(rows => work(editOf(rows, maps)));
      this.#now = Object.freeze(maps);
      return result;
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

function editOf(rows: Rows, maps: Maps): Edit {
  return {
    rows,
    objects: maps,
    async put(noun, value) {
      const id = idOf(value);
      await rows.put('resources', { kind: KINDS[noun], region: value.region, id, parent: '', body: value });
      keep(maps, noun, value);
    },
    async remove(noun, value) {
      const id = idOf(value);
      await rows.remove('resources', { kind: KINDS[noun], region: value.region, id });
      maps[noun].delete(id);
    },
  };
}

function copyOf(objects: Objects | undefined): Maps {
  return {
    keys: new Map(objects?.keys),
    plans: new Map(objects?.plans),
    apps: new Map(objects?.apps),
    ipStrategies: new Map(objects?.ipStrategies),
    plugins: new Map(objects?.plugins),
    domains: new Map(objects?.domains),
  };
}

function keep<N extends Noun>(maps: Maps, noun: N, value: Held[N]): void {
  const map: Map<string, Held[N]> = maps[noun];
  Object.freeze(value);
  map.set(idOf(value), value);
}

const idOf = (value: Anything): string => ('host' in value ? value.host : value.id);
