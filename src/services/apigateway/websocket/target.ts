// What stands behind a WebSocket API: three functions, each with its own part. The gateway keeps the connections;
// the trigger makes events and reads replies.

import type { GatewayReply, GatewayRequest } from '../target.ts';

/** Asked before a connection is accepted. */
export interface RegisterTarget {
  readonly part: 'register';
  readonly functionName: string;
  /** Never rejects for what a function did. */
  invoke(call: RegisterCall): Promise<Registration>;
}

/** Gets what clients send. Without it an API has no connections. */
export interface TransportTarget {
  readonly part: 'transport';
  readonly functionName: string;
  invoke(message: SocketMessage): Promise<'ok' | 'failed' | 'too large'>;
}

/** Told that a connection is gone. */
export interface CleanupTarget {
  readonly part: 'cleanup';
  readonly functionName: string;
  /** Whether the function ran without fault. */
  invoke(gone: SocketGone): Promise<boolean>;
}

export type SocketTarget = RegisterTarget | TransportTarget | CleanupTarget;

export interface RegisterCall {
  readonly request: GatewayRequest;
  readonly serviceName: string;
  /** secConnectionID: how functions name the connection. */
  readonly connectionId: string;
  /** Headers as the client sent them; undefined if it did not. */
  readonly protocol: string | undefined;
  readonly extensions: string | undefined;
}

export interface Accepted {
  readonly accepted: true;
  /** What the function gave, empty if nothing: one value or a list. */
  readonly protocol: string;
  readonly extensions: string;
}

export type Registration = Accepted | { readonly accepted: false; readonly reply: GatewayReply };

export interface SocketMessage {
  readonly requestId: string;
  readonly apiId: string;
  readonly connectionId: string;
  readonly dataType: 'text' | 'binary';
  /** Binary data in Base64. */
  readonly data: string;
}

export interface SocketGone {
  readonly requestId: string;
  readonly apiId: string;
  readonly connectionId: string;
}
