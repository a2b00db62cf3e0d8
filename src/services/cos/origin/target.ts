// What a source is asked for: which of several, what there, and with which headers.

import type { ClientRequest, OriginHost, OriginRule, SentHeaders } from './model.ts';
import { OURS } from './read.ts';

export const schemeFor = ({ protocol }: OriginRule, { scheme }: ClientRequest): 'http' | 'https' =>
  protocol === 'follow' ? scheme : protocol;

/** By weight; `fraction`: uniform in [0, 1). */
export function hostFor(hosts: readonly OriginHost[], fraction: number): OriginHost | undefined {
  let left = fraction * hosts.reduce((sum, { weight }) => sum + weight, 0);
  for (const host of hosts) {
    if (left < host.weight) return host;
    left -= host.weight;
  }
  return hosts.at(-1);
}

/** Path and query. */
export function targetFor({ file, followsQuery }: OriginRule, { key, query }: ClientRequest): string {
  const name = 'fixed' in file ? file.fixed.replace(/^\//, '') : folder(file.prefix) + key + file.suffix;
  const sent = followsQuery ? queryFor(query) : '';
  return `/${name.split('/').map(encodeURIComponent).join('/')}${sent === '' ? '' : `?${sent}`}`;
}

/** Documented by its example: the prefix `test` of `a.jpg` gives `test/a.jpg`. */
const folder = (prefix: string): string =>
  prefix.replace(/^\//, '') + (prefix === '' || prefix.endsWith('/') ? '' : '/');

const SIGNATURE =
  /^(?:q-(?:sign-algorithm|ak|sign-time|key-time|header-list|url-param-list|signature)|x-c(?:os|i)-security-token|sign)$/i;

/** All of it but a signature, which is for this store alone. */
function queryFor(query: string): string {
  const parts = query.split('&');
  return parts.filter(part => part !== '' && !SIGNATURE.test(decoded(part.split('=', 1)[0] ?? ''))).join('&');
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A signature is for this store; what is kept must fit clients that take no other coding. */
const NOT_UNASKED: ReadonlySet<string> = new Set([
  ...['authorization', 'x-cos-security-token', 'x-ci-security-token', 'accept-encoding'],
]);
/** Of what a client has, and of a part that it wants: what is fetched is whole. */
const NEVER: ReadonlySet<string> = new Set([
  ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'user-agent'],
]);

/** Name, value, name, value … */
export function headersFor(
  { all, added, followed, forbidden }: SentHeaders,
  { rawHeaders }: Pick<ClientRequest, 'rawHeaders'>,
): string[] {
  const sent = added.flat();
  const taken = new Set(added.map(([name]) => name.toLowerCase()));
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    const low = name.toLowerCase();
    const isWanted = followed.includes(low) || (all && !NOT_UNASKED.has(low));
    if (isWanted && !OURS.has(low) && !NEVER.has(low) && !taken.has(low) && !forbidden.includes(low)) {
      sent.push(name, value);
    }
  }
  const has = (wanted: string) => sent.some((name, at) => at % 2 === 0 && name.toLowerCase() === wanted);
  if (!has('accept-encoding')) sent.push('Accept-Encoding', 'identity');
  return sent;
}
