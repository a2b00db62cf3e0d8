// x-cos-traffic-limit: how fast one upload or download may go. Documented: "Limiting Single-URL Speed".

import { Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import { fail } from '../errors.ts';
import { type Ask, headerOf } from './ask.ts';

const NAME = 'x-cos-traffic-limit';
const MIN_BITS_PER_S = 819_200;
const MAX_BITS_PER_S = 838_860_800;

/** In bytes a second; undefined without a limit. A URL may have it in its query. */
export function trafficLimit(ask: Pick<Ask, 'request' | 'query'>): number | undefined {
  const text = headerOf(ask, NAME) ?? ask.query.get(NAME);
  if (text === undefined || text === '') return undefined;
  const bits = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (bits >= MIN_BITS_PER_S && bits <= MAX_BITS_PER_S) return bits / 8;
  return fail('InvalidArgument', { name: NAME, reason: `it is from ${MIN_BITS_PER_S} to ${MAX_BITS_PER_S} bit/s` });
}

/** The same bytes, no faster on the whole. */
export function slowed(source: Readable, bytesPerS: number | undefined, clock: Clock): Readable {
  if (bytesPerS === undefined) return source;
  const paced = async function* () {
    const begun = clock.now();
    let bytes = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      yield chunk;
      bytes += chunk.length;
      const waitMs = begun + (bytes / bytesPerS) * 1000 - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs);
    }
  };
  return Readable.from(paced(), { objectMode: false });
}
