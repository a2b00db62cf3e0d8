// One port: a server whose requests are handed to sites. It knows no product.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Log } from '../core/log.ts';
import { listenError } from './errors.ts';
import { Router } from './router.ts';
import type { Site } from './site.ts';

export interface Front {
  /** The port that was bound, also where 0 was asked for. */
  readonly port: number;
  /** Stops listening, ends idle connections at once and running ones after `graceMs` at the latest. */
  close(graceMs?: number): Promise<void>;
}

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** Name of the setting that holds the port, for errors: `portApi`. */
  readonly setting: string;
  /** In order; the first that claims a request serves it. */
  readonly sites: readonly Site[];
  readonly fallback: Site;
  readonly log: Log;
  /** From `tlsOptions`; plain HTTP when left out. */
  readonly tls?: TlsOptions & SecureContextOptions;
}

const SERVER_OPTIONS = {
  /** Longer than the idle time of usual load balancers (60 s), so that they and not we close first. */
  keepAliveTimeout: 75_000,
  headersTimeout: 60_000,
  /** Uploads of gigabytes over slow links have to fit. */
  requestTimeout: 3_600_000,
  maxHeaderSize: 64 * 1024,
};

const GRACE_MS = 10_000;

export async function openFront(options: FrontOptions): Promise<Front> {
  const router = new Router(options.sites, options.fallback);
  const upgraded = new Set<Duplex>();
  // Java's HttpClient asks for `Upgrade: h2c` with every plain request: only a WebSocket for a site that speaks it is one.
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    request.headers.upgrade?.toLowerCase() === 'websocket' && router.find(request).upgrade !== undefined;
  const serverOptions = { ...SERVER_OPTIONS, shouldUpgradeCallback };
  const server: Server = options.tls
    ? createSecureServer({ ...serverOptions, ...options.tls })
    : createServer(serverOptions);

  server.on('request', (request, response) => {
    const site = router.find(request);
    try {
      const serving = site.serve(request, response);
      if (serving) serving.catch(error => broke(options.log, site, response, error));
    } catch (error) {
      broke(options.log, site, response, error);
    }
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const site = router.find(request);
    socket.on('error', () => socket.destroy());
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    try {
      if (site.upgrade) site.upgrade(request, socket, head);
      else socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } catch (error) {
      options.log.error({ err: error, site: site.name }, 'a site failed');
      socket.destroy();
    }
  };
  // Node.js before 24.9 does not read the option above: there every request to upgrade ends here, once there is a listener.
  if ([...options.sites, options.fallback].some(site => site.upgrade)) server.on('upgrade', upgrade);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => malformed(error, socket));

  const port = await listen(server, options);
  return { port, close: (graceMs = GRACE_MS) => close(server, upgraded, graceMs) };
}

function broke(log: Log, site: Site, response: ServerResponse, error: unknown): void {
  log.error({ err: error, site: site.name }, 'a site failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Length': 0 }).end();
}

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Also a failed TLS handshake, to which nothing can be answered. */
function malformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const { code = '' } = error;
  const status = MALFORMED[code] ?? (code.startsWith('HPE_') ? '400 Bad Request' : undefined);
  if (!status || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listen(server: Server, { host, port, setting, log }: FrontOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, setting));
    server.once('error', refused);
    server.listen({ host, port }, () => {
      server.off('error', refused);
      // Out of file handles, for one: the port stays open and takes the next connection.
      server.on('error', error => log.error({ err: error, setting }, 'a port could not take a connection'));
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** How often idle connections are looked for while running requests end. */
const SWEEP_MS = 20;

function close(server: Server, upgraded: ReadonlySet<Duplex>, graceMs: number): Promise<void> {
  return new Promise(resolve => {
    // Transport deadlines: they count real time, also when the platform's clock is turned or stands still.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const deadline = setTimeout(() => {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
    }, graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
