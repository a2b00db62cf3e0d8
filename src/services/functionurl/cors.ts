// Cross-origin answers of a function URL that gives them itself.

import type { IncomingHttpHeaders } from 'node:http';
import type { Cors } from './model.ts';

/** Of the function's answer: the URL says these itself. */
export const isCorsName = (lowerName: string): boolean => lowerName.startsWith('access-control-');

export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/** For the answer to a request; nothing for an origin that is not allowed, which browsers take for a refusal. */
export function corsHeaders(cors: Cors, origin: string | undefined): string[] {
  const headers = allowedOrigin(cors, origin);
  if (origin === undefined || !headers.includes(ALLOW_ORIGIN)) return headers;
  if (cors.exposed.length > 0) headers.push('Access-Control-Expose-Headers', cors.exposed.join(','));
  return headers;
}

export function preflightHeaders(cors: Cors, asked: IncomingHttpHeaders): string[] {
  const headers = allowedOrigin(cors, asked.origin);
  if (!headers.includes(ALLOW_ORIGIN)) return headers;
  const methods = listed(cors, cors.methods, asked['access-control-request-method']);
  if (methods !== '') headers.push('Access-Control-Allow-Methods', methods);
  const names = listed(cors, cors.headers, asked['access-control-request-headers']);
  if (names !== '') headers.push('Access-Control-Allow-Headers', names);
  if (cors.maxAgeS !== undefined) headers.push('Access-Control-Max-Age', String(cors.maxAgeS));
  return headers;
}

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';

function allowedOrigin({ origins, credentials }: Cors, origin: string | undefined): string[] {
  const any = origins.includes('*');
  if (any && !credentials) return [ALLOW_ORIGIN, '*'];
  // The answer depends on who asks: caches have to know.
  if (origin === undefined || !(any || origins.includes(origin))) return ['Vary', 'Origin'];
  const headers = ['Vary', 'Origin', ALLOW_ORIGIN, origin];
  if (credentials) headers.push('Access-Control-Allow-Credentials', 'true');
  return headers;
}

/** With credentials browsers take `*` for a name: what is asked for is said instead. */
function listed({ credentials }: Cors, allowed: readonly string[], asked: string | undefined): string {
  return credentials && allowed.includes('*') ? (asked ?? '') : allowed.join(',');
}
