// What a run becomes for the client of a URL: status, headers and body that the function says, or its value as JSON.

import type { Outcome } from '../../core/invocation.ts';
import { errorJson } from '../../core/reply.ts';
import type { UrlReply } from '../../services/functionurl/target.ts';
import { integratedReply, UNREADABLE } from '../integrated.ts';

const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);
const UNREADABLE_STATUS = 403;

export function urlReply(outcome: Outcome, requestId: string): UrlReply {
  const { status } = outcome;
  if (status !== 200) {
    const body = Buffer.from(errorJson(requestId, outcome));
    return { status, headers: JSON_TYPE, body, reason: `status code ${status}`, functionStatus: status };
  }
  const value = statusValue(outcome.body);
  if (value === undefined) return { status: 200, headers: JSON_TYPE, body: outcome.body, functionStatus: 200 };
  const reply = integratedReply(value);
  return reply ? { ...reply, functionStatus: 200 } : { ...UNREADABLE, functionStatus: UNREADABLE_STATUS };
}

const OPEN_BRACE = 0x7b;

/** The return value if it is an object with a statusCode; what is none is not parsed where a look tells. */
function statusValue(returned: Buffer): object | undefined {
  if (returned[0] !== OPEN_BRACE || !(returned.includes('"statusCode"') || returned.includes('\\u'))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(returned.toString());
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'statusCode') ? value : undefined;
}
