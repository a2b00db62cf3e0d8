// A request that node has read the head of, as a live exchange for a web function. It knows no product.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, type Readable, Writable } from 'node:stream';
import type { Exchange, ResponseBody, ResponseHead } from '../core/exchange.ts';
import { hasBody } from './body.ts';

export interface ExchangeOptions {
  /** Path and query as the function is to see them; as sent when left out. */
  readonly target?: string;
  readonly remoteAddress: string;
  /** Name, value …: put behind the function's own headers; a function where they hang on its answer. */
  readonly own?: readonly string[] | ((head: ResponseHead) => readonly string[]);
  /** Where the front has read the body already. */
  readonly body?: Readable | undefined;
  /** Headers of the function, by their names in lower case, that the front keeps back. */
  readonly drops?: (lowerName: string) => boolean;
}

/** The exchange, and what the front that made it keeps in hand. */
export interface LiveExchange extends Exchange {
  /** The function's answer has begun: nothing else can be told to the client any more. */
  readonly answered: boolean;
  /** The front gives up: the run is to be broken off. */
  abort(reason: Error): void;
}

/** The client went away before it had its answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client has gone');
    this.name = 'ClientGone';
  }
}

abstract class Live implements LiveExchange {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
  abstract readonly body: Exchange['body'];
  abstract readonly upgrade: Exchange['upgrade'];
  answered = false;
  readonly #options: ExchangeOptions;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(request: IncomingMessage, options: ExchangeOptions) {
    this.method = request.method ?? 'GET';
    this.target = options.target ?? request.url ?? '/';
    this.rawHeaders = request.rawHeaders;
    this.remoteAddress = options.remoteAddress;
    this.#options = options;
  }

  /** Made when it is asked for: it costs more than the rest of this object. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason && !this.#controller.signal.aborted) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  respond(head: ResponseHead): ResponseBody {
    if (this.#reason) return NOBODY_LISTENS();
    this.answered = true;
    const { own = [], drops } = this.#options;
    const kept = drops ? without(head.rawHeaders, drops) : head.rawHeaders.slice();
    for (const text of typeof own === 'function' ? own({ ...head, rawHeaders: kept }) : own) kept.push(text);
    return this.begin(head, kept);
  }

  protected abstract begin(head: ResponseHead, rawHeaders: string[]): ResponseBody;
}

class PlainExchange extends Live {
  readonly body: Readable | undefined;
  readonly upgrade = undefined;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    super(request, options);
    this.body = options.body ?? (hasBody(request) ? request : undefined);
    this.#response = response;
    // A broken upload is told by the response's end; without a listener it would end the process.
    request.on('error', nothing);
    response.on('error', nothing);
    response.once('close', () => {
      if (!response.writableFinished) this.abort(new ClientGone());
    });
    if (response.destroyed) this.abort(new ClientGone());
  }

  protected begin(head: ResponseHead, rawHeaders: string[]): ResponseBody {
    return answer(this.#response, head, rawHeaders);
  }
}

class UpgradeExchange extends Live {
  readonly body = undefined;
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer };
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer, options: ExchangeOptions) {
    super(request, options);
    this.upgrade = { socket, head };
    this.#request = request;
    socket.on('error', nothing);
    socket.once('close', () => this.abort(new ClientGone()));
    if (socket.destroyed) this.abort(new ClientGone());
  }

  protected begin(head: ResponseHead, rawHeaders: string[]): ResponseBody {
    const { socket } = this.upgrade;
    if (head.status !== 101) return answer(responseOn(this.#request, socket), head, rawHeaders);
    let text = `HTTP/1.1 101 ${head.reason || 'Switching Protocols'}\r\n`;
    const names = new Set<string>();
    for (let i = 0; i < rawHeaders.length; i += 2) {
      names.add(rawHeaders[i]?.toLowerCase() ?? '');
      text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
    }
    if (!names.has('upgrade')) text += 'Upgrade: websocket\r\n';
    if (!names.has('connection')) text += 'Connection: Upgrade\r\n';
    socket.write(`${text}\r\n`, 'latin1');
    // Sockets of servers stay open on their own side: a client that has ended a WebSocket has gone.
    socket.once('end', () => socket.end());
    return { stream: socket, trailers: nothing };
  }
}

export function exchangeOf(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions): LiveExchange {
  return new PlainExchange(request, response, options);
}

/** Of a handshake: the answer 101 gives its socket to the function, any other is an answer like those of other requests. */
export function upgradeExchangeOf(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: ExchangeOptions,
): LiveExchange {
  return new UpgradeExchange(request, socket, head, options);
}

/** A plain answer to a request that asked for another protocol; the connection ends with it. */
export function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // Sockets of http and https servers are net.Sockets; the event's type says less.
  response.assignSocket(socket as Socket);
  // The server has let go of the connection and passes on no such event.
  const drained = () => response.emit('drain');
  socket.on('drain', drained);
  response.on('error', nothing);
  response.once('finish', () => {
    socket.off('drain', drained);
    response.detachSocket(socket as Socket);
    socket.end();
  });
  response.once('close', () => {
    if (!response.writableFinished) socket.destroy();
  });
  return response;
}

function answer(response: ServerResponse, { status, reason }: ResponseHead, rawHeaders: string[]): ResponseBody {
  if (reason === '') response.writeHead(status, rawHeaders);
  else response.writeHead(status, reason, rawHeaders);
  return {
    stream: response,
    trailers(rawTrailers) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < rawTrailers.length; i += 2) pairs.push([rawTrailers[i] ?? '', rawTrailers[i + 1] ?? '']);
      // Sent where the body goes out in chunks, which alone have room for them.
      response.addTrailers(pairs);
    },
  };
}

function without(rawHeaders: readonly string[], drops: (lowerName: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!drops(name.toLowerCase())) kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

const NOBODY_LISTENS = (): ResponseBody => ({
  stream: new Writable({ write: (_chunk, _encoding, done) => done() }),
  trailers: nothing,
});

function nothing(): void {}
