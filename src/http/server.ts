// One port: a server whose requests are handed to sites. It knows no product.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Log } from '../core/log.ts';
import { listenError } from './errors.ts';
import { type Http2Side, serveHttp2 } from './http2.ts';
import { afterAnswers, isAnswering } from './pipeline.ts';
import { type Refused, refusalOf } from './request.ts';
import { Router } from './router.ts';
import { silentConnections } from './silent.ts';
import type { Refusal, Site } from './site.ts';

export interface Front {
  /** The port that was bound, also where 0 was asked for. */
  readonly port: number;
  /** Stops listening, ends idle connections at once and running ones after `graceMs` at the latest; again: sooner. */
  close(graceMs?: number): Promise<void>;
  /** For connections and requests from now on. */
  tune(limits: FrontLimits): void;
  /** With TLS: for clients that name no host, from the next handshake on. */
  setSecureContext(options: SecureContextOptions): void;
}

/** Transport deadlines and the like; what is left out stays as it is. */
export interface FrontLimits {
  /** How long a connection is kept without use; 0 ends each with its first answer. */
  readonly keepAliveMs?: number;
  readonly headersMs?: number;
  /** A request's body may pause this long; then its connection is given up. */
  readonly bodyIdleMs?: number;
  /** 0: any number. */
  readonly requestsPerConnection?: number;
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
  /** For what no site is asked to answer. */
  readonly requestId?: () => string;
  /** A request's body may pause this long; then its connection is given up. */
  readonly bodyIdleMs?: number;
  readonly limits?: FrontLimits;
  /** From `tlsOptions`; plain HTTP when left out. */
  readonly tls?: TlsOptions & SecureContextOptions;
  /** Clients may agree upon HTTP/2, as `tls.ALPNCallback` says. */
  readonly http2?: boolean;
}

const SERVER_OPTIONS = {
  /** Longer than the idle time of usual load balancers (60 s), so that they and not we close first. */
  keepAliveTimeout: 75_000,
  headersTimeout: 60_000,
  /** Uploads of gigabytes over slow links have to fit. */
  requestTimeout: 3_600_000,
  maxHeaderSize: 64 * 1024,
  /** Refused with an answer of our own. */
  requireHostHeader: false,
  /** Those above Node.js's own limit would be left out without a word; their bytes are limited above. */
  maxHeadersCount: 0,
  /** How often the time-outs of headers are looked after. */
  connectionsCheckingInterval: 5_000,
};

/** Documented for load balancers: client_body_timeout. */
const BODY_IDLE_MS = 60_000;

const GRACE_MS = 10_000;

export async function openFront(options: FrontOptions): Promise<Front> {
  const router = new Router(options.sites, options.fallback);
  const upgraded = new Set<Duplex>();
  // Java's HttpClient asks for `Upgrade: h2c` with every plain request: only a WebSocket for a site that speaks it is one.
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    request.headers.upgrade?.toLowerCase() === 'websocket' && router.find(request).upgrade !== undefined;
  const { maxHeadersCount, ...serverOptions } = { ...SERVER_OPTIONS, shouldUpgradeCallback };
  const idOf = options.requestId ?? (() => '');
  /** Where no request could be read, the site that answers for the port words it. */
  const worded = (refused: Refused, request?: IncomingMessage): Refusal => {
    const site = request ? router.find(request) : options.fallback;
    return site.refusal?.(refused) ?? inJson(refused, idOf());
  };
  const secure = options.tls && createSecureServer({ ...serverOptions, ...options.tls });
  const server: Server = secure ?? createServer(serverOptions);
  server.maxHeadersCount = maxHeadersCount;
  let bodyIdleMs = options.bodyIdleMs ?? BODY_IDLE_MS;

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const site = router.find(request);
    try {
      const serving = site.serve(request, response);
      if (serving) serving.catch(error => broke(options.log, site, response, error));
    } catch (error) {
      broke(options.log, site, response, error);
    }
  };
  server.on('request', (request, response) => {
    const refused = refusalOf(request);
    if (refused) {
      refuse(response, worded(refused, request));
      return;
    }
    watchBody(request, response, bodyIdleMs, () => worded(SLOW, request));
    serve(request, response);
  });
  server.on('checkExpectation', (request, response) => refuse(response, worded(NO_EXPECTATION, request)));
  const framed =
    secure && options.http2
      ? serveHttp2(secure, { idleMs: SERVER_OPTIONS.keepAliveTimeout, bodyIdleMs }, SERVER_OPTIONS.maxHeaderSize, serve)
      : undefined;
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refused = refusalOf(request);
    if (refused) {
      endWith(socket, worded(refused, request));
      return;
    }
    const site = router.find(request);
    try {
      if (site.upgrade) site.upgrade(request, socket, head);
      else endWith(socket, worded(NO_UPGRADE, request));
    } catch (error) {
      options.log.error({ err: error, site: site.name }, 'a site failed');
      socket.destroy();
    }
  };
  /** The connection is no longer HTTP's, but answers to what was asked before may still be on their way. */
  const takeOver = (socket: Duplex, then: () => void) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    afterAnswers(socket, then);
  };
  // Node.js before 24.9 does not read the option above: there every request to upgrade ends here, once there is a listener.
  if ([...options.sites, options.fallback].some(site => site.upgrade)) {
    server.on('upgrade', (request, socket, head) => takeOver(socket, () => upgrade(request, socket, head)));
  }
  server.on('connect', (_request, socket) => takeOver(socket, () => endWith(socket, worded(NO_TUNNEL))));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => malformed(error, socket, worded));

  const tune = (limits: FrontLimits) => {
    const { keepAliveMs = server.keepAliveTimeout, headersMs = server.headersTimeout } = limits;
    const requests = limits.requestsPerConnection ?? server.maxRequestsPerSocket ?? 0;
    server.keepAliveTimeout = keepAliveMs;
    server.headersTimeout = headersMs;
    // Node.js takes a time of 0 for no end.
    server.maxRequestsPerSocket = keepAliveMs === 0 ? 1 : requests;
    bodyIdleMs = limits.bodyIdleMs ?? bodyIdleMs;
    if (framed) Object.assign(framed, { idleMs: keepAliveMs, bodyIdleMs });
  };
  if (options.limits) tune(options.limits);

  const endSilent = silentConnections(server);
  let stopping: Promise<void> | undefined;
  const port = await listen(server, options);
  return {
    port,
    close(graceMs = GRACE_MS) {
      stopping ??= stop(server, framed);
      endSilent();
      const deadline = setTimeout(() => {
        for (const socket of upgraded) socket.destroy();
        framed?.destroy();
        server.closeAllConnections();
      }, graceMs);
      return stopping.finally(() => clearTimeout(deadline));
    },
    tune,
    setSecureContext: context => secure?.setSecureContext(context),
  };
}

