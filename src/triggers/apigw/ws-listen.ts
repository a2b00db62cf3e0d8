// The triggers behind a WebSocket API: one function registers connections, one gets what clients send, one hears of
// their end.

import type { FunctionEvent } from '../../core/event.ts';
import type { Outcome } from '../../core/invocation.ts';
import type { Submit, Trigger } from '../../core/trigger.ts';
import type { WebSocketPart } from '../../services/apigateway/model.ts';
import type { SocketTarget } from '../../services/apigateway/websocket/target.ts';
import { closingEvent, createRegisterBuilder, dataEvent, type UpstreamAction } from './ws-event.ts';
import { registrationOf } from './ws-reply.ts';

export interface SocketTargetOptions {
  readonly part: WebSocketPart;
  readonly upstreamAction: UpstreamAction;
  readonly submit: Submit;
}

/** More than a function takes (core/admit.ts). */
const TOO_LARGE = 406;

export function socketTarget(
  trigger: Pick<Trigger, 'region' | 'namespace' | 'name' | 'qualifier'>,
  { part, upstreamAction, submit }: SocketTargetOptions,
): SocketTarget {
  const { region, namespace, name, qualifier } = trigger;
  const target = { region, namespace, name };
  const run = (requestId: string, body: Buffer): Promise<Outcome> => {
    const event: FunctionEvent = { requestId, target, qualifier, source: 'apigw', body };
    return submit.sync(event);
  };
  const build = createRegisterBuilder(qualifier);
  const targets: { readonly [P in WebSocketPart]: SocketTarget } = {
    register: {
      part: 'register',
      functionName: name,
      invoke: async call => registrationOf(await run(call.request.requestId, build(call)), call.connectionId),
    },
    transport: {
      part: 'transport',
      functionName: name,
      async invoke(message) {
        const { status } = await run(message.requestId, dataEvent(message, upstreamAction));
        return status === 200 ? 'ok' : status === TOO_LARGE ? 'too large' : 'failed';
      },
    },
    cleanup: {
      part: 'cleanup',
      functionName: name,
      invoke: async gone => (await run(gone.requestId, closingEvent(gone.connectionId))).status === 200,
    },
  };
  return Object.freeze(targets[part]);
}
