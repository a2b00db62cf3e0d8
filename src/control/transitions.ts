// Creating → Active | CreateFailed and its kin: what goes on after a call has been answered.
// The rows say what is under way, so a process that starts takes up what a killed one has left.

import type { Clock } from '../core/clock.ts';
import { CloudError } from '../core/errors.ts';
import {
  type FunctionKey,
  type FunctionStatus,
  type FunctionVersion,
  keyText,
  type StatusReason,
} from '../core/function.ts';
import type { Log } from '../core/log.ts';
import type { Rows, Store } from '../core/ports.ts';
import type { LiveCatalog } from './catalog.ts';
import type { RuntimeCatalog } from './control.ts';
import { bothLanguages } from './errors.ts';
import type { Packages } from './packages.ts';
import { PENDING, type Pending, pendingOf } from './pending.ts';
import { addVersion } from './publish.ts';
import type { Turns } from './turns.ts';
import { keyOf } from './validate.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtimes: RuntimeCatalog;
  readonly catalog: LiveCatalog;
  readonly packages: Packages;
  readonly turns: Turns;
}

const FAILED: ReadonlyMap<FunctionStatus, FunctionStatus> = new Map([
  ['Creating', 'CreateFailed'],
  ['Updating', 'UpdateFailed'],
  ['Publishing', 'PublishFailed'],
]);

/** How long to wait before a store that refused is asked again. */
const AGAIN_MS = 5_000;

export class Transitions {
  readonly #deps: Deps;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Sees the version through to the end of its transition, in the background. */
  begin(key: FunctionKey, version: string): void {
    const running = this.#see(keyOf(key), version)
      .catch(error => {
        if (!this.#closing.signal.aborted)
          this.#deps.log.error({ err: error, function: keyText(key), version }, 'a transition broke off');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Takes up everything that the catalog shows as unfinished. */
  resume(): void {
    for (const { entry } of this.#deps.catalog.all())
      for (const version of entry.versions.values())
        if (FAILED.has(version.status)) this.begin(entry.key, version.version);
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** What cannot be finished now is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    await this.settled();
  }

  async #see(key: FunctionKey, name: string): Promise<void> {
    const { clock, log } = this.#deps;
    for (;;) {
      try {
        using _cause = clock.hold();
        return await this.#attempt(key, name);
      } catch (error) {
        if (this.#closing.signal.aborted) throw error;
        log.error(
          { err: error, function: keyText(key), version: name },
          'a transition could not be kept; trying again',
        );
      }
      await clock.sleep(AGAIN_MS, this.#closing.signal);
    }
  }

  async #attempt(key: FunctionKey, name: string): Promise<void> {
    const { store, catalog, packages, turns } = this.#deps;
    const row = await store.get('versions', { ...key, version: name });
    if (!row || !FAILED.has(row.status)) return;
    const waiting = row.status === 'Updating' ? await store.get('resources', pendingKey(row)) : undefined;
    const pending = waiting && pendingOf(waiting);
    const reason = await this.#prepare(next(row, pending));
    await turns.take(keyText(key), async () => {
      const published = await store.transaction(rows => this.#settle(rows, row, pending, reason));
      await catalog.changed(key);
      if (published !== undefined) this.begin(key, published);
      if (pending) await packages.release([row.code, pending.code]);
    });
  }

  async #prepare(version: FunctionVersion): Promise<StatusReason | undefined> {
    try {
      return await this.#deps.runtimes.prepare(version);
    } catch (error) {
      if (this.#closing.signal.aborted) throw error;
      this.#deps.log.error({ err: error, function: keyText(version) }, 'a code package could not be prepared');
      if (error instanceof CloudError) return { ErrorCode: error.code, ErrorMessage: bothLanguages(error) };
      return {
        ErrorCode: 'InternalError',
        ErrorMessage: `代码包准备失败，请查看服务日志。 The code package could not be prepared; see the server log. (${String(error)})`,
      };
    }
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
  return { ...row, code: pending.code, handler: pending.handler, revision: row.revision + 1 };
}

function pendingKey({ region, id }: FunctionVersion) {
  return { kind: PENDING, region, id };
}
