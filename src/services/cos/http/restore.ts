// Restoring an archived object.

import { fail } from '../errors.ts';
import type { Tier } from '../model.ts';
import { type Answer, empty } from './answer.ts';
import { type Ask, refOf } from './ask.ts';
import { xmlBody } from './body.ts';
import { childOf, expectOnly, numberOf, wordOf } from './readxml.ts';

const MAX_DAYS = 365;
const TIERS: readonly Tier[] = ['Expedited', 'Standard', 'Bulk'];

export async function restoreObject(ask: Ask): Promise<Answer> {
  const request = await xmlBody(ask, 'RestoreRequest');
  expectOnly(request, 'Days', 'CASJobParameters');
  const days = numberOf(request, 'Days', 1, MAX_DAYS) ?? fail('MalformedXML');
  const parameters = childOf(request, 'CASJobParameters');
  const word = (parameters && wordOf(parameters, 'Tier')) ?? 'Standard';
  const tier = TIERS.find(known => known === word) ?? fail('MalformedXML');
  const { storageClass } = ask.cos.objects.head(refOf(ask));
  if (storageClass === 'DEEP_ARCHIVE' && tier === 'Expedited') {
    fail('InvalidArgument', { name: 'Tier', reason: 'DEEP_ARCHIVE is restored by Standard or Bulk' });
  }
  const outcome = await ask.cos.objects.restore(refOf(ask), days, tier, ask.cause);
  return empty(outcome === 'begun' ? 202 : 200);
}
