// Which site serves a request: the first that claims it, else the one the port stands for.

import type { IncomingMessage } from 'node:http';
import type { Site } from './site.ts';

/** Host header → name in lower case without port; '' if there is none. `[::1]:80` gives `[::1]`. */
export function hostName(header: string | undefined): string {
  if (!header) return '';
  const colon = header.lastIndexOf(':');
  // A colon inside brackets belongs to an IPv6 address.
  const name = colon >= 0 && colon > header.lastIndexOf(']') ? header.slice(0, colon) : header;
  return name.toLowerCase();
}

/** Request target → its path as sent. A target in absolute form (`GET http://host/path`, as proxies send) gives its path. */
export function targetPath(target: string): string {
  const origin = originForm(target);
  const question = origin.indexOf('?');
  return question < 0 ? origin : origin.slice(0, question);
}

/** Request target → its query as sent, without the `?`; '' if there is none. */
export function targetQuery(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? '' : target.slice(question + 1);
}

function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const scheme = target.indexOf('://');
  if (scheme < 0) return target;
  const end = target.slice(scheme + 3).search(/[/?]/);
  const rest = end < 0 ? '' : target.slice(scheme + 3 + end);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

export class Router {
  readonly #sites: readonly Site[];
  readonly #fallback: Site;

  constructor(sites: readonly Site[], fallback: Site) {
    this.#sites = sites;
    this.#fallback = fallback;
  }

  find(request: IncomingMessage): Site {
    const host = hostName(request.headers.host);
    const path = targetPath(request.url ?? '/');
    for (const site of this.#sites) if (site.claims(host, path, request.headers)) return site;
    return this.#fallback;
  }
}
