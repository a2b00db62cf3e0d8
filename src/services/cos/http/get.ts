// GET and HEAD of an object.

import { judge } from '../conditions.ts';
import type { Opened } from '../contract.ts';
import { fail } from '../errors.ts';
import type { StoredObject } from '../model.ts';
import { type Answer, type AnswerHeaders, empty, isHeaderText, wireText } from './answer.ts';
import { type Ask, bucketOf, headerOf, refOf } from './ask.ts';
import { conditionsOf } from './conditions.ts';
import { rangeOf } from './range.ts';
import { httpTime, isReadable, objectHeaders, quoted } from './show.ts';
import { slowed, trafficLimit } from './traffic.ts';

export function getObject(ask: Ask): Answer {
  const opened = ask.cos.objects.open(refOf(ask));
  if (!isReadable(opened.object, ask.clock.now())) fail('InvalidObjectState');
  return answerWith(ask, opened.object, opened);
}

export const headObject = (ask: Ask): Answer => answerWith(ask, ask.cos.objects.head(refOf(ask)), undefined);

function answerWith(ask: Ask, object: StoredObject, opened: Opened | undefined): Answer {
  const headers = { ...objectHeaders(bucketOf(ask), object, ask.clock.now()), ...overrides(ask) };
  const judged = judge(conditionsOf(ask), object);
  if (judged === 'failed') fail('PreconditionFailed');
  if (judged === 'unmodified') return empty(304, headers);
  const range = wantsRange(ask, object) ? rangeOf(headerOf(ask, 'range'), object.bytes) : undefined;
  const { from, to } = range ?? { from: 0, to: object.bytes };
  const limit = trafficLimit(ask);
  return {
    status: range ? 206 : 200,
    headers: range ? { ...headers, 'Content-Range': `bytes ${from}-${to - 1}/${object.bytes}` } : headers,
    // Whoever only asks for the head is told the length all the same.
    body: {
      bytes: to - from,
      open: () => slowed(opened?.read(from, to) ?? headAlone(ask), limit, ask.clock),
      ...(opened && limit === undefined && { feed: take => opened.feed(from, to, take) }),
    },
  };
}

const headAlone = (ask: Ask): never => fail('InternalError', { requestId: ask.cause.requestId });

/** If-Range: the rest of what the client has, or all of what there is now. */
function wantsRange(ask: Ask, object: StoredObject): boolean {
  const known = headerOf(ask, 'if-range');
  return known === undefined || known === quoted(object.etag) || known === httpTime(object.modifiedAt);
}

const OVERRIDES: Readonly<Record<string, string>> = {
  'response-content-type': 'Content-Type',
  'response-content-language': 'Content-Language',
  'response-expires': 'Expires',
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
};

/** Signed requests alone: a page of somebody else's making would show content as what it is not. */
export function overrides(ask: Ask): AnswerHeaders {
  const given = Object.entries(OVERRIDES).flatMap(([param, name]) => {
    const value = ask.query.get(param);
    if (!value) return [];
    const text = wireText(value);
    if (!isHeaderText(text)) fail('InvalidArgument', { name: param, reason: 'it has control characters' });
    return [[name, text] as const];
  });
  if (given.length > 0 && ask.caller.anonymous) fail('AccessDenied');
  return Object.fromEntries(given);
}
