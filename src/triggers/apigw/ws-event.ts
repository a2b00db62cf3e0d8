// What the three functions of a WebSocket API receive. Every value in `websocket` is a string: the manual's own
// sample puts them together with `+`.

import type { RegisterCall, SocketMessage } from '../../services/apigateway/websocket/target.ts';
import { createRestBuilder } from './event.ts';

/** The trigger manual prints `data send`; older pages and the vendor's Go types `data recv`. */
export type UpstreamAction = 'data send' | 'data recv';

export function createRegisterBuilder(qualifier: string): (call: RegisterCall) => Buffer {
  const restOf = createRestBuilder(qualifier);
  return call => Buffer.from(`{${contextText(call)},${connectingText(call)},${restOf(call.request)}}`);
}

/** The documented members first, in the documents' order. */
function contextText({ request, serviceName }: RegisterCall): string {
  const { api, environment } = request.route;
  return `"requestContext":${JSON.stringify({
    serviceName,
    path: api.path,
    httpMethod: api.method,
    requestId: request.requestId,
    identity: request.identity,
    sourceIp: request.sourceIp,
    stage: environment,
    websocketEnable: true,
    serviceId: api.serviceId,
  })}`;
}

/** Without the client's headers their keys are left out. */
function connectingText({ connectionId, protocol, extensions }: RegisterCall): string {
  return `"websocket":${JSON.stringify({
    action: 'connecting',
    secConnectionID: connectionId,
    secWebSocketProtocol: protocol,
    secWebSocketExtensions: extensions,
  })}`;
}

export function dataEvent({ connectionId, dataType, data }: SocketMessage, action: UpstreamAction): Buffer {
  return Buffer.from(JSON.stringify({ websocket: { action, secConnectionID: connectionId, dataType, data } }));
}

export function closingEvent(connectionId: string): Buffer {
  return Buffer.from(JSON.stringify({ websocket: { action: 'closing', secConnectionID: connectionId } }));
}
