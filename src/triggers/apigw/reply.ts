// What a run becomes for the gateway's client: passed through, or read as status, headers and body.

import type { Outcome } from '../../core/invocation.ts';
import { errorJson } from '../../core/reply.ts';
import type { GatewayReply } from '../../services/apigateway/target.ts';
import { integratedReply, UNREADABLE } from '../integrated.ts';

const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);
const TIMED_OUT = 433;

/** Documented for return values that are no integrated response. */
const INVALID: GatewayReply = Object.freeze({ ...UNREADABLE, upstreamStatus: 200 });

export function replyOf(outcome: Outcome, requestId: string, isIntegrated: boolean): GatewayReply {
  if (outcome.status !== 200) return failed(outcome, requestId);
  return isIntegrated
    ? integrated(outcome.body)
    : { status: 200, headers: JSON_TYPE, body: outcome.body, upstreamStatus: 200 };
}

/** Documented: a function that ran out of time answers 200 with the error as content; other failures are told by the status. */
function failed(outcome: Outcome, requestId: string): GatewayReply {
  const { status } = outcome;
  const reply = { headers: JSON_TYPE, body: Buffer.from(errorJson(requestId, outcome)), upstreamStatus: status };
  if (status === TIMED_OUT) return { ...reply, status: 200 };
  return { ...reply, status, reason: `status code ${status}` };
}

/** What a web function's client is told when the function itself has not answered: the status says what became of the run. */
export function webReplyOf(outcome: Outcome, requestId: string): GatewayReply {
  const { status } = outcome;
  const reply = failed(outcome, requestId);
  return status === TIMED_OUT ? { ...reply, status, reason: `status code ${status}` } : reply;
}

function integrated(returned: Buffer): GatewayReply {
  let value: unknown;
  try {
    value = JSON.parse(returned.toString());
  } catch {
    return INVALID;
  }
  const reply = integratedReply(value);
  return reply ? { ...reply, upstreamStatus: 200 } : INVALID;
}
