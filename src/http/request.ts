// What no site is asked to serve: requests that two readers could read in two ways. Node.js's parser refuses most of them (both
// lengths, bad chunks, folded headers, bare LF); here stands what it lets pass. And the one form of a target that sites know.

import type { IncomingMessage } from 'node:http';

export interface Refused {
  readonly status: number;
  readonly message: string;
}

const refused = (status: number, message: string): Refused => Object.freeze({ status, message });

const VERSION = refused(505, 'HTTP Version Not Supported');
const NO_VERSION = refused(400, 'Bad Request: the request line names no HTTP version');
const HOST = refused(400, 'Bad Request: one Host header with a host name is needed');
const TARGET = refused(400, 'Bad Request: the request target is not a path');
const CODING = refused(501, 'Not Implemented: the only transfer coding is chunked');
const OLD_CODING = refused(400, 'Bad Request: HTTP/1.0 knows no transfer coding');

/** RFC 3986: a registered name or an address, and a port. */
const AUTHORITY = /^(?:[\w.~!$&'()*+;=%-]*|\[[\da-fA-F:.]+\])(?::\d{0,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * What refuses a request; undefined if a site may have it. A target in absolute form becomes path and Host, as the
 * RFC 9112 §3.2.2 wants it: of the two hosts that it names the target's counts.
 */
export function refusalOf(request: IncomingMessage): Refused | undefined {
  const { httpVersionMajor: major, httpVersionMinor: minor, url = '/' } = request;
  if (major !== 1) return major === 0 ? NO_VERSION : VERSION;
  const { host, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') return CODING;
    if (minor === 0) return OLD_CODING;
  }
  if (host === undefined) {
    if (minor > 0) return HOST;
  } else if (!AUTHORITY.test(host) || isRepeated(request.rawHeaders, 'host')) return HOST;
  if (url.includes('#')) return TARGET;
  if (url.charCodeAt(0) === SLASH) return undefined;
  return takeOriginForm(request, url);
}

const SLASH = 0x2f;

function takeOriginForm(request: IncomingMessage, url: string): Refused | undefined {
  if (url === '*') return request.method === 'OPTIONS' ? undefined : TARGET;
  const [, authority, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (!authority || !AUTHORITY.test(authority)) return TARGET;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  request.headers.host = authority;
  const { rawHeaders } = request;
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  if (at >= 0) rawHeaders[at + 1] = authority;
  return undefined;
}

/** Node.js gives the first of several and says nothing. */
function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let seen = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const one = rawHeaders[i];
    if (one?.length !== name.length || one.toLowerCase() !== name) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
