// What a register function says: whether a client may connect, and with what.

import type { Outcome } from '../../core/invocation.ts';
import type { GatewayReply } from '../../services/apigateway/target.ts';
import type { Registration } from '../../services/apigateway/websocket/target.ts';

const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);
const TIMED_OUT = 433;

type Fields = Readonly<Record<string, unknown>>;

export function registrationOf(outcome: Outcome, connectionId: string): Registration {
  const { status } = outcome;
  if (status === TIMED_OUT) return refused(504, '{"message":"Gateway Time-out"}', status);
  if (status !== 200) return refused(502, BAD_GATEWAY, status);
  const { errNo, errMsg, websocket } = unwrapped(fieldsOf(parsed(outcome.body.toString())));
  if (!Number.isInteger(errNo)) return refused(502, BAD_GATEWAY, status);
  if (errNo !== 0) {
    return refused(403, JSON.stringify({ errNo, errMsg: typeof errMsg === 'string' ? errMsg : '' }), status);
  }
  const { secConnectionID = connectionId, secWebSocketProtocol, secWebSocketExtensions } = fieldsOf(websocket);
  // An answer for another connection is no answer for this one.
  if (secConnectionID !== connectionId) return refused(502, BAD_GATEWAY, status);
  return { accepted: true, protocol: textOf(secWebSocketProtocol), extensions: textOf(secWebSocketExtensions) };
}

const BAD_GATEWAY = '{"message":"Bad Gateway"}';

function refused(status: number, body: string, upstreamStatus: number): Registration {
  const reply: GatewayReply = { status, headers: JSON_TYPE, body: Buffer.from(body), upstreamStatus };
  return { accepted: false, reply };
}

/** Frameworks answer in the form of HTTP APIs: `{statusCode: 200, body: "<json>"}`. */
function unwrapped(fields: Fields): Fields {
  const { errNo, statusCode, body } = fields;
  if (errNo !== undefined || statusCode !== 200) return fields;
  return fieldsOf(typeof body === 'string' ? parsed(body) : body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
