// Sources that lead back here: every request to one says through which buckets it has come (CDN-Loop, RFC 8586).

import { fail } from '../errors.ts';

export const LOOP_HEADER = 'CDN-Loop';
/** A chain of sources, each with a source of its own, over several servers. */
const MOST_HOPS = 10;

/** Of the header to send. `self`: this server; FailedDependency if it has come through this bucket already. */
export function loopHeader(rawHeaders: readonly string[], self: string, bucket: string): string {
  const hops: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== LOOP_HEADER.toLowerCase()) continue;
    hops.push(...(rawHeaders[i + 1] ?? '').split(',').map(hop => hop.trim()));
  }
  const own = `${self};bucket=${bucket}`;
  if (hops.includes(own)) fail('FailedDependency', { reason: 'the source leads back to this bucket' });
  if (hops.length >= MOST_HOPS) fail('FailedDependency', { reason: 'too many sources stand one behind another' });
  return [...hops, own].join(', ');
}
