// APIs whose backend is a plain HTTP server: the request goes on as it came, with the gateway's headers.

import type { Exchange } from '../../../core/exchange.ts';
import type { Upstreams } from '../../../http/forward.ts';
import { UpstreamError } from '../../../http/upstream/errors.ts';
import { SERVER_FAILED } from '../auth/oauth.ts';
import type { HttpBackend, RequestParameter } from '../model.ts';
import { behind, decodePath, type PathParameters } from '../routing/match.ts';
import type { GatewayReply, GatewayRequest, Route, Target } from '../target.ts';
import { UPLOAD_BYTES } from './body.ts';
import { gatewayError } from './errorbody.ts';

export function createProxy(upstreams: () => Upstreams): Target {
  async function pass(request: GatewayRequest, exchange: Exchange): Promise<GatewayReply> {
    const { backend, timeoutS, parameters } = request.route.api;
    const to = backend.type === 'HTTP' ? serverOf(backend) : undefined;
    if (backend.type !== 'HTTP' || !to) return gatewayError(481, 'API config error');
    try {
      const answer = await upstreams().forward(to, {
        method: backend.method === 'ANY' ? request.method : backend.method,
        target: backendTarget(backend, request),
        rawHeaders: backendHeaders(request, parameters),
        body: request.body ?? exchange.body,
        bodyBytes: UPLOAD_BYTES,
        signal: exchange.signal,
        // Real time, between two pieces of the answer; until it begins the gateway's own time-out counts.
        idleTimeoutMs: timeoutS * 1000,
      });
      const { stream, trailers } = exchange.respond(answer);
      await new Promise<void>(over => {
        answer.body.once('error', error => stream.destroy(error));
        answer.body.once('end', () => {
          trailers(answer.trailers());
          stream.end();
        });
        stream.once('close', () => {
          answer.body.destroy();
          over();
        });
        answer.body.pipe(stream, { end: false });
      });
      return { status: answer.status, headers: [], body: '', upstreamStatus: answer.status };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return failed(error, request.route);
    }
  }
  return Object.freeze<Target>({
    functionName: '',
    pass,
    invoke: async () => gatewayError(481, 'API config error'),
  });
}

function failed({ fault }: UpstreamError, { api }: Route): GatewayReply {
  if (fault === 'request too large') return gatewayError(413, 'Request Entity Too Large');
  if (fault === 'invalid request' || fault === 'request cut short') return gatewayError(400, 'Bad Request');
  if (api.auth.type === 'OAUTH' && api.auth.business === 'OAUTH') return gatewayError(401, SERVER_FAILED);
  if (fault === 'timeout' || fault === 'connect timeout') return gatewayError(504, 'Gateway Time-out', 504);
  return gatewayError(502, 'Bad Gateway', 502);
}

function serverOf({ url }: HttpBackend) {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol === 'http:') return { host, port: Number(port || 80) };
  if (protocol === 'https:') return { host, port: Number(port || 443), tls: { servername: host } };
  return undefined;
}

/**
 * Documented: what the API's path stands for is cut off, the rest is put behind the backend's path, where values stand
 * for names in braces.
 */
export function backendTarget(
  { path: backendPath }: Pick<HttpBackend, 'path'>,
  { route, path, pathParameters, query }: Pick<GatewayRequest, 'route' | 'path' | 'pathParameters' | 'query'>,
): string {
  const { pattern, api } = route;
  const rest = behind(path, pattern.covered(decodePath(path)));
  const joined = filled(backendPath, pathParameters) + rest;
  const absolute = joined.startsWith('/') ? joined : `/${joined}`;
  const defaults = api.parameters
    .filter(({ position, defaultValue }) => position === 'QUERY' && defaultValue !== '')
    .filter(({ name }) => !new URLSearchParams(query).has(name))
    .map(({ name, defaultValue }) => `${encodeURIComponent(name)}=${encodeURIComponent(defaultValue)}`);
  const fields = [query, ...defaults].filter(text => text !== '').join('&');
  return fields === '' ? absolute : `${absolute}?${fields}`;
}

function filled(path: string, parameters: PathParameters): string {
  return path.replace(/\{([A-Za-z_][\w-]*)\+?\}/g, (whole, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    // Segments of a parameter that stands for many stay segments.
    return value === undefined ? whole : value.split('/').map(encodeURIComponent).join('/');
  });
}

/** The gateway's own; a client's copies are overwritten. */
const MANAGED: ReadonlySet<string> = new Set([
  'endpoint-timeout',
  'host',
  'requestsource',
  'x-anonymous-consumer',
  'x-api-requestid',
  'x-api-scheme',
  'x-b3-traceid',
  'x-client-proto',
  'x-client-proto-ver',
  'x-forwarded-for',
  'x-real-ip',
]);

/** Without `Host`: the server is asked for by its own name. */
function backendHeaders(request: GatewayRequest, parameters: readonly RequestParameter[]): string[] {
  const { rawHeaders, headers, traceId, scheme, sourceIp, route, httpVersion } = request;
  const sent: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!MANAGED.has(name.toLowerCase())) sent.push(name, rawHeaders[i + 1] ?? '');
  }
  for (const { name, position, defaultValue } of parameters) {
    if (position === 'HEADER' && defaultValue !== '' && headers[name.toLowerCase()] === undefined) {
      sent.push(name, Buffer.from(defaultValue).toString('latin1'));
    }
  }
  const before = headers['x-forwarded-for'];
  sent.push('X-Client-Proto', scheme, 'X-Client-Proto-Ver', `HTTP/${httpVersion}`);
  sent.push(
    'X-Forwarded-For',
    before === undefined ? sourceIp : `${String(before)}, ${sourceIp}`,
    'X-Real-IP',
    sourceIp,
  );
  sent.push('X-Api-RequestId', traceId, 'X-B3-TraceId', traceId, 'X-Api-Scheme', scheme, 'RequestSource', 'APIGW');
  sent.push('Endpoint-Timeout', String(route.api.timeoutS));
  if (route.api.auth.type === 'NONE') sent.push('X-Anonymous-Consumer', 'true');
  return sent;
}
