// Requests of rules with servers: passed on as they come, answered as the answer comes.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { Clock } from '../../../core/clock.ts';
import { hasBody } from '../../../http/body.ts';
import { upgradeExchangeOf } from '../../../http/exchange.ts';
import type { Exchanging, Upstreams } from '../../../http/forward.ts';
import { headerValue, wantsGzip, withoutHeaders } from '../../../http/reply.ts';
import { UpstreamError, type UpstreamFault } from '../../../http/upstream/errors.ts';
import type { AnswerEvents } from '../../../http/upstream/flow.ts';
import type { Rule } from '../model.ts';
import type { Member, ServerGroup } from '../servers/group.ts';
import { sessionCookie, sessionToken } from '../servers/session.ts';
import type { Arrival } from './arrival.ts';
import { answerHeaders, passedHeaders } from './headers.ts';
import { join } from './join.ts';

export interface ProxyDeps {
  readonly clock: Clock;
  /** With this time to connect. */
  readonly upstreams: (connectTimeoutMs: number) => Upstreams;
}

/** How the balancer itself answers. */
export type Fail = (status: number) => void;

/** No connection came about, so the request is as it was: another server may have it. */
const UNTOUCHED: ReadonlySet<UpstreamFault> = new Set(['refused', 'unreachable', 'connect timeout']);

const STATUS_OF: Readonly<Partial<Record<UpstreamFault, number>>> = {
  timeout: 504,
  'connect timeout': 504,
  'request too large': 413,
  'invalid request': 400,
};

export function proxyRequest(
  deps: ProxyDeps,
  arrival: Arrival,
  rule: Rule,
  group: ServerGroup,
  response: ServerResponse,
  fail: Fail,
): void {
  const { bodyBytes } = arrival.live.settings;
  if (Number(arrival.request.headers['content-length'] ?? 0) > bodyBytes) fail(413);
  else new Passing(deps, arrival, rule, group, response, fail).next();
}

class Passing implements AnswerEvents {
  readonly #deps: ProxyDeps;
  readonly #arrival: Arrival;
  readonly #rule: Rule;
  readonly #group: ServerGroup;
  readonly #response: ServerResponse;
  readonly #fail: Fail;
  readonly #headers: readonly string[];
  readonly #token: string | undefined;
  readonly #tried = new Set<Member>();
  #member: Member | undefined;
  #exchanging: Exchanging | undefined;
  #gzip: Gzip | undefined;
  #status = 502;

  constructor(deps: ProxyDeps, arrival: Arrival, rule: Rule, group: ServerGroup, response: ServerResponse, fail: Fail) {
    this.#deps = deps;
    this.#arrival = arrival;
    this.#rule = rule;
    this.#group = group;
    this.#response = response;
    this.#fail = fail;
    this.#headers = passedHeaders(arrival);
    this.#token = sessionToken(rule, arrival.request.headers.cookie);
    response.once('close', () => {
      if (!response.writableFinished) this.#exchanging?.abort();
    });
  }

  next(): void {
    const { request, method, clientAddress, live } = this.#arrival;
    const member = this.#group.pick(clientAddress, this.#token, this.#tried);
    if (!member) {
      this.#fail(this.#status);
      return;
    }
    this.#tried.add(member);
    this.#member = member;
    member.active++;
    const { bodyBytes, connectTimeoutMs, readTimeoutMs } = live.settings;
    const { address, port } = member.server;
    this.#exchanging = this.#deps.upstreams(connectTimeoutMs).exchange(
      { host: address, port },
      {
        method,
        target: targetOf(this.#arrival),
        rawHeaders: this.#headers,
        body: hasBody(request) ? request : undefined,
        bodyBytes,
        headTimeoutMs: readTimeoutMs,
        idleTimeoutMs: readTimeoutMs,
      },
      this,
    );
  }

