// Cross-origin answers of the gateway: an API has them on or off, or a plugin says them in detail.

import type { IncomingHttpHeaders } from 'node:http';
import { headerValue } from '../../../http/reply.ts';
import type { CorsRule } from '../plugindata.ts';
import type { GatewayReply } from '../target.ts';
import { gatewayError, NO_UPSTREAM } from './errorbody.ts';

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';
const EXPOSE_HEADERS = 'Access-Control-Expose-Headers';
const ALLOW_CREDENTIALS = 'Access-Control-Allow-Credentials';
const MAX_AGE = 'Access-Control-Max-Age';

/** Names that scripts of other origins may read: the documented default of APIs that support CORS. */
const EXPOSED = [
  'X-Api-ID,X-Service-RateLimit,X-UsagePlan-RateLimit,X-UsagePlan-Quota,Cache-Control,Connection,Content-Disposition',
  'Date,Keep-Alive,Pragma,Via,Accept,Accept-Charset,Accept-Encoding,Accept-Language,Authorization,Cookie,Expect,From',
  'Host,If-Match,If-Modified-Since,If-None-Match,If-Range,If-Unmodified-Since,Range,Origin,Referer,User-Agent',
  'X-Forwarded-For,X-Forwarded-Host,X-Forwarded-Proto,Accept-Range,Age,Content-Range,Content-Security-Policy,ETag',
  'Expires,Last-Modified,Location,Server,Set-Cookie,Trailer,Transfer-Encoding,Vary,Allow,Content-Encoding',
  'Content-Language,Content-Length,Content-Location,Content-Type',
].join(',');
/** The documented default as well. */
const DEFAULT_AGE_S = '86400';

/** Adds what `headers` does not say itself. */
export function addCors(headers: string[]): void {
  if (headerValue(headers, 'access-control-allow-origin') === undefined) headers.push(ALLOW_ORIGIN, '*');
  if (headerValue(headers, 'access-control-expose-headers') === undefined) headers.push(EXPOSE_HEADERS, EXPOSED);
}

/** The same by a plugin's rule, for origins that it allows. */
export function addRuledCors(headers: string[], rule: CorsRule, origin: string | undefined): void {
  if (headerValue(headers, 'access-control-allow-origin') !== undefined) return;
  pushOrigin(headers, rule, origin);
  if (rule.exposed.length > 0 && headerValue(headers, 'access-control-allow-origin') !== undefined) {
    headers.push(EXPOSE_HEADERS, rule.exposed.join(','));
  }
}

function pushOrigin(headers: string[], { origins, credentials }: CorsRule, origin: string | undefined): void {
  const any = origins.includes('*');
  // Browsers take no `*` together with credentials.
  if (any && !credentials) headers.push(ALLOW_ORIGIN, '*');
  else {
    if (origin !== undefined && (any || origins.includes(origin))) {
      headers.push(ALLOW_ORIGIN, origin);
      if (credentials) headers.push(ALLOW_CREDENTIALS, 'true');
    }
    headers.push('Vary', 'Origin');
  }
}

export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined;
}

export function preflight(headers: IncomingHttpHeaders, methods: readonly string[]): GatewayReply {
  const asked = headers['access-control-request-headers'];
  const answer = [ALLOW_ORIGIN, '*', 'Access-Control-Allow-Methods', methods.join(','), MAX_AGE, DEFAULT_AGE_S];
  if (asked !== undefined) answer.push('Access-Control-Allow-Headers', asked);
  return { status: 200, headers: answer, body: '', upstreamStatus: NO_UPSTREAM };
}

/** An origin that the rule does not allow gets no permission, which is what browsers look at. */
export function ruledPreflight(headers: IncomingHttpHeaders, rule: CorsRule, methods: readonly string[]): GatewayReply {
  const answer: string[] = [];
  pushOrigin(answer, rule, headers.origin);
  if (headerValue(answer, 'access-control-allow-origin') !== undefined) {
    const asked = headers['access-control-request-headers'];
    const allowed = rule.headers.includes('*') ? asked : rule.headers.join(',');
    const verbs = rule.methods.length === 0 || rule.methods.includes('*') ? methods : rule.methods;
    answer.push('Access-Control-Allow-Methods', verbs.join(','), MAX_AGE, String(rule.maxAgeS));
    if (allowed) answer.push('Access-Control-Allow-Headers', allowed);
  }
  return { status: 200, headers: answer, body: '', upstreamStatus: NO_UPSTREAM };
}

export function corsRefusal(uri: string): GatewayReply {
  return gatewayError(429, `req is cross origin, api ${uri} need open cors flag on qcloud apigateway`);
}
