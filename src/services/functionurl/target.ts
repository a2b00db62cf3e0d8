// What stands behind a URL: the front hands over a request and writes the reply; the trigger makes event and reply.

import type { Outcome } from '../../core/invocation.ts';
import type { LiveExchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';

export interface UrlRequest {
  /** The function's request id as well. */
  readonly requestId: string;
  readonly method: string;
  /** As sent, without what leads to the URL, and without the query. */
  readonly path: string;
  /** After the `?`, as sent. */
  readonly query: string;
  /** Name, value, name, value … as sent. */
  readonly rawHeaders: readonly string[];
  /** The client's, without a port. */
  readonly sourceIp: string;
  readonly body: Buffer | undefined;
}

export interface UrlReply extends Reply {
  /** How the run ended. */
  readonly functionStatus: number;
}

export interface Target {
  /** For functions of events. Never rejects for what a function did. */
  invoke(request: UrlRequest): Promise<UrlReply>;
  /** For web functions: what is not answered by them is told by the outcome. */
  pass(exchange: LiveExchange, requestId: string): Promise<Outcome>;
}
