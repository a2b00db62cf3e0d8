// A WebSocket API as the gateway calls it: the function is asked first, then the connection changes hands.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Ids } from '../../../core/ids.ts';
import { gatewayError } from '../serving/errorbody.ts';
import type { GatewayReply, GatewayRequest, Target } from '../target.ts';
import type { Connections } from './connections.ts';
import { type Deflation, deflateOptions, deflationOf } from './deflate.ts';
import { chosenProtocol, handshakeFault, SWITCHED } from './handshake.ts';
import type { Parts } from './parts.ts';
import type { Accepted } from './target.ts';

export interface OpenDeps {
  readonly ids: Ids;
  readonly parts: Parts;
  readonly connections: Connections;
  readonly messageBytes: number;
  readonly serviceName: (serviceId: string) => string;
}

/** Without a register function every client is welcome. */
const WELCOME: Accepted = Object.freeze({ accepted: true, protocol: '', extensions: '' });
/** How long a client may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 5000;
/** A message may come in pieces of this size, one with another; each takes more than its bytes. */
const PIECE_BYTES = 256;
const PIECES = 4096;

export function createOpen(deps: OpenDeps): (functionName: string) => Target {
  const { ids, parts, connections, serviceName } = deps;
  const switchOver = createSwitch(deps.messageBytes);

  async function open(request: GatewayRequest): Promise<GatewayReply> {
    const { headers, upgrade, route } = request;
    const fault = handshakeFault(headers) ?? (upgrade ? undefined : gatewayError(426, 'Upgrade Required'));
    if (fault || !upgrade) return fault ?? SWITCHED;
    if (connections.closing) return gatewayError(503, 'Service Unavailable');
    const { id: apiId, serviceId, timeoutS } = route.api;
    const connectionId = ids.bytes(16).toString('base64');
    const protocol = headers['sec-websocket-protocol'];
    const extensions = headers['sec-websocket-extensions'];
    const register = parts.find(apiId, 'register');
    const registration = register
      ? await register.invoke({ request, serviceName: serviceName(serviceId), connectionId, protocol, extensions })
      : WELCOME;
    if (!registration.accepted) return registration.reply;
    const opened = { id: connectionId, apiId, timeoutS };
    const socket = connections.closing ? undefined : upgrade.take();
    const chosen = chosenProtocol(registration.protocol, protocol);
    const deflate = deflationOf(registration.extensions, extensions);
    const client = socket && switchOver(upgrade.request, socket, upgrade.head, chosen, deflate);
    if (client) connections.add(opened, client);
    // The client went away, or has been told that it took too long: the function must not go on believing in it.
    else if (register) connections.cleanup(opened);
    return connections.closing && !socket ? gatewayError(503, 'Service Unavailable') : SWITCHED;
  }

  return functionName => Object.freeze({ functionName, invoke: open });
}

type Switch = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
  deflate: Deflation | undefined,
) => WebSocket | undefined;

function createSwitch(messageBytes: number): Switch {
  let chosen: string | undefined;
  const options = {
    noServer: true,
    clientTracking: false,
    maxPayload: messageBytes,
    maxBufferedChunks: Math.max(PIECES, messageBytes / PIECE_BYTES),
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Done by the connection, at the pace of the client.
    autoPong: false,
    handleProtocols: () => chosen ?? false,
  } as const;
  const plain = new WebSocketServer(options);
  const deflating = [false, true].map(
    limitsClient => new WebSocketServer({ ...options, perMessageDeflate: deflateOptions(limitsClient) }),
  );
  return (request, socket, head, protocol, deflate) => {
    let client: WebSocket | undefined;
    chosen = protocol;
    // The others have been declined.
    if (deflate) request.headers['sec-websocket-extensions'] = deflate.offer;
    const server = (deflate && deflating[Number(deflate.limitsClient)]) ?? plain;
    // Calls back before it returns, or has refused the client.
    server.handleUpgrade(request, socket, head, opened => {
      client = opened;
    });
    return client;
  };
}
