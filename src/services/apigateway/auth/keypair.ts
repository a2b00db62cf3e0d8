// Requests signed with a key pair (SECRET): the key must belong to a usage plan that holds for the API.

import type { ApiKey, Objects, UsagePlan } from '../model.ts';
import type { Arrival } from '../serving/arrival.ts';
import { gatewayError } from '../serving/errorbody.ts';
import type { GatewayReply } from '../target.ts';
import { dateFault, HMAC, namesFault, readSigned, same, sentValue, signatureOf } from './hmac.ts';

const ALGORITHMS: ReadonlyMap<string, string> = new Map(
  ['sha1', 'sha256', 'sha384', 'sha512'].map(name => [`hmac-${name}`, name]),
);

/** `plans`: those that hold for the API. Gives those of the key, or the refusal. */
export function byKeyPair(
  { request }: Pick<Arrival, 'request'>,
  objects: Objects,
  plans: readonly UsagePlan[],
  region: string,
  now: number,
): { readonly key: ApiKey; readonly plans: readonly UsagePlan[] } | GatewayReply {
  const { headers, rawHeaders } = request;
  const signed = readSigned(headers.authorization);
  if (typeof signed === 'string') return refused(signed);
  const fault =
    dateFault(headers, now) ??
    namesFault(signed.names, rawHeaders, headers['x-date'] === undefined ? 'date' : 'x-date');
  if (fault) return refused(fault);
  const algorithm = ALGORITHMS.get(signed.algorithm);
  if (!algorithm) return refused(HMAC.algorithm(signed.algorithm));
  const key = objects.keys.get(signed.id);
  if (!key?.enabled || key.region !== region) return refused(HMAC.unknown);
  const text = signed.names.map(name => `${name}: ${sentValue(headers, name)}`).join('\n');
  if (!same(signed.signature, signatureOf(algorithm, key.secret, text))) return refused(HMAC.mismatch);
  const own = plans.filter(plan => plan.keyIds.includes(key.id));
  if (own.length > 0) return { key, plans: own };
  const inAnyPlan = [...objects.plans.values()].some(plan => plan.keyIds.includes(key.id));
  if (plans.length > 0 && inAnyPlan) return refused(HMAC.notForApi);
  return gatewayError(403, 'Found no validate usage plan');
}

const refused = (text: string) => gatewayError(401, text);
