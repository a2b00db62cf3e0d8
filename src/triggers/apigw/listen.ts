// The trigger behind one API: request → event → run → reply.

import { CloudError } from '../../core/errors.ts';
import type { FunctionEvent } from '../../core/event.ts';
import type { Exchange } from '../../core/exchange.ts';
import { refusal } from '../../core/invocation.ts';
import { goJson } from '../../core/reply.ts';
import type { Submit, Trigger, TriggerHost } from '../../core/trigger.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { Backend } from '../../services/apigateway/model.ts';
import type { GatewayReply, GatewayRequest, Target } from '../../services/apigateway/target.ts';
import type { ApigwDesc } from './desc.ts';
import { createEventBuilder } from './event.ts';
import { replyOf, webReplyOf } from './reply.ts';
import type { UpstreamAction } from './ws-event.ts';
import { socketTarget } from './ws-listen.ts';

const isIntegrated = (backend: Backend): boolean => backend.type === 'SCF' && backend.integrated;

export type ApigwTrigger = Trigger & { readonly desc: ApigwDesc };

export function listenApigw(
  trigger: ApigwTrigger,
  host: TriggerHost<ApiGateway>,
  upstreamAction: UpstreamAction,
): Disposable {
  const { region, namespace, name, qualifier, desc } = trigger;
  if (!desc.bound) throw new Error(`trigger ${trigger.id} has no API: it was never bound`);
  const { apiId, part } = desc.bound;
  if (part) {
    return host.source.attachSocket(apiId, socketTarget(trigger, { part, upstreamAction, submit: host.submit }));
  }
  const build = createEventBuilder(qualifier);
  const target = { region, namespace, name };
  const eventOf = (request: GatewayRequest, body: Buffer): FunctionEvent => ({
    requestId: request.requestId,
    target,
    qualifier,
    source: 'apigw',
    body,
  });

  function invoke(request: GatewayRequest): Promise<GatewayReply> {
    const { backend } = request.route.api;
    const event = eventOf(request, build(request));
    if (backend.type === 'SCF' && backend.async) return accepted(event, host.submit);
    // As released, which need not be as configured.
    return host.submit.sync(event).then(outcome => replyOf(outcome, request.requestId, isIntegrated(backend)));
  }

  async function pass(request: GatewayRequest, exchange: Exchange): Promise<GatewayReply> {
    const words = Buffer.from(goJson({ httpMethod: exchange.method, path: exchange.target }));
    const outcome = await host.submit.sync({ ...eventOf(request, words), exchange });
    return webReplyOf(outcome, request.requestId);
  }

  return host.source.attach(apiId, Object.freeze<Target>({ functionName: name, invoke, pass }));
}

/** Documented: the client has its answer at once, without content; the id of the request stands in its head. */
async function accepted(event: FunctionEvent, submit: Submit): Promise<GatewayReply> {
  try {
    await submit.async(event);
    return { status: 200, headers: ['Content-Type', 'application/json'], body: '{}', upstreamStatus: 200 };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return replyOf(refusal(error.row.fault === 'caller' ? 406 : 500, error.text('en')), event.requestId, false);
  }
}
