// What holds for the requests of one route: limits, addresses, plugins, who may call. Put together when a route is first
// asked for, and anew after each change.

import type { BlockList } from 'node:net';
import type { ApiApp, Objects, Plugin, PluginType, Scoped, UsagePlan } from '../model.ts';
import { type AuthRule, blockList, type CorsRule, type IpRule, type PluginRules, readPlugin } from '../plugindata.ts';
import type { Route } from '../target.ts';
import { ClientWindows, type Counters, type Window } from './limits.ts';

export interface PlanLimit {
  readonly plan: UsagePlan;
  /** undefined: any number per second. */
  readonly window: Window | undefined;
}

export interface Policy {
  readonly objects: Objects;
  /** Nobody is asked who they are and nothing but the two limits is looked at. */
  readonly plain: boolean;
  readonly service: Window | undefined;
  readonly api: Window | undefined;
  /** Of plugins. */
  readonly traffic: readonly (Window | ClientWindows)[];
  /** One window per application or key. */
  readonly perCaller: readonly ClientWindows[];
  readonly ip: readonly IpRule[];
  readonly plans: readonly PlanLimit[];
  readonly apps: readonly ApiApp[];
  readonly cors: CorsRule | 'broken' | undefined;
  readonly verify: { readonly plugin: Plugin; readonly rule: AuthRule } | undefined;
  /** A plugin of it cannot be read: it must not be as if it were not there. */
  readonly broken: boolean;
}

export type PolicyOf = (route: Route) => Policy;

export interface PolicyDeps {
  readonly objects: () => Objects;
  readonly counters: Counters;
  /** Requests per second of an environment for which nothing else has been set; 0 for any number. */
  readonly serviceQps: number;
}

const SECOND_MS = 1000;

export function createPolicies({ objects, counters, serviceQps }: PolicyDeps): PolicyOf {
  let seen = objects();
  let policies = new WeakMap<Route, Policy>();
  return route => {
    const now = objects();
    if (now !== seen) {
      seen = now;
      policies = new WeakMap();
      // Of services and APIs there are few, and they may have windows without any object.
      counters.keep(key => !key.startsWith('plugin-') || seen.plugins.has(key.slice(0, key.indexOf(' '))));
    }
    let policy = policies.get(route);
    if (!policy) {
      policy = compile(route, now, counters, serviceQps);
      policies.set(route, policy);
    }
    return policy;
  };
}

function compile(route: Route, objects: Objects, counters: Counters, serviceQps: number): Policy {
  const { api, environment } = route;
  const here = (scopes: readonly Scoped[]) =>
    scopes.some(
      scope =>
        scope.serviceId === api.serviceId &&
        scope.environment === environment &&
        (scope.apiId === undefined || scope.apiId === api.id),
    );
  const found = <T extends { readonly scopes: readonly Scoped[] }>(all: ReadonlyMap<string, T>) =>
    [...all.values()].filter(one => here(one.scopes));
  const window = (key: string, qps: number | undefined) =>
    qps === undefined ? undefined : counters.window(key, qps, SECOND_MS);

  const plugins = found(objects.plugins);
  let broken = false;
  const rulesOf = <T extends PluginType>(type: T) => {
    const rules: { readonly plugin: Plugin; readonly rule: PluginRules[T] }[] = [];
    for (const plugin of plugins) {
      if (plugin.type !== type) continue;
      const rule = readPlugin(type, plugin.data);
      if ('fault' in rule) broken = true;
      else rules.push({ plugin, rule });
    }
    return rules;
  };

  const ip: IpRule[] = rulesOf('IPControl').map(({ rule }) => rule);
  for (const { type, blocks } of found(objects.ipStrategies)) {
    const list: BlockList | undefined = blockList(blocks);
    if (list) ip.push({ allows: type === 'WHITE', blocks: list });
    else broken = true;
  }
  const traffic: (Window | ClientWindows)[] = [];
  const perCaller: ClientWindows[] = [];
  for (const { plugin, rule } of rulesOf('TrafficControl')) {
    const key = `${plugin.id} ${api.id} ${environment}`;
    if (rule.api !== undefined) traffic.push(counters.window(`${key} api`, rule.api, rule.windowMs));
    if (rule.ip !== undefined) traffic.push(counters.clients(`${key} ip`, rule.ip, rule.windowMs));
    if (rule.app !== undefined) perCaller.push(counters.clients(`${key} app`, rule.app, rule.windowMs));
  }
  const corsPlugin = plugins.some(plugin => plugin.type === 'Cors');
  const [verify] = rulesOf('CustomAuth');
  const plans = found(objects.plans).map(plan => ({
    plan,
    window: plan.qps < 0 ? undefined : counters.window(plan.id, plan.qps, SECOND_MS),
  }));
  const defaultQps = serviceQps > 0 ? serviceQps : undefined;
  const rest = traffic.length + perCaller.length + ip.length + plans.length;
  // A broken Cors plugin refuses preflights alone: it protects nobody here.
  const protecting = broken;
  const [cors] = corsPlugin ? rulesOf('Cors').map(({ rule }) => rule) : [];
  return Object.freeze<Policy>({
    objects,
    plain: rest === 0 && !verify && !protecting && api.auth.type === 'NONE' && api.parameters.length === 0,
    service: window(`${api.serviceId} ${environment}`, route.serviceQps ?? defaultQps),
    api: window(`${api.id} ${environment}`, route.apiQps),
    traffic,
    perCaller,
    ip,
    plans,
    apps: found(objects.apps),
    cors: corsPlugin ? (cors ?? 'broken') : undefined,
    verify,
    broken: protecting,
  });
}

export const windowOf = (limit: Window | ClientWindows, client: string, now: number): Window =>
  limit instanceof ClientWindows ? limit.of(client, now) : limit;
