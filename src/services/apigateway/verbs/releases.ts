// What environments serve: releases, their history, and going back to one. Every verb is one transaction.

import { failGateway } from '../errors.ts';
import { type Api, type Environment, type Release, WEBSOCKET_PARTS } from '../model.ts';
import type { Edit } from '../objects.ts';
import * as state from '../state.ts';
import { adoptApi, dropApi, triggersOf, twins } from './apis.ts';
import { type ApiRef, environmentOf, type Scope, type ServiceRef } from './scope.ts';

/** Older ones are forgotten, but for those that serve. */
const VERSIONS_PER_SERVICE = 50;

export interface ReleaseInput extends ServiceRef {
  readonly environment: string;
  readonly description: string;
  /** These alone; the others stay as they were released before. All when left out. */
  readonly apiIds?: readonly string[];
}

export async function release(scope: Scope, input: ReleaseInput): Promise<Release> {
  const { rows, clock, ids } = scope;
  const { region, serviceId, apiIds } = input;
  const environment = environmentOf(input.environment);
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
  await state.putVersion(rows, region, made);
  await forgetOld(scope, input);
  return made;
}

async function forgetOld({ rows }: Scope, { region, serviceId }: ServiceRef): Promise<void> {
  const versions = await state.listVersions(rows, region, serviceId);
  if (versions.length <= VERSIONS_PER_SERVICE) return;
  const serving = new Set((await state.listReleases(rows, region, serviceId)).map(({ version }) => version));
  for (const { version } of versions.slice(VERSIONS_PER_SERVICE)) {
    if (!serving.has(version)) await state.removeVersion(rows, region, serviceId, version);
  }
}

/** An environment serves an earlier version again, whichever environment that was released into. */
export async function switchVersion(
  { rows, clock }: Scope,
  { region, serviceId, ...input }: ServiceRef & { readonly environment: string; readonly version: string },
): Promise<Release> {
  const environment = environmentOf(input.environment);
  await state.needService(rows, region, serviceId);
  const { version } = input;
  const found = await state.findVersion(rows, region, serviceId, version);
  if (!found) return failGateway('InvalidParameterValue.InvalidVersion', { serviceId, version });
  const made: Release = { ...found, environment, releasedAt: clock.now() };
  await state.putRelease(rows, region, made);
  return made;
}

export async function unrelease(
  { rows }: Scope,
  { region, serviceId }: ServiceRef,
  environment: string,
): Promise<void> {
  await state.needService(rows, region, serviceId);
  await state.removeRelease(rows, region, serviceId, environmentOf(environment));
}

/** Takes one API out of an environment (all, when left out) and leaves the rest as it was released. */
export async function withdraw({ rows }: Pick<Scope, 'rows'>, ref: ApiRef, environment?: Environment): Promise<void> {
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
export async function sweep(edit: Edit, exists: (triggerId: string) => boolean): Promise<ApiRef[]> {
  const swept: ApiRef[] = [];
  for (const { region, api } of await state.listAllApis(edit.rows)) {
    if (api.backend.type !== 'SCF' && api.backend.type !== 'WEBSOCKET') continue;
    const ref = { region, serviceId: api.serviceId, apiId: api.id };
    if (triggersOf(api).some(exists)) {
      await forgetParts(edit, ref, api, exists);
      continue;
    }
    await withdraw(edit, ref);
    await dropApi(edit, ref);
    swept.push(ref);
  }
  return swept;
}

/** A WebSocket API whose function for one part is gone goes on without it. */
async function forgetParts(edit: Edit, ref: ApiRef, { backend }: Api, exists: (id: string) => boolean): Promise<void> {
  if (backend.type !== 'WEBSOCKET') return;
  for (const part of WEBSOCKET_PARTS) {
    const id = backend.triggerIds[part];
    if (id !== undefined && !exists(id)) await adoptApi(edit, ref, undefined, part);
  }
}
