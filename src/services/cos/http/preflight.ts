// OPTIONS: what a browser asks before it sends what a page of another origin wants sent. Never signed.

import { fail } from '../errors.ts';
import { type Answer, empty } from './answer.ts';
import { type Ask, bucketOf, headerOf } from './ask.ts';
import { allowHeaders, ruleFor } from './cors.ts';

export function preflight(ask: Ask): Answer {
  const need = (name: string) =>
    headerOf(ask, name.toLowerCase()) ?? fail('InvalidArgument', { name, reason: 'a preflight request has it' });
  const wanted = {
    origin: need('Origin'),
    method: need('Access-Control-Request-Method'),
    headers: (headerOf(ask, 'access-control-request-headers') ?? '')
      .toLowerCase()
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== ''),
  };
  const rule = ruleFor(bucketOf(ask).cors, wanted) ?? fail('AccessForbidden');
  const vary = { Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' };
  return empty(200, { ...allowHeaders(rule, wanted), ...vary });
}
