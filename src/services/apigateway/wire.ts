// The head of the gateway's answers, and what of them is compressed.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Gzip, writeReply as writeWith } from '../../http/reply.ts';
import { NO_UPSTREAM } from './errorbody.ts';
import type { GatewayReply } from './target.ts';

/** Documented: bodies above 1 KB of these types are compressed for clients that take gzip. */
const COMPRESSED: Gzip = Object.freeze({
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

/** `headers` is the whole head but for the length; it is taken over. */
export function writeReply(request: IncomingMessage, response: ServerResponse, reply: GatewayReply, headers: string[]) {
  writeWith(request, response, reply, headers, COMPRESSED);
}

/** What the gateway says about a request in the head of its answer. */
export interface Labels {
  readonly traceId: string;
  readonly appId: string;
  readonly host: string;
  /** Path with the environment. */
  readonly uri: string;
  readonly serviceId?: string;
  readonly apiId?: string;
  readonly functionName?: string;
}

/** Names as captured from the cloud. No rate is limited here, and the values say so. */
export function pushLabels(headers: string[], labels: Labels, { status, upstreamStatus }: GatewayReply): void {
  headers.push('X-Api-RequestId', labels.traceId);
  if (labels.apiId !== undefined) headers.push('X-Api-ID', labels.apiId);
  headers.push('X-Service-RateLimit', 'unlimited', 'X-Api-RateLimit', 'unlimited');
  if (labels.functionName !== undefined) headers.push('X-Api-FuncName', labels.functionName);
  headers.push('X-Api-AppId', labels.appId);
  if (labels.serviceId !== undefined) headers.push('X-Api-ServiceId', labels.serviceId);
  headers.push('X-Api-HttpHost', labels.host, 'X-Api-Uri', labels.uri, 'X-Api-Status', String(status));
  if (upstreamStatus !== NO_UPSTREAM) headers.push('X-Api-UpstreamStatus', String(upstreamStatus));
}
