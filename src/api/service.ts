// The services of one server: their tables, tied to what their actions need.

import type { ActionRow, ApiCall, ServiceTable } from './action.ts';
import { type Parameters, requestOf } from './encoding.ts';

export interface Service {
  readonly name: string;
  readonly version: string;
  /** Whether it has any action. */
  readonly isBuilt: boolean;
  /** Built, documented and not built yet, or unknown. */
  has(action: string): 'built' | 'later' | 'unknown';
  /** Runs a built action; rejects with a CloudError when it refuses. */
  call(action: string, parameters: Parameters, call: ApiCall): Promise<object>;
}

export type Services = ReadonlyMap<string, Service>;

export function bindService<Deps extends object>(name: string, table: ServiceTable<Deps>, deps: Deps): Service {
  const rows = new Map<string, ActionRow<Deps>>(Object.entries(table.actions));
  const later = new Set(table.later);
  return Object.freeze({
    name,
    version: table.version,
    isBuilt: rows.size > 0,
    has: (action: string) => (rows.has(action) ? 'built' : later.has(action) ? 'later' : 'unknown'),
    async call(action: string, parameters: Parameters, call: ApiCall) {
      const row = rows.get(action);
      if (!row) throw new Error(`${name} has no action ${action}`);
      return row.handle(requestOf(row, parameters), { ...deps, ...call });
    },
  });
}
