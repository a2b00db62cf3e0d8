// What a web function gets to see of the platform with each request (the vendor's page "Web function request headers"),
// and what of an answer's head may be passed on.

import type { FunctionVersion } from '../../core/function.ts';
import type { Account } from '../../core/trigger.ts';
import { headerLines } from '../../http/upstream/head.ts';

const PREFIX = 'x-scf-';
/** Documented: names and values of an answer's headers together. */
export const HEADER_BYTES = 4 * 1024;

/** Lines that are the same for all requests of a version. */
export function ownLines(version: FunctionVersion, { appId, uin }: Account): string {
  return headerLines([
    ...['X-Scf-Memory', String(version.memoryMB)],
    ...['X-Scf-Timeout', String(version.timeoutS)],
    ...['X-Scf-Version', version.version],
    ...['X-Scf-Name', version.name],
    ...['X-Scf-Namespace', version.namespace],
    ...['X-Scf-Region', version.region],
    ...['X-Scf-Appid', appId],
    ...['X-Scf-Uin', uin],
  ]);
}

/** The line that each request has of its own, and those of its version. */
export const platformLines = (requestId: string, own: string): string => `X-Scf-Request-Id: ${requestId}\r\n${own}`;

/** The client's headers, without those that only the platform may set. */
export function clientHeaders(rawHeaders: readonly string[]): readonly string[] {
  for (let i = 0; i < rawHeaders.length; i += 2) if (isPlatforms(rawHeaders[i])) return filtered(rawHeaders);
  return rawHeaders;
}

function filtered(rawHeaders: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!isPlatforms(rawHeaders[i])) kept.push(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
  return kept;
}

/** CGI, and with it Python's WSGI, takes `_` for `-`: `X_Scf_Name` would be read as `X-Scf-Name`. */
function isPlatforms(name = ''): boolean {
  // Cheap look first: most names begin otherwise.
  if ((name.charCodeAt(0) | 0x20) !== 0x78) return false;
  return name.slice(0, PREFIX.length).toLowerCase().replaceAll('_', '-') === PREFIX;
}

/** Of names and values together; they are Latin-1. */
export function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
