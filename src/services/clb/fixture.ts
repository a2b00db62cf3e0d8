// A whole load balancer on loopback addresses, servers to put behind it, and small whole nouns, for tests alone.

import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
  type RequestOptions,
} from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { type Clock, TurnableClock } from '../../core/clock.ts';
import { CloudError } from '../../core/errors.ts';
import { SystemIds } from '../../core/ids.ts';
import { type Log, NO_LOG } from '../../core/log.ts';
import type { Certificate, Certificates, Store } from '../../core/ports.ts';
import { SleptClock } from '../../core/testing-clock.ts';
import { makeCertificate } from '../../http/testing-certificates.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { type ClbDeps, createClb } from './clb.ts';
import type { Clb, ListenerDraft, RuleDraft } from './contract.ts';
import type { Listener, LoadBalancer, Rule } from './model.ts';
import type { ClbReply, ClbRequest, Target } from './target.ts';
import { type Pool, parsePool } from './verbs/vips.ts';

export const REGION = 'ap-guangzhou';
export const ACCOUNT = Object.freeze({ appId: '1250000000', uin: '100000000001' });
export const START = Date.UTC(2024, 3, 19, 8, 0);

export function aPool(text: string): Pool {
  const pool = parsePool(text);
  if (!pool) throw new Error(`no pool: ${text}`);
  return pool;
}

export class FakeCertificates implements Certificates {
  readonly #kept = new Map<string, Certificate>();

  async add(id: string, names: readonly string[], ca = false): Promise<Certificate> {
    const { certificatePem, privateKeyPem } = await makeCertificate({ names, ca });
    const certificate = { id, alias: id, certificatePem, privateKeyPem, domains: names, notBefore: 0, notAfter: 4e12 };
    this.#kept.set(id, certificate);
    return certificate;
  }
  find(id: string): Certificate | undefined {
    return this.#kept.get(id);
  }
  forHost(host: string): Certificate | undefined {
    return [...this.#kept.values()].find(one => one.domains.includes(host));
  }
}

/** Answers with a fixed reply and keeps what it was asked. */
export class FakeTarget implements Target {
  readonly seen: ClbRequest[] = [];
  reply: (request: ClbRequest) => Promise<ClbReply>;

  constructor(reply: (request: ClbRequest) => Promise<ClbReply> = async () => text('function')) {
    this.reply = reply;
  }

  invoke(request: ClbRequest): Promise<ClbReply> {
    this.seen.push(request);
    return this.reply(request);
  }
}

export const text = (body: string): ClbReply => ({ status: 200, headers: ['Content-Type', 'text/plain'], body });

/** A plain server. */
export class Backend implements AsyncDisposable {
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(listener: RequestListener, port = 0): Promise<Backend> {
    const server = createServer(listener);
    await new Promise<void>(listening => server.listen(port, '127.0.0.1', listening));
    return new Backend(server);
  }

  get server() {
    return this.#server;
  }

