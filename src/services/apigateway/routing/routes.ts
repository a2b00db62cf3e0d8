// What one environment of one service answers, compiled from its release.

import { API_METHODS, type Api, type ApiMethod, type Release, type Service } from '../model.ts';
import type { Route, Target } from '../target.ts';
import { comparePatterns, decodePath, type PathParameters, type PathPattern, parsePath } from './match.ts';

interface Place {
  readonly pattern: PathPattern;
  readonly routes: ReadonlyMap<ApiMethod, Route>;
}

/** In order of trial. */
export type RouteTable = readonly Place[];

export type TargetOf = (api: Api) => Target | undefined;

export interface Found {
  readonly route: Route;
  readonly target: Target;
  readonly parameters: PathParameters;
}

export type Miss = 'uri' | 'method';

/** `current`: the APIs as they are now, from which limits are taken: those hold without a release. */
export function compileRoutes(service: Service, release: Release, current: readonly Api[]): RouteTable {
  const { environment } = release;
  const limits = new Map(current.map(api => [api.id, api.qps[environment]]));
  const places = new Map<string, { pattern: PathPattern; routes: Map<ApiMethod, Route> }>();
  for (const api of release.apis) {
    const place = places.get(api.path) ?? { pattern: parsePath(api.path), routes: new Map() };
    places.set(api.path, place);
    const route: Route = {
      api,
      environment,
      region: service.region,
      pattern: place.pattern,
      serviceQps: service.qps[environment],
      apiQps: limits.get(api.id),
    };
    place.routes.set(api.method, Object.freeze(route));
  }
  return [...places.values()].sort((a, b) => comparePatterns(a.pattern, b.pattern));
}

/**
 * The first place whose path matches and that has the method, or ANY. An API without a target (its trigger is
 * disabled or gone) is passed over as if it were not there.
 */
export function findRoute(table: RouteTable, method: string, path: string, targetOf: TargetOf): Found | Miss {
  const decoded = decodePath(path);
  let miss: Miss = 'uri';
  for (const { pattern, routes } of table) {
    const parameters = pattern.match(decoded);
    if (!parameters) continue;
    const found = pick(routes, method, parameters, targetOf);
    if (found) return found;
    for (const route of routes.values()) if (targetOf(route.api)) miss = 'method';
  }
  return miss;
}

function pick(
  routes: Place['routes'],
  method: string,
  parameters: PathParameters,
  targetOf: TargetOf,
): Found | undefined {
  for (const name of [method as ApiMethod, 'ANY'] as const) {
    const route = routes.get(name);
    const target = route && targetOf(route.api);
    if (target) return { route, target, parameters };
  }
  return undefined;
}

const VERBS = API_METHODS.filter(method => method !== 'ANY' && method !== 'BEGIN');

/** Verbs that the API's path answers, for a preflight. */
export function methodsBeside(table: RouteTable, route: Route, targetOf: TargetOf): readonly string[] {
  const routes = table.find(place => place.pattern.text === route.api.path)?.routes ?? new Map<ApiMethod, Route>();
  const methods = [...routes.values()].filter(r => targetOf(r.api)).map(r => r.api.method);
  return methods.includes('ANY') ? VERBS : methods;
}

export function isVerb(method: string): boolean {
  return (VERBS as readonly string[]).includes(method);
}

/** As it was released. */
export function apiIn(table: RouteTable, apiId: string): Api | undefined {
  for (const { routes } of table) for (const { api } of routes.values()) if (api.id === apiId) return api;
  return undefined;
}
