// The exact bytes of an attempt, as the row that is kept of them.

import type { Attempt } from '../core/invocation.ts';
import { errorJson } from '../core/reply.ts';
import type { PayloadRow } from '../core/rows.ts';
import { type Accepted, isAttempt } from './row.ts';

const NOTHING = Buffer.alloc(0);

/** An event's bytes stand in the row of its first attempt, from its acceptance on. */
export function payloadOf(entry: Attempt | Accepted): PayloadRow {
  const { event } = entry;
  const ended = isAttempt(entry) ? entry : undefined;
  const retryNum = ended?.retryNum ?? 0;
  const body = retryNum === 0 ? event.body : NOTHING;
  const reply = ended ? replyOf(ended) : NOTHING;
  return {
    requestId: event.requestId,
    retryNum,
    at: Math.round(ended?.startedAt ?? entry.acceptedAt),
    bytes: body.length + reply.length,
    routingKey: (retryNum === 0 && event.routingKey) || '',
    event: body,
    reply,
  };
}

function replyOf({ event, outcome }: Attempt): Buffer {
  return outcome.status === 200 ? outcome.body : Buffer.from(errorJson(event.requestId, outcome));
}
