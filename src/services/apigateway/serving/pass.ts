// Requests that go through as they came, to a web function or a plain server: the answer is written by what stands behind
// the API, as it is made.

import { Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import type { ResponseHead } from '../../../core/exchange.ts';
import type { Log } from '../../../core/log.ts';
import type { Deadlines } from '../../../http/deadlines.ts';
import { exchangeOf, type LiveExchange, responseOn, upgradeExchangeOf } from '../../../http/exchange.ts';
import type { GatewayReply, HeaderCase, Route, Target } from '../target.ts';
import { handshakeFault } from '../websocket/handshake.ts';
import type { Answers } from './answer.ts';
import type { Arrival } from './arrival.ts';
import { FAILED, gatewayError, TIMED_OUT } from './errorbody.ts';
import { gatewayRequest } from './gatewayrequest.ts';

const NOT_UPGRADED = gatewayError(426, 'Upgrade Required');
const CLIENT_GONE = gatewayError(499, 'Client closed connetion');

/** Event functions and fixed answers are given whole requests. */
export function passesOn({ api: { backend } }: Route): boolean {
  return backend.type === 'HTTP' || (backend.type === 'SCF' && backend.functionType === 'HTTP');
}

export interface PassDeps {
  readonly answers: Answers;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly headerCase: HeaderCase;
}

export type Pass = (arrival: Arrival, route: Route, run: NonNullable<Target['pass']>) => void;

export function createPass({ answers, clock, deadlines, log, headerCase }: PassDeps): Pass {
  function pass(arrival: Arrival, route: Route, run: NonNullable<Target['pass']>): void {
    const { requestId } = arrival;
    const upgrades = route.api.protocol === 'WEBSOCKET';
    const fault = upgrades ? upgradeFault(arrival) : undefined;
    if (fault) {
      answers.write(arrival, fault, false);
      return;
    }
    let head: ResponseHead | undefined;
    let over = false;
    const end = (reply: GatewayReply, backend: boolean) => {
      if (over) return;
      over = true;
      stop();
      if (head) answers.passed(arrival, head);
      else answers.write(exchange ? answerable(arrival, exchange) : arrival, reply, backend);
    };
    const exchange = exchangeFor(arrival, upgrades, made => {
      head = made;
      // From now on the client sees what goes on.
      stop();
      return answers.ownHeaders(arrival, made);
    });
    const stop = deadlines.start(route.api.timeoutS * 1000, () => {
      exchange?.abort(new Error('the gateway has waited too long'));
      end(TIMED_OUT, false);
    });
    if (!exchange) {
      end(CLIENT_GONE, false);
      return;
    }
    arrival.askedAt = clock.now();
    run(gatewayRequest(arrival, route, headerCase), exchange)
      .then(reply => end(reply, true))
      .catch(error => {
        log.error({ err: error, requestId, apiId: route.api.id }, 'gateway call failed');
        if (head) arrival.response.destroy();
        end(FAILED, false);
      });
  }

  return pass;
}

/** Why a request cannot have a connection of another protocol. */
function upgradeFault({ request, handover }: Arrival): GatewayReply | undefined {
  return handshakeFault(request.headers) ?? (handover ? undefined : NOT_UPGRADED);
}

type Own = (head: ResponseHead) => string[];

/** undefined: the client is gone. */
function exchangeFor(arrival: Arrival, upgrades: boolean, own: Own): LiveExchange | undefined {
  const { request, response, handover, path, query, sourceIp, body } = arrival;
  const options = { target: query === '' ? path : `${path}?${query}`, remoteAddress: sourceIp, own };
  if (upgrades) {
    const socket = handover?.take();
    return socket && handover && upgradeExchangeOf(request, socket, handover.head, options);
  }
  const read = body && Readable.from([body], { objectMode: false });
  return exchangeOf(request, response, { ...options, body: read });
}

/** If its connection was handed over and nothing came of it, a plain answer ends it. */
function answerable(arrival: Arrival, { upgrade }: LiveExchange): Arrival {
  return upgrade ? { ...arrival, response: responseOn(arrival.request, upgrade.socket) } : arrival;
}
