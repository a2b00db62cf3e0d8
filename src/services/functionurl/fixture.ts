// Function URLs on a loopback port, before functions that do as a test says; for tests alone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { TurnableClock } from '../../core/clock.ts';
import type { CustomDomain } from '../../core/domain.ts';
import { ACCOUNT, anEntry, anOutcome, aVersion, keptLog } from '../../core/fixture.ts';
import { type FunctionEntry, keyText } from '../../core/function.ts';
import { SeededIds } from '../../core/ids.ts';
import type { Outcome } from '../../core/invocation.ts';
import { NO_LOG } from '../../core/log.ts';
import type { Store } from '../../core/ports.ts';
import { trustedProxies } from '../../http/client.ts';
import type { LiveExchange } from '../../http/exchange.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import type { LiveUrl } from './find.ts';
import type { Place, UrlSettings } from './model.ts';
import type { Target, UrlReply, UrlRequest } from './target.ts';
import { createFunctionUrls, type FunctionUrls, type FunctionUrlsDeps } from './urls.ts';

export const REGION = 'ap-guangzhou';
export const KEYS = Object.freeze({ secretId: 'AKIDexample', secretKey: 'secret-of-example' });
export const EVENTS: Place = { region: REGION, namespace: 'default', name: 'fn', qualifier: '$DEFAULT' };
export const WEB: Place = { ...EVENTS, name: 'web' };
export const SOCKET: Place = { ...EVENTS, name: 'socket' };
export const OPEN: UrlSettings = { auth: 'NONE', intranet: false, extranet: true, cors: undefined };
export const NOW = Date.UTC(2024, 3, 19, 8, 0, 0);

const ENTRIES: readonly FunctionEntry[] = [
  anEntry({ key: EVENTS, versions: [aVersion({ ...EVENTS })] }),
  anEntry({ key: WEB, versions: [aVersion({ ...WEB, type: 'HTTP' })] }),
  anEntry({ key: SOCKET, versions: [aVersion({ ...SOCKET, type: 'HTTP', protocol: 'WS', wsIdleTimeoutS: 3 })] }),
];

export function aDomain(change: Partial<CustomDomain> = {}): CustomDomain {
  const { namespace, name, qualifier } = EVENTS;
  return {
    region: REGION,
    domain: 'www.example.com',
    protocol: 'HTTP&HTTPS',
    certificateId: '',
    endpoints: [{ pathMatch: '/*', namespace, name, qualifier, rewrites: [] }],
    waf: null,
    addTime: 0,
    modTime: 0,
    ...change,
  };
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The refusal in its own form. */
export function refused(text: string): { readonly errorMessage: string; readonly statusCode: number } {
  const { errorCode, errorMessage, requestId, statusCode } = JSON.parse(text) as Record<string, never>;
  assert.equal(errorCode, -1);
  assert.match(requestId ?? '', UUID);
  assert.match(errorMessage ?? '', /[\u4e00-\u9fff].*[a-z]{3}/s, 'both languages');
  return { errorMessage: String(errorMessage), statusCode: Number(statusCode) };
}

export const aUrlReply = (change: Partial<UrlReply> = {}): UrlReply => ({
  status: 200,
  headers: ['Content-Type', 'application/json'],
  body: '"ok"',
  functionStatus: 200,
  ...change,
});

/** Answers as it is told, and keeps what it was asked. */
export class PlayedTarget implements Target {
  readonly asked: UrlRequest[] = [];
  readonly passed: LiveExchange[] = [];
  reply: () => Promise<UrlReply> = async () => aUrlReply();
  play: (exchange: LiveExchange) => Promise<Outcome> = async exchange => {
    const body = exchange.body ? Buffer.concat(await exchange.body.toArray()) : '';
    exchange.respond({ status: 200, reason: 'OK', rawHeaders: ['X-Web', '1'] }).stream.end(body);
    return anOutcome(200);
  };

  invoke(request: UrlRequest): Promise<UrlReply> {
    this.asked.push(request);
    return this.reply();
  }

  pass(exchange: LiveExchange): Promise<Outcome> {
    this.passed.push(exchange);
    return this.play(exchange);
  }
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export type Ask = RequestOptions & { readonly host?: string; readonly body?: string | Buffer | Readable };

export class UrlStand implements AsyncDisposable {
  readonly clock = new TurnableClock(NOW);
  readonly log = keptLog();
  readonly target = new PlayedTarget();
  readonly dialled: Place[] = [];
  readonly domains = new Map<string, CustomDomain>();
  readonly store: Store;
  readonly urls: FunctionUrls;
  readonly port: number;
  readonly #server: Server;

  private constructor(store: Store, urls: (stand: UrlStand) => FunctionUrls, server: Server) {
    this.store = store;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.urls = urls(this);
  }

  static async open(change: Partial<FunctionUrlsDeps> & { proxies?: FunctionUrlsDeps['proxies'] } = {}) {
    const store = await openSqliteStore({ file: ':memory:', clock: new TurnableClock(NOW), log: NO_LOG });
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const entries = new Map(ENTRIES.map(entry => [keyText(entry.key), entry]));
    const stand = new UrlStand(
      store,
      self =>
        createFunctionUrls({
          store,
          wallClock: self.clock,
          ids: new SeededIds(),
          log: self.log,
          account: ACCOUNT,
          catalog: { find: key => entries.get(keyText(key)) },
          keys: { secretOf: id => (id === KEYS.secretId ? { secretKey: KEYS.secretKey } : undefined) },
          domains: { find: host => self.domains.get(host) },
          dial(place) {
            self.dialled.push(place);
            return self.target;
          },
          proxies: trustedProxies(''),
          edge: { host: '127.0.0.1', httpPort: self.port, tlsPort: 9743, baseDomain: 'localhost' },
          region: REGION,
          ...change,
        }),
      server,
    );
    const { site } = stand.urls;
    server.on('request', (request, response) => void site.serve(request, response));
    server.on('upgrade', (request, socket, head) => site.upgrade?.(request, socket, head));
    return stand;
  }

  /** A URL for that place; its id. */
  async url(place: Place = EVENTS, settings: Partial<UrlSettings> = {}): Promise<string> {
    const urlId = await this.urls.idOf(place);
    const live: LiveUrl = { place, settings: { ...OPEN, ...settings }, target: this.target };
    this.urls.attach(urlId, live);
    return urlId;
  }

  /** `host`: the Host header. */
  async ask(path: string, { host, body, headers, ...options }: Ask = {}): Promise<Answer> {
    const all = { ...(host !== undefined && { host }), ...headers };
    const sent = request({ port: this.port, hostname: '127.0.0.1', path, agent: false, headers: all, ...options });
    if (typeof body === 'object' && 'pipe' in body) body.pipe(sent);
    else sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const text = Buffer.concat(await answer.toArray()).toString();
    return { status: answer.statusCode ?? 0, reason: answer.statusMessage ?? '', headers: answer.headers, text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.store.close();
  }
}