  draft(weight?: number) {
    return { id: '', address: '127.0.0.1', port: this.port, ...(weight !== undefined && { weight }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(closed => this.#server.close(closed));
  }
}

export const saying = (body: string): Promise<Backend> => Backend.open((_, response) => response.end(body));

/** One that nobody has, for a moment at least. */
export async function freePort(host: string): Promise<number> {
  const server = createNetServer();
  await new Promise<void>(listening => server.listen(0, host, listening));
  const { port } = server.address() as AddressInfo;
  await new Promise(closed => server.close(closed));
  return port;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
}

export type Ask = RequestOptions & { readonly body?: string | Buffer };

export function ask(host: string, port: number, path: string, { body, ...options }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, path, agent: false, ...options }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const bytes = Buffer.concat(chunks);
        const { statusCode: status = 0, headers, rawHeaders } = response;
        resolve({ status, headers, rawHeaders, body: bytes.toString(), bytes });
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

export interface Placed {
  readonly balancer: LoadBalancer;
  readonly listener: Listener;
  readonly rule: Rule;
  ask(path: string, options?: Ask): Promise<Answer>;
}

type Setting = Partial<Pick<ClbDeps, 'log' | 'proxies' | 'certificates'>> & {
  readonly pool?: string;
  readonly offset?: number;
};

/** Each test process has addresses of its own: others may run at the same time. */
const POOL =
  process.platform === 'linux' ? `127.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}.0/24` : '127.0.0.1';

export class Stand implements AsyncDisposable {
  clb: Clb;
  readonly clock: TurnableClock;
  /** The balancer's: goes by the other. */
  readonly slept: SleptClock;
  readonly store: Store;
  readonly certificates: Certificates;
  readonly #setting: Setting;

  private constructor(
    clb: Clb,
    { clock, slept }: Pick<Stand, 'clock' | 'slept'>,
    store: Store,
    certificates: Certificates,
    setting: Setting,
  ) {
    this.clb = clb;
    this.clock = clock;
    this.slept = slept;
    this.store = store;
    this.certificates = certificates;
    this.#setting = setting;
  }

  static async open(setting: Setting = {}): Promise<Stand> {
    const clock = new TurnableClock(START);
    const slept = new SleptClock(clock);
    const store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
    const certificates = setting.certificates ?? new FakeCertificates();
    const clb = await makeClb(store, slept, certificates, setting);
    return new Stand(clb, { clock, slept }, store, certificates, setting);
  }

  /** A new balancer over the same rows. */
  async restart(): Promise<void> {
    await this.clb.close(0);
    this.clb = await makeClb(this.store, this.slept, this.certificates, this.#setting);
  }

  async listener(draft: Partial<ListenerDraft> = {}, balancer?: LoadBalancer) {
    const owner = balancer ?? (await this.clb.balancers.create(REGION, { type: 'OPEN' }));
    const ref = { region: REGION, loadBalancerId: owner.id };
    const port = draft.port ?? (await freePort(owner.vip));
    const [listener] = await this.clb.listeners.create(ref, [{ protocol: 'HTTP', ...draft, port }]);
    if (!listener) throw new Error('no listener');
    return { balancer: owner, listener, ref: { ...ref, listenerId: listener.id } };
  }

  /** A balancer with one listener and one rule. */
  async rule(rule: Partial<RuleDraft> = {}, draft: Partial<ListenerDraft> = {}): Promise<Placed> {
    const { balancer, listener, ref } = await this.listener(draft);
    const [made] = await this.clb.rules.create(ref, [{ domains: ['a.test'], url: '/', ...rule }]);
    if (!made) throw new Error('no rule');
    const place = this.clb.place(listener);
    return { balancer, listener, rule: made, ask: (path, options) => ask(place.host, place.port, path, options) };
  }

  async servers(
    backends: readonly { draft(): ReturnType<Backend['draft']> }[],
    rule: Partial<RuleDraft> = {},
  ): Promise<Placed> {
    const placed = await this.rule({ health: { enabled: false }, ...rule });
    await this.clb.targets.register(
      refOf(placed.rule),
      backends.map(one => one.draft()),
    );
    return placed;
  }

  async function(target: Target, rule: Partial<RuleDraft> = {}, draft: Partial<ListenerDraft> = {}): Promise<Placed> {
    const placed = await this.rule(rule, draft);
    await this.clb.targets.registerFunction(refOf(placed.rule), { triggerId: 't-1' });
    this.clb.attach(placed.rule.id, target);
    return placed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clb.close(0);
    await this.store.close();
  }
}

export function refOf({ region, loadBalancerId, listenerId, id }: Rule) {
  return { region, loadBalancerId, listenerId, locationId: id };
}

async function makeClb(store: Store, clock: Clock, certificates: Certificates, setting: Setting): Promise<Clb> {
  const { pool = POOL, offset = 18_000, log = NO_LOG as Log, proxies } = setting;
  const clb = await createClb({
    store,
    clock,
    ids: new SystemIds(),
    log,
    account: ACCOUNT,
    certificates,
    edge: { httpOrigin: 'http://127.0.0.1:9702' },
    ...(proxies && { proxies }),
    settings: { pool: aPool(pool), portOffset: offset },
  });
  await clb.open();
  return clb;
}

/** For `assert.rejects`: the code of a refusal, and words of its sentence. */
export function refused(code: string, words = ''): (error: unknown) => boolean {
  return error => {
    if (!(error instanceof CloudError) || error.code !== code) return false;
    return error.text('en').includes(words) && !/\{\w+\}/.test(error.text('zh') + error.text('en'));
  };
}
