// Dead letters: what there is, sent again, thrown away.

import { z } from 'zod';
import type { LetterQuery, LetterVerbs } from '../../control/event-verbs.ts';
import { fail } from '../../core/errors.ts';
import type { DeadLetter } from '../../core/ports.ts';
import { check } from '../check.ts';
import { functionQuery, functionTarget, LIMIT, OFFSET } from './query.ts';
import type { OpenscfRoute } from './routes.ts';

export interface LetterRouteDeps {
  readonly letters: LetterVerbs;
  readonly clock: { now(): number };
  /** Of functions that are named without one. */
  readonly region: string;
}

const which = {
  ...functionQuery,
  /** Of the topic or queue. */
  name: z.string().min(1).optional(),
  type: z.enum(['CMQ-TOPIC', 'CMQ-QUEUE']).optional(),
};

const listQuery = z.strictObject({ ...which, limit: LIMIT, offset: OFFSET });
/** Which ones has to be said: one, those of a name or function, or all. */
const changeBody = z.strictObject({
  ...which,
  requestId: z.string().min(1).optional(),
  all: z.literal(true).optional(),
});

export function letterRoutes({ letters, clock, region }: LetterRouteDeps): readonly OpenscfRoute[] {
  const changed = (body: unknown): LetterQuery | string => {
    const asked = check(changeBody, body ?? {}) as z.output<typeof changeBody>;
    const { requestId, all, ...rest } = asked;
    const query = queryOf(rest, region);
    const isNarrowed = Object.keys(query).length > 0;
    if (requestId === undefined)
      return all || isNarrowed ? query : fail('MissingParameter', { name: 'requestId | all' });
    if (all || isNarrowed) {
      const reason = '不能与其他条件同时给出 (it stands alone)';
      return fail('InvalidParameter', { name: 'requestId', reason });
    }
    return requestId;
  };
  return [
    {
      method: 'GET',
      path: '/deadletters',
      async handle({ query }) {
        const asked = check(listQuery, Object.fromEntries(query)) as z.output<typeof listQuery>;
        const { total, rows } = await letters.list(queryOf(asked, region), asked);
        return { nowMs: clock.now(), total, letters: rows.map(viewOf) };
      },
    },
    {
      method: 'GET',
      path: '/deadletters/:id',
      async handle({ params: { id = '' } }) {
        const letter = await letters.show(id);
        return { nowMs: clock.now(), letter: viewOf(letter), message: JSON.parse(letter.message.toString()) };
      },
    },
    { method: 'POST', path: '/deadletters/redrive', handle: ({ body }) => letters.redrive(changed(body)) },
    { method: 'POST', path: '/deadletters/purge', handle: ({ body }) => letters.purge(changed(body)) },
  ];
}

type Asked = Parameters<typeof functionTarget>[0] & {
  readonly name?: string | undefined;
  readonly type?: LetterQuery['type'] | undefined;
};

function queryOf(asked: Asked, region: string): LetterQuery {
  const { name, type } = asked;
  const target = functionTarget(asked, region);
  if (type && name === undefined) fail('MissingParameter', { name: 'name' });
  return { ...(target && { target }), ...(name !== undefined && { name }), ...(type && { type }) };
}

function viewOf({ item, to, why, status, errorMessage, diedAt }: DeadLetter) {
  const { event, acceptedAt, retryNum } = item;
  const { requestId, target, qualifier, source, body } = event;
  return {
    requestId,
    ...target,
    qualifier,
    source,
    to,
    why,
    status,
    errorMessage,
    tried: retryNum + 1,
    acceptedAt,
    diedAt,
    eventBytes: body.length,
  };
}
