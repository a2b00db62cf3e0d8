// If-Match and its kin, in the order of RFC 9110 §13.2.2.

import type { Conditions } from './contract.ts';
import type { StoredObject } from './model.ts';

/** `failed`: 412; `unmodified`: 304 of a read, 412 of a copy. */
export function judge(
  conditions: Conditions,
  object: Pick<StoredObject, 'etag' | 'modifiedAt'>,
): 'met' | 'failed' | 'unmodified' {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  const among = (etags: readonly string[]) => etags.includes('*') || etags.includes(object.etag);
  // Dates of headers are whole seconds.
  const changedAfter = (ms: number) => Math.floor(object.modifiedAt / 1000) > Math.floor(ms / 1000);
  if (match) {
    if (!among(match)) return 'failed';
  } else if (unmodifiedSince !== undefined && changedAfter(unmodifiedSince)) return 'failed';
  if (noneMatch) return among(noneMatch) ? 'unmodified' : 'met';
  return modifiedSince !== undefined && !changedAfter(modifiedSince) ? 'unmodified' : 'met';
}
