// Listeners of TCP and TCP_SSL: connections are passed on to servers byte by byte.

import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createSecureServer, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Front } from '../../../http/server.ts';
import type { Member, ServerGroup } from '../servers/group.ts';
import { join } from '../serving/join.ts';

export interface ForwarderOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions & SecureContextOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly group: () => ServerGroup | undefined;
  /** 0: no session persistence. */
  readonly sessionExpireS: () => number;
}

const CONNECT_MS = 4_000;

export async function openForwarder(options: ForwarderOptions): Promise<Front> {
  const { host, log, tls, group, sessionExpireS } = options;
  const sessions = new Sessions(options.clock);
  const sockets = new Set<Socket>();
  const pass = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const servers = group();
    if (servers) forward(socket, servers, sessions, sessionExpireS());
    else socket.destroy();
  };
  // Nothing is read before there is a server to read it; either end may close its half first.
  const behaviour = { pauseOnConnect: true, allowHalfOpen: true, noDelay: true };
  const secure = tls && createSecureServer({ ...behaviour, ...tls }, pass);
  const server: NetServer = secure ?? createServer(behaviour, pass);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: options.port }, () => {
      server.off('error', reject);
      server.on('error', error => log.error({ err: error }, 'a load balancer port could not take a connection'));
      resolve();
    });
  });
  let stopping: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    tune() {},
    setSecureContext: context => secure?.setSecureContext(context),
    close(graceMs = 0) {
      stopping ??= new Promise(resolve => server.close(() => resolve()));
      // A transport deadline: it keeps no process alive.
      AbortSignal.timeout(graceMs).addEventListener('abort', () => {
        for (const socket of sockets) socket.destroy();
      });
      return stopping;
    },
  };
}

function forward(socket: Socket, group: ServerGroup, sessions: Sessions, sessionExpireS: number): void {
  const client = socket.remoteAddress ?? '';
  const tried = new Set<Member>();
  const next = () => {
    const member = group.pick(client, sessionExpireS > 0 ? sessions.of(client) : undefined, tried);
    if (!member || socket.destroyed) {
      socket.destroy();
      return;
    }
    tried.add(member);
    const { address, port } = member.server;
    const upstream = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    let connected = false;
    // A transport deadline.
    AbortSignal.timeout(CONNECT_MS).addEventListener('abort', () => {
      if (!connected) upstream.destroy(new Error('no connection in time'));
    });
    upstream.once('error', next);
    upstream.once('connect', () => {
      connected = true;
      upstream.off('error', next);
      if (sessionExpireS > 0) sessions.keep(client, member.token, sessionExpireS);
      member.active++;
      upstream.once('close', () => {
        member.active--;
      });
      if (socket.destroyed) upstream.destroy();
      else join(socket, upstream);
    });
  };
  next();
}

const SESSIONS = 10_000;

/** Which server an address had last. */
class Sessions {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(client: string): string | undefined {
    const kept = this.#kept.get(client);
    return kept && kept.until > this.#clock.now() ? kept.token : undefined;
  }

  keep(client: string, token: string, expireS: number): void {
    this.#kept.delete(client);
    this.#kept.set(client, { token, until: this.#clock.now() + expireS * 1000 });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= SESSIONS) return;
      this.#kept.delete(oldest);
    }
  }
}
