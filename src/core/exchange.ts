// A live HTTP exchange on its way to a web function: the request goes through as it came, the answer as it is made.

import type { Duplex, Readable, Writable } from 'node:stream';

/** What is passed on. Nobody between the front and the function reads the body. */
export interface Exchange {
  readonly method: string;
  /** Path and query as the function is to see them, as they were sent. */
  readonly target: string;
  /** Name, value, name, value …: as the client sent them; hop-by-hop headers and `X-Scf-*` are left to the runtime. */
  readonly rawHeaders: readonly string[];
  /** Client address, for functions that ask for it. */
  readonly remoteAddress: string;
  /** undefined: the request has none. Read by the function's pace. */
  readonly body: Readable | undefined;
  /** A WebSocket handshake: the client's connection, and what it has sent behind the request. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined;
  /** The client is gone, or the front has given up waiting: the run is to be broken off. Fires at most once. */
  readonly signal: AbortSignal;
  /**
   * The function's answer begins: called at most once, and never after `signal` has fired. The answer's body is written into what it gives
   * (backpressure by the stream's own means) and ended with the trailers, if any. Not called when the run ends without an answer:
   * then the outcome alone says what the client is to be told.
   */
  respond(head: ResponseHead): ResponseBody;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value …, hop-by-hop headers already left out. */
  readonly rawHeaders: readonly string[];
}

export interface ResponseBody {
  readonly stream: Writable;
  /** Before the stream is ended. */
  trailers(rawTrailers: readonly string[]): void;
}
