// A gateway with one WebSocket API and functions that tests answer for; for tests alone.

import { type Answer, anApi, GatewayStand, REGION, SOCKETS } from '../fixture.ts';
import type { ApiConfig } from '../model.ts';
import type { SocketSettings } from './connections.ts';
import type { RegisterCall, Registration, SocketGone, SocketMessage } from './target.ts';
import { type ConnectOptions, RawClient } from './testing-client.ts';

type Sent = 'ok' | 'failed' | 'too large';

/** Keeps what it was asked, and answers as the test says. */
export class Functions {
  readonly registered: RegisterCall[] = [];
  readonly messages: SocketMessage[] = [];
  readonly gone: SocketGone[] = [];
  register: (call: RegisterCall) => Promise<Registration> = async () => ACCEPTED;
  transport: (message: SocketMessage) => Promise<Sent> = async () => 'ok';
  cleanup: (gone: SocketGone) => Promise<boolean> = async () => true;
}

export const ACCEPTED: Registration = Object.freeze({ accepted: true, protocol: '', extensions: '' });

export interface SocketStandOptions {
  readonly settings?: Partial<SocketSettings>;
  readonly api?: Partial<ApiConfig>;
  /** Left out, all three are there. */
  readonly parts?: readonly ('register' | 'transport' | 'cleanup')[];
}

export class SocketStand implements AsyncDisposable {
  readonly stand: GatewayStand;
  readonly functions: Functions;
  readonly apiId: string;
  readonly base: string;
  readonly serviceId: string;
  readonly #attached: readonly Disposable[];
  readonly #clients: RawClient[] = [];

  constructor(of: Pick<SocketStand, 'stand' | 'functions' | 'apiId' | 'base' | 'serviceId'>, attached: Disposable[]) {
    this.stand = of.stand;
    this.functions = of.functions;
    this.apiId = of.apiId;
    this.base = of.base;
    this.serviceId = of.serviceId;
    this.#attached = attached;
  }

  static async open(options: SocketStandOptions = {}): Promise<SocketStand> {
    const { parts = ['register', 'transport', 'cleanup'] } = options;
    const stand = await GatewayStand.open({ websocket: { ...SOCKETS, ...options.settings } });
    const { gateway } = stand;
    const { service } = await gateway.services.ensure(REGION, { name: 'rooms' });
    const functions = new Functions();
    const apiId = await SocketStand.api(stand, service.id, options.api);
    const targets = {
      register: {
        part: 'register',
        functionName: 'register-fn',
        invoke(call: RegisterCall) {
          functions.registered.push(call);
          return functions.register(call);
        },
      },
      transport: {
        part: 'transport',
        functionName: 'transport-fn',
        invoke(message: SocketMessage) {
          functions.messages.push(message);
          return functions.transport(message);
        },
      },
      cleanup: {
        part: 'cleanup',
        functionName: 'cleanup-fn',
        invoke(gone: SocketGone) {
          functions.gone.push(gone);
          return functions.cleanup(gone);
        },
      },
    } as const;
    const attached = parts.map(part => gateway.attachSocket(apiId, targets[part]));
    const base = `/_apigw/${service.id}/release`;
    return new SocketStand({ stand, functions, apiId, base, serviceId: service.id }, attached);
  }

  /** One more released API of the service; gives its id. */
  static async api(stand: GatewayStand, serviceId: string, change: Partial<ApiConfig> = {}): Promise<string> {
    const config = anApi({
      protocol: 'WEBSOCKET',
      method: 'GET',
      path: '/chat',
      backend: { type: 'WEBSOCKET', triggerIds: { transport: 't-1' } },
      ...change,
    });
    const api = await stand.gateway.apis.create(REGION, serviceId, config);
    await stand.gateway.releases.make({ region: REGION, serviceId, environment: 'release', description: '' });
    return api.id;
  }

  /** Takes the functions away, as a disabled trigger does. */
  detach(): void {
    for (const one of this.#attached) one[Symbol.dispose]();
  }

  ask(options: Partial<ConnectOptions> = {}): RawClient {
    const client = RawClient.ask({ port: this.stand.port, path: `${this.base}/chat`, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client that is connected, with the id that functions know it by. */
  async connect(options: Partial<ConnectOptions> = {}): Promise<{ client: RawClient; id: string }> {
    const before = this.functions.registered.length;
    const client = this.ask(options);
    const { status, body } = await client.answer();
    if (status !== 101) throw new Error(`answered ${status} ${body}`);
    return { client, id: this.functions.registered[before]?.connectionId ?? '' };
  }

  push(websocket: unknown, apiId: string = this.apiId): Promise<Answer> {
    return this.post(JSON.stringify({ websocket }), apiId);
  }

  post(body: string, apiId: string = this.apiId): Promise<Answer> {
    return this.stand.ask(`/_apigw-push/${apiId}`, { method: 'POST', body });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.stand[Symbol.asyncDispose]();
  }
}

/** Looks once a turn of the event loop until it is so. */
export async function until(what: string, look: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!look()) {
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise(setImmediate);
  }
}
