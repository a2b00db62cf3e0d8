// Reads that are refused, where a bucket has rules for sources: most often of objects that are not here.

import { schemeOf } from '../../../http/client.ts';
import { targetQuery } from '../../../http/router.ts';
import { fail, shownError } from '../errors.ts';
import type { Bucket } from '../model.ts';
import { isRedirect } from '../origin/fetch.ts';
import { headFrom, lengthOf } from '../origin/head.ts';
import type { Fetched, OriginRule, Pull } from '../origin/model.ts';
import { isWhole } from '../origin/puller.ts';
import { originRules, ruleFor } from '../origin/rules.ts';
import { schemeFor, targetFor } from '../origin/target.ts';
import { type Answer, type AnswerHeaders, empty } from './answer.ts';
import { type Ask, headerOf, versionOf } from './ask.ts';
import { overrides } from './get.ts';
import { shownHeaders } from './show.ts';
import { slowed, trafficLimit } from './traffic.ts';

/** What `answer` gives, or what a rule says instead of its refusal. */
export async function orFromSource(ask: Ask, bucket: Bucket, answer: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    const { method = '' } = ask.request;
    const status = shownError(error)?.status ?? 0;
    const refused = { method, status, key: ask.key, host: ask.host, versionId: versionOf(ask) };
    const rule = ruleFor(originRules(bucket), refused);
    if (!rule) throw error;
    const pull = pullOf(ask, bucket, rule);
    if (rule.type === 'Mirror') return await mirrored(ask, pull, answer, error);
    if (rule.type === 'Proxy') ask.cos.sources.later(pull);
    const name = rule.hosts[0]?.names[0] ?? '';
    return empty(rule.redirectStatus, { Location: `${schemeFor(rule, pull)}://${name}${targetFor(rule, pull)}` });
  }
}

function pullOf(ask: Ask, bucket: Bucket, rule: OriginRule): Pull {
  const { request, key, cause } = ask;
  const query = targetQuery(request.url ?? '');
  // Whether a client's beginning is still that of the object cannot be told: it gets all of it.
  const part = headerOf(ask, 'if-range') === undefined ? (headerOf(ask, 'range') ?? '') : '';
  const range = /^bytes=(?:\d{1,15}-\d{0,15}|-\d{1,15})$/.exec(part)?.[0];
  return {
    bucket: bucket.id,
    key,
    scheme: schemeOf(request),
    query,
    rawHeaders: request.rawHeaders,
    rule,
    cause,
    range,
  };
}

/** Documented: what a source has not is not there, any other refusal is 424, unless they are to be passed on. */
async function mirrored(
  ask: Ask,
  pull: Pull,
  answer: () => Answer | Promise<Answer>,
  refusal: unknown,
): Promise<Answer> {
  const { rule, key } = pull;
  const limit = trafficLimit(ask);
  const overriding = overrides(ask);
  const fetched = await ask.cos.sources.mirror(pull);
  if (!fetched) return await answer();
  const { status, headers } = fetched;
  const isPart = status === 206 && pull.range !== undefined;
  if (isWhole(fetched) || isPart) {
    const kept = { ...shownHeaders(headFrom(fetched, key).headers), ...overriding };
    const part = isPart ? { 'Content-Range': headers.get('content-range') } : {};
    return streamed(fetched, isPart ? 206 : 200, { 'Accept-Ranges': 'bytes', ...kept, ...part }, bytes =>
      slowed(bytes, limit, ask.clock),
    );
  }
  const location = headers.get('location');
  if (isRedirect(status) && location !== undefined) {
    fetched.body.destroy();
    return empty(status, { Location: location });
  }
  if (rule.transparent && status >= 400)
    return streamed(fetched, status, { 'Content-Type': headers.get('content-type') });
  fetched.body.destroy();
  if (status === 404) throw refusal;
  if (status === 416) fail('InvalidRange');
  return fail('FailedDependency', { reason: `it answered with ${status}` });
}

function streamed(
  fetched: Fetched,
  status: number,
  headers: AnswerHeaders,
  through: (body: Fetched['body']) => Fetched['body'] = body => body,
): Answer {
  return { status, headers, body: { bytes: lengthOf(fetched), open: () => through(fetched.body) } };
}
