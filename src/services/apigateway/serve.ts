// One request through the gateway: service, environment, route, required parameters, target, answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Account } from '../../core/trigger.ts';
import { withoutHeaders } from '../../http/reply.ts';
import { hostName, targetPath, targetQuery } from '../../http/router.ts';
import { addressed, splitEnvironment } from './address.ts';
import { hasBody, type Received, receive, wantsBase64 } from './body.ts';
import { addCors, corsRefusal, isPreflight, preflight } from './cors.ts';
import type { Deadlines } from '../../http/deadlines.ts';
import { gatewayError, noMatch } from './errorbody.ts';
import { ENVIRONMENTS, type Environment, type Objects, type Service } from './model.ts';
import { missingParameter } from './parameters.ts';
import { type Found, findRoute, isVerb, methodsBeside, type RouteTable, type TargetOf } from './routes.ts';
import type { GatewayReply, GatewayRequest, Handover, HeaderCase } from './target.ts';
import { type Labels, pushLabels, writeReply } from './wire.ts';

/** One service as it is served now. */
export interface LiveService {
  readonly service: Service;
  readonly tables: Readonly<Partial<Record<Environment, RouteTable>>>;
}

export interface ServeDeps {
  readonly liveService: (serviceId: string) => LiveService | undefined;
  /** Keys, plans, domains … as they are now. */
  readonly objects: () => Objects;
  readonly targetOf: TargetOf;
  readonly deadlines: Deadlines;
  readonly ids: Ids;
  readonly log: Log;
  readonly account: Account;
  readonly settings: { readonly headerCase: HeaderCase; readonly dropLocation: boolean };
}

/** What is known of a request before it has a route. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly host: string;
  /** Environment and path, without the query. */
  readonly uri: string;
  readonly serviceId: string;
  readonly query: string;
  readonly requestId: string;
  readonly traceId: string;
  /** Where the client asks for another protocol. */
  readonly handover: Handover | undefined;
}

/** `handover`: the client wants to upgrade, and `response` writes to its connection. */
export type Serve = (request: IncomingMessage, response: ServerResponse, handover?: Handover) => void;

export function createServe(deps: ServeDeps): Serve {
  const { liveService, targetOf, deadlines, ids, log, account, settings } = deps;

  function serve(request: IncomingMessage, response: ServerResponse, handover?: Handover): void {
    const target = request.url ?? '/';
    const sent = targetPath(target);
    const host = request.headers.host ?? '';
    const meant = addressed(hostName(host), sent);
    const requestId = ids.risingUuid();
    const arrival: Arrival = {
      request,
      response,
      method: request.method ?? 'GET',
      host,
      uri: meant?.path ?? sent,
      serviceId: meant?.serviceId ?? '',
      query: targetQuery(target),
      requestId,
      traceId: requestId.replaceAll('-', ''),
      handover,
    };
    const result = routeOf(arrival);
    if ('status' in result) answer(arrival, result);
    else if (!hasBody(request)) call(arrival, result, undefined);
    else receive(request, body => accept(arrival, result, body));
  }

  /** Where it goes, or what refuses it. */
  function routeOf(arrival: Arrival): Routed | GatewayReply {
    const { request, method, uri } = arrival;
    const live = liveService(arrival.serviceId);
    if (!live) return noMatch('host', hostName(arrival.host));
    const scheme = schemeOf(request);
    if (!live.service.protocol.split('&').includes(scheme)) {
      return gatewayError(426, `Not allow use ${scheme.toUpperCase()} protocol`);
    }
    const { segment, rest } = splitEnvironment(uri);
    if (!isEnvironment(segment)) return noMatch('default env_mapping', `/${segment}`);
    if (!isVerb(method)) return gatewayError(404, 'Could not support method');
    const table = live.tables[segment] ?? [];
    const found = findRoute(table, method, rest, targetOf);
    if (isPreflight(method, request.headers) && (typeof found === 'string' || found.route.api.method !== 'OPTIONS')) {
      return preflightOf(arrival, table, rest);
    }
    if (found === 'uri') return noMatch('uri', rest);
    if (found === 'method') return noMatch('method', method);
    const missing = missingParameter(found.route.api.parameters, request.headers, arrival.query, found.parameters);
    return missing ?? { found, path: rest, scheme };
  }

  /** The API that the real request would reach decides. */
  function preflightOf({ request, uri }: Arrival, table: RouteTable, path: string): GatewayReply {
    const wanted = request.headers['access-control-request-method'] ?? 'OPTIONS';
    const found = findRoute(table, wanted, path, targetOf);
    if (found === 'uri') return noMatch('uri', path);
    if (found === 'method') return noMatch('method', wanted);
    if (!found.route.api.cors) return corsRefusal(uri);
    return preflight(request.headers, methodsBeside(table, found.route, targetOf));
  }

  function accept(arrival: Arrival, routed: Routed, body: Received): void {
    if (body === 'too large') answer(arrival, gatewayError(413, 'Request Entity Too Large'), routed.found);
    else call(arrival, routed, body);
  }

  function call(arrival: Arrival, { found, path, scheme }: Routed, body: Buffer | undefined): void {
    const { request, requestId, traceId } = arrival;
    const { route, target } = found;
    const gatewayRequest: GatewayRequest = {
      requestId,
      traceId,
      route,
      method: arrival.method,
      path,
      query: arrival.query,
      pathParameters: found.parameters,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      headerCase: settings.headerCase,
      scheme,
      sourceIp: sourceIp(request),
      body,
      base64:
        body !== undefined &&
        route.api.backend.type === 'SCF' &&
        wantsBase64(route.api.backend.base64, request.headers),
      ...(arrival.handover && { upgrade: arrival.handover }),
    };
    let open = true;
    // The function goes on until its own time-out; only nobody waits for it any more.
    const stop = deadlines.start(route.api.timeoutS * 1000, () => {
      open = false;
      answer(arrival, gatewayError(504, 'Gateway Time-out', 504), found);
    });
    const settle = (reply: GatewayReply) => {
      if (!open) return;
      stop();
      answer(arrival, reply, found);
    };
    const broken = (error: unknown) => {
      log.error({ err: error, requestId, apiId: route.api.id }, 'gateway call failed');
      if (arrival.response.headersSent) arrival.response.destroy();
      else settle(gatewayError(500, 'Internal Server Error'));
    };
    target.invoke(gatewayRequest).then(settle).catch(broken);
  }

  function answer(arrival: Arrival, reply: GatewayReply, found?: Found): void {
    // Whoever took the connection has answered.
    if (reply.status === 101) return;
    const headers = settings.dropLocation ? withoutHeaders(reply.headers, name => name === 'location') : reply.headers.slice();
    if (found?.route.api.cors) addCors(headers);
    const known = { traceId: arrival.traceId, appId: account.appId, host: arrival.host, uri: arrival.uri };
    const labels: Labels = found
      ? { ...known, serviceId: arrival.serviceId, apiId: found.route.api.id, functionName: found.target.functionName }
      : known;
    pushLabels(headers, labels, reply);
    writeReply(arrival.request, arrival.response, reply, headers);
  }

  return serve;
}

interface Routed {
  readonly found: Found;
  readonly path: string;
  readonly scheme: 'http' | 'https';
}

function isEnvironment(text: string): text is Environment {
  return (ENVIRONMENTS as readonly string[]).includes(text);
}

function schemeOf(request: IncomingMessage): 'http' | 'https' {
  return 'encrypted' in request.socket ? 'https' : 'http';
}

function sourceIp(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
