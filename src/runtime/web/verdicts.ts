// How requests and connections of web functions end, with the documented status.

import { RESPONSE_BYTES, SYNC_EVENT_BYTES } from '../../core/limits.ts';
import type { UpstreamError } from '../../http/upstream/errors.ts';
import { canceled, failure, NO_BODY, type Verdict } from '../instance/outcomes.ts';
import { NO_CODE } from './frames.ts';
import { HEADER_BYTES } from './headers.ts';

/** Whatever status it answered with: its answer is the client's. */
export const served = (): Verdict => ({ status: 200, body: NO_BODY, message: '', stack: '' });

const PORT = '0.0.0.0:9000';

export const notBound = (initTimeoutS: number): Verdict =>
  failure(
    446,
    `PortBindingFailed: nothing listened on ${PORT} within ${initTimeoutS} seconds; let the server listen there`,
  );

export const boundInside = (): Verdict =>
  failure(
    446,
    `PortBindingFailed: the server listens on 127.0.0.1:9000, where it cannot be reached; let it listen on ${PORT}`,
  );

export const cannotListen = (reason: string): Verdict => failure(500, reason);

const closedPort = (): Verdict =>
  failure(446, `PortBindingFailed: the server does not listen on ${PORT} any more, and its process goes on`);

export const requestTooLarge = (): Verdict =>
  failure(406, `RequestTooLarge: the body of the request is larger than ${SYNC_EVENT_BYTES} bytes (6 MB)`);

export const responseTooLarge = (bytes: number): Verdict =>
  failure(
    407,
    `The size of response exceeds the upper limit (6MB): Content-Length is ${bytes}, at most ${RESPONSE_BYTES} are allowed; send it in chunks without a length, or in parts`,
  );

export const headersTooLarge = (bytes: number | undefined): Verdict =>
  failure(
    407,
    `ResponseTooLarge: the headers of the response have ${bytes ?? 'too many'} bytes, at most ${HEADER_BYTES} are allowed (4 KB)`,
  );

const noAnswer = (how: string): Verdict => failure(430, `The server of the function ${how}`);

/** What became of a request that the function did not answer as it should. */
export function verdictOn({ fault, message }: UpstreamError): Verdict {
  switch (fault) {
    case 'aborted':
    case 'request cut short':
      return canceled();
    case 'request too large':
      return requestTooLarge();
    case 'head too large':
      return headersTooLarge(undefined);
    case 'refused':
      return closedPort();
    case 'reset':
      return noAnswer('closed the connection without an answer');
    case 'cut short':
      return noAnswer('closed the connection before its answer was whole');
    case 'malformed':
      return noAnswer(`answered with what is not HTTP (${message})`);
    case 'invalid request':
      return failure(436, `InvalidParameterValue: the request cannot be passed on (${message})`);
    default:
      return noAnswer(`could not be reached (${message})`);
  }
}

/** Its process may be ending, which says more than its connections. */
export const mayBeDeath = ({ fault }: UpstreamError): boolean =>
  fault === 'reset' || fault === 'cut short' || fault === 'refused' || fault === 'unreachable';

/** Who ended a connection. */
export type Side = 'client' | 'server';

/** Documented: these codes are the normal ends; what comes without a code is one as well. */
export function closedWith(code: number, by: Side): Verdict {
  const normal =
    code === 1000 || code === NO_CODE || (code === 1010 && by === 'client') || (code === 1011 && by === 'server');
  if (normal) return served();
  return by === 'server'
    ? failure(439, `The function closed the connection with code ${code}`)
    : failure(456, `The client closed the connection with code ${code}`);
}

/** The connection broke without a close frame. */
export const brokenBy = (by: Side): Verdict =>
  by === 'server'
    ? failure(439, 'The function closed the connection without a close frame')
    : failure(456, 'The client closed the connection without a close frame');

export const idledOut = (idleMs: number): Verdict =>
  failure(455, `No message came for ${idleMs / 1000} seconds (WSParams.IdleTimeOut)`);

export const messageTooLarge = (by: Side): Verdict =>
  failure(
    by === 'server' ? 439 : 456,
    `The ${by === 'server' ? 'function' : 'client'} sent a message larger than 256 KB`,
  );
