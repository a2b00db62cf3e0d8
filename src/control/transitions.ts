// Creating → Active | CreateFailed and its kin: what goes on after a call has been answered.
// The rows say what is under way, so a process that starts takes up what a killed one has left.

import type { Clock } from '../core/clock.ts';
import {
  type FunctionKey,
  type FunctionStatus,
  type FunctionVersion,
  keyText,
  type StatusReason,
} from '../core/function.ts';
import type { Rows, Store } from '../core/ports.ts';
import type { Background } from './background.ts';
import type { LiveCatalog } from './catalog.ts';
import type { RuntimeCatalog } from './needs.ts';
import type { Packages } from './packages.ts';
import { PENDING, type Pending, pendingOf } from './pending.ts';
import { addVersion } from './publish.ts';
import type { Turns } from './turns.ts';
import { keyOf } from './validate.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly runtimes: RuntimeCatalog;
  readonly catalog: LiveCatalog;
  readonly packages: Packages;
  readonly turns: Turns;
  readonly background: Background;
}

const FAILED: ReadonlyMap<FunctionStatus, FunctionStatus> = new Map([
  ['Creating', 'CreateFailed'],
  ['Updating', 'UpdateFailed'],
  ['Publishing', 'PublishFailed'],
]);

export class Transitions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Sees the version through to the end of its transition, in the background. */
  begin(key: FunctionKey, version: string): void {
    this.#deps.background.begin({ function: keyText(key), version }, () => this.#attempt(keyOf(key), version));
  }

  /** Takes up everything that the catalog shows as unfinished. */
  resume(): void {
    for (const { entry } of this.#deps.catalog.all())
      for (const version of entry.versions.values())
        if (FAILED.has(version.status)) this.begin(entry.key, version.version);
  }

  async #attempt(key: FunctionKey, name: string): Promise<void> {
    const { store, runtimes, catalog, packages, turns, background } = this.#deps;
    const row = await store.get('versions', { ...key, version: name });
    if (!row || !FAILED.has(row.status)) return;
    const waiting = row.status === 'Updating' ? await store.get('resources', pendingKey(row)) : undefined;
    const pending = waiting && pendingOf(waiting);
    const wanted = next(row, pending);
    const reason = await background.reason({ function: keyText(key) }, () => runtimes.prepare(wanted));
    await turns.take(keyText(key), async () => {
      const published = await store.transaction(rows => this.#settle(rows, row, pending, reason));
      await catalog.changed(key);
      if (published !== undefined) this.begin(key, published);
      if (pending) await packages.release([row.code, pending.code]);
    });
  }

  /** The number of the version that is to be published next, if any. */
  async #settle(
    rows: Rows,
    seen: FunctionVersion,
    pending: Pending | undefined,
    reason: StatusReason | undefined,
  ): Promise<string | undefined> {
    const row = await rows.get('versions', { ...keyOf(seen), version: seen.version });
    // Another node was quicker, or the function is a new one of the same name.
    if (!row || row.id !== seen.id || row.status !== seen.status) return undefined;
    const modTime = this.#deps.clock.now();
    await rows.remove('resources', pendingKey(row));
    if (reason) {
      const status = FAILED.get(row.status) ?? row.status;
      await rows.put('versions', { ...row, status, statusReasons: [reason], modTime });
      return undefined;
    }
    const active: FunctionVersion = { ...next(row, pending), status: 'Active', statusReasons: [], modTime };
    await rows.put('versions', active);
    if (!pending?.publish) return undefined;
    return (await addVersion(rows, active, '', modTime)).version;
  }
}

/** The version as it is to become. */
function next(row: FunctionVersion, pending: Pending | undefined): FunctionVersion {
  if (!pending) return row;
  const { code, handler, layers = row.layers } = pending;
  return { ...row, code, handler, layers, revision: row.revision + 1 };
}

function pendingKey({ region, id }: FunctionVersion) {
  return { kind: PENDING, region, id };
}
