// The ids that every answer carries, in the form of the vendor's: clients tell by them that the store itself has answered.

import type { Ids } from '../../../core/ids.ts';

/** x-cos-request-id: Base64 of `<seconds since 1970>_<server>_<process>_<count>` in hex. */
export function requestIdOf(nowMs: number, ids: Ids): string {
  const chance = ids.bytes(8).toString('hex');
  const seconds = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0');
  return base64(`${seconds}_${chance.slice(0, 8)}_${chance.slice(8, 12)}_${chance.slice(12)}`);
}

/** x-cos-trace-id of an error. */
export const traceIdOf = (requestId: string, ids: Ids): string =>
  base64(`${requestId.slice(0, 12)}${ids.bytes(24).toString('hex')}`);

const base64 = (text: string): string => Buffer.from(text).toString('base64');
