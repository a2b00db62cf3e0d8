// What a caller reads about a run: its return value, or the error JSON.

import type { Outcome } from './invocation.ts';

type Failure = Pick<Outcome, 'status' | 'errorMessage' | 'stackTrace'>;

/** The cloud's JSON is Go's, which writes these three as escapes. */
const ESCAPED = /[<>&]/g;
const asEscape = (char: string) => `\\u00${char.charCodeAt(0).toString(16)}`;

/** JSON text as the cloud writes it. */
export function goJson(value: object): string {
  return JSON.stringify(value).replace(ESCAPED, asEscape);
}

/** Members in the documented order; without a stack there is no `stackTrace`. */
export function errorJson(requestId: string, outcome: Failure): string {
  return goJson({
    errorCode: -1,
    errorMessage: outcome.errorMessage,
    requestId,
    stackTrace: outcome.stackTrace || undefined,
    statusCode: outcome.status,
  });
}

/** RetMsg: the return value as JSON text, as the runtime encoded it, or the error JSON. */
export function retMsg(requestId: string, outcome: Failure & Pick<Outcome, 'body'>): string {
  return outcome.status === 200 ? outcome.body.toString() : errorJson(requestId, outcome);
}
