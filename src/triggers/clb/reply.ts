// What a run becomes for the balancer's client: its answer is always status, headers and body.

import type { Outcome } from '../../core/invocation.ts';
import type { ClbReply } from '../../services/clb/target.ts';
import { integratedReply } from '../integrated.ts';

const JSON_TYPE: readonly string[] = Object.freeze(['Content-Type', 'application/json']);

/** Documented for an answer that cannot be read; a failed function has none either. */
const UNREADABLE: ClbReply = Object.freeze({
  status: 403,
  headers: JSON_TYPE,
  body: '{"errno":403,"error":"Analyse scf response failed."}',
});

const gateway = (status: number, message: string): ClbReply =>
  Object.freeze({ status, headers: JSON_TYPE, body: JSON.stringify({ message }) });
const TIMED_OUT = gateway(504, 'Gateway Time-out');
const UNAVAILABLE = gateway(502, 'Bad Gateway');

/** The function's own doing; all others mean that it could not run. */
const RAN_OUT_OF_TIME = 433;
const OWN_FAILURES: ReadonlySet<number> = new Set([430, 434, 435, 437, 438, 439, 442, 443, 446]);

export function clbReplyOf({ status, body }: Pick<Outcome, 'status' | 'body'>): ClbReply {
  if (status === RAN_OUT_OF_TIME) return TIMED_OUT;
  if (status !== 200) return OWN_FAILURES.has(status) ? UNREADABLE : UNAVAILABLE;
  try {
    return integratedReply(JSON.parse(body.toString())) ?? UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}
