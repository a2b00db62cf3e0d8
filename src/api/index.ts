// The services of the Cloud API and their actions: one of the four tables, and nothing enumerates its rows elsewhere.

import type { ServiceTable } from './action.ts';
import * as later from './later.ts';
import { SCF_ACTIONS } from './scf/index.ts';
import { bindService, type Services } from './service.ts';

export const API_SERVICES = Object.freeze({
  scf: SCF_ACTIONS,
  apigateway: later.APIGATEWAY,
  clb: later.CLB,
  cls: later.CLS,
  ckafka: later.CKAFKA,
  cmq: later.CMQ,
  tdmq: later.TDMQ,
  mps: later.MPS,
  eb: later.EB,
  tag: later.TAG,
  sts: later.STS,
  cam: later.CAM,
  cfs: later.CFS,
  vpc: later.VPC,
  monitor: later.MONITOR,
  ssl: later.SSL,
});

type Tables = typeof API_SERVICES;
type DepsOf<Table> = Table extends ServiceTable<infer Deps> ? Deps : never;

/** What the actions of each service need; the composer gives it. Services without actions need nothing. */
export type ServiceDeps = {
  readonly [Name in keyof Tables as object extends DepsOf<Tables[Name]> ? never : Name]: DepsOf<Tables[Name]>;
};

export function bindServices(deps: ServiceDeps): Services {
  const given: Readonly<Record<string, object>> = deps;
  const tables: Readonly<Record<string, ServiceTable<object>>> = API_SERVICES;
  return new Map(Object.entries(tables).map(([name, table]) => [name, bindService(name, table, given[name] ?? {})]));
}
