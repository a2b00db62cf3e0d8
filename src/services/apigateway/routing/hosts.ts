// Domains of users' own as requests name them: whose they are, and which environment a path on them means.

import { ENVIRONMENTS, type Environment, type Objects, type PathMapping, type SubDomain } from '../model.ts';
import { splitEnvironment } from './address.ts';

/** `host`: lower case, without port. The exact name first, then `*.` for its first label. */
export function domainOf({ domains }: Pick<Objects, 'domains'>, host: string): SubDomain | undefined {
  if (domains.size === 0) return undefined;
  const exact = domains.get(host);
  if (exact) return exact;
  const dot = host.indexOf('.');
  return dot < 1 ? undefined : domains.get(`*${host.slice(dot)}`);
}

export interface Placed {
  readonly environment: Environment;
  /** What is left for the APIs, beginning with `/`. */
  readonly rest: string;
}

/** Which environment a path means; else the piece of it that names none. `domain` is undefined on default domains. */
export function placeOf(domain: SubDomain | undefined, path: string): Placed | { readonly unknown: string } {
  const { segment, rest } = splitEnvironment(path);
  if (!domain?.mappings) return isEnvironment(segment) ? { environment: segment, rest } : { unknown: `/${segment}` };
  let best: PathMapping | undefined;
  for (const mapping of domain.mappings) {
    if (covers(mapping.path, path) && (!best || mapping.path.length > best.path.length)) best = mapping;
  }
  if (!best) return { unknown: `/${segment}` };
  return { environment: best.environment, rest: path.slice(withoutSlash(best.path).length) || '/' };
}

/** Whole segments only: `/a` covers `/a` and `/a/b`, not `/ab`. */
function covers(mapped: string, path: string): boolean {
  const prefix = withoutSlash(mapped);
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);

function isEnvironment(text: string): text is Environment {
  return (ENVIRONMENTS as readonly string[]).includes(text);
}
