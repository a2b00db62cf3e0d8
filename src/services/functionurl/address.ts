// The names of function URLs: which one a request means, and the addresses that are given out.

import { shortRegion } from '../../core/regions.ts';
import { originOf } from '../../http/origin.ts';

export interface Edge {
  /** Where the HTTP edge is reached. */
  readonly host: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Suffix of generated host names. */
  readonly baseDomain: string;
}

/** `/_url/<id>/<path>`, for clients that cannot resolve the generated host names. */
const URL_PATH = '/_url/';
/** `/_web/<namespace>/<function>/<qualifier>/<path>`, to try a web function without a URL. */
const WEB_PATH = '/_web/';
const LABEL = /^(\d+)-([a-z0-9]{10})(-[a-z0-9-]+)?$/;

export type Addressed =
  | { readonly by: 'id'; readonly urlId: string; readonly appId: string; readonly net: Net; readonly path: string }
  | { readonly by: 'path'; readonly urlId: string; readonly path: string }
  | {
      readonly by: 'function';
      readonly namespace: string;
      readonly name: string;
      readonly qualifier: string;
      readonly path: string;
    };

/** By which of its names a URL was called. */
export type Net = 'public' | 'private';

/**
 * `<appid>-<id>.<region>.tencentscf.com`, with `.in` behind the id for the private name; of 2023:
 * `<appid>-<id>-<region>.scf.tencentcs.com`, with `-in` behind the region; and our own: `<appid>-<id>.<region>.scf.<base>`.
 */
export function addressedByHost(host: string, path: string, baseDomain: string): Addressed | undefined {
  // Cheap looks before the expression: most hosts are others.
  const first = host.charCodeAt(0);
  if (first < 0x30 || first > 0x39) return undefined;
  const dot = host.indexOf('.');
  if (dot < 0) return undefined;
  const rest = host.slice(dot);
  if (!rest.endsWith('.tencentscf.com') && rest !== '.scf.tencentcs.com' && !rest.endsWith(`.scf.${baseDomain}`)) {
    return undefined;
  }
  const [, appId, urlId, tail = ''] = LABEL.exec(host.slice(0, dot)) ?? [];
  if (appId === undefined || urlId === undefined) return undefined;
  const net = tail.endsWith('-in') || rest.startsWith('.in.') ? 'private' : 'public';
  return { by: 'id', urlId, appId, net, path };
}

export function addressedByPath(path: string): Addressed | undefined {
  if (path.startsWith(URL_PATH)) {
    const [urlId, rest] = split(path, URL_PATH.length);
    return { by: 'path', urlId, path: rest };
  }
  if (!path.startsWith(WEB_PATH)) return undefined;
  const [namespace, afterNamespace] = split(path, WEB_PATH.length);
  const [name, afterName] = split(afterNamespace, 1);
  const [qualifier, rest] = split(afterName, 1);
  return { by: 'function', namespace, name, qualifier: decoded(qualifier), path: rest };
}

/** The root of a path form without the slash that relative addresses in a page need before them. */
export function isBareRoot(path: string): boolean {
  return !path.endsWith('/') && addressedByPath(path)?.path === '/';
}

/** The segment that begins there, and what is left, beginning with `/`. */
function split(path: string, from: number): [segment: string, rest: string] {
  const slash = path.indexOf('/', from);
  return slash < 0 ? [path.slice(from), '/'] : [path.slice(from, slash), path.slice(slash)];
}

/** `%24LATEST` is how some clients write it. */
function decoded(text: string): string {
  return text.replace(/^%24/i, '$');
}

/** The vendor's names and ours; whatever stands before them is no host of anybody else. */
export function isUrlHost(host: string, baseDomain: string): boolean {
  return host.endsWith('.tencentscf.com') || host.endsWith('.scf.tencentcs.com') || host.endsWith(`.scf.${baseDomain}`);
}

/** Addresses that work with their ports, the path form first: it needs no name resolution. */
export interface UrlAddresses {
  readonly http: string;
  readonly https: string;
  readonly ws: string;
  readonly wss: string;
  /** By host name. */
  readonly byHost: string;
}

export function urlAddresses(edge: Edge, appId: string, region: string, urlId: string): UrlAddresses {
  const plain = originOf(edge.host, edge.httpPort);
  const secure = originOf(edge.host, edge.tlsPort, 'https');
  const port = edge.httpPort === 80 ? '' : `:${edge.httpPort}`;
  const path = `${URL_PATH}${urlId}`;
  return {
    http: plain + path,
    https: secure + path,
    ws: plain.replace('http://', 'ws://') + path,
    wss: secure.replace('https://', 'wss://') + path,
    byHost: `http://${appId}-${urlId}.${region}.scf.${edge.baseDomain}${port}`,
  };
}

/** As ListTriggers shows it. */
export function urlResourceId(uin: string, region: string, name: string, urlId: string): string {
  return `qcs::scf:${shortRegion(region)}:uin/${uin}:function/${name}/${urlId}`;
}
