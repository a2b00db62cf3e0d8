// The opening handshake (RFC 6455 §4.2): what a client must send, and which of its offers are taken up.

import type { IncomingHttpHeaders } from 'node:http';
import { gatewayError, NO_UPSTREAM } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';

/** The connection has changed hands: there is nothing to be written. */
export const SWITCHED: GatewayReply = Object.freeze({
  status: 101,
  headers: [],
  body: '',
  upstreamStatus: NO_UPSTREAM,
});

const VERSION = '13';
/** 16 bytes in Base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** A list of tokens. */
const PROTOCOLS = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;

/** The refusal of a request that opens no connection. The first two texts are documented. */
export function handshakeFault(headers: IncomingHttpHeaders): GatewayReply | undefined {
  const {
    upgrade,
    'sec-websocket-key': key,
    'sec-websocket-version': version,
    'sec-websocket-protocol': protocol,
  } = headers;
  if (key === undefined) return gatewayError(403, 'need header Sec-WebSocket-Key');
  if (version === undefined) return gatewayError(403, 'need header Sec-WebSocket-Version');
  if (version !== VERSION) {
    const reply = gatewayError(426, `Sec-WebSocket-Version ${version} is not supported`);
    return { ...reply, headers: [...reply.headers, 'Sec-WebSocket-Version', VERSION] };
  }
  if (upgrade?.toLowerCase() !== 'websocket') return gatewayError(426, 'Upgrade Required');
  if (!KEY.test(key)) return gatewayError(400, 'header Sec-WebSocket-Key is invalid');
  if (protocol !== undefined && !validProtocols(protocol)) {
    return gatewayError(400, 'header Sec-WebSocket-Protocol is invalid');
  }
  return undefined;
}

/** None may be offered twice. */
function validProtocols(header: string): boolean {
  if (!PROTOCOLS.test(header)) return false;
  const names = listed(header);
  return new Set(names).size === names.length;
}

const listed = (text: string): string[] =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

/** Of what the function gave, the first that the client offered: the standard knows one subprotocol only. */
export function chosenProtocol(given: string, offered: string | undefined): string | undefined {
  const offers = listed(offered ?? '');
  return listed(given).find(name => offers.includes(name));
}
