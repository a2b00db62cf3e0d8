// All functions, answered from memory: loaded in one pass, read again after each committed change, here or on another node.

import {
  type Alias,
  type FunctionEntry,
  type FunctionKey,
  type FunctionVersion,
  keyText,
  LATEST,
} from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Bus, Catalog, Store } from '../core/ports.ts';
import type { FunctionRow } from '../core/rows.ts';
import { fail } from './errors.ts';
import type { Turns } from './turns.ts';

/** Bus topic; the text is a JSON object with `node` and the function's key. */
export const FUNCTION_CHANGED = 'control/function';

export interface Held {
  readonly row: FunctionRow;
  readonly entry: FunctionEntry;
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
  readonly #node: string;
  readonly #subscription: Disposable;
  readonly #hearing = new Set<Promise<void>>();
  #follower: ((key: FunctionKey) => Promise<void>) | undefined;

  private constructor(deps: Deps) {
    this.#deps = deps;
    this.#node = deps.ids.uuid();
    this.#subscription = deps.bus.subscribe(FUNCTION_CHANGED, text => this.#heard(text));
  }

  /** Three queries, however many functions there are. */
  static async load(deps: Deps): Promise<LiveCatalog> {
    const catalog = new LiveCatalog(deps);
    const { store } = deps;
    const [rows, versions, aliases] = await Promise.all([
      store.list('functions'),
      store.list('versions'),
      store.list('aliases'),
    ]);
    const versionsOf = Map.groupBy(versions, keyText);
    const aliasesOf = Map.groupBy(aliases, keyText);
    for (const row of rows) {
      const key = keyText(row);
      catalog.#held.set(key, held(row, versionsOf.get(key) ?? [], aliasesOf.get(key) ?? []));
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
    const [row, versions, aliases] = await Promise.all([
      store.get('functions', where),
      store.list('versions', where),
      store.list('aliases', where),
    ]);
    if (row) this.#held.set(keyText(key), held(row, versions, aliases));
    else this.#held.delete(keyText(key));
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

function held(row: FunctionRow, versions: readonly FunctionVersion[], aliases: readonly Alias[]): Held {
  return Object.freeze({
    row,
    entry: Object.freeze({
      key: Object.freeze({ region: row.region, namespace: row.namespace, name: row.name }),
      versions: new Map(versions.map(version => [version.version, version])),
      aliases: new Map(aliases.map(alias => [alias.alias, alias])),
      async: row.async,
    }),
  });
}
