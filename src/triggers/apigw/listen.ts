// The trigger behind one API: request → event → run → reply.

import type { FunctionEvent } from '../../core/event.ts';
import type { Trigger, TriggerHost } from '../../core/trigger.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { Backend } from '../../services/apigateway/model.ts';
import type { GatewayReply, GatewayRequest, Target } from '../../services/apigateway/target.ts';
import type { ApigwDesc } from './desc.ts';
import { createEventBuilder } from './event.ts';
import { replyOf } from './reply.ts';
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
  const key = { region, namespace, name };

  function invoke(request: GatewayRequest): Promise<GatewayReply> {
    const event: FunctionEvent = {
      requestId: request.requestId,
      target: key,
      qualifier,
      source: 'apigw',
      body: build(request),
    };
    return (
      host.submit
        .sync(event)
        // As released, which need not be as configured.
        .then(outcome => replyOf(outcome, request.requestId, isIntegrated(request.route.api.backend)))
    );
  }

  const target: Target = Object.freeze({ functionName: name, invoke });
  return host.source.attach(apiId, target);
}
