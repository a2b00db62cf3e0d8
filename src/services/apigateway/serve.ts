// One request through the gateway: its way, leave to go it, what stands behind its API, the answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ResponseHead } from '../../core/exchange.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { hasBody } from '../../http/body.ts';
import type { Deadlines } from '../../http/deadlines.ts';
import { exchangeOf, type LiveExchange, responseOn, upgradeExchangeOf } from '../../http/exchange.ts';
import { type Admit, TOO_LARGE } from './admit.ts';
import type { Answers } from './answer.ts';
import type { Arrival, Arrive } from './arrival.ts';
import { receive } from './body.ts';
import { gatewayError } from './errorbody.ts';
import { gatewayRequest } from './gatewayrequest.ts';
import type { GatewayReply, Handover, HeaderCase, Route, Target } from './target.ts';
import type { FindWay } from './way.ts';
import { handshakeFault } from './websocket/handshake.ts';

export interface ServeDeps {
  readonly arrive: Arrive;
  readonly findWay: FindWay;
  readonly admit: Admit;
  readonly answers: Answers;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly headerCase: HeaderCase;
}

/** `handover`: the client wants to upgrade, and `response` writes to its connection. */
export type Serve = (request: IncomingMessage, response: ServerResponse, handover?: Handover) => void;

export function createServe(deps: ServeDeps): Serve {
  const { arrive, findWay, admit, answers, clock, deadlines, log, headerCase } = deps;

  function serve(request: IncomingMessage, response: ServerResponse, handover?: Handover): void {
    const arrival = arrive(request, response, handover);
    const nowhere = findWay(arrival);
    const { route, policy, target } = arrival;
    if (nowhere || !route || !policy || !target) {
      answers.write(arrival, nowhere ?? gatewayError(500, 'Internal Server Error'), false);
      return;
    }
    const refusal = admit(arrival, route, policy);
    if (refusal === undefined) go(arrival, route, target);
    else if (refusal instanceof Promise) {
      refusal
        .then(late => (late ? answers.write(arrival, late, false) : go(arrival, route, target)))
        .catch(error => broken(arrival, error));
    } else answers.write(arrival, refusal, false);
  }

  function go(arrival: Arrival, route: Route, target: Target): void {
    if (target.pass && passesOn(route)) pass(arrival, route, target.pass);
    else if (arrival.bodyRead || !hasBody(arrival.request)) call(arrival, route, target);
    else {
      receive(arrival.request, body => {
        if (body === 'too large') return answers.write(arrival, TOO_LARGE, false);
        arrival.body = body;
        call(arrival, route, target);
      });
    }
  }

  function call(arrival: Arrival, route: Route, target: Target): void {
    let open = true;
    // The function goes on until its own time-out; only nobody waits for it any more.
    const stop = deadlines.start(route.api.timeoutS * 1000, () => {
      open = false;
      answers.write(arrival, TIMED_OUT, false);
    });
    arrival.askedAt = clock.now();
    target
      .invoke(gatewayRequest(arrival, route, headerCase))
      .then(reply => {
        if (!open) return;
        open = false;
        stop();
        answers.write(arrival, reply, true);
      })
      .catch(error => {
        stop();
        broken(arrival, error, open);
        open = false;
      });
  }

  /** The answer is written by what stands behind the API, as it is made. */
  function pass(arrival: Arrival, route: Route, run: NonNullable<Target['pass']>): void {
    const { handover, request } = arrival;
    const wantsUpgrade = route.api.protocol === 'WEBSOCKET';
    const fault = wantsUpgrade ? (handshakeFault(request.headers) ?? (handover ? undefined : NOT_UPGRADED)) : undefined;
    if (fault) return answers.write(arrival, fault, false);
    let head: ResponseHead | undefined;
    const own = (made: ResponseHead) => {
      head = made;
      // From now on the client sees what goes on.
      stop();
      return answers.ownHeaders(arrival, made);
    };
    const exchange = exchangeFor(arrival, wantsUpgrade, own);
    if (!exchange) return answers.write(arrival, GONE, false);
    const finish = (reply: GatewayReply, backend: boolean) => {
      stop();
      if (head) answers.passed(arrival, head);
      else answers.write(wantsUpgrade ? onSocket(arrival, exchange) : arrival, reply, backend);
    };
    let over = false;
    const end = (reply: GatewayReply, backend: boolean) => {
      if (over) return;
      over = true;
      finish(reply, backend);
    };
    const stop = deadlines.start(route.api.timeoutS * 1000, () => {
      exchange.abort(new Error('the gateway has waited too long'));
      end(TIMED_OUT, false);
    });
    arrival.askedAt = clock.now();
    run(gatewayRequest(arrival, route, headerCase), exchange)
      .then(reply => end(reply, true))
      .catch(error => {
        logged(arrival, error);
        if (head) arrival.response.destroy();
        end(FAILED, false);
      });
  }

  function broken(arrival: Arrival, error: unknown, open = true): void {
    logged(arrival, error);
    if (arrival.response.headersSent) arrival.response.destroy();
    else if (open) answers.write(arrival, FAILED, false);
  }

  function logged({ requestId, route }: Arrival, error: unknown): void {
    log.error({ err: error, requestId, apiId: route?.api.id }, 'gateway call failed');
  }

  return serve;
}

const TIMED_OUT = gatewayError(504, 'Gateway Time-out', 504);
const FAILED = gatewayError(500, 'Internal Server Error');
const NOT_UPGRADED = gatewayError(426, 'Upgrade Required');
const GONE = gatewayError(499, 'Client closed connetion');

/** Event functions and fixed answers are given whole requests. */
function passesOn({ api: { backend } }: Route): boolean {
  return backend.type === 'HTTP' || (backend.type === 'SCF' && backend.functionType === 'HTTP');
}

function exchangeFor(
  arrival: Arrival,
  upgrade: boolean,
  own: (head: ResponseHead) => string[],
): LiveExchange | undefined {
  const { request, response, handover, path, query, sourceIp, body, bodyRead } = arrival;
  const options = { target: query === '' ? path : `${path}?${query}`, remoteAddress: sourceIp, own };
  if (upgrade) {
    const socket = handover?.take();
    return socket && handover && upgradeExchangeOf(request, socket, handover.head, options);
  }
  const read = bodyRead && body ? Readable.from([body]) : undefined;
  return exchangeOf(request, response, read ? { ...options, body: read } : options);
}

/** Its connection was handed over, but nothing came of it: a plain answer ends it. */
function onSocket(arrival: Arrival, { upgrade }: LiveExchange): Arrival {
  return upgrade ? { ...arrival, response: responseOn(arrival.request, upgrade.socket) } : arrival;
}
