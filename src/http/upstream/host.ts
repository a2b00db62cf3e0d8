// The connections to one server: those that are kept, those that are under way, and who waits for one.

import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { Connection } from './connection.ts';
import { connectFault, UpstreamError } from './errors.ts';
import type { Flow } from './flow.ts';
import { HearingSocket } from './socket.ts';

export interface To {
  readonly host: string;
  readonly port: number;
  /** Over TLS; the name that is asked for is `servername`, or `host`. */
  readonly tls?: Pick<ConnectionOptions, 'servername' | 'ca' | 'rejectUnauthorized'>;
}

export interface HostLimits {
  readonly maxSockets: number;
  readonly connectTimeoutMs: number;
  readonly idleSocketMs: number;
  readonly headBytes: number;
}

/** Real time: sockets know no other. */
const now = (): number => performance.now();
/** A server that keeps connections so long closes them a little earlier than we would use them. */
const SOONER_MS = 1000;

export class Host {
  readonly #to: To;
  readonly #limits: HostLimits;
  readonly #idle: Connection[] = [];
  readonly #live = new Set<Connection>();
  readonly #waiting = new Set<Flow>();
  #connecting = 0;
  #closed = false;
  readonly #sockets = new Set<Socket>();

  constructor(to: To, limits: HostLimits) {
    this.#to = to;
    this.#limits = limits;
  }

  /** Nothing is kept, nothing under way. */
  get unused(): boolean {
    return this.#live.size + this.#connecting + this.#waiting.size === 0;
  }

  /** As a request names it that names no host. */
  get name(): string {
    const { host, port } = this.#to;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  send(flow: Flow): void {
    const obstacle = this.#closed ? new UpstreamError('closed') : flow.obstacle;
    // One that was sent in vain gets a new one: the other kept ones may be closed as well.
    const kept = obstacle || flow.again ? undefined : this.#kept();
    if (obstacle) flow.fail(obstacle);
    else if (kept) kept.carry(flow);
    else if (this.#live.size + this.#connecting < this.#limits.maxSockets) this.#connect(flow);
    else {
      this.#waiting.add(flow);
      flow.onceOver(() => this.#waiting.delete(flow));
    }
  }

  /** Closes what has been kept too long; whether something still is. */
  sweep(): boolean {
    while (this.#idle[0] && this.#isOld(this.#idle[0])) this.#idle.shift()?.destroy();
    return this.#idle.length > 0;
  }

  close(): void {
    this.#closed = true;
    for (const flow of this.#waiting) flow.fail(new UpstreamError('closed'));
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The one used last. */
  #kept(): Connection | undefined {
    for (let one = this.#idle.pop(); one; one = this.#idle.pop()) {
      if (one.usable && !this.#isOld(one)) return one;
      one.destroy();
    }
    return undefined;
  }

  #isOld(one: Connection): boolean {
    const told = one.keepAliveMs === undefined ? Number.POSITIVE_INFINITY : one.keepAliveMs - SOONER_MS;
    return now() - one.idleSince >= Math.min(told, this.#limits.idleSocketMs);
  }

  #connect(flow: Flow): void {
    const { host, port, tls } = this.#to;
    const { connectTimeoutMs, headBytes } = this.#limits;
    this.#connecting++;
    const socket = tls
      ? connectSecure({ host, port, servername: host, ...tls })
      : new HearingSocket().connect({ host, port });
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    let open = true;
    const settle = (error?: UpstreamError) => {
      if (!open) return;
      open = false;
      clearTimeout(late);
      this.#connecting--;
      socket.off('error', refused).off('close', gone);
      if (error) {
        socket.on('error', () => {}).destroy();
        flow.fail(error);
        this.#next();
      } else this.#connected(socket, headBytes, flow);
    };
    const refused = (error: Error) => settle(connectFault(error));
    const gone = () => settle(new UpstreamError(this.#closed ? 'closed' : 'unreachable'));
    // A transport deadline: it counts real time, also when the platform's clock is turned or stands still.
    // A connection that came about while this process stood still is one.
    const expired = () => settle(new UpstreamError('connect timeout'));
    const late = setTimeout(() => setImmediate(expired), connectTimeoutMs);
    socket.once('error', refused).once('close', gone);
    socket.once(tls ? 'secureConnect' : 'connect', () => settle());
    flow.onceOver(() => settle(new UpstreamError('aborted')));
  }

  #connected(socket: Socket, headBytes: number, flow: Flow): void {
    const connection = new Connection(socket, headBytes, {
      free: one => this.#free(one),
      stale: one => this.send(one),
      gone: one => {
        // An upgraded one is somebody else's now.
        this.#sockets.delete(socket);
        this.#gone(one);
      },
    });
    this.#live.add(connection);
    flow.onceOver(undefined);
    connection.carry(flow);
  }

  #free(connection: Connection): void {
    connection.idleSince = now();
    const next = this.#takeWaiting();
    if (next) connection.carry(next);
    else this.#idle.push(connection);
  }

  #gone(connection: Connection): void {
    this.#live.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#next();
  }

  #next(): void {
    if (this.#closed || this.#live.size + this.#connecting >= this.#limits.maxSockets) return;
    const next = this.#takeWaiting();
    if (next) this.#connect(next);
  }

  #takeWaiting(): Flow | undefined {
    for (const flow of this.#waiting) {
      this.#waiting.delete(flow);
      return flow;
    }
    return undefined;
  }
}
