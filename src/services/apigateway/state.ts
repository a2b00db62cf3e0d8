// The gateway's objects as rows of the table `resources`.

import type { Rows } from '../../core/ports.ts';
import { failGateway } from './errors.ts';
import type { Api, Environment, Release, Service } from './model.ts';

const SERVICE = 'apigateway/service';
const API = 'apigateway/api';
const RELEASE = 'apigateway/release';
const VERSION = 'apigateway/version';

/** This file alone writes these rows, so a body is what its kind says. */
const body = <T>(row: { readonly body: unknown }): T => row.body as T;

/** Rows of earlier releases lack what came later. */
const serviceIn = (row: { readonly body: unknown }): Service => ({ ...NEW_IN_SERVICE, ...body<Service>(row) });
const apiIn = (row: { readonly body: unknown }): Api => completed(body<Api>(row));
const releaseIn = (row: { readonly body: unknown }): Release => {
  const release = body<Release>(row);
  return { ...release, apis: release.apis.map(completed) };
};

const NEW_IN_SERVICE = { netTypes: ['OUTER'], qps: {}, echoed: {} } as const;
const NEW_IN_API = { protocol: 'HTTP', auth: { type: 'NONE' }, echoed: {}, qps: {} } as const;
const NEW_IN_BACKEND = { functionType: 'EVENT', async: false } as const;

function completed(api: Api): Api {
  const { backend } = api;
  return { ...NEW_IN_API, ...api, backend: backend.type === 'SCF' ? { ...NEW_IN_BACKEND, ...backend } : backend };
}

export async function findService(rows: Rows, region: string, id: string): Promise<Service | undefined> {
  const row = await rows.get('resources', { kind: SERVICE, region, id });
  return row && serviceIn(row);
}

export async function needService(rows: Rows, region: string, id: string): Promise<Service> {
  return (await findService(rows, region, id)) ?? failGateway('ResourceNotFound.InvalidService', { serviceId: id });
}

/** Of one region, or of all. */
export async function listServices(rows: Rows, region?: string): Promise<Service[]> {
  const where = region === undefined ? { kind: SERVICE } : { kind: SERVICE, region };
  return (await rows.list('resources', where)).map(serviceIn);
}

export function putService(rows: Rows, service: Service): Promise<void> {
  return rows.put('resources', { kind: SERVICE, region: service.region, id: service.id, parent: '', body: service });
}

export async function removeService(rows: Rows, region: string, id: string): Promise<void> {
  await rows.remove('resources', { kind: SERVICE, region, id });
}

export async function needApi(rows: Rows, region: string, serviceId: string, apiId: string): Promise<Api> {
  const row = await rows.get('resources', { kind: API, region, id: apiId, parent: serviceId });
  return row ? apiIn(row) : failGateway('ResourceNotFound.InvalidApi', { serviceId, apiId });
}

export async function listApis(rows: Rows, region: string, serviceId: string): Promise<Api[]> {
  const apis = await rows.list('resources', { kind: API, region, parent: serviceId });
  return apis.map(apiIn).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** Of every region and service. */
export async function listAllApis(rows: Rows): Promise<{ readonly region: string; readonly api: Api }[]> {
  const found = await rows.list('resources', { kind: API });
  return found.map(row => ({ region: row.region, api: apiIn(row) }));
}

export function putApi(rows: Rows, region: string, api: Api): Promise<void> {
  return rows.put('resources', { kind: API, region, id: api.id, parent: api.serviceId, body: api });
}

export async function removeApi(rows: Rows, region: string, serviceId: string, apiId: string): Promise<void> {
  await rows.remove('resources', { kind: API, region, id: apiId, parent: serviceId });
}

export async function listReleases(rows: Rows, region: string, serviceId: string): Promise<Release[]> {
  const releases = await rows.list('resources', { kind: RELEASE, region, parent: serviceId });
  return releases.map(releaseIn);
}

export async function findRelease(
  rows: Rows,
  region: string,
  serviceId: string,
  environment: Environment,
): Promise<Release | undefined> {
  const row = await rows.get('resources', { kind: RELEASE, region, id: releaseId(serviceId, environment) });
  return row && releaseIn(row);
}

export function putRelease(rows: Rows, region: string, release: Release): Promise<void> {
  const id = releaseId(release.serviceId, release.environment);
  return rows.put('resources', { kind: RELEASE, region, id, parent: release.serviceId, body: release });
}

export async function removeRelease(rows: Rows, region: string, serviceId: string, environment: Environment) {
  await rows.remove('resources', { kind: RELEASE, region, id: releaseId(serviceId, environment) });
}

const releaseId = (serviceId: string, environment: Environment) => `${serviceId}/${environment}`;

export function putVersion(rows: Rows, region: string, version: Release): Promise<void> {
  const id = versionId(version.serviceId, version.version);
  return rows.put('resources', { kind: VERSION, region, id, parent: version.serviceId, body: version });
}

/** Newest first. */
export async function listVersions(rows: Rows, region: string, serviceId: string): Promise<Release[]> {
  const found = await rows.list('resources', { kind: VERSION, region, parent: serviceId });
  return found.map(releaseIn).sort((a, b) => b.releasedAt - a.releasedAt || (a.version < b.version ? 1 : -1));
}

export async function findVersion(
  rows: Rows,
  region: string,
  serviceId: string,
  version: string,
): Promise<Release | undefined> {
  const row = await rows.get('resources', { kind: VERSION, region, id: versionId(serviceId, version) });
  return row && releaseIn(row);
}

export async function removeVersion(rows: Rows, region: string, serviceId: string, version: string): Promise<void> {
  await rows.remove('resources', { kind: VERSION, region, id: versionId(serviceId, version) });
}

export async function removeVersions(rows: Rows, region: string, serviceId: string): Promise<void> {
  await rows.remove('resources', { kind: VERSION, region, parent: serviceId });
}

const versionId = (serviceId: string, version: string) => `${serviceId}/${version}`;
