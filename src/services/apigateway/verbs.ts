// What can be done to services, APIs and releases. Rules live here; every verb is one transaction.

import type { Clock } from '../../core/clock.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Rows } from '../../core/ports.ts';
import { checkApi, checkService } from './check.ts';
import { failGateway } from './errors.ts';
import {
  APIS_PER_SERVICE,
  type Api,
  type ApiConfig,
  type Environment,
  type Release,
  SERVICES_PER_REGION,
  type Service,
  type ServiceDraft,
} from './model.ts';
import * as state from './state.ts';

export interface Scope {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface ApiRef {
  readonly region: string;
  readonly serviceId: string;
  readonly apiId: string;
}

export interface ReleaseInput {
  readonly region: string;
  readonly serviceId: string;
  readonly environment: Environment;
  readonly description: string;
  /** These alone; the others stay as they were released before. All when left out. */
  readonly apiIds?: readonly string[];
}

export async function createService({ rows, clock, ids }: Scope, draft: ServiceDraft): Promise<Service> {
  checkService(draft);
  if ((await state.listServices(rows, draft.region)).length >= SERVICES_PER_REGION) {
    failGateway('LimitExceeded.ServiceCountLimitExceeded', { limit: SERVICES_PER_REGION });
  }
  const now = clock.now();
  const service: Service = {
    id: `service-${shortId(ids)}`,
    region: draft.region,
    name: draft.name,
    description: draft.description ?? '',
    protocol: draft.protocol ?? 'http&https',
    netTypes: draft.netTypes ?? ['OUTER'],
    qps: {},
    createdAt: now,
    modifiedAt: now,
  };
  await state.putService(rows, service);
  return service;
}

/** Only one that holds nothing and serves nothing can go. */
export async function deleteService({ rows }: Scope, region: string, serviceId: string): Promise<void> {
  await state.needService(rows, region, serviceId);
  const apis = await state.listApis(rows, region, serviceId);
  const releases = await state.listReleases(rows, region, serviceId);
  if (apis.length > 0 || releases.length > 0) {
    failGateway('UnsupportedOperation.UnsupportedDeleteService', { serviceId });
  }
  await state.removeService(rows, region, serviceId);
}

export async function createApi(scope: Scope, region: string, serviceId: string, config: ApiConfig): Promise<Api> {
  const { rows, clock, ids } = scope;
  checkApi(config);
  await state.needService(rows, region, serviceId);
  const others = await state.listApis(rows, region, serviceId);
  if (others.length >= APIS_PER_SERVICE) {
    failGateway('LimitExceeded.ApiCountLimitExceeded', { limit: APIS_PER_SERVICE });
  }
  refuseTwin(others, serviceId, config);
  const now = clock.now();
  const api: Api = { ...config, id: `api-${shortId(ids)}`, serviceId, qps: {}, createdAt: now, modifiedAt: now };
  await state.putApi(rows, region, api);
  return api;
}

export async function modifyApi({ rows, clock }: Scope, ref: ApiRef, config: ApiConfig): Promise<Api> {
  checkApi(config);
  const before = await state.needApi(rows, ref.region, ref.serviceId, ref.apiId);
  const others = (await state.listApis(rows, ref.region, ref.serviceId)).filter(api => api.id !== ref.apiId);
  refuseTwin(others, ref.serviceId, config);
  const api: Api = { ...before, ...config, modifiedAt: clock.now() };
  await state.putApi(rows, ref.region, api);
  return api;
}

/** What was released goes on serving until the next release, as with every change. */
export async function deleteApi({ rows }: Scope, ref: ApiRef): Promise<void> {
  await state.needApi(rows, ref.region, ref.serviceId, ref.apiId);
  await state.removeApi(rows, ref.region, ref.serviceId, ref.apiId);
}

export async function release({ rows, clock, ids }: Scope, input: ReleaseInput): Promise<Release> {
  const { region, serviceId, environment, apiIds } = input;
  await state.needService(rows, region, serviceId);
  const current = await state.listApis(rows, region, serviceId);
  for (const apiId of apiIds ?? []) {
    if (!current.some(api => api.id === apiId)) failGateway('ResourceNotFound.InvalidApi', { serviceId, apiId });
  }
  const before = await state.findRelease(rows, region, serviceId, environment);
  const chosen = apiIds ? current.filter(api => apiIds.includes(api.id)) : current;
  // An API that was released before and moved aside since must not answer where a chosen one now stands.
  const kept = apiIds
    ? (before?.apis ?? []).filter(old => !chosen.some(api => api.id === old.id || twins(api, old)))
    : [];
  const now = clock.now();
  const made: Release = {
    serviceId,
    environment,
    version: `${new Date(now).toISOString().replace(/\D/g, '').slice(0, 14)}${ids.uuid()}`,
    description: input.description,
    releasedAt: now,
    apis: [...kept, ...chosen],
  };
  await state.putRelease(rows, region, made);
  return made;
}

export async function unrelease(scope: Scope, region: string, serviceId: string, environment: Environment) {
  await state.needService(scope.rows, region, serviceId);
  await state.removeRelease(scope.rows, region, serviceId, environment);
}

/** Takes one API out of an environment (all, when left out) and leaves the rest as it was released. */
export async function withdraw({ rows }: Scope, ref: ApiRef, environment?: Environment): Promise<void> {
  for (const before of await state.listReleases(rows, ref.region, ref.serviceId)) {
    if (environment !== undefined && before.environment !== environment) continue;
    const apis = before.apis.filter(api => api.id !== ref.apiId);
    if (apis.length === before.apis.length) continue;
    if (apis.length > 0) await state.putRelease(rows, ref.region, { ...before, apis });
    else await state.removeRelease(rows, ref.region, ref.serviceId, before.environment);
  }
}

/**
 * Drops the APIs of triggers that do not exist: a server that is killed between making an API and noting its trigger
 * leaves one behind. Its service stays, as it may be a user's own.
 */
export async function sweep(scope: Scope, exists: (triggerId: string) => boolean): Promise<ApiRef[]> {
  const swept: ApiRef[] = [];
  for (const { region, api } of await state.listAllApis(scope.rows)) {
    if (triggersOf(api).every(exists)) continue;
    const ref = { region, serviceId: api.serviceId, apiId: api.id };
    await withdraw(scope, ref);
    await deleteApi(scope, ref);
    swept.push(ref);
  }
  return swept;
}

/** Triggers that stand for an API. */
export function triggersOf({ backend }: Pick<Api, 'backend'>): readonly string[] {
  if (backend.type === 'SCF') return [backend.triggerId];
  return backend.type === 'WEBSOCKET' ? Object.values(backend.triggerIds) : [];
}

type Identity = Pick<Api, 'method' | 'path'>;
const twins = (a: Identity, b: Identity) => a.method === b.method && a.path === b.path;

function refuseTwin(others: readonly Api[], serviceId: string, config: ApiConfig): void {
  const { method, path } = config;
  const twin = others.find(api => twins(api, config));
  if (twin) failGateway('FailedOperation.ApiError', { serviceId, method, path, apiId: twin.id });
}
