// One request through the gateway: its way, leave to go it, what stands behind its API, the answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody } from '../../../http/body.ts';
import type { Admit } from '../admission/admit.ts';
import type { FindWay } from '../routing/way.ts';
import type { Handover, Route, Target } from '../target.ts';
import type { Arrival, Arrive } from './arrival.ts';
import { receive } from './body.ts';
import { FAILED, TIMED_OUT, TOO_LARGE } from './errorbody.ts';
import { gatewayRequest } from './gatewayrequest.ts';
import { createPass, type PassDeps, passesOn } from './pass.ts';

export interface ServeDeps extends PassDeps {
  readonly arrive: Arrive;
  readonly findWay: FindWay;
  readonly admit: Admit;
}

/** `handover`: the client wants to upgrade, and `response` writes to its connection. */
export type Serve = (request: IncomingMessage, response: ServerResponse, handover?: Handover) => void;

export function createServe(deps: ServeDeps): Serve {
  const { arrive, findWay, admit, answers, clock, deadlines, log, headerCase } = deps;
  const pass = createPass(deps);

  function serve(request: IncomingMessage, response: ServerResponse, handover?: Handover): void {
    const arrival = arrive(request, response, handover);
    const nowhere = findWay(arrival);
    const { route, policy, target } = arrival;
    if (nowhere || !route || !policy || !target) {
      answers.write(arrival, nowhere ?? FAILED, false);
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
        if (body === 'too large') answers.write(arrival, TOO_LARGE, false);
        else {
          arrival.body = body;
          call(arrival, route, target);
        }
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
        stop();
        answers.write(arrival, reply, true);
      })
      .catch(error => {
        stop();
        broken(arrival, error, open);
      });
  }

  function broken(arrival: Arrival, error: unknown, open = true): void {
    log.error({ err: error, requestId: arrival.requestId, apiId: arrival.route?.api.id }, 'gateway call failed');
    if (arrival.response.headersSent) arrival.response.destroy();
    else if (open) answers.write(arrival, FAILED, false);
  }

  return serve;
}
