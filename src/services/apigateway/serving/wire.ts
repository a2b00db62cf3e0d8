// The head of the gateway's answers, and what of them is compressed.

import type { Gzip } from '../../../http/reply.ts';
import type { Arrival } from './arrival.ts';
import { NO_UPSTREAM } from './errorbody.ts';

/** Documented: bodies above 1 KB of these types are compressed for clients that take gzip. */
export const COMPRESSED: Gzip = Object.freeze({
  aboveBytes: 1024,
  types: new Set([
    'text/xml',
    'text/plain',
    'text/css',
    'application/javascript',
    'application/x-javascript',
    'application/rss+xml',
    'application/xml',
    'application/json',
    'application/octet-stream',
  ]),
});

/** What the gateway says about a request in the head of its answer, as far as it is known; names as captured from the cloud. */
export function pushLabels(headers: string[], arrival: Arrival, appId: string, status: number, upstreamStatus: number) {
  const { route, target, serviceId } = arrival;
  headers.push('X-Api-RequestId', arrival.traceId);
  if (route) headers.push('X-Api-ID', route.api.id);
  for (const text of arrival.limits) headers.push(text);
  if (target && target.functionName !== '') headers.push('X-Api-FuncName', target.functionName);
  headers.push('X-Api-AppId', appId);
  if (route) headers.push('X-Api-ServiceId', serviceId);
  headers.push('X-Api-HttpHost', arrival.host, 'X-Api-Uri', arrival.uri, 'X-Api-Status', String(status));
  if (upstreamStatus !== NO_UPSTREAM) headers.push('X-Api-UpstreamStatus', String(upstreamStatus));
}
