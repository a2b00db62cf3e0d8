// The ports of listeners: opened and closed as listeners come and go; a busy one is tried again after a start.

import type { Clock } from '../../../core/clock.ts';
import { CloudError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { Certificates } from '../../../core/ports.ts';
import { type Front, type FrontLimits, openFront } from '../../../http/server.ts';
import type { Site } from '../../../http/site.ts';
import type { ListenerTls } from '../../../http/tls-contexts.ts';
import type { Place } from '../contract.ts';
import { failClb } from '../errors.ts';
import type { Listener, LoadBalancer } from '../model.ts';
import type { LiveListener } from '../serving/arrival.ts';
import { page } from '../serving/pages.ts';
import type { Plane } from '../serving/plane.ts';
import type { Serve } from '../serving/serve.ts';
import { DEFAULT_SETTINGS, type Settings } from '../settings/settings.ts';
import type { ListenerPorts } from '../verbs/scope.ts';
import { openForwarder } from './l4.ts';
import { fixedOf, tlsOf } from './tls.ts';

export interface SocketsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly certificates: Certificates;
  /** Added to ports below 1024. */
  readonly portOffset: number;
  readonly plane: () => Plane;
  readonly serve: Serve;
  readonly requestId: () => string;
}

interface Open {
  readonly front: Front;
  readonly tls: ListenerTls | undefined;
  readonly fixed: string;
}

/** How often a port that was busy at the start is tried again. */
const RETRY_MS = 5_000;
const GRACE_MS = 60_000;