function broke(log: Log, site: Site, response: ServerResponse, error: unknown): void {
  log.error({ err: error, site: site.name }, 'a site failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Length': 0 }).end();
}

const NO_UPGRADE = { status: 426, message: 'Upgrade Required: there is no WebSocket here; send a plain request' };
const NO_TUNNEL = { status: 405, message: 'Method Not Allowed: this is no proxy' };
const NO_EXPECTATION = { status: 417, message: 'Expectation Failed: 100-continue is the only one that is met here' };
const SLOW = { status: 408, message: 'Request Timeout: the request did not come in time' };
const MALFORMED: Readonly<Record<string, Refused>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'Request Header Fields Too Large: headers may have 64 KB' },
  ERR_HTTP_REQUEST_TIMEOUT: SLOW,
};
const NO_HTTP = { status: 400, message: 'Bad Request: this is no HTTP request' };

/** Also a failed TLS handshake, to which nothing can be answered. */
function malformed(error: NodeJS.ErrnoException, socket: Duplex, worded: (refused: Refused) => Refusal): void {
  const { code = '' } = error;
  const refused = MALFORMED[code] ?? (code.startsWith('HPE_') ? NO_HTTP : undefined);
  if (!refused || !socket.writable) {
    socket.destroy();
    return;
  }
  // Whatever follows on the connection is malformed as well, and told of each time.
  if (broken.has(socket)) return;
  broken.add(socket);
  afterAnswers(socket, () => {
    if (isAnswering(socket)) socket.destroy();
    else endWith(socket, worded(refused));
  });
}

const broken = new WeakSet<Duplex>();

/** Whatever it has sent behind its request is not read as another one: both sides may see its end elsewhere. */
function refuse(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }).end(body);
}

function endWith(socket: Duplex, { status, headers, body }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const inJson = ({ status, message }: Refused, requestId: string): Refusal => ({
  status,
  headers: { 'Content-Type': 'application/json', 'X-Request-Id': requestId },
  body: JSON.stringify({ message }),
});

/**
 * A body that stops coming holds memory and an instance: its connection is given up. A site that does not read for a
 * while is no fault of the client's.
 */
function watchBody(request: IncomingMessage, response: ServerResponse, idleMs: number, late: () => Refusal): void {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return;
  const { socket } = request;
  const slow = () => {
    if (request.readableLength > 0 || request.complete) return;
    // Without a connection of its own yet, it stands behind requests that have not been answered.
    if (response.headersSent || !response.socket) socket.destroy();
    else endWith(socket, late());
  };
  // A transport deadline of the socket's own, counted from the last byte in either direction. Without a listener of the
  // request's Node.js would cut the connection. What has come while this process stood still is read first.
  request.on('timeout', () => {
    const { bytesRead } = socket;
    setImmediate(() => socket.bytesRead === bytesRead && slow());
  });
  socket.setTimeout(idleMs);
  request.once('end', () => socket.setTimeout(0));
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

/** Resolves when the last connection has ended. */
function stop(server: Server, framed: Http2Side | undefined): Promise<void> {
  return new Promise(resolve => {
    // Transport deadlines: they count real time, also when the platform's clock is turned or stands still.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
    framed?.close();
    server.closeIdleConnections();
  });
}