  head({ status, reason, rawHeaders }: { status: number; reason: string; rawHeaders: readonly string[] }): void {
    const { request, live } = this.#arrival;
    const { aboveBytes = 0 } = live.gzip ?? {};
    const length = headerValue(rawHeaders, 'content-length');
    let headers = answerHeaders(rawHeaders, this.#arrival, status);
    pushSession(headers, this.#rule, this.#member, this.#deps.clock.now());
    const large = length === undefined || Number(length) > aboveBytes;
    if (this.#rule.gzip && live.gzip && large && wantsGzip(request, status, headers, live.gzip)) {
      headers = compressedHead(headers);
      this.#startGzip();
    }
    if (reason === '') this.#response.writeHead(status, headers);
    else this.#response.writeHead(status, reason, headers);
    // An answer that comes slowly is not kept back until its first piece; one that is there already goes out with it.
    queueMicrotask(() => this.#response.flushHeaders());
    (this.#gzip ?? this.#response).on('drain', () => this.#exchanging?.resume());
  }

  data(chunk: Buffer): boolean {
    return (this.#gzip ?? this.#response).write(chunk);
  }

  end(rawTrailers: readonly string[]): void {
    this.#settle();
    const pairs: [string, string][] = [];
    for (let i = 0; i < rawTrailers.length; i += 2) pairs.push([rawTrailers[i] ?? '', rawTrailers[i + 1] ?? '']);
    const framed = this.#arrival.request.httpVersionMajor === 2;
    if (pairs.length > 0) this.#response.addTrailers(framed ? Object.fromEntries(pairs) : pairs);
    (this.#gzip ?? this.#response).end();
  }

  failed({ fault }: UpstreamError): void {
    this.#settle();
    const unheard = this.#response.destroyed || fault === 'aborted' || fault === 'request cut short';
    if (unheard || this.#response.headersSent) this.#response.destroy();
    else {
      this.#status = STATUS_OF[fault] ?? 502;
      if (UNTOUCHED.has(fault)) this.next();
      else this.#fail(this.#status);
    }
  }

  #settle(): void {
    if (this.#member) this.#member.active--;
    this.#member = undefined;
  }

  #startGzip(): void {
    // Each piece goes out as it comes: an event stream would wait for its buffer otherwise.
    this.#gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    this.#gzip.on('error', () => this.#response.destroy());
    this.#gzip.pipe(this.#response);
    this.#response.once('close', () => this.#gzip?.destroy());
  }
}

function compressedHead(headers: readonly string[]): string[] {
  const kept = withoutHeaders(headers, name => name === 'content-length' || name === 'accept-ranges');
  for (let i = 0; i < kept.length; i += 2) {
    const value = kept[i + 1] ?? '';
    // Other bytes than the tag stands for.
    if (kept[i]?.toLowerCase() === 'etag' && !value.startsWith('W/')) kept[i + 1] = `W/${value}`;
  }
  kept.push('Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding');
  return kept;
}

function pushSession(headers: string[], rule: Rule, member: Member | undefined, now: number): void {
  if (rule.sessionExpireS > 0 && member) headers.push('Set-Cookie', sessionCookie(rule, member.token, now));
}

const targetOf = ({ path, query }: Arrival): string => (query === '' ? path : `${path}?${query}`);

/** A WebSocket: the server's answer decides; both connections are one from then on. */
export async function proxyUpgrade(
  deps: ProxyDeps,
  arrival: Arrival,
  rule: Rule,
  group: ServerGroup,
  socket: Duplex,
  head: Buffer,
  fail: Fail,
): Promise<void> {
  const { request, method, clientAddress, live } = arrival;
  const { connectTimeoutMs, readTimeoutMs } = live.settings;
  const exchange = upgradeExchangeOf(request, socket, head, { remoteAddress: clientAddress });
  const rawHeaders = [...passedHeaders(arrival), 'Upgrade', request.headers.upgrade ?? 'websocket'];
  const token = sessionToken(rule, request.headers.cookie);
  const tried = new Set<Member>();
  let status = 502;
  for (;;) {
    const member = group.pick(clientAddress, token, tried);
    if (!member) return fail(status);
    tried.add(member);
    const { address: host, port } = member.server;
    const asked = { method, target: targetOf(arrival), rawHeaders, signal: exchange.signal };
    try {
      const upstreams = deps.upstreams(connectTimeoutMs);
      const answer = await upstreams.upgrade({ host, port }, { ...asked, headTimeoutMs: readTimeoutMs });
      const headers = answer.rawHeaders.slice();
      pushSession(headers, rule, member, deps.clock.now());
      const { stream } = exchange.respond({ status: answer.status, reason: answer.reason, rawHeaders: headers });
      if (!('socket' in answer)) {
        answer.body.on('error', () => stream.destroy()).pipe(stream);
        return;
      }
      member.active++;
      answer.socket.once('close', () => {
        member.active--;
      });
      if (answer.behind.length > 0) socket.write(answer.behind);
      join(socket, answer.socket, head);
      return;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (exchange.signal.aborted || exchange.answered) return;
      status = STATUS_OF[error.fault] ?? 502;
      if (!UNTOUCHED.has(error.fault)) return fail(status);
    }
  }
}
