// A site is one front behind a port: it claims requests by host, path and headers, and serves them raw.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Site {
  readonly name: string;
  /** `host`: lower case, without the port; `path`: as sent, before the `?`. */
  claims(host: string, path: string, headers: IncomingHttpHeaders): boolean;
  serve(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
