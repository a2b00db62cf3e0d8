// What stands behind a rule with a function: the balancer hands over a request and writes the reply; the trigger makes
// event and reply.

import type { Rule } from './model.ts';

export interface ClbRequest {
  /** The function's request id as well. */
  readonly requestId: string;
  readonly rule: Rule;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** After the `?`, as sent. */
  readonly query: string;
  /**
   * Name, value, name, value …: the client's with their letters (lower case where it speaks HTTP/2), but for those that the
   * balancer manages; then the managed ones in the documented order, then those of the custom configuration.
   */
  readonly headers: readonly string[];
  /** As sent; undefined if there is none. */
  readonly contentType: string | undefined;
  readonly body: Buffer | undefined;
  readonly scheme: 'http' | 'https';
  /** `1.1`, `1.0` or `2.0`. */
  readonly httpVersion: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly vip: string;
  /** As the listener names it, not the one that is open on this machine. */
  readonly vport: number;
}

export interface ClbReply {
  readonly status: number;
  /** Name, value, name, value …; every value fit for the wire (Latin-1), no hop-by-hop name, no length. */
  readonly headers: readonly string[];
  /** A string is Latin-1: one character, one byte. */
  readonly body: Buffer | string;
}

export interface Target {
  /** Never rejects for what a function did. */
  invoke(request: ClbRequest): Promise<ClbReply>;
}
