// What a web function gets to see of the platform with each request (the vendor's page "Web function request headers"),
// and what of an answer's head may be passed on.

import type { FunctionVersion } from '../../core/function.ts';
import type { Account } from '../../core/trigger.ts';

const PREFIX = 'x-scf-';
/** Documented: names and values of an answer's headers together. */
export const HEADER_BYTES = 4 * 1024;

/** Name, value …: the same for all requests of a version. */
export function ownHeaders(version: FunctionVersion, { appId, uin }: Account): readonly string[] {
  return [
    ...['X-Scf-Memory', String(version.memoryMB)],
    ...['X-Scf-Timeout', String(version.timeoutS)],
    ...['X-Scf-Version', version.version],
    ...['X-Scf-Name', version.name],
    ...['X-Scf-Namespace', version.namespace],
    ...['X-Scf-Region', version.region],
    ...['X-Scf-Appid', appId],
    ...['X-Scf-Uin', uin],
  ];
}

/** The client's headers, without those that only the platform may set, and the platform's. */
export function requestHeaders(
  rawHeaders: readonly string[],
  requestId: string,
  own: readonly string[],
): readonly string[] {
  return withoutPlatform(rawHeaders).concat('X-Scf-Request-Id', requestId, own);
}

function withoutPlatform(rawHeaders: readonly string[]): readonly string[] {
  for (let i = 0; i < rawHeaders.length; i += 2) if (isPlatforms(rawHeaders[i])) return filtered(rawHeaders);
  return rawHeaders;
}

function filtered(rawHeaders: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!isPlatforms(rawHeaders[i])) kept.push(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
  return kept;
}

function isPlatforms(name = ''): boolean {
  return name.length >= PREFIX.length && name.slice(0, PREFIX.length).toLowerCase() === PREFIX;
}

/** Of names and values together; they are Latin-1. */
export function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
