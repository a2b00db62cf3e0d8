// A request to a source: to those that stand by when it fails, and on to where it sends us.

import { isIP } from 'node:net';
import type { Forwarded, Upstreams } from '../../../http/forward.ts';
import { UpstreamError } from '../../../http/upstream/errors.ts';
import type { To } from '../../../http/upstream/host.ts';
import { fail } from '../errors.ts';
import type { Fetched } from './model.ts';
import { redirectedTo } from './reach.ts';

const MOST_REDIRECTS = 10;
const HEAD_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;

export interface SourceRequest {
  readonly scheme: 'http' | 'https';
  /** `host` or `host:port`, one after another. */
  readonly names: readonly string[];
  /** Beside 5xx: these of one lead to the next. */
  readonly standbyStatuses: readonly number[];
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly followsRedirects: boolean;
}

/** FailedDependency: nobody answered. */
export async function fetchFrom(upstreams: Upstreams, request: SourceRequest, signal: AbortSignal): Promise<Fetched> {
  const { scheme, names, target, standbyStatuses } = request;
  let failure: unknown;
  for (const [place, name] of names.entries()) {
    try {
      const fetched = await follow(upstreams, request, new URL(`${scheme}://${name}`), target, signal);
      const isRefusal = fetched.status >= 500 || standbyStatuses.includes(fetched.status);
      if (!isRefusal || place === names.length - 1) return fetched;
      fetched.body.destroy();
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failure = error;
      if (signal.aborted) break;
    }
  }
  const reason = failure instanceof UpstreamError ? failure.fault : 'none';
  return fail('FailedDependency', { reason: `it gave no answer (${reason})` }, failure);
}

async function follow(
  upstreams: Upstreams,
  request: SourceRequest,
  first: URL,
  firstTarget: string,
  signal: AbortSignal,
): Promise<Fetched> {
  let [at, target, rawHeaders] = [first, firstTarget, request.rawHeaders];
  let address = hostIn(at);
  for (let redirects = 0; ; redirects++) {
    const fetched = read(await ask(upstreams, at, address, target, rawHeaders, signal));
    const location = fetched.headers.get('location');
    if (!request.followsRedirects || !isRedirect(fetched.status) || location === undefined) return fetched;
    fetched.body.destroy();
    if (redirects === MOST_REDIRECTS) fail('FailedDependency', { reason: 'it redirects without end' });
    const next = nextOf(location, `${at.origin}${target}`);
    // What a client sent for one host is not for another, nor for whoever hears what is not encrypted.
    if (next.origin !== at.origin) rawHeaders = withoutSecrets(rawHeaders);
    if (next.hostname !== at.hostname) address = await redirectedTo(hostIn(next), address);
    [at, target] = [next, `${next.pathname}${next.search}`];
  }
}

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function nextOf(location: string, base: string): URL {
  const next = URL.canParse(location, base) ? new URL(location, base) : undefined;
  if (next?.protocol === 'http:' || next?.protocol === 'https:') return next;
  return fail('FailedDependency', { reason: 'it redirects to no address of HTTP' });
}

function withoutSecrets(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    if (!/^(?:authorization|cookie|x-c(?:os|i)-security-token)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}

const hostIn = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** `address`: of its host, or the name itself. */
function ask(
  upstreams: Upstreams,
  at: URL,
  address: string,
  target: string,
  rawHeaders: readonly string[],
  signal: AbortSignal,
) {
  const isSecure = at.protocol === 'https:';
  const tls = isSecure && { tls: tlsTo(hostIn(at)) };
  const to: To = { host: address, port: Number(at.port || (isSecure ? 443 : 80)), ...tls };
  const headers = ['Host', at.host, 'User-Agent', 'openscf', ...rawHeaders];
  const limits = { headTimeoutMs: HEAD_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
  return upstreams.forward(to, { method: 'GET', target, rawHeaders: headers, signal, ...limits });
}

/** An address is no name that could be asked for (RFC 6066). */
const tlsTo = (host: string): NonNullable<To['tls']> => ({ servername: isIP(host) === 0 ? host : '' });

function read({ status, rawHeaders, body }: Forwarded): Fetched {
  const headers = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2)
    headers.set((rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? '');
  // It may be given up before anybody listens to it.
  body.on('error', () => undefined);
  return { status, headers, body };
}