export class Sockets implements ListenerPorts {
  readonly #deps: SocketsDeps;
  /** By listener. */
  readonly #open = new Map<string, Open>();
  /** Address and port → listener. */
  readonly #taken = new Map<string, Listener>();
  readonly #retries = new Map<string, Disposable>();
  /** Those whose last requests end. */
  readonly #closing = new Set<Front>();
  /** Sockets that open anew, one after another. */
  #reopening: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: SocketsDeps) {
    this.#deps = deps;
  }

  /** Of the listener's own number, or that with the offset. */
  portOf({ port }: Pick<Listener, 'port'>): number {
    return port < 1024 ? port + this.#deps.portOffset : port;
  }

  place(listener: Listener, { vip }: LoadBalancer): Place {
    const open = this.#open.get(listener.id);
    return { host: vip, port: open?.front.port ?? this.portOf(listener), open: open !== undefined };
  }

  async open(listener: Listener, balancer: LoadBalancer): Promise<void> {
    if (listener.protocol === 'UDP' || listener.protocol === 'QUIC') return;
    const key = this.#take(listener, balancer);
    try {
      const open = await this.#listen(listener, balancer);
      // Everything may have been closed, or this listener removed, while its port opened.
      if (!this.#closed && this.#taken.get(key) === listener) this.#open.set(listener.id, open);
      else await open.front.close(0);
    } catch (error) {
      if (this.#taken.get(key) === listener) this.#taken.delete(key);
      throw refusalOf(error, listener, balancer.vip, this.portOf(listener));
    }
  }

  /** After a start: one that is busy is tried again, and the others open meanwhile. */
  async resume(listener: Listener, balancer: LoadBalancer): Promise<void> {
    try {
      await this.open(listener, balancer);
    } catch (error) {
      const { clock, log } = this.#deps;
      log.error({ err: error, listenerId: listener.id }, 'a load balancer port could not be opened; it is tried again');
      if (this.#closed) return;
      this.#retries.get(listener.id)?.[Symbol.dispose]();
      const alarm = clock.at(clock.now() + RETRY_MS, () => void this.resume(listener, balancer));
      this.#retries.set(listener.id, alarm);
    }
  }

  close(listener: Listener): void {
    this.#retries.get(listener.id)?.[Symbol.dispose]();
    this.#retries.delete(listener.id);
    for (const [key, owner] of this.#taken) if (owner.id === listener.id) this.#taken.delete(key);
    const open = this.#open.get(listener.id);
    this.#open.delete(listener.id);
    if (open) this.#end(open.front);
  }

  /** After a change of what a listener serves. */
  changed({ listener, settings }: LiveListener): void {
    const open = this.#open.get(listener.id);
    if (!open) return;
    if (open.fixed !== fixedOf(listener)) {
      this.close(listener);
      this.#reopening = this.#reopening.then(() => this.#reopen(listener.id));
      return;
    }
    open.front.tune(limitsOf(settings));
    open.tls?.refresh(open.front);
  }

  settled(): Promise<void> {
    return this.#reopening;
  }

  async #reopen(listenerId: string): Promise<void> {
    const live = () => this.#deps.plane().live(listenerId);
    const before = live();
    if (!before || this.#closed) return;
    await this.resume(before.listener, before.balancer);
    const now = live();
    if (now) this.changed(now);
  }

  async closeAll(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const retry of this.#retries.values()) retry[Symbol.dispose]();
    await this.#reopening;
    const fronts = [...this.#closing, ...[...this.#open.values()].map(open => open.front)];
    this.#open.clear();
    await Promise.all(fronts.map(front => front.close(graceMs)));
  }

  #end(front: Front): void {
    this.#closing.add(front);
    void front.close(GRACE_MS).then(() => this.#closing.delete(front));
  }

  #take(listener: Listener, { vip }: LoadBalancer): string {
    const port = this.portOf(listener);
    const key = `${vip}:${port}`;
    const owner = this.#taken.get(key);
    if (port > 65_535) {
      const why = { zh: '加上 portOffset 后超过 65535', en: 'with portOffset it is above 65535' };
      return failClb('InvalidParameter.PortCheckFailed', { port: listener.port, ...why });
    }
    if (!owner) {
      this.#taken.set(key, listener);
      return key;
    }
    if (owner.loadBalancerId !== listener.loadBalancerId) {
      return failClb('ResourceInsufficient', {
        zh: `地址 ${vip} 的端口 ${port} 已被负载均衡 ${owner.loadBalancerId} 的监听器使用，而地址池 clb.vips 只有这一个地址，请换端口或扩大地址池`,
        en: `port ${port} of ${vip} belongs to a listener of ${owner.loadBalancerId}, and the pool clb.vips has this one address: take another port or widen the pool`,
      });
    }
    return failClb('InvalidParameter.PortCheckFailed', {
      port: listener.port,
      zh: `本机端口 ${port} 已用于监听器 ${owner.id}（1024 以下的端口加上 portOffset）`,
      en: `port ${port} of this machine serves the listener ${owner.id} (portOffset is added to ports below 1024)`,
    });
  }

  async #listen(listener: Listener, { vip: host }: LoadBalancer): Promise<Open> {
    const { log, plane, serve, certificates, requestId, clock } = this.#deps;
    const { id, protocol } = listener;
    const live = () => plane().live(id);
    const fixed = fixedOf(listener);
    const secure = protocol === 'HTTPS' || protocol === 'TCP_SSL';
    const tls = secure ? tlsOf(listener, live, certificates) : undefined;
    const common = { host, port: this.portOf(listener), log, ...(tls && { tls: tls.options }) };
    if (protocol === 'TCP' || protocol === 'TCP_SSL') {
      const sessionExpireS = () => live()?.listener.forwarding?.sessionExpireS ?? 0;
      const front = await openForwarder({ ...common, clock, group: () => plane().group(id), sessionExpireS });
      return { front, tls, fixed };
    }
    const front = await openFront({
      ...common,
      setting: 'portOffset',
      sites: [],
      fallback: siteOf(live, serve),
      requestId,
      http2: secure,
      limits: limitsOf(live()?.settings ?? DEFAULT_SETTINGS),
    });
    return { front, tls, fixed };
  }
}

function siteOf(live: () => LiveListener | undefined, serve: Serve): Site {
  return {
    name: 'clb',
    claims: () => true,
    serve(request, response) {
      const now = live();
      if (now) serve.request(now, request, response);
      else response.writeHead(404, ['Content-Type', 'text/html']).end(page(404).body);
    },
    upgrade(request, socket, head) {
      const now = live();
      if (now) serve.upgrade(now, request, socket, head);
      else socket.destroy();
    },
  };
}

function limitsOf(settings: Settings): FrontLimits {
  return {
    keepAliveMs: settings.keepAliveMs,
    headersMs: settings.headerTimeoutMs,
    bodyIdleMs: settings.bodyTimeoutMs,
    requestsPerConnection: settings.requestsPerConnection,
  };
}

/** In the words of the management API: what the system says is the cause. */
function refusalOf(error: unknown, { port }: Listener, vip: string, real: number): unknown {
  const system = error instanceof CloudError ? error.cause : error;
  const code = (system as NodeJS.ErrnoException | undefined)?.code;
  const words = code === undefined ? undefined : WORDS[code];
  if (!words) return error;
  try {
    return failClb(
      'InvalidParameter.PortCheckFailed',
      { port, zh: words.zh(vip, real), en: words.en(vip, real) },
      error,
    );
  } catch (refusal) {
    return refusal;
  }
}

type Words = (vip: string, port: number) => string;

const WORDS: Readonly<Record<string, { readonly zh: Words; readonly en: Words }>> = {
  EADDRINUSE: {
    zh: (vip, port) => `本机地址 ${vip} 的端口 ${port} 已被其他程序占用`,
    en: (vip, port) => `another program on this machine uses port ${port} of ${vip}`,
  },
  EACCES: {
    zh: (_, port) => `当前用户无权打开端口 ${port}，请设置 portOffset`,
    en: (_, port) => `this user may not open port ${port}; set portOffset`,
  },
  EADDRNOTAVAIL: {
    zh: vip => `本机没有地址 ${vip}，请修改 clb.vips`,
    en: vip => `this machine does not have the address ${vip}; change clb.vips`,
  },
};
