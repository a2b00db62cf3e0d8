// What stands behind an API: the gateway hands over a request and writes the reply; the trigger makes event and reply.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Api, Environment } from './model.ts';

/** One API in one environment, as released. The same object for every request until the next release. */
export interface Route {
  readonly api: Api;
  readonly environment: Environment;
  readonly region: string;
}

export interface GatewayRequest {
  /** UUID with dashes; the function's request id as well. */
  readonly requestId: string;
  /** The same without dashes. */
  readonly traceId: string;
  readonly route: Route;
  readonly method: string;
  /** As sent, without the environment's segment and the query. */
  readonly path: string;
  /** After the `?`, as sent. */
  readonly query: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value … as sent. */
  readonly rawHeaders: readonly string[];
  readonly headerCase: HeaderCase;
  readonly scheme: 'http' | 'https';
  readonly sourceIp: string;
  readonly body: Buffer | undefined;
  /** The API's setting and rules want this body as Base64. */
  readonly base64: boolean;
  /** Where the client asks for another protocol. */
  readonly upgrade?: Handover;
}

/** A request to change the protocol of its connection. */
export interface Handover {
  readonly request: IncomingMessage;
  /** What the client has sent behind the request. */
  readonly head: Buffer;
  /** The connection, from now on the taker's alone; undefined if the client is gone or has its answer already. */
  take(): Duplex | undefined;
}

export type HeaderCase = 'lower' | 'canonical';

export interface GatewayReply {
  readonly status: number;
  /** Name, value, name, value …; every value fit for the wire (Latin-1), no hop-by-hop name, no length. */
  readonly headers: readonly string[];
  /** A string is Latin-1: one character, one byte. */
  readonly body: Buffer | string;
  readonly upstreamStatus: number;
  /** Reason phrase, where it is not the usual one. */
  readonly reason?: string;
}

export interface Target {
  readonly functionName: string;
  /** Never rejects for what a function did. */
  invoke(request: GatewayRequest): Promise<GatewayReply>;
}
