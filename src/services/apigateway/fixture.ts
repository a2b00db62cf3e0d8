// A whole gateway on a loopback port, and small whole nouns, for tests alone.

import assert from 'node:assert/strict';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, TurnableClock } from '../../core/clock.ts';
import { SeededIds } from '../../core/ids.ts';
import { refusal } from '../../core/invocation.ts';
import { type Log, NO_LOG } from '../../core/log.ts';
import type { Store } from '../../core/ports.ts';
import { SleptClock } from '../../core/testing-clock.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { type ApiGateway, type ApiGatewayDeps, createApiGateway } from './gateway.ts';
import type { ApiConfig, Environment, ScfBackend, Service } from './model.ts';
import { parsePath } from './routing/match.ts';
import type { TrafficDeps } from './serving/httpfront.ts';
import type { GatewayReply, GatewayRequest, Route, Target } from './target.ts';

export const REGION = 'ap-guangzhou';
export const ACCOUNT = Object.freeze({ appId: '1250000000', uin: '100000000001' });
export const EDGE = Object.freeze({
  httpOrigin: 'http://127.0.0.1:9702',
  httpPort: 9702,
  tlsPort: 9743,
  baseDomain: 'localhost',
});

export const SOCKETS = Object.freeze({
  idleMs: 900_000,
  messageBytes: 1024 * 1024,
  parallel: false,
  cleanupOnServerClose: false,
});

export function aBackend(change: Partial<ScfBackend> = {}): ScfBackend {
  return {
    type: 'SCF',
    triggerId: 't-1',
    functionType: 'EVENT',
    integrated: true,
    async: false,
    base64: { enabled: false },
    ...change,
  };
}

export function anApi(change: Partial<ApiConfig> = {}): ApiConfig {
  return {
    name: 'fn',
    description: '',
    method: 'ANY',
    path: '/fn',
    timeoutS: 15,
    cors: false,
    parameters: [],
    protocol: 'HTTP',
    auth: { type: 'NONE' },
    backend: aBackend(),
    echoed: {},
    ...change,
  };
}

export function aService(change: Partial<Service> = {}): Service {
  return {
    id: 'service-aaaaaaaa',
    region: REGION,
    name: 's',
    description: '',
    protocol: 'http&https',
    netTypes: ['OUTER'],
    qps: {},
    echoed: {},
    createdAt: 0,
    modifiedAt: 0,
    ...change,
  };
}

export function aRoute(
  change: Partial<ApiConfig> = {},
  ids = { id: 'api-aaaaaaaa', serviceId: 'service-aaaaaaaa' },
): Route {
  const api = { ...anApi(change), ...ids, qps: {}, createdAt: 0, modifiedAt: 0 };
  const pattern = parsePath(api.path);
  return { api, environment: 'release', region: REGION, pattern, serviceQps: undefined, apiQps: undefined };
}

export const JSON_TYPE: readonly string[] = ['Content-Type', 'application/json'];

export function aReply(change: Partial<GatewayReply> = {}): GatewayReply {
  return { status: 200, headers: JSON_TYPE, body: '"ok"', upstreamStatus: 200, ...change };
}

/** Answers with a fixed reply and keeps what it was asked. */
export class FakeTarget implements Target {
  readonly functionName = 'fn';
  readonly seen: GatewayRequest[] = [];
  reply: (request: GatewayRequest) => Promise<GatewayReply>;

  constructor(reply: (request: GatewayRequest) => Promise<GatewayReply> = async () => aReply()) {
    this.reply = reply;
  }

  invoke(request: GatewayRequest): Promise<GatewayReply> {
    this.seen.push(request);
    return this.reply(request);
  }
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A refusal of the gateway's own, to the letter. */
export function assertSaid({ status, headers, body }: Answer, expected: number, message: string): void {
  assert.equal(body.toString(), `{"message":"${message.replaceAll('/', '\\/').replaceAll('"', '\\"')}"}`);
  assert.equal(status, expected);
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['x-api-status'], String(expected));
}

export type Ask = RequestOptions & { readonly body?: string | Buffer };

export class GatewayStand implements AsyncDisposable {
  gateway: ApiGateway;
  readonly clock: TurnableClock;
  /** The gateway's: goes by the other. */
  readonly slept: SleptClock;
  readonly store: Store;
  readonly #server: ReturnType<typeof createServer>;

  constructor(gateway: ApiGateway, clock: TurnableClock, slept: SleptClock, store: Store) {
    this.gateway = gateway;
    this.clock = clock;
    this.slept = slept;
    this.store = store;
    this.#server = createServer((request, response) => void this.gateway.site.serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      this.gateway.site.upgrade?.(request, socket, head);
    });
  }

  static async open(
    settings: Partial<ApiGatewayDeps['settings']> = {},
    log: Log = NO_LOG,
    traffic: Partial<TrafficDeps> = {},
  ): Promise<GatewayStand> {
    const clock = new TurnableClock(Date.UTC(2024, 3, 19, 8, 0));
    const store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
    const slept = new SleptClock(clock);
    const gateway = await openGateway(store, slept, settings, log, traffic);
    const stand = new GatewayStand(gateway, clock, slept, store);
    await new Promise<void>(listening => stand.#server.listen(0, '127.0.0.1', listening));
    return stand;
  }

  /** A new gateway over the same rows. */
  async restart(): Promise<void> {
    await this.gateway.close();
    this.gateway = await openGateway(this.store, this.slept);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Until the last client's connection has been seen to end. */
  async left(): Promise<void> {
    while ((await new Promise<number>(count => this.#server.getConnections((_, n) => count(n)))) > 0) {
      await new Promise(setImmediate);
    }
    // They are counted off before they tell their responses: handles close at the end of a turn of the event loop.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  }

  /** A service with one released API and something behind it. */
  async serve(target: Target, change: Partial<ApiConfig> = {}, environment: Environment = 'release') {
    const { service } = await this.gateway.services.ensure(REGION, { name: 's' });
    const api = await this.gateway.apis.create(REGION, service.id, anApi(change));
    const ref = { region: REGION, serviceId: service.id, apiId: api.id };
    await this.gateway.releases.make({ ...ref, environment, description: '' });
    const attached = this.gateway.attach(api.id, target);
    return { serviceId: service.id, ref, attached, base: `/_apigw/${service.id}/${environment}` };
  }

  ask(path: string, { body, ...options }: Ask = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: this.port, path, agent: false, ...options }, response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode = 0, statusMessage = '', headers, rawHeaders } = response;
          resolve({ status: statusCode, reason: statusMessage, headers, rawHeaders, body: Buffer.concat(chunks) });
        });
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close();
    this.#server.closeAllConnections();
    await new Promise(closed => this.#server.close(closed));
    await this.store.close();
  }
}

export function openGateway(
  store: Store,
  clock: Clock,
  settings: Partial<ApiGatewayDeps['settings']> = {},
  log: Log = NO_LOG,
  traffic: Partial<TrafficDeps> = {},
): Promise<ApiGateway> {
  return createApiGateway({
    store,
    clock,
    ids: new SeededIds(),
    log,
    account: ACCOUNT,
    edge: EDGE,
    settings: { headerCase: 'lower', dropLocation: false, websocket: SOCKETS, ...settings },
    verify: async () => refusal(435, 'there is no such function'),
    ...traffic,
  });
}
