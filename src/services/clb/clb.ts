// The load balancer as a service with its own life: management verbs, and the ports that serve what they say.

import { awake } from '../../core/awake.ts';
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Certificates, Store } from '../../core/ports.ts';
import { shortRegion } from '../../core/regions.ts';
import type { Account } from '../../core/trigger.ts';
import { NO_PROXIES, type TrustedProxies } from '../../http/client.ts';
import { Deadlines } from '../../http/deadlines.ts';
import { openUpstreams, type Upstreams } from '../../http/forward.ts';
import type { Clb } from './contract.ts';
import { LISTENERS_PER_BALANCER, RULES_PER_LISTENER, SERVERS_PER_RULE } from './model.ts';
import { Edit, Objects } from './objects.ts';
import { createProbe } from './servers/health.ts';
import { pathSite, urlsOf } from './serving/path-site.ts';
import { Plane } from './serving/plane.ts';
import { createServe } from './serving/serve.ts';
import { Sockets } from './sockets/sockets.ts';
import type { Target } from './target.ts';
import { createBalancers } from './verbs/balancers.ts';
import { createConfigs } from './verbs/configs.ts';
import { createListeners } from './verbs/listeners.ts';
import { createRules } from './verbs/rules.ts';
import type { Scope } from './verbs/scope.ts';
import { createTargets } from './verbs/targets.ts';
import { createTasks } from './verbs/tasks.ts';
import type { Pool } from './verbs/vips.ts';

export interface ClbDeps {
  readonly store: Store;
  /** Of the wall: health is looked at by it, and a clock that is turned would look a thousand times. */
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly certificates: Certificates;
  readonly edge: { readonly httpOrigin: string };
  readonly proxies?: TrustedProxies;
  readonly settings: { readonly pool: Pool; readonly portOffset: number };
}

/** Loads what there is; `open` opens the ports. */
export async function createClb(deps: ClbDeps): Promise<Clb> {
  const { store, clock, ids, log, account, certificates, edge, proxies = NO_PROXIES, settings } = deps;
  const objects = await Objects.load(store);
  const targets = new Map<string, Target>();
  const deadlines = new Deadlines(awake(clock));
  const upstreams = new Map<number, Upstreams>();
  const upstreamsWith = (connectTimeoutMs: number): Upstreams => {
    let found = upstreams.get(connectTimeoutMs);
    if (!found) {
      found = openUpstreams({ connectTimeoutMs });
      upstreams.set(connectTimeoutMs, found);
    }
    return found;
  };
  const serve = createServe({
    clock,
    ids,
    log,
    deadlines,
    proxies,
    targetOf: locationId => targets.get(locationId),
    upstreams: upstreamsWith,
  });
  const sockets = new Sockets({
    clock,
    log,
    certificates,
    portOffset: settings.portOffset,
    plane: () => plane,
    serve,
    requestId: () => ids.risingUuid(),
  });
  const probe = createProbe(upstreamsWith(PROBE_CONNECT_MS));
  const plane = new Plane({ objects, log, clock, probe, changed: live => sockets.changed(live) });

  let turn: Promise<unknown> = Promise.resolve();
  function change<R>(work: (edit: Edit) => R | Promise<R>): Promise<R> {
    const result = turn.then(async () => {
      const edit = new Edit();
      try {
        const value = await work(edit);
        if (edit.changes.length > 0) await store.transaction(rows => edit.write(rows));
        plane.apply(edit);
        return value;
      } catch (error) {
        for (const undo of edit.undo.reverse()) undo();
        throw error;
      }
    });
    turn = result.catch(() => undefined);
    return result;
  }

  const scope: Scope = { objects, clock, ids, certificates, pool: settings.pool, ports: sockets, change };
  const rules = createRules(scope);

  return Object.freeze<Clb>({
    limits: {
      pool: { addresses: settings.pool.addresses.length, shared: settings.pool.shared },
      listeners: LISTENERS_PER_BALANCER,
      rules: RULES_PER_LISTENER,
      servers: SERVERS_PER_RULE,
    },
    balancers: createBalancers(scope),
    listeners: createListeners(scope),
    rules,
    targets: createTargets(scope, rules),
    configs: createConfigs(scope),
    tasks: createTasks(),
    site: pathSite(objects, id => plane.live(id), serve),
    attach(locationId, target) {
      targets.set(locationId, target);
      return {
        [Symbol.dispose]() {
          // A trigger that changed may have attached anew before the old one goes.
          if (targets.get(locationId) === target) targets.delete(locationId);
        },
      };
    },
    triggersWithin: ({ region, loadBalancerId, listenerId, locationId }) =>
      objects
        .list('clb/rule', rule => rule.region === region)
        .filter(rule => loadBalancerId === undefined || rule.loadBalancerId === loadBalancerId)
        .filter(rule => listenerId === undefined || rule.listenerId === listenerId)
        .filter(rule => locationId === undefined || rule.id === locationId)
        .flatMap(({ target }) => (target.kind === 'function' ? [target.triggerId] : [])),
    health: ({ id }, server) => plane.group(id)?.stateOf(server) ?? 'Close',
    place: listener => sockets.place(listener, objects.needBalancer(listener)),
    urls(rule) {
      const listener = objects.needListener(rule);
      return urlsOf(rule, listener, sockets.place(listener, objects.needBalancer(rule)), edge.httpOrigin);
    },
    resourceId: ({ region, loadBalancerId, listenerId, id }) =>
      `qcs::clb:${shortRegion(region)}:uin/${account.uin}:${loadBalancerId}/${listenerId}/${id}`,
    sweep: exists =>
      change(edit => {
        let swept = 0;
        for (const rule of objects.list('clb/rule')) {
          if (rule.target.kind !== 'function' || exists(rule.target.triggerId)) continue;
          edit.put('clb/rule', { ...rule, target: { kind: 'none' } });
          log.warn({ locationId: rule.id }, 'a load balancer rule lost its function, whose trigger is gone');
          swept++;
        }
        return swept;
      }),
    async open() {
      const opening = objects.list('clb/listener').map(listener => {
        const balancer = objects.find('clb/balancer', listener.region, listener.loadBalancerId);
        return balancer && sockets.resume(listener, balancer);
      });
      await Promise.all(opening);
    },
    async close(graceMs = GRACE_MS) {
      plane.close();
      await sockets.closeAll(graceMs);
      deadlines.close();
      for (const one of upstreams.values()) one.close();
    },
  });
}

const GRACE_MS = 10_000;
/** Documented default of proxy_connect_timeout. */
const PROBE_CONNECT_MS = 4_000;
