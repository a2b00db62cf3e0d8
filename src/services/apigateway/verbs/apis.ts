// What can be done to APIs. Rules live here; every verb is one transaction.

import { shortId } from '../../../core/ids.ts';
import type { Rows } from '../../../core/ports.ts';
import { failGateway } from '../errors.ts';
import {
  APIS_PER_SERVICE,
  type Api,
  type ApiConfig,
  type Backend,
  type Objects,
  type Scoped,
  SERVICE_QPS,
  type WebSocketPart,
} from '../model.ts';
import type { Edit } from '../objects.ts';
import * as state from '../state.ts';
import { checkApi } from './check.ts';
import { type ApiRef, checkRange, environmentOf, type Scope, type ServiceRef } from './scope.ts';

export async function createApi(scope: Scope, { region, serviceId }: ServiceRef, config: ApiConfig): Promise<Api> {
  const { rows, clock, ids } = scope;
  checkApi(config);
  await state.needService(rows, region, serviceId);
  const others = await state.listApis(rows, region, serviceId);
  if (others.length >= APIS_PER_SERVICE) {
    failGateway('LimitExceeded.ApiCountLimitExceeded', { limit: APIS_PER_SERVICE });
  }
  refuseTwin(others, serviceId, config);
  checkIssuer(others, serviceId, config);
  const now = clock.now();
  const api: Api = { ...config, id: `api-${shortId(ids)}`, serviceId, qps: {}, createdAt: now, modifiedAt: now };
  await state.putApi(rows, region, api);
  return api;
}

export async function modifyApi({ rows, clock }: Scope, ref: ApiRef, config: ApiConfig): Promise<Api> {
  checkApi(config);
  const before = await state.needApi(rows, ref.region, ref.serviceId, ref.apiId);
  const others = (await state.listApis(rows, ref.region, ref.serviceId)).filter(api => api.id !== ref.apiId);
  if (config.protocol !== before.protocol) failGateway('UnsupportedOperation.ModifyProtocol');
  refuseTwin(others, ref.serviceId, config);
  checkIssuer(others, ref.serviceId, config);
  const issues = config.auth.type === 'OAUTH' && config.auth.business === 'OAUTH';
  if (!issues) refuseWithDependants(others, ref.apiId);
  const api: Api = { ...before, ...config, modifiedAt: clock.now() };
  await state.putApi(rows, ref.region, api);
  return api;
}

/** Requests per second in one environment; takes effect without a release. */
export async function limitApis(
  { rows, clock }: Scope,
  { region, serviceId }: ServiceRef,
  {
    apiIds,
    environment,
    qps,
  }: { readonly apiIds: readonly string[]; readonly environment: string; readonly qps: number },
): Promise<void> {
  await state.needService(rows, region, serviceId);
  checkRange('Strategy', qps, 1, SERVICE_QPS);
  const where = environmentOf(environment);
  for (const apiId of apiIds) {
    const api = await state.needApi(rows, region, serviceId, apiId);
    await state.putApi(rows, region, { ...api, qps: { ...api.qps, [where]: qps }, modifiedAt: clock.now() });
  }
}

/** What was released goes on serving until the next release, as with every change. */
export async function deleteApi(edit: Edit, ref: ApiRef): Promise<void> {
  await checkDeletion(edit.rows, edit.objects, ref);
  await dropApi(edit, ref);
}

export async function checkDeletion(rows: Rows, objects: Objects, ref: ApiRef): Promise<void> {
  await state.needApi(rows, ref.region, ref.serviceId, ref.apiId);
  const plan = [...objects.plans.values()].find(one => one.scopes.some(scope => scope.apiId === ref.apiId));
  if (plan) failGateway('FailedOperation.ApiBindEnvironment', { apiId: ref.apiId, planId: plan.id });
  refuseWithDependants(await state.listApis(rows, ref.region, ref.serviceId), ref.apiId);
}

/** Which trigger stands for an API, or for one part of it; undefined: none does any more. */
export async function adoptApi(
  { rows }: Pick<Scope, 'rows'>,
  ref: ApiRef,
  triggerId: string | undefined,
  part: WebSocketPart | undefined,
): Promise<void> {
  const api = await state.needApi(rows, ref.region, ref.serviceId, ref.apiId);
  await state.putApi(rows, ref.region, { ...api, backend: adopted(api.backend, triggerId, part) });
}

function adopted(backend: Backend, triggerId: string | undefined, part: WebSocketPart | undefined): Backend {
  if (backend.type === 'SCF') return { ...backend, triggerId: triggerId ?? '' };
  if (backend.type !== 'WEBSOCKET' || part === undefined) return backend;
  const { [part]: _former, ...rest } = backend.triggerIds;
  return { ...backend, triggerIds: triggerId === undefined ? rest : { ...rest, [part]: triggerId } };
}

/** The same without a question: together with its function. */
export async function dropApi(edit: Edit, { region, serviceId, apiId }: ApiRef): Promise<void> {
  const { objects } = edit;
  const left = (scopes: readonly Scoped[]) => scopes.filter(scope => scope.apiId !== apiId);
  for (const noun of ['plans', 'apps', 'ipStrategies', 'plugins'] as const) {
    for (const value of [...objects[noun].values()]) {
      const scopes = left(value.scopes);
      if (scopes.length < value.scopes.length) await edit.put(noun, { ...value, scopes } as never);
    }
  }
  await state.removeApi(edit.rows, region, serviceId, apiId);
}

/** Triggers that stand for an API. */
export function triggersOf({ backend }: Pick<Api, 'backend'>): readonly string[] {
  if (backend.type === 'SCF') return [backend.triggerId];
  return backend.type === 'WEBSOCKET' ? Object.values(backend.triggerIds) : [];
}

/** The service must be there, and each API that is named. */
export async function needApis(rows: Rows, ref: ServiceRef, apiIds: readonly string[] | 'all'): Promise<Api[]> {
  const { region, serviceId } = ref;
  await state.needService(rows, region, serviceId);
  if (apiIds === 'all') return state.listApis(rows, region, serviceId);
  const apis: Api[] = [];
  for (const apiId of apiIds) apis.push(await state.needApi(rows, region, serviceId, apiId));
  return apis;
}

type Identity = Pick<Api, 'method' | 'path'>;
export const twins = (a: Identity, b: Identity) => a.method === b.method && a.path === b.path;

function refuseTwin(others: readonly Api[], serviceId: string, config: ApiConfig): void {
  const { method, path } = config;
  const twin = others.find(api => twins(api, config));
  if (twin) failGateway('FailedOperation.ApiError', { serviceId, method, path, apiId: twin.id });
}

/** An API with OAuth names one of the same service that stands for the authorisation server. */
function checkIssuer(others: readonly Api[], serviceId: string, { auth }: ApiConfig): void {
  if (auth.type !== 'OAUTH' || auth.business !== 'NORMAL') return;
  const { issuerApiId: apiId } = auth;
  const issuer = others.find(api => api.id === apiId);
  if (issuer?.auth.type === 'OAUTH' && issuer.auth.business === 'OAUTH') return;
  failGateway('ResourceNotFound.InvalidOauthApi', { serviceId, apiId });
}

function refuseWithDependants(apis: readonly Api[], apiId: string): void {
  const user = apis.find(
    ({ auth }) => auth.type === 'OAUTH' && auth.business === 'NORMAL' && auth.issuerApiId === apiId,
  );
  if (user) failGateway('UnsupportedOperation.ResourceAssociated', { what: apiId, by: user.id });
}
