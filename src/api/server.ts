// The front of the Cloud API 3.0: an envelope around the services' actions.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Language } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { targetPath, targetQuery } from '../http/router.ts';
import type { Site } from '../http/site.ts';
import { answerCall, type CallDeps } from './call.ts';
import { cloudHost } from './envelope.ts';
import { OPENSCF_ROOT, type OpenscfRoute, statusRoute } from './openscf/routes.ts';
import { serveOpenscf } from './openscf/serve.ts';
import { page } from './page.ts';
import type { Services } from './service.ts';
import type { Keys } from './sign.ts';
import { Tc3Verifier } from './sign-tc3.ts';

export interface ApiDeps {
  readonly services: Services;
  readonly keys: Keys;
  /** True time, also where the platform's clock is turned: callers sign by theirs. */
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Of calls that name none. */
  readonly region: string;
  /** Of answers to calls that name none. */
  readonly language?: Language;
  readonly bodyBytes?: number;
  readonly version: string;
  /** Stands for the keys under /_openscf/v1 on loopback. */
  readonly token: string;
  /** GET /_openscf/v1/status. */
  readonly status: () => unknown;
  readonly routes: readonly OpenscfRoute[];
  /** GET /metrics, in the text format of Prometheus. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** An action was asked for that is not built. */
  readonly missed: (service: string, action: string) => void;
  /** After every call, for metrics; `code` is 'OK' or the error's. */
  readonly answered?: CallDeps['answered'];
}

const MB = 1024 * 1024;
/**
 * The cloud takes 10 MB signed with TC3 (1 MB with its older signatures, 32 KB of GET); more fits here, as a package of 50 MB
 * comes in one call where the cloud's clients go by way of COS. Refusing what the cloud refuses would serve nobody.
 */
const BODY_BYTES = 100 * MB;

export function apiSite(deps: ApiDeps): Site {
  const verifier = new Tc3Verifier(deps.keys);
  const shared = { ...deps, verifier, language: deps.language ?? 'zh', bodyBytes: deps.bodyBytes ?? BODY_BYTES };
  const own = { ...shared, routes: [statusRoute(deps.status), ...deps.routes] };
  return {
    name: 'api',
    // On the ports of other sites.
    claims: (host, _path, headers) => headers['x-tc-action'] !== undefined || cloudHost(host) !== undefined,
    serve(request, response) {
      const path = targetPath(request.url ?? '/');
      if (path === '/' || request.headers['x-tc-action'] !== undefined) {
        if (wantsPage(request)) return servePage(request, response, deps);
        return answerCall(request, response, shared);
      }
      response.setHeader('X-Request-Id', deps.ids.uuid());
      if (path.startsWith(`${OPENSCF_ROOT}/`)) return serveOpenscf(request, response, own);
      if (path === '/healthz') return send(request, response, 200, JSON_TYPE, '{"status":"ok"}');
      if (path === '/metrics' && deps.metrics) return serveMetrics(request, response, deps.metrics);
      const error = { code: 'NotFound', message: `There is nothing at ${path}; the Cloud API is at /.` };
      return send(request, response, 404, JSON_TYPE, JSON.stringify({ error }));
    },
  };
}

const JSON_TYPE = 'application/json';

/** A browser, and not a call that a browser makes. */
function wantsPage({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (headers['x-tc-action'] !== undefined || !acceptsHtml(headers)) return false;
  return !/(^|&)Action=/.test(targetQuery(url));
}

function acceptsHtml({ accept }: IncomingHttpHeaders): boolean {
  return accept?.includes('text/html') === true;
}

function servePage(request: IncomingMessage, response: ServerResponse, deps: ApiDeps): void {
  const services = [...deps.services.values()].filter(service => service.isBuilt).map(service => service.name);
  const { version, region } = deps;
  const html = page({ version, region, services, host: request.headers.host ?? 'localhost' });
  send(request, response, 200, 'text/html; charset=utf-8', html);
}

async function serveMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: NonNullable<ApiDeps['metrics']>,
): Promise<void> {
  const { contentType, text } = await metrics();
  send(request, response, 200, contentType, text);
}

/** Answers GET and HEAD with a text. */
function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, text: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
