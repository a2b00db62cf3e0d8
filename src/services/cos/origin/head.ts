// What a source says of an object, as it is kept and given on. Documented: these headers and no others.

import { isHeaderText } from '../http/answer.ts';
import { MAX_KEPT_BYTES } from '../http/head.ts';
import { mediaTypeOf } from '../http/mediatypes.ts';
import type { ObjectHead } from '../model.ts';
import type { Fetched } from './model.ts';

const KEPT = ['cache-control', 'content-disposition', 'content-encoding', 'content-type', 'expires'];
const META = 'x-cos-meta-';
/** Of all together, as of what clients send. */
const MAX_META_BYTES = 2048;

export function headFrom({ headers }: Pick<Fetched, 'headers'>, key: string): ObjectHead {
  const kept: [string, string][] = [];
  let metaBytes = 0;
  let keptBytes = 0;
  for (const [name, value] of headers) {
    const isMeta = name.startsWith(META);
    if ((!isMeta && !KEPT.includes(name)) || value === '' || !isHeaderText(value)) continue;
    if (isMeta) metaBytes += name.length + value.length;
    else keptBytes += value.length;
    if (isMeta ? metaBytes <= MAX_META_BYTES : keptBytes <= MAX_KEPT_BYTES) kept.push([name, value]);
  }
  const type = headers.get('content-type') ? undefined : mediaTypeOf(key);
  if (type !== undefined) kept.push(['content-type', type]);
  return {
    headers: Object.fromEntries(kept),
    storageClass: 'STANDARD',
    acl: { canned: 'default', grants: [] },
    tags: [],
  };
}

/** undefined of what comes in chunks. */
export function lengthOf({ headers }: Pick<Fetched, 'headers'>): number | undefined {
  const text = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
