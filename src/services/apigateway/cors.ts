// Cross-origin answers of the gateway: an API has them on or off.

import type { IncomingHttpHeaders } from 'node:http';
import { headerValue } from '../../http/reply.ts';
import { gatewayError, NO_UPSTREAM } from './errorbody.ts';
import type { GatewayReply } from './target.ts';

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';

/** Names that scripts of other origins may read; the documented list begins and ends like this. */
const EXPOSED = [
  'X-Api-ID,X-Service-RateLimit,X-UsagePlan-RateLimit,X-UsagePlan-Quota,Cache-Control,Connection,Content-Disposition',
  'Date,Keep-Alive,Pragma,Via,Accept-Ranges,Age,Allow,Content-Encoding,Content-Language,Content-Length,Content-Range',
  'ETag,Expires,Last-Modified,Location,Server,Vary,X-Api-RequestId,X-Api-FuncName,X-Api-Status,Content-Type',
].join(',');

/** Adds what `headers` does not say itself. */
export function addCors(headers: string[]): void {
  if (headerValue(headers, 'access-control-allow-origin') === undefined) headers.push(ALLOW_ORIGIN, '*');
  if (headerValue(headers, 'access-control-expose-headers') === undefined) {
    headers.push('Access-Control-Expose-Headers', EXPOSED);
  }
}

export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined;
}

export function preflight(headers: IncomingHttpHeaders, methods: readonly string[]): GatewayReply {
  const asked = headers['access-control-request-headers'];
  const answer = [ALLOW_ORIGIN, '*', 'Access-Control-Allow-Methods', methods.join(',')];
  if (asked !== undefined) answer.push('Access-Control-Allow-Headers', asked);
  return { status: 200, headers: answer, body: '', upstreamStatus: NO_UPSTREAM };
}

export function corsRefusal(uri: string): GatewayReply {
  return gatewayError(429, `req is cross origin, api ${uri} need open cors flag on qcloud apigateway`);
}
