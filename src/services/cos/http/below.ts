// What the port refuses before the store is asked (no HTTP, too much of it, too late), as the store's clients read it.

import type { Refused } from '../../../http/request.ts';
import type { Refusal } from '../../../http/site.ts';
import { errorOf, type ShownError } from '../errors.ts';
import { errorAnswer } from './answer.ts';
import type { CosHttp } from './ask.ts';
import { requestIdOf, traceIdOf } from './requestid.ts';

/** Clients ask again after RequestTimeout, and after nothing else here. */
function errorFor({ status, message }: Refused): ShownError {
  if (status === 405) return errorOf('MethodNotAllowed');
  if (status === 408) return errorOf('RequestTimeout');
  if (status === 501) return errorOf('NotImplemented', { name: message });
  // The status says more than the code, which is one for all.
  return { ...errorOf('BadRequest', { reason: message }), status };
}

export function refusalBelow({ clock, ids }: Pick<CosHttp, 'clock' | 'ids'>, refused: Refused): Refusal {
  const requestId = requestIdOf(clock.now(), ids);
  const place = { resource: '/', requestId, traceId: traceIdOf(requestId, ids) };
  const { status, headers, body } = errorAnswer(errorFor(refused), place, {});
  return { status, headers: { ...headers, ...commonHeaders(requestId) }, body };
}

/** Of every answer: clients tell by them that the store itself has answered. */
export const commonHeaders = (requestId: string) => ({ 'x-cos-request-id': requestId, Server: 'tencent-cos' });
