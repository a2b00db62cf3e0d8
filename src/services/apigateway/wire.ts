// Writing a reply: the gateway's own headers, compression, one write for head and body where that is possible.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { NO_UPSTREAM } from './errorbody.ts';
import type { GatewayReply } from './target.ts';

/** Below this a copy into one string costs less than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;
/** Documented: bodies above 1 KB of these types are compressed for clients that take gzip. */
const GZIP_ABOVE_BYTES = 1024;
const GZIP_TYPES: ReadonlySet<string> = new Set([
  'text/xml',
  'text/plain',
  'text/css',
  'application/javascript',
  'application/x-javascript',
  'application/rss+xml',
  'application/xml',
  'application/json',
  'application/octet-stream',
]);

/** The first value of a name (lower case) in a flat list. */
export function headerValue(headers: readonly string[], lowerName: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    if (name?.length === lowerName.length && name.toLowerCase() === lowerName) return headers[i + 1];
  }
  return undefined;
}

export function withoutHeader(headers: readonly string[], lowerName: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (name.toLowerCase() !== lowerName) kept.push(name, headers[i + 1] ?? '');
  }
  return kept;
}

/** `headers` is the whole head but for the length; it is taken over. */
export function writeReply(request: IncomingMessage, response: ServerResponse, reply: GatewayReply, headers: string[]) {
  if (response.destroyed) return;
  if (wantsGzip(request, reply)) {
    gzip(reply.body, (error, packed) => {
      if (response.destroyed) return;
      if (!error) headers.push('Content-Encoding', 'gzip');
      write(response, reply, headers, error ? reply.body : packed);
    });
    return;
  }
  write(response, reply, headers, reply.body);
}

function write(response: ServerResponse, reply: GatewayReply, headers: string[], body: Buffer | string): void {
  const { status, reason } = reply;
  const empty = status === 204 || status === 304;
  if (!empty) headers.push('Content-Length', String(body.length));
  if (reason === undefined) response.writeHead(status, headers);
  else response.writeHead(status, reason, headers);
  // For HEAD the length is told and node leaves the body out.
  if (empty || body.length === 0) response.end();
  // A Latin-1 string is joined with the head into one write; every character is one byte.
  else if (typeof body === 'string') response.end(body, 'latin1');
  else if (body.length <= ONE_WRITE_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

function wantsGzip(request: IncomingMessage, { status, headers, body }: GatewayReply): boolean {
  if (body.length <= GZIP_ABOVE_BYTES || request.method === 'HEAD' || status === 204 || status === 304) return false;
  if (!acceptsGzip(request.headers['accept-encoding'])) return false;
  const type = headerValue(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return GZIP_TYPES.has(type) && headerValue(headers, 'content-encoding') === undefined;
}

function acceptsGzip(accepted: string | string[] | undefined): boolean {
  if (accepted === undefined) return false;
  const found = /(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*([\d.]+))?\s*(?:,|$)/i.exec(String(accepted));
  return found !== null && Number(found[1] ?? 1) > 0;
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
