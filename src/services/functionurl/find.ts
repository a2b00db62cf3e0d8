// From a request to the function that it means, or to what refuses it.

import type { IncomingMessage } from 'node:http';
import type { CustomDomain, Domains } from '../../core/domain.ts';
import { DEFAULT_NAMESPACE, type FunctionVersion, LATEST } from '../../core/function.ts';
import type { Catalog } from '../../core/ports.ts';
import { isLoopback, schemeOf } from '../../http/client.ts';
import { hostName, targetPath } from '../../http/router.ts';
import { type Addressed, addressedByHost, addressedByPath, isUrlHost } from './address.ts';
import type { Refusal } from './errors.ts';
import type { Place, UrlSettings } from './model.ts';
import { domainRoute } from './routes.ts';
import type { Target } from './target.ts';

/** A URL whose trigger is enabled. */
export interface LiveUrl {
  readonly place: Place;
  readonly settings: UrlSettings;
  readonly target: Target;
}

export interface Found {
  readonly place: Place;
  readonly target: Target;
  /** undefined: open to all, as custom domains are. */
  readonly settings: UrlSettings | undefined;
  /** As the function sees it. */
  readonly path: string;
  readonly type: FunctionVersion['type'];
  readonly protocol: FunctionVersion['protocol'];
}

export interface FindDeps {
  readonly urlOf: (urlId: string) => LiveUrl | undefined;
  readonly domains: Domains;
  readonly catalog: Catalog;
  /** A function that no trigger stands for. */
  readonly dial: (place: Place) => Target;
  readonly baseDomain: string;
  readonly appId: string;
  /** Of `/_web`. */
  readonly region: string;
}

export interface Finder {
  claims(host: string, path: string): boolean;
  /** `client`: its address. */
  find(request: IncomingMessage, client: string): Found | Refusal;
}

export function createFinder(deps: FindDeps): Finder {
  const { urlOf, domains, catalog, dial, baseDomain, appId, region } = deps;

  function byId(meant: Addressed & { by: 'id' | 'path' }, client: string): Found | Refusal {
    const url = meant.by === 'path' || meant.appId === appId ? urlOf(meant.urlId) : undefined;
    if (!url) return { code: 'NoSuchUrl', params: { id: meant.urlId } };
    const refused = netRefusal(url.settings, meant, client);
    return refused ?? found(url.place, url.target, url.settings, meant.path);
  }

  function byDomain(domain: CustomDomain, request: IncomingMessage, path: string): Found | Refusal {
    const scheme = schemeOf(request).toUpperCase();
    if (!domain.protocol.split('&').includes(scheme)) {
      return { code: 'Protocol', params: { host: domain.domain, scheme, other: domain.protocol } };
    }
    const route = domainRoute(domain, path);
    if (!route) return { code: 'NoSuchPath', params: { host: domain.domain, path } };
    const { namespace, name, qualifier } = route.endpoint;
    const place = { region: domain.region, namespace, name, qualifier };
    return found(place, dial(place), undefined, route.path);
  }

  function byFunction(meant: Addressed & { by: 'function' }, host: string, client: string): Found | Refusal {
    // A name that leads here by somebody else's DNS would open local functions to any page in a local browser.
    if (!isLoopback(client) || !isLocalHost(host)) return { code: 'LocalOnly' };
    const { name, path } = meant;
    const place = {
      region,
      namespace: meant.namespace || DEFAULT_NAMESPACE,
      name,
      qualifier: meant.qualifier || LATEST,
    };
    const direct = found(place, dial(place), undefined, path);
    return direct.type === 'HTTP' ? direct : { code: 'NoSuchFunction', params: { name, namespace: place.namespace } };
  }

  function found(place: Place, target: Target, settings: UrlSettings | undefined, path: string): Found {
    // Type and protocol are those of all versions. A function that has gone is refused on the way to a run.
    const { type = 'Event', protocol = '' } = catalog.find(place)?.versions.get(LATEST) ?? {};
    return { place, target, settings, path, type, protocol };
  }

  return {
    claims: (host, path) =>
      path.startsWith('/_url/') ||
      path.startsWith('/_web/') ||
      domains.find(host) !== undefined ||
      isUrlHost(host, baseDomain),

    find(request, client) {
      const host = hostName(request.headers.host);
      const path = targetPath(request.url ?? '/');
      const domain = domains.find(host);
      if (domain) return byDomain(domain, request, path);
      const meant = addressedByHost(host, path, baseDomain) ?? addressedByPath(path);
      if (!meant) return { code: 'NoSuchUrl', params: { id: host } };
      return meant.by === 'function' ? byFunction(meant, host, client) : byId(meant, client);
    },
  };
}

/**
 * Private names are for callers on this machine, functions among them; public ones for all. The path form is public,
 * and private for callers on this machine.
 */
function netRefusal(
  settings: UrlSettings,
  meant: Addressed & { by: 'id' | 'path' },
  client: string,
): Refusal | undefined {
  const isPrivate = meant.by === 'id' && meant.net === 'private';
  if (!isPrivate && settings.extranet) return undefined;
  if (meant.by === 'id' && !isPrivate) return { code: 'NoExtranet' };
  if (isPrivate && !settings.intranet) return { code: 'NoIntranet' };
  if (!isLoopback(client)) return { code: isPrivate ? 'LocalOnly' : 'NoExtranet' };
  return settings.intranet ? undefined : { code: 'NoExtranet' };
}

function isLocalHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^(127\.[\d.]+|\[::1\])$/.test(host);
}
