// What the files of this room share, and the questions that each of them asks.

import type { Clock } from '../core/clock.ts';
import { type FunctionStatus, type FunctionVersion, LATEST } from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { Background } from './background.ts';
import type { Held, LiveCatalog } from './catalog.ts';
import { fail } from './errors.ts';
import type { RuntimeCatalog } from './needs.ts';
import type { Packages } from './packages.ts';
import type { Quotas } from './quotas.ts';
import type { TagTable } from './tags.ts';
import type { Transitions } from './transitions.ts';
import type { Turns } from './turns.ts';

export interface Room {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly quotas: Quotas;
  readonly runtimes: RuntimeCatalog;
  readonly catalog: LiveCatalog;
  readonly turns: Turns;
  readonly packages: Packages;
  readonly transitions: Transitions;
  readonly background: Background;
  readonly tags: TagTable;
}

/** States in which a function takes writes: a failed update has left it as it was. */
const WRITABLE: ReadonlySet<FunctionStatus> = new Set(['Active', 'UpdateFailed']);

export function isWritable(status: FunctionStatus): boolean {
  return WRITABLE.has(status);
}

type StatusCode =
  | 'FailedOperation.FunctionStatusError'
  | 'FailedOperation.UpdateFunctionCode'
  | 'FailedOperation.CreateTrigger';

export function mustBeWritable(version: FunctionVersion, code: StatusCode): void {
  if (!isWritable(version.status)) fail(code, { name: version.name, status: version.status });
}

/** The version that a version number, `$LATEST` or an alias stands for (an alias: its main version). */
export function resolve(held: Held, qualifier: string): FunctionVersion {
  const { versions, aliases } = held.entry;
  const version = versions.get(qualifier) ?? versions.get(aliases.get(qualifier)?.version ?? '');
  return version ?? fail('ResourceNotFound.Qualifier', { name: held.row.name, qualifier });
}

/** Refuses writes on a function that is not there yet or never will be. */
export function mustBeMade({ row, entry }: Held): void {
  const status = entry.versions.get(LATEST)?.status;
  if (status === 'Creating' || status === 'CreateFailed')
    fail('FailedOperation.FunctionStatusError', { name: row.name, status });
}
