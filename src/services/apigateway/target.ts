// What stands behind an API: the gateway hands over a request and writes the reply; the trigger makes event and reply.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Exchange } from '../../core/exchange.ts';
import type { Api, Environment } from './model.ts';
import type { PathPattern } from './routing/match.ts';

/** One API in one environment, as released. The same object for every request until the next release. */
export interface Route {
  readonly api: Api;
  readonly environment: Environment;
  readonly region: string;
  readonly pattern: PathPattern;
  /** Requests per second that have been set for the environment of the service, and for the API; they need no release. */
  readonly serviceQps: number | undefined;
  readonly apiQps: number | undefined;
}

/** Who has shown that it may call; empty where nobody asks. */
export interface Identity {
  /** Of the key pair that signed. */
  readonly secretId?: string;
  /** Of the application that signed. */
  readonly apiAppKey?: string;
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
  /** `1.1` */
  readonly httpVersion: string;
  readonly sourceIp: string;
  readonly identity: Identity;
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
  /** What the gateway has to say, for its log. */
  readonly message?: string;
}

export interface Target {
  readonly functionName: string;
  /** Never rejects for what a function did. */
  invoke(request: GatewayRequest): Promise<GatewayReply>;
  /**
   * For a web function, which gets the request as it came and answers through the exchange. Settles when the run is over;
   * what it gives is told to the client unless the exchange has been answered.
   */
  pass?(request: GatewayRequest, exchange: Exchange): Promise<GatewayReply>;
}
