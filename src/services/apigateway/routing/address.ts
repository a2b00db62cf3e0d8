// The gateway's names: which service a request means, and the URLs and ids that are given out.

import { shortRegion } from '../../../core/regions.ts';
import type { Environment, ServiceProtocol } from '../model.ts';

export interface Edge {
  /** Where the HTTP edge is reached, e.g. `http://127.0.0.1:9702`. */
  readonly httpOrigin: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Suffix of generated host names. */
  readonly baseDomain: string;
}

/** `/_apigw/<serviceId>/<env>/<path>` for clients that cannot resolve the generated host names. */
const FALLBACK = '/_apigw/';
const HOST = /^(service-[a-z0-9]{8})(?:-\d+)?(?:\.|$)/;

export interface Addressed {
  readonly serviceId: string;
  /** Environment and path, beginning with `/`. */
  readonly path: string;
}

export function addressed(host: string, path: string): Addressed | undefined {
  // Cheap look before the expression: most requests of the edge come by path.
  if (host.startsWith('service-')) {
    const serviceId = HOST.exec(host)?.[1];
    if (serviceId) return { serviceId, path };
  }
  if (!path.startsWith(FALLBACK)) return undefined;
  const slash = path.indexOf('/', FALLBACK.length);
  if (slash < 0) return { serviceId: path.slice(FALLBACK.length), path: '/' };
  return { serviceId: path.slice(FALLBACK.length, slash), path: path.slice(slash) };
}

/** The names under which the vendor has run the gateway: whatever stands before them is no host of anybody else. */
const OWN = ['.apigw.tencentcs.com', '.tencentapigw.com', '.apigateway.myqcloud.com', '.apigateway.tencentyun.com'];

export function isGatewayHost(host: string): boolean {
  return OWN.some(ending => host.endsWith(ending));
}

export interface Split {
  readonly segment: string;
  /** What is left, beginning with `/`. */
  readonly rest: string;
}

/** Takes the first segment, the environment, off a path. */
export function splitEnvironment(path: string): Split {
  const slash = path.indexOf('/', 1);
  return slash < 0 ? { segment: path.slice(1), rest: '/' } : { segment: path.slice(1, slash), rest: path.slice(slash) };
}

export interface Place {
  readonly region: string;
  readonly serviceId: string;
  readonly environment: Environment;
  /** The API's path as configured. */
  readonly path: string;
}

interface Named {
  readonly id: string;
  readonly region: string;
  readonly protocol: ServiceProtocol;
}

/** The default domain, with the port where it is not the usual one: clients put scheme and path around it. */
export function serviceDomain(edge: Edge, appId: string, { id, region, protocol }: Named): string {
  const host = `${id}-${appId}.${region}.apigateway.${edge.baseDomain}`;
  if (protocol === 'https') return edge.tlsPort === 443 ? host : `${host}:${edge.tlsPort}`;
  return edge.httpPort === 80 ? host : `${host}:${edge.httpPort}`;
}

/** The path form first: it works without name resolution. */
export function placeUrls(edge: Edge, appId: string, place: Place): readonly string[] {
  const tail = `${place.environment}${place.path.replace(/^(?:=|\^~)/, '')}`;
  const host = `${place.serviceId}-${appId}.${place.region}.apigateway.${edge.baseDomain}`;
  const port = edge.httpPort === 80 ? '' : `:${edge.httpPort}`;
  return [`${edge.httpOrigin}${FALLBACK}${place.serviceId}/${tail}`, `http://${host}${port}/${tail}`];
}

/** Clients cut it at `service/` and `/API/`. */
export function apiResourceId(uin: string, region: string, serviceId: string, apiId: string): string {
  return `qcs::apigw:${shortRegion(region)}:uin/${uin}:service/${serviceId}/API/${apiId}`;
}
