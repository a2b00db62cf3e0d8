// Events: what became of each, their exact bytes, and sending one again.

import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { EVENT_STATES, type EventVerbs } from '../../control/event-verbs.ts';
import { retMsg } from '../../core/reply.ts';
import { check } from '../check.ts';
import { functionQuery, functionTarget, LIMIT, wholeText } from './query.ts';
import type { OpenscfRoute } from './routes.ts';

export interface EventRouteDeps {
  readonly events: EventVerbs;
  readonly clock: { now(): number };
  /** Of functions that are named without one. */
  readonly region: string;
}

const listQuery = z.strictObject({
  ...functionQuery,
  source: z.string().min(1).optional(),
  state: z.enum(EVENT_STATES).optional(),
  limit: LIMIT,
  from: wholeText.optional(),
  before: wholeText.optional(),
});

const replayBody = z.strictObject({
  /** JSON text, sent as it is written. */
  event: z.string().optional(),
  to: z.string().min(1).optional(),
  namespace: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  qualifier: z.string().min(1).optional(),
});

export function eventRoutes({ events, clock, region }: EventRouteDeps): readonly OpenscfRoute[] {
  return [
    {
      method: 'GET',
      path: '/events',
      async handle({ query }) {
        const asked = check(listQuery, Object.fromEntries(query)) as z.output<typeof listQuery>;
        const { source, state, limit, from, before } = asked;
        const target = functionTarget(asked, region);
        const list = await events.list({
          limit,
          ...(target && { target }),
          ...(source !== undefined && { source }),
          ...(state && { state }),
          ...(from !== undefined && { from }),
          ...(before !== undefined && { before }),
        });
        return { nowMs: clock.now(), ...list };
      },
    },
    {
      method: 'GET',
      path: '/events/:id',
      async handle({ params: { id = '' } }) {
        return { nowMs: clock.now(), ...(await events.show(id)) };
      },
    },
    {
      method: 'GET',
      path: '/events/:id/payload',
      async handle({ params: { id = '' } }) {
        const { event, routingKey, replies } = await events.payload(id);
        return {
          requestId: id,
          routingKey,
          ...(event && { event: bytesView(event) }),
          replies: [...replies].map(([retryNum, reply]) => ({ retryNum, ...bytesView(reply) })),
        };
      },
    },
    {
      method: 'POST',
      path: '/events/:id/replay',
      async handle({ params: { id = '' }, body }) {
        const asked = check(replayBody, body ?? {}) as z.output<typeof replayBody>;
        const { event, qualifier } = asked;
        const to = {
          ...elsewhere('name', asked.to),
          ...elsewhere('namespace', asked.namespace),
          ...elsewhere('region', asked.region),
        };
        const { outcome, ...sent } = await events.replay(id, {
          ...(event !== undefined && { body: Buffer.from(event) }),
          ...(Object.keys(to).length > 0 && { to }),
          ...(qualifier !== undefined && { qualifier }),
        });
        if (!outcome) return { mode: 'async', ...sent };
        const { status, errorMessage, stackTrace, durationMs, memoryBytes, log } = outcome;
        const result = retMsg(sent.requestId, outcome);
        return { mode: 'sync', ...sent, status, result, errorMessage, stackTrace, durationMs, memoryBytes, log };
      },
    },
  ];
}

function elsewhere(name: 'name' | 'namespace' | 'region', value: string | undefined) {
  return value === undefined ? {} : { [name]: value };
}

/** Text where it is text: base64 would be read by nobody. */
function bytesView(bytes: Buffer) {
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  return { encoding, bytes: bytes.length, text: bytes.toString(encoding) };
}
