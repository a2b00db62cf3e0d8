// The API gateway as a service with its own life: management verbs, and the site that serves what was released.

import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Store } from '../../core/ports.ts';
import type { Account } from '../../core/trigger.ts';
import type { Site } from '../../http/site.ts';
import { addressed, apiResourceId, type Edge, type Place, placeUrls } from './address.ts';
import { Deadlines } from './deadlines.ts';
import type { Api, ApiConfig, Environment, Release, Service, ServiceDraft } from './model.ts';
import { compileRoutes, type RouteTable } from './routes.ts';
import { createServe, type LiveService } from './serve.ts';
import * as state from './state.ts';
import type { HeaderCase, Target } from './target.ts';
import * as verbs from './verbs.ts';

export interface ApiGatewayDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly edge: Edge;
  readonly settings: { readonly headerCase: HeaderCase; readonly dropLocation: boolean };
}

export interface ApiGateway {
  /** Serves the gateway's hosts and the path form. */
  readonly site: Site;
  createService(draft: ServiceDraft): Promise<Service>;
  /** The named service, which must exist, or a new one. */
  ensureService(region: string, wanted: WantedService): Promise<{ readonly service: Service; readonly made: boolean }>;
  describeService(region: string, serviceId: string): Promise<Service>;
  listServices(region: string): Promise<Service[]>;
  deleteService(region: string, serviceId: string): Promise<void>;
  createApi(region: string, serviceId: string, config: ApiConfig): Promise<Api>;
  modifyApi(ref: verbs.ApiRef, config: ApiConfig): Promise<Api>;
  describeApi(ref: verbs.ApiRef): Promise<Api>;
  listApis(region: string, serviceId: string): Promise<Api[]>;
  deleteApi(ref: verbs.ApiRef): Promise<void>;
  /** Changes take effect in an environment here and nowhere else. */
  release(input: verbs.ReleaseInput): Promise<Release>;
  unrelease(region: string, serviceId: string, environment: Environment): Promise<void>;
  withdraw(ref: verbs.ApiRef, environment?: Environment): Promise<void>;
  listReleases(region: string, serviceId: string): Promise<Release[]>;
  /** Drops the APIs of triggers that do not exist; gives how many. For the start, before any trigger is made. */
  sweep(exists: (triggerId: string) => boolean): Promise<number>;
  /** What an API calls, until it is disposed. An API without one answers as if it were not there. */
  attach(apiId: string, target: Target): Disposable;
  /** Usable addresses with port; the first is the one to print. */
  urls(place: Place): readonly string[];
  resourceId(ref: verbs.ApiRef): string;
  close(): void;
}

export interface WantedService {
  readonly serviceId?: string;
  readonly name: string;
}

export async function createApiGateway(deps: ApiGatewayDeps): Promise<ApiGateway> {
  const { store, clock, ids, log, account, edge, settings } = deps;
  const live = new Map<string, LiveService>();
  const targets = new Map<string, Target>();
  const deadlines = new Deadlines(clock);
  const targetOf = (apiId: string) => targets.get(apiId);
  let refreshing: Promise<void> = Promise.resolve();

  /** Takes up what the store says now. One after another, so that an older reading never replaces a newer one. */
  function refresh(region: string, serviceId: string): Promise<void> {
    const turn = refreshing.then(async () => {
      const service = await state.findService(store, region, serviceId);
      if (!service) live.delete(serviceId);
      else live.set(serviceId, await load(store, service));
    });
    refreshing = turn.catch(() => undefined);
    return turn;
  }

  async function change<R>(region: string, serviceId: string, work: (scope: verbs.Scope) => Promise<R>): Promise<R> {
    const result = await store.transaction(rows => work({ rows, clock, ids }));
    await refresh(region, serviceId);
    return result;
  }

  async function createService(draft: ServiceDraft): Promise<Service> {
    const service = await store.transaction(rows => verbs.createService({ rows, clock, ids }, draft));
    await refresh(service.region, service.id);
    return service;
  }

  const site: Site = {
    name: 'apigateway',
    claims: (host, path) => addressed(host, path) !== undefined,
    serve: createServe({ liveService: id => live.get(id), targetOf, deadlines, ids, log, account, settings }),
  };

  for (const service of await state.listServices(store)) live.set(service.id, await load(store, service));

  return Object.freeze<ApiGateway>({
    site,
    createService,
    async ensureService(region, { serviceId, name }) {
      if (serviceId === undefined) return { service: await createService({ region, name }), made: true };
      return { service: await state.needService(store, region, serviceId), made: false };
    },
    describeService: (region, serviceId) => state.needService(store, region, serviceId),
    listServices: region => state.listServices(store, region),
    deleteService: (region, serviceId) =>
      change(region, serviceId, scope => verbs.deleteService(scope, region, serviceId)),
    createApi: (region, serviceId, config) =>
      change(region, serviceId, scope => verbs.createApi(scope, region, serviceId, config)),
    modifyApi: (ref, config) => change(ref.region, ref.serviceId, scope => verbs.modifyApi(scope, ref, config)),
    describeApi: ref => state.needApi(store, ref.region, ref.serviceId, ref.apiId),
    async listApis(region, serviceId) {
      await state.needService(store, region, serviceId);
      return state.listApis(store, region, serviceId);
    },
    deleteApi: ref => change(ref.region, ref.serviceId, scope => verbs.deleteApi(scope, ref)),
    release: input => change(input.region, input.serviceId, scope => verbs.release(scope, input)),
    unrelease: (region, serviceId, environment) =>
      change(region, serviceId, scope => verbs.unrelease(scope, region, serviceId, environment)),
    withdraw: (ref, environment) => change(ref.region, ref.serviceId, scope => verbs.withdraw(scope, ref, environment)),
    listReleases: (region, serviceId) => state.listReleases(store, region, serviceId),
    async sweep(exists) {
      const swept = await store.transaction(rows => verbs.sweep({ rows, clock, ids }, exists));
      for (const { region, serviceId, apiId } of swept) {
        await refresh(region, serviceId);
        log.warn({ region, serviceId, apiId }, 'an API without its trigger was removed');
      }
      return swept.length;
    },
    attach(apiId, target) {
      targets.set(apiId, target);
      return {
        [Symbol.dispose]() {
          // A trigger that changed may have attached anew before the old one goes.
          if (targets.get(apiId) === target) targets.delete(apiId);
        },
      };
    },
    urls: place => placeUrls(edge, account.appId, place),
    resourceId: ({ region, serviceId, apiId }) => apiResourceId(account.uin, region, serviceId, apiId),
    close: () => deadlines.close(),
  });
}

async function load(store: Store, service: Service): Promise<LiveService> {
  const tables: Partial<Record<Environment, RouteTable>> = {};
  for (const release of await state.listReleases(store, service.region, service.id)) {
    tables[release.environment] = compileRoutes(service, release);
  }
  return Object.freeze({ service, tables });
}
