// The services of the Cloud API, each tied to what its own actions need.

import type { ServiceTable } from '../api/action.ts';
import { API_SERVICES } from '../api/index.ts';
import { bindService, type Services } from '../api/service.ts';

type Tables = typeof API_SERVICES;
type DepsOf<Table> = Table extends ServiceTable<infer Deps> ? Deps : never;

/** By the service's name; a service that needs nothing, as one that is not built, has no place here. */
export type ServiceDeps = {
  readonly [Name in keyof Tables as object extends DepsOf<Tables[Name]> ? never : Name]: DepsOf<Tables[Name]>;
};

export function bindServices(deps: ServiceDeps): Services {
  const given: Readonly<Record<string, object>> = deps;
  // Each table meets its own deps: the type above says so.
  const tables = Object.entries(API_SERVICES) as readonly (readonly [string, ServiceTable<object>])[];
  return new Map(tables.map(([name, table]) => [name, bindService(name, table, given[name] ?? {})]));
}
