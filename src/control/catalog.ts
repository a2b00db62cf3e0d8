// All functions, answered from memory: loaded in one pass, read again after each committed change, here or on another node.

import {
  type Alias,
  type Concurrency,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  LATEST,
  NO_CONCURRENCY,
} from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Bus, Catalog, Store } from '../core/ports.ts';
import type { FunctionRow, ProvisionedRow, ReservedRow } from '../core/rows.ts';
import { fail } from './errors.ts';
import type { Turns } from './turns.ts';

/** Bus topic; the text is a JSON object with `node` and the function's key. */
export const FUNCTION_CHANGED = 'control/function';

export interface Held {
  readonly row: FunctionRow;
  readonly entry: FunctionEntry;
  readonly provisioned: readonly ProvisionedRow[];
}

interface Deps {
  readonly store: Store;
  readonly bus: Bus;
  readonly ids: Ids;
  readonly log: Log;
  readonly turns: Turns;
}

export class LiveCatalog implements Catalog {
  readonly #deps: Deps;
  readonly #held = new Map<string, Held>();
  /** By region; machines ask for it at every start of an instance. */
  readonly #reservedMB = new Map<string, number>();
  readonly #watchers: ((key: FunctionKey) => void)[] = [];
  readonly #node: string;
  readonly #subscription: Disposable;
  readonly #hearing = new Set<Promise<void>>();
  #follower: ((key: FunctionKey) => Promise<void>) | undefined;

  private constructor(deps: Deps) {
    this.#deps = deps;
    this.#node = deps.ids.uuid();
    this.#subscription = deps.bus.subscribe(FUNCTION_CHANGED, text => this.#heard(text));
  }

  /** A query per table, however many functions there are. */
  static async load(deps: Deps): Promise<LiveCatalog> {
    const catalog = new LiveCatalog(deps);
    const { store } = deps;
    const [rows, versions, aliases, reserved, provisioned] = await Promise.all([
      store.list('functions'),
      store.list('versions'),
      store.list('aliases'),
      store.list('reserved'),
      store.list('provisioned'),
    ]);
    const versionsOf = Map.groupBy(versions, keyText);
    const aliasesOf = Map.groupBy(aliases, keyText);
    const reservedOf = new Map(reserved.map(row => [keyText(row), row]));
    const provisionedOf = Map.groupBy(provisioned, keyText);
    for (const row of rows) {
      const key = keyText(row);
      const share = concurrencyOf(reservedOf.get(key), provisionedOf.get(key) ?? []);
      catalog.#hold(row, held(row, versionsOf.get(key) ?? [], aliasesOf.get(key) ?? [], share));
    }
    return catalog;
  }

  find(key: FunctionKey): FunctionEntry | undefined {
    return this.#held.get(keyText(key))?.entry;
  }

  held(key: FunctionKey): Held {
    return this.#held.get(keyText(key)) ?? fail('ResourceNotFound.Function', { ...key });
  }

  latest(key: FunctionKey): FunctionVersion {
    return this.held(key).entry.versions.get(LATEST) ?? fail('ResourceNotFound.Function', { ...key });
  }

  /** Functions of one namespace. */
  inNamespace(region: string, namespace: string): Held[] {
    return [...this.#held.values()].filter(({ row }) => row.region === region && row.namespace === namespace);
  }

  all(): Iterable<Held> {
    return this.#held.values();
  }

  /** Of the region's quota, what functions have for themselves. */
  reservedMB(region: string): number {
    return this.#reservedMB.get(region) ?? 0;
  }

  /** Who wants to know what has been read again, whoever changed it. */
  watch(watcher: (key: FunctionKey) => void): void {
    this.#watchers.push(watcher);
  }

  /** Called under the function's turn, after a commit: reads it again and tells the other nodes. */
  async changed(key: FunctionKey): Promise<void> {
    await this.#reload(key);
    const { region, namespace, name } = key;
    this.#deps.bus.publish(FUNCTION_CHANGED, JSON.stringify({ node: this.#node, region, namespace, name }));
  }

  /** Who wants to know when another node has changed a function. */
  follow(follower: (key: FunctionKey) => Promise<void>): void {
    this.#follower = follower;
  }

  async close(): Promise<void> {
    this.#subscription[Symbol.dispose]();
    await Promise.all(this.#hearing);
  }

  async #reload(key: FunctionKey): Promise<void> {
    const { store } = this.#deps;
    const where = { region: key.region, namespace: key.namespace, name: key.name };
    const [row, versions, aliases, reserved, provisioned] = await Promise.all([
      store.get('functions', where),
      store.list('versions', where),
      store.list('aliases', where),
      store.get('reserved', where),
      store.list('provisioned', where),
    ]);
    this.#hold(where, row && held(row, versions, aliases, concurrencyOf(reserved, provisioned)));
    for (const watcher of this.#watchers) watcher(where);
  }

  #hold(key: FunctionKey, now: Held | undefined): void {
    const name = keyText(key);
    const reservedMB = (one: Held | undefined) => one?.entry.concurrency.reservedMB ?? 0;
    const moreMB = reservedMB(now) - reservedMB(this.#held.get(name));
    this.#reservedMB.set(key.region, this.reservedMB(key.region) + moreMB);
    if (now) this.#held.set(name, now);
    else this.#held.delete(name);
  }

  #heard(text: string): void {
    const { node, region, namespace, name } = JSON.parse(text) as FunctionKey & { node: string };
    if (node === this.#node) return;
    const key = { region, namespace, name };
    const hearing = this.#deps.turns
      .take(keyText(key), async () => {
        await this.#reload(key);
        await this.#follower?.(key);
      })
      .catch(error =>
        this.#deps.log.error({ err: error, function: keyText(key) }, 'a change on another node was not read'),
      )
      .finally(() => this.#hearing.delete(hearing));
    this.#hearing.add(hearing);
  }
}

type Share = Pick<Held, 'provisioned'> & { readonly concurrency: Concurrency };

function concurrencyOf(reserved: ReservedRow | undefined, provisioned: readonly ProvisionedRow[]): Share {
  if (!reserved && provisioned.length === 0) return { provisioned, concurrency: NO_CONCURRENCY };
  const wanted = new Map(provisioned.map(row => [row.version, row.wanted]));
  return { provisioned, concurrency: Object.freeze({ reservedMB: reserved?.memoryMB, provisioned: wanted }) };
}

function held(row: FunctionRow, versions: readonly FunctionVersion[], aliases: readonly Alias[], share: Share): Held {
  return Object.freeze({
    row,
    entry: Object.freeze({
      key: Object.freeze({ region: row.region, namespace: row.namespace, name: row.name }),
      versions: new Map(versions.map(version => [version.version, version])),
      aliases: new Map(aliases.map(alias => [alias.alias, alias])),
      async: row.async,
      concurrency: share.concurrency,
    }),
    provisioned: share.provisioned,
  });
}
