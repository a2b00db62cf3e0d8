// Where a request goes: service, protocol, environment, API. Or what is said to one that has no way.

import { hostName } from '../../../http/router.ts';
import type { PolicyOf } from '../admission/policy.ts';
import type { Environment, Service } from '../model.ts';
import type { Arrival } from '../serving/arrival.ts';
import { corsRefusal, isPreflight, preflight, ruledPreflight } from '../serving/cors.ts';
import { gatewayError, NO_UPSTREAM, noMatch } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';
import type { Edge } from './address.ts';
import { placeOf } from './hosts.ts';
import { findRoute, isVerb, methodsBeside, type RouteTable, type TargetOf } from './routes.ts';

/** One service as it is served now. */
export interface LiveService {
  readonly service: Service;
  readonly tables: Readonly<Partial<Record<Environment, RouteTable>>>;
}

export interface WayDeps {
  readonly liveService: (serviceId: string) => LiveService | undefined;
  readonly targetOf: TargetOf;
  readonly policyOf: PolicyOf;
  readonly edge: Pick<Edge, 'tlsPort'>;
}

/** Fills in route, path and target; gives the answer to a request that goes nowhere. */
export type FindWay = (arrival: Arrival) => GatewayReply | undefined;

export function createFindWay({ liveService, targetOf, policyOf, edge }: WayDeps): FindWay {
  function findWay(arrival: Arrival): GatewayReply | undefined {
    const { request, method, uri, domain, scheme } = arrival;
    const live = liveService(arrival.serviceId);
    if (!live)
      return arrival.host === '' ? gatewayError(404, 'Get Host Fail') : noMatch('host', hostName(arrival.host));
    if (domain?.forcedHttps && scheme === 'http') return toHttps(arrival, edge.tlsPort);
    const { protocol } = domain ?? live.service;
    if (protocol !== 'http&https' && protocol !== scheme) {
      return gatewayError(426, `Not allow use ${scheme.toUpperCase()} protocol`);
    }
    const place = placeOf(domain, uri);
    if ('unknown' in place) return noMatch(domain?.mappings ? 'env_mapping' : 'default env_mapping', place.unknown);
    arrival.path = place.rest;
    if (!isVerb(method)) return gatewayError(404, 'Could not support method');
    const table = live.tables[place.environment] ?? [];
    const found = findRoute(table, method, place.rest, targetOf);
    if (isPreflight(method, request.headers) && (typeof found === 'string' || found.route.api.method !== 'OPTIONS')) {
      return preflightOf(arrival, table);
    }
    if (found === 'uri') return noMatch('uri', place.rest);
    if (found === 'method') return noMatch('method', method);
    arrival.route = found.route;
    arrival.pathParameters = found.parameters;
    arrival.target = found.target;
    arrival.policy = policyOf(found.route);
    return undefined;
  }

  /** The API that the real request would reach decides. */
  function preflightOf({ request, uri, path }: Arrival, table: RouteTable): GatewayReply {
    const wanted = request.headers['access-control-request-method'] ?? 'OPTIONS';
    const found = findRoute(table, wanted, path, targetOf);
    if (found === 'uri') return noMatch('uri', path);
    if (found === 'method') return noMatch('method', wanted);
    const { cors } = policyOf(found.route);
    if (cors === 'broken') return gatewayError(481, 'Found no valid cors config');
    const methods = () => methodsBeside(table, found.route, targetOf);
    if (cors) return ruledPreflight(request.headers, cors, methods());
    return found.route.api.cors ? preflight(request.headers, methods()) : corsRefusal(uri);
  }

  return findWay;
}

function toHttps({ host, request }: Arrival, tlsPort: number): GatewayReply {
  const port = tlsPort === 443 ? '' : `:${tlsPort}`;
  const location = `https://${hostName(host)}${port}${request.url ?? '/'}`;
  return { status: 301, headers: ['Location', location], body: '', upstreamStatus: NO_UPSTREAM };
}
