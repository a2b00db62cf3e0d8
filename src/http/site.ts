// A site is one front behind a port: it claims requests by host, path and headers, and serves them raw.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refused } from './request.ts';

/** An answer in place of a site's. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Site {
  readonly name: string;
  /** `host`: lower case, without the port; `path`: as sent, before the `?`. */
  claims(host: string, path: string, headers: IncomingHttpHeaders): boolean;
  serve(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** In the form that its clients read, what the port refuses before a site is asked; JSON where there is none. */
  refusal?(refused: Refused): Refusal;
}
