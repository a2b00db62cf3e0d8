// For tests: a web instance on a turned clock. Its process is none: its server is one of this process, and what its
// channel says is what the test says.

import { once } from 'node:events';
import { createServer, type RequestListener, Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type Duplex, duplexPair, PassThrough, type Readable, Writable } from 'node:stream';
import { TurnableClock } from '../../core/clock.ts';
import type { Exchange, ResponseHead } from '../../core/exchange.ts';
import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { NO_LOG } from '../../core/log.ts';
import { SleptClock } from '../../core/testing-clock.ts';
import type { Exit, Places, Sandbox } from '../sandbox/driver.ts';
import { VERSION } from '../testing.ts';
import { WebInstance } from './instance.ts';

export class FakeSandbox implements Sandbox {
  readonly channel: Duplex;
  readonly output = new PassThrough();
  readonly exited: Promise<Exit>;
  readonly turnFd = -1;
  readonly signals: string[] = [];
  memory = 10 * 1024 * 1024;
  oom = false;
  killed = false;
  closed = false;
  readonly #far: Duplex;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor() {
    [this.channel, this.#far] = duplexPair();
    this.exited = this.#exit.promise;
    this.#far.on('error', () => {});
  }
  async assign(): Promise<Places> {
    return { codeDir: '/var/user', optDir: '/opt', tmpDir: '/tmp' };
  }
  memoryBytes(): number {
    return this.memory;
  }
  peakBytes(): number {
    return this.memory;
  }
  oomKilled(): boolean {
    return this.oom;
  }
  signal(name: 'SIGTERM'): boolean {
    this.signals.push(name);
    return true;
  }
  kill(): void {
    this.killed = true;
    this.die(null, 'SIGKILL');
  }
  die(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.#exit.resolve({ code, signal });
    this.#far.destroy();
    this.channel.destroy();
    this.output.end();
  }
  close(): void {
    this.closed = true;
  }
  say(line: string): void {
    this.#far.write(`${line}\n`);
  }
}

/** What became of one request. */
export class FakeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly remoteAddress = '127.0.0.1';
  readonly body: Readable | undefined;
  readonly upgrade: Exchange['upgrade'];
  readonly control = new AbortController();
  head: ResponseHead | undefined;
  text = '';
  trailers: readonly string[] = [];
  ended = false;
  broken = false;

  constructor(
    change: {
      method?: string;
      target?: string;
      rawHeaders?: readonly string[];
      body?: Readable;
      upgrade?: Exchange['upgrade'];
    } = {},
  ) {
    this.method = change.method ?? 'GET';
    this.target = change.target ?? '/';
    this.rawHeaders = change.rawHeaders ?? ['Host', 'a.example'];
    this.body = change.body;
    this.upgrade = change.upgrade;
  }
  get signal(): AbortSignal {
    return this.control.signal;
  }
  respond(head: ResponseHead) {
    this.head = head;
    const stream = new Writable({
      write: (chunk, _, done) => {
        this.text += chunk;
        done();
      },
      final: done => {
        this.ended = true;
        done();
      },
      destroy: (error, done) => {
        this.broken ||= !this.ended;
        done(error);
      },
    });
    return { stream, trailers: (raw: readonly string[]) => (this.trailers = raw) };
  }
}

export interface StartedWeb extends AsyncDisposable {
  readonly clock: TurnableClock;
  /** The instance's: goes by the other. */
  readonly slept: SleptClock;
  readonly sandbox: FakeSandbox;
  readonly instance: WebInstance;
  readonly heard: string[];
  readonly failures: Outcome[];
  readonly port: number;
  /** Connections to its server. */
  readonly sockets: Set<Socket>;
  /** Sends a request that has waited so long. */
  begin(exchange?: FakeExchange, requestId?: string, waitedMs?: number): Promise<Outcome>;
  /** Lets everything that is under way happen, sockets included. */
  turn(ms?: number): Promise<void>;
  /** Turns until something is so. */
  until(so: () => boolean): Promise<void>;
  closeServer(): Promise<void>;
}

export interface StartedWebOptions {
  readonly concurrency?: number;
  readonly version?: Partial<FunctionVersion>;
  /** Says that it listens, and waits until that is heard. */
  readonly ready?: boolean;
  /** How long it takes requests. */
  readonly lifeMs?: number;
}

export async function startedWeb(
  serve: RequestListener | Server | { readonly raw: (socket: Socket) => void },
  { concurrency = 1, version = {}, ready = true, lifeMs = Number.POSITIVE_INFINITY }: StartedWebOptions = {},
): Promise<StartedWeb> {
  const sockets = new Set<Socket>();
  const server =
    serve instanceof Server ? serve : typeof serve === 'object' ? createTcpServer(serve.raw) : createServer(serve);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = new TurnableClock(1_000_000);
  const slept = new SleptClock(clock);
  const sandbox = new FakeSandbox();
  const heard: string[] = [];
  const failures: Outcome[] = [];
  const whole = { ...VERSION, type: 'HTTP' as const, timeoutS: 10, ...version };
  const spec = {
    ...{ id: 'i1', version: whole, concurrency, token: 'cafe', note: '', startedAt: clock.now() },
    renewAt: clock.now() + lifeMs,
    ownLines: `X-Scf-Name: ${whole.name}\r\n`,
  };
  const instance = new WebInstance(spec, sandbox, slept, NO_LOG, {
    ready: () => heard.push('ready'),
    unready: (_, outcome) => {
      heard.push('unready');
      failures.push(outcome);
    },
    ran: durationMs => heard.push(`ran ${durationMs}`),
    free: () => heard.push('free'),
    back: () => heard.push('back'),
    gone: () => heard.push('gone'),
  });
  const turn = async (ms = 0) => {
    await clock.advance(ms);
    instance.tick(slept.now());
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    await clock.advance(0);
  };
  const until = async (so: () => boolean) => {
    for (let i = 0; !so(); i++) {
      if (i > 2000) throw new Error('what was waited for never came');
      await turn();
    }
  };
  const closeServer = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  if (ready) {
    sandbox.say(`listen ${port} 4 any`);
    await until(() => heard.includes('ready'));
  }
  let count = 0;
  return {
    clock,
    slept,
    sandbox,
    instance,
    heard,
    failures,
    port,
    sockets,
    turn,
    until,
    closeServer,
    begin(exchange = new FakeExchange(), requestId = `r${++count}`, waitedMs = 0) {
      const { region, namespace, name } = whole;
      const event = {
        ...{ requestId, target: { region, namespace, name }, qualifier: '$LATEST', source: 'http' },
        ...{ body: Buffer.from('{}'), exchange },
      };
      const call = { event, retryNum: 0, waitMs: 1000 };
      return new Promise(settle => {
        instance.send({ call, since: clock.now() - waitedMs, until: Number.POSITIVE_INFINITY, settle });
      });
    },
    async [Symbol.asyncDispose]() {
      if (instance.state !== 'gone') void instance.end();
      await until(() => instance.state === 'gone');
      await closeServer();
    },
  };
}
