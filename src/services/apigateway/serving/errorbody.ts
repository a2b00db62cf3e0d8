// Answers that the gateway gives itself.

import type { GatewayReply } from '../target.ts';

const JSON_HEADERS: readonly string[] = Object.freeze(['Content-Type', 'application/json']);

/** Nothing behind the gateway was asked. */
export const NO_UPSTREAM = 0;

/** `{"message":"…"}`, slashes escaped: captured as `{"message":"There is no api match env_mapping '\/'"}`. */
export function gatewayError(status: number, message: string, upstreamStatus: number = NO_UPSTREAM): GatewayReply {
  const body = `{"message":${JSON.stringify(message).replaceAll('/', '\\/')}}`;
  return { status, headers: JSON_HEADERS, body: Buffer.from(body), upstreamStatus, message };
}

/** What keeps a request out; undefined lets it in. */
export type Refusal = GatewayReply | undefined;

export const FAILED = gatewayError(500, 'Internal Server Error');
export const TIMED_OUT = gatewayError(504, 'Gateway Time-out', 504);
export const TOO_LARGE = gatewayError(413, 'Request Entity Too Large');

/** The documents' log texts print the value as `[$x]`; in bodies it stands in quotes. */
export function noMatch(what: string, value: string): GatewayReply {
  return gatewayError(404, `There is no api match ${what} '${value}'`);
}
