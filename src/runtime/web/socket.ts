// One WebSocket connection through a function, which is one run of it: the handshake, then bytes both ways as they come.

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Exchange } from '../../core/exchange.ts';
import { RESPONSE_BYTES } from '../../core/limits.ts';
import type { Forwarded, Upgraded } from '../../http/forward.ts';
import { UpstreamError } from '../../http/upstream/errors.ts';
import { endToEnd, headerOf } from '../../http/upstream/head.ts';
import type { Verdict } from '../instance/outcomes.ts';
import { Allowance, type Rates, WS_RATES } from './allowance.ts';
import { closeFrame } from './frames.ts';
import { HEADER_BYTES, headerBytes } from './headers.ts';
import { Pump } from './pump.ts';
import type { Done, Passage, Way } from './request.ts';
import {
  brokenBy,
  closedWith,
  headersTooLarge,
  idledOut,
  mayBeDeath,
  messageTooLarge,
  responseTooLarge,
  type Side,
  served,
  verdictOn,
} from './verdicts.ts';

export interface SocketWay extends Way {
  readonly clock: Clock;
  /** How long no frame may come; 0: for ever. */
  readonly idleMs: number;
  readonly rates?: Rates;
}

/** How long either side has to close once a close frame has gone by. */
const CLOSING_MS = 2000;
const GOING_AWAY = 1001;
const TOO_BIG = 1009;

export class SocketPassage implements Passage {
  readonly #exchange: Exchange;
  readonly #way: SocketWay;
  readonly #done: Done;
  readonly #giveUp = new AbortController();
  #verdict: Verdict | undefined;
  #over = false;
  /** The body of an answer to the handshake that is none of WebSocket. */
  #refusal: Forwarded['body'] | undefined;
  #client: Duplex | undefined;
  #server: Socket | undefined;
  #up: Pump | undefined;
  #down: Pump | undefined;
  /** Of the first close frame. */
  #closing: Verdict | undefined;
  #frameAt = 0;
  #alarm: Disposable | undefined;

  constructor(exchange: Exchange, way: SocketWay, done: Done) {
    this.#exchange = exchange;
    this.#way = way;
    this.#done = done;
    const { method, target, signal } = exchange;
    const request = {
      method,
      target,
      rawHeaders: way.rawHeaders,
      lines: way.lines,
      signal: AbortSignal.any([signal, this.#giveUp.signal]),
    };
    way.upstreams.upgrade(way.to, request).then(
      answer => ('socket' in answer ? this.#begin(answer) : this.#refused(answer)),
      error => {
        if (!(error instanceof UpstreamError)) throw error;
        this.#end(this.#verdict ?? verdictOn(error), this.#verdict === undefined && mayBeDeath(error));
      },
    );
  }

  /** It has had its client's signal from the beginning. */
  watch(): void {}

  /** Both sides are told that the connection goes away, as far as one can be told between two frames. */
  stop(verdict: Verdict): void {
    this.#verdict ??= verdict;
    this.#giveUp.abort();
    this.#refusal?.destroy();
    if (this.#up) this.#close(verdict, GOING_AWAY);
  }

  #refused({ status, reason, rawHeaders, body }: Forwarded): void {
    const length = Number(headerOf(rawHeaders, 'content-length') ?? 0);
    const bytes = headerBytes(rawHeaders);
    if (bytes > HEADER_BYTES || length > RESPONSE_BYTES) {
      body.on('error', () => {}).destroy();
      this.#end(bytes > HEADER_BYTES ? headersTooLarge(bytes) : responseTooLarge(length), false);
      return;
    }
    const { stream } = this.#exchange.respond({ status, reason, rawHeaders });
    this.#refusal = body;
    body.pipe(stream);
    body.once('end', () => this.#end(served(), false));
    body.once('error', error => {
      stream.destroy();
      const broken = error instanceof UpstreamError ? verdictOn(error) : brokenBy('server');
      this.#end(this.#verdict ?? broken, this.#verdict === undefined);
    });
    // Destroyed by `stop`.
    body.once('close', () => {
      if (!body.readableEnded) stream.destroy();
      if (this.#verdict) this.#end(this.#verdict, false);
    });
  }

  #begin({ reason, rawHeaders, socket, behind }: Upgraded): void {
    const { upgrade } = this.#exchange;
    const headers = endToEnd(rawHeaders);
    const bytes = headerBytes(headers);
    const verdict = this.#verdict ?? (bytes > HEADER_BYTES ? headersTooLarge(bytes) : undefined);
    socket.on('error', () => {});
    if (verdict || !upgrade) {
      socket.destroy();
      this.#end(verdict ?? brokenBy('server'), false);
      return;
    }
    this.#exchange.respond({ status: 101, reason, rawHeaders: headers });
    const client = upgrade.socket;
    this.#client = client;
    this.#server = socket;
    const { clock, rates = WS_RATES } = this.#way;
    this.#up = this.#pump('client', client, socket, new Allowance(rates, clock.now()));
    this.#down = this.#pump('server', socket, client, undefined);
    this.#frameAt = clock.now();
    this.#watch();
    this.#up.start(upgrade.head);
    this.#down.start(behind);
  }

  #pump(side: Side, from: Duplex, to: Duplex, allowance: Allowance | undefined): Pump {
    const { clock } = this.#way;
    return new Pump(from, to, clock, allowance, {
      moved: () => {
        this.#frameAt = clock.now();
      },
      closed: code => this.#closed(code, side),
      tooLarge: () => this.#close(messageTooLarge(side), TOO_BIG),
      ended: () => this.#ended(side),
    });
  }

  /** The first close frame tells how it ends. Both sides finish their handshake, but not for ever. */
  #closed(code: number, by: Side): void {
    if (this.#closing || this.#over) return;
    const verdict = closedWith(code, by);
    this.#closing = verdict;
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = this.#after(CLOSING_MS, () => this.#finish(verdict, false));
  }

  #ended(by: Side): void {
    this.#finish(this.#closing ?? brokenBy(by), this.#closing === undefined && by === 'server');
  }

  #watch(): void {
    const { clock, idleMs } = this.#way;
    if (idleMs === 0) return;
    this.#alarm = clock.at(this.#frameAt + idleMs, () => {
      if (this.#over || this.#closing) return;
      if (clock.now() - this.#frameAt >= idleMs) this.#close(idledOut(idleMs), GOING_AWAY);
      else this.#watch();
    });
  }

  #close(verdict: Verdict, code: number): void {
    if (this.#over) return;
    // Not in the middle of a frame of the other side's.
    if (this.#down?.between) this.#client?.write(closeFrame(code, false));
    if (this.#up?.between) this.#server?.write(closeFrame(code, true));
    this.#finish(verdict, false);
  }

  /** What has been written still goes out, if it is taken in time. */
  #finish(verdict: Verdict, perhaps: boolean): void {
    if (this.#over) return;
    this.#alarm?.[Symbol.dispose]();
    for (const pump of [this.#up, this.#down]) pump?.stop();
    for (const socket of [this.#client, this.#server]) if (socket) this.#letGo(socket);
    this.#end(verdict, perhaps);
  }

  #letGo(socket: Duplex): void {
    if (socket.destroyed) return;
    socket.resume().end();
    const late = this.#after(CLOSING_MS, () => socket.destroy());
    socket.once('close', () => late[Symbol.dispose]());
  }

  #after(ms: number, task: () => void): Disposable {
    const { clock } = this.#way;
    return clock.at(clock.now() + ms, task);
  }

  #end(verdict: Verdict, perhaps: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(verdict, perhaps);
  }
}
