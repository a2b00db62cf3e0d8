// One request through a listener: domain and path, the rule, what stands behind it, the answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import type { Ids } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import { BodyTooLarge, hasBody, readBody } from '../../../http/body.ts';
import { clientAddress, schemeOf, type TrustedProxies } from '../../../http/client.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import { responseOn } from '../../../http/exchange.ts';
import { type Reply, writeReply } from '../../../http/reply.ts';
import { hostName, targetPath, targetQuery } from '../../../http/router.ts';
import type { Rule } from '../model.ts';
import { normalPath } from '../routing/routes.ts';
import type { ClbReply, ClbRequest, Target } from '../target.ts';
import type { Arrival, LiveListener, LiveRule } from './arrival.ts';
import { answerHeaders, HOST_OVERRIDE, passedHeaders, peerOf } from './headers.ts';
import { page } from './pages.ts';
import { type ProxyDeps, proxyRequest, proxyUpgrade } from './proxy.ts';

export interface ServeDeps extends ProxyDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly proxies: TrustedProxies;
  readonly targetOf: (locationId: string) => Target | undefined;
}

/** Where the path form leads: what stands before the path, and the domain that it names, if any. */
export interface Meant {
  readonly prefix: string;
  readonly host: string | undefined;
}

export interface Serve {
  request(live: LiveListener, request: IncomingMessage, response: ServerResponse, meant?: Meant): void;
  upgrade(live: LiveListener, request: IncomingMessage, socket: Duplex, head: Buffer, meant?: Meant): void;
}

export function createServe(deps: ServeDeps): Serve {
  const { clock, ids, log, deadlines, proxies, targetOf } = deps;

  function arrive(live: LiveListener, request: IncomingMessage, meant: Meant | undefined): Arrival {
    const target = request.url ?? '/';
    const sent = targetPath(target);
    const peer = peerOf(request);
    return {
      request,
      live,
      requestId: ids.risingUuid(),
      at: clock.now(),
      method: request.method ?? 'GET',
      host: meant?.host ?? chosenHost(request, meant),
      path: meant ? sent.slice(meant.prefix.length) || '/' : sent,
      query: targetQuery(target),
      scheme: meant ? (live.listener.protocol === 'HTTPS' ? 'https' : 'http') : schemeOf(request),
      peerAddress: peer.address,
      clientAddress: clientAddress(request, proxies),
      clientPort: peer.port,
    };
  }

  /** The rule, or the answer where there is none. */
  function route(arrival: Arrival, meant: Meant | undefined): LiveRule | Reply {
    const path = normalPath(arrival.path);
    if (path === undefined) return page(400);
    const match = arrival.live.routes.find(hostName(arrival.host), path);
    if (match === undefined) return page(404);
    if (match !== 'redirect') return match.rule;
    const query = arrival.query === '' ? '' : `?${arrival.query}`;
    return page(301, ['Location', `${meant?.prefix ?? ''}${arrival.path}/${query}`]);
  }

  function answer(arrival: Arrival, response: ServerResponse, reply: Reply | ClbReply, rule?: Rule): void {
    const { request, live } = arrival;
    const headers = answerHeaders(reply.headers, arrival, reply.status);
    writeReply(request, response, reply, headers, rule?.gzip === false ? undefined : live.gzip);
  }

  function callFunction(arrival: Arrival, rule: Rule, weight: number, response: ServerResponse): void {
    const target = weight > 0 ? targetOf(rule.id) : undefined;
    if (!target) {
      answer(arrival, response, page(502));
      return;
    }
    const { request, live } = arrival;
    if (!hasBody(request)) {
      invoke(arrival, rule, target, response, undefined);
      return;
    }
    readBody(request, live.settings.bodyBytes).then(
      body => invoke(arrival, rule, target, response, body.length === 0 ? undefined : body),
      // A client that went away in the middle is not there to be answered.
      error => (error instanceof BodyTooLarge ? answer(arrival, response, page(413)) : response.destroy()),
    );
  }

  function invoke(
    arrival: Arrival,
    rule: Rule,
    target: Target,
    response: ServerResponse,
    body: Buffer | undefined,
  ): void {
    const { live, requestId } = arrival;
    const asked: ClbRequest = {
      requestId,
      rule,
      method: arrival.method,
      path: arrival.path,
      query: arrival.query,
      headers: passedHeaders(arrival),
      contentType: arrival.request.headers['content-type'],
      body,
      scheme: arrival.scheme,
      httpVersion: arrival.request.httpVersion,
      clientAddress: arrival.clientAddress,
      clientPort: arrival.clientPort,
      vip: live.balancer.vip,
      vport: live.listener.port,
    };
    let open = true;
    // The function goes on until its own time-out; only nobody waits for it any more.
    const stop = deadlines.start(live.settings.readTimeoutMs, () => {
      open = false;
      answer(arrival, response, page(504));
    });
    const settle = (reply: Reply | ClbReply) => {
      if (!open) return;
      open = false;
      stop();
      answer(arrival, response, reply, rule);
    };
    target
      .invoke(asked)
      .then(settle)
      .catch(error => {
        log.error({ err: error, requestId, locationId: rule.id }, 'a load balancer rule failed');
        if (response.headersSent) response.destroy();
        else settle(page(500));
      });
  }

  return Object.freeze<Serve>({
    request(live, request, response, meant) {
      const arrival = arrive(live, request, meant);
      const found = route(arrival, meant);
      if ('status' in found) {
        answer(arrival, response, found);
        return;
      }
      const { rule, group } = found;
      if (rule.target.kind === 'function') callFunction(arrival, rule, rule.target.weight, response);
      else if (!group) answer(arrival, response, page(502));
      else proxyRequest(deps, arrival, rule, group, response, status => answer(arrival, response, page(status)));
    },
    upgrade(live, request, socket, head, meant) {
      const arrival = arrive(live, request, meant);
      const fail = (reply: Reply) => {
        if (!socket.destroyed) answer(arrival, responseOn(request, socket), reply);
      };
      const found = route(arrival, meant);
      if ('status' in found) fail(found);
      // Functions take no WebSocket here.
      else if (found.rule.target.kind === 'function') fail(page(400));
      else if (!found.group) fail(page(502));
      else {
        const { rule, group } = found;
        proxyUpgrade(deps, arrival, rule, group, socket, head, status => fail(page(status))).catch(error => {
          log.error({ err: error, locationId: rule.id }, 'a load balancer rule failed');
          socket.destroy();
        });
      }
    },
  });
}

/** The path form comes under the edge's own names: a header may name the domain instead. */
function chosenHost(request: IncomingMessage, meant: Meant | undefined): string {
  const override = meant && request.headers[HOST_OVERRIDE];
  return typeof override === 'string' ? override : (request.headers.host ?? '');
}
