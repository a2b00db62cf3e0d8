// What the Cloud API lacks, under /_openscf/v1, as JSON: the type of a route, and how one is found.

import type { IncomingHttpHeaders } from 'node:http';
import type { Language } from '../../core/errors.ts';

export const OPENSCF_ROOT = '/_openscf/v1';

export interface OpenscfRequest {
  /** Values of the `:names` in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as JSON; undefined without one. */
  readonly body: unknown;
  readonly language: Language;
  /** The key that signed; undefined without one. */
  readonly secretId: string | undefined;
}

export interface OpenscfRoute {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Below the root, `:name` for one segment: `/sample/:type`. */
  readonly path: string;
  /** The answer, as JSON; a CloudError becomes an error answer. */
  handle(request: OpenscfRequest): unknown;
  /** In place of keys and the token of the data folder: throws for who may not ask, before the body is read. */
  admit?(headers: IncomingHttpHeaders, query: URLSearchParams): void;
  /** The largest body; that of all calls when left out. */
  readonly bodyBytes?: number;
}

export type Found =
  | { readonly route: OpenscfRoute; readonly params: Readonly<Record<string, string>> }
  /** The path is there, for other methods. */
  | 'method'
  | undefined;

/** `path` is below the root, as sent. The first route in the list wins. */
export function findRoute(routes: readonly OpenscfRoute[], method: string, path: string): Found {
  let isThere = false;
  for (const route of routes) {
    const params = match(route.path, path);
    if (!params) continue;
    if (route.method === method) return { route, params };
    isThere = true;
  }
  return isThere ? 'method' : undefined;
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (!want.startsWith(':')) {
      if (want !== segment) return undefined;
      continue;
    }
    const value = decoded(segment);
    if (!value) return undefined;
    params[want.slice(1)] = value;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** GET /status. */
export function statusRoute(status: () => unknown): OpenscfRoute {
  return { method: 'GET', path: '/status', handle: status };
}
