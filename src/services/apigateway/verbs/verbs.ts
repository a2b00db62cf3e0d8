// The verbs of all nouns over one store.

import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Certificates, Store } from '../../../core/ports.ts';
import type { ApiVerbs, GatewayVerbs, ReleaseVerbs, ServiceVerbs } from '../contract.ts';
import type { Edit, LiveObjects } from '../objects.ts';
import * as state from '../state.ts';
import { adoptApi, checkDeletion, createApi, deleteApi, dropApi, limitApis, modifyApi } from './apis.ts';
import { appVerbs } from './apps.ts';
import { keyVerbs } from './keys.ts';
import { planVerbs } from './plans.ts';
import { pluginVerbs } from './plugins.ts';
import { release, switchVersion, unrelease, withdraw } from './releases.ts';
import type { Scope, ServiceRef } from './scope.ts';
import { createService, deleteService, limitService, modifyService } from './services.ts';
import { strategyVerbs } from './strategies.ts';
import { domainVerbs } from './subdomains.ts';

interface VerbDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly objects: LiveObjects;
  /** Left out: there are none. */
  readonly certificates: Pick<Certificates, 'find'> | undefined;
  /** A service, an API or a release of this service has changed. */
  readonly changed: (ref: ServiceRef) => Promise<void>;
}

export function gatewayVerbs(deps: VerbDeps): GatewayVerbs {
  const { store, clock, ids, objects, changed, certificates = { find: () => undefined } } = deps;
  const room = { store, clock, ids, objects };

  async function change<R>(ref: ServiceRef, work: (scope: Scope) => Promise<R>): Promise<R> {
    const result = await store.transaction(rows => work({ rows, clock, ids }));
    await changed(ref);
    return result;
  }

  async function edit<R>(ref: ServiceRef, work: (edit: Edit) => Promise<R>): Promise<R> {
    const result = await objects.edit(work);
    await changed(ref);
    return result;
  }

  const services: ServiceVerbs = {
    async create(draft) {
      const service = await store.transaction(rows => createService({ rows, clock, ids }, draft));
      await changed({ region: service.region, serviceId: service.id });
      return service;
    },
    async ensure(region, { serviceId, name }) {
      if (serviceId === undefined) return { service: await services.create({ region, name }), made: true };
      return { service: await state.needService(store, region, serviceId), made: false };
    },
    get: (region, serviceId) => state.needService(store, region, serviceId),
    list: region => state.listServices(store, region),
    modify: (ref, next) => change(ref, scope => modifyService(scope, ref, next)),
    limit: (ref, environments, qps) => change(ref, scope => limitService(scope, ref, environments, qps)),
    remove: (region, serviceId) => edit({ region, serviceId }, it => deleteService(it, { region, serviceId })),
  };

  const apis: ApiVerbs = {
    create: (region, serviceId, config) =>
      change({ region, serviceId }, scope => createApi(scope, { region, serviceId }, config)),
    modify: (ref, config) => change(ref, scope => modifyApi(scope, ref, config)),
    get: ref => state.needApi(store, ref.region, ref.serviceId, ref.apiId),
    async list(region, serviceId) {
      await state.needService(store, region, serviceId);
      return state.listApis(store, region, serviceId);
    },
    limit: (ref, next) => change(ref, scope => limitApis(scope, ref, next)),
    adopt: (ref, triggerId, part) => change(ref, scope => adoptApi(scope, ref, triggerId, part)),
    mayGo: ref => checkDeletion(store, objects.now(), ref),
    remove: ref => edit(ref, it => deleteApi(it, ref)),
    drop: ref =>
      edit(ref, async it => {
        await withdraw(it, ref);
        await dropApi(it, ref);
      }),
  };

  const releases: ReleaseVerbs = {
    make: input => change(input, scope => release(scope, input)),
    end: (ref, environment) => change(ref, scope => unrelease(scope, ref, environment)),
    withdraw: (ref, environment) => change(ref, scope => withdraw(scope, ref, environment)),
    list: (region, serviceId) => state.listReleases(store, region, serviceId),
    async history({ region, serviceId }) {
      await state.needService(store, region, serviceId);
      return state.listVersions(store, region, serviceId);
    },
    switchTo: (ref, environment, version) =>
      change(ref, scope => switchVersion(scope, { ...ref, environment, version })),
  };

  return {
    services,
    apis,
    releases,
    keys: keyVerbs(room),
    plans: planVerbs(room),
    apps: appVerbs(room),
    strategies: strategyVerbs(room),
    plugins: pluginVerbs(room),
    domains: domainVerbs({ store, clock, objects, certificates }),
  };
}
