// The pools of all versions, each with its current revision, and what of them is kept ready.

import { type FunctionEntry, type FunctionKey, type FunctionVersion, keyText } from '../../core/function.ts';
import type { Machine } from './machine.ts';
import { Pool } from './pool.ts';

/** How far a version's instances are: those that live and can run, and those of them that run something. */
export interface Readiness {
  readonly available: number;
  readonly busy: number;
  /** Why no more can be started for now; for people. */
  readonly failed?: string | undefined;
}

/** How the instances of a version take events. */
export interface Manner {
  readonly concurrency: number;
  readonly instancePerEvent: boolean;
}

export class Pools {
  readonly #machine: Machine;
  readonly #manner: (version: FunctionVersion) => Manner;
  readonly #current = new Map<string, Pool>();
  /** The catalog hands out the same object until something changes. */
  readonly #byVersion = new WeakMap<FunctionVersion, Pool>();

  constructor(machine: Machine, manner: (version: FunctionVersion) => Manner) {
    this.#machine = machine;
    this.#manner = manner;
  }

  of(version: FunctionVersion): Pool {
    const known = this.#byVersion.get(version);
    if (known && !known.retired) return known;
    const key = poolKey(version);
    let pool = this.#current.get(key);
    if (!pool || pool.version.revision < version.revision) {
      if (pool) this.#machine.retire(pool);
      pool = new Pool(key, version, this.#manner(version));
      this.#current.set(key, pool);
    }
    this.#byVersion.set(version, pool);
    return pool;
  }

  changed(key: FunctionKey, entry: FunctionEntry | undefined): void {
    const name = keyText(key);
    const own = [...this.#current.values()].filter(({ version }) => keyText(version) === name);
    const liveMB = own.reduce((sum, { live, version }) => sum + live * version.memoryMB, 0);
    // A share that has become smaller holds for warm instances as well: those that run finish first.
    const over = liveMB > (entry?.concurrency.reservedMB ?? Number.POSITIVE_INFINITY);
    for (const pool of own) {
      const { version } = pool;
      const now = entry?.versions.get(version.version);
      if (over || now?.id !== version.id || now.revision > version.revision) this.forget(version);
      else if (pool.provisioned > 0 && !entry?.concurrency.provisioned.has(version.version))
        this.#machine.provision(pool, 0);
    }
    for (const [number, count] of entry?.concurrency.provisioned ?? []) {
      const version = entry?.versions.get(number);
      if (version?.status === 'Active') this.#machine.provision(this.of(version), count);
    }
  }

  forget(version: FunctionVersion): void {
    const key = poolKey(version);
    const pool = this.#current.get(key);
    if (!pool || pool.version.revision > version.revision) return;
    this.#current.delete(key);
    this.#machine.retire(pool);
  }

  /** Other instances take the place of those there are; those that run finish first. */
  renew(version: FunctionVersion): void {
    const former = this.#current.get(poolKey(version));
    if (!former || former.version.revision > version.revision) return;
    const { provisioned } = former;
    this.forget(version);
    if (provisioned > 0) this.#machine.provision(this.of(version), provisioned);
  }

  readiness(key: FunctionKey, version: string): Readiness {
    const name = keyText(key);
    for (const pool of this.#current.values()) {
      if (pool.version.version !== version || keyText(pool.version) !== name) continue;
      const available = pool.members.length;
      return { available, busy: available - pool.idle.length, failed: pool.failure || undefined };
    }
    return { available: 0, busy: 0 };
  }
}

function poolKey(version: FunctionVersion): string {
  return `${keyText(version)}/${version.version}/${version.id}`;
}
