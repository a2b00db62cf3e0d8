// One request on its way: what is sent of it, who hears of its answer, and whether it may be sent again.

import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { UpstreamError, type UpstreamFault } from './errors.ts';
import { type Framing, headerOf, passedTrailers, requestHead } from './head.ts';
import type { ParsedHead } from './response.ts';

export interface ForwardRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  /** Name, value, name, value …: kept in their order and letters; what belongs to a connection is left out here. */
  readonly rawHeaders: readonly string[];
  /** Header lines that are put behind them as they are, from `headerLines`. */
  readonly lines?: string;
  /** A stream is read by the server's pace; if it ends with trailers (`rawTrailers`), they are passed on. */
  readonly body?: Readable | Buffer | undefined;
  /** More than this of a body is not sent: the request fails with `request too large`. */
  readonly bodyBytes?: number;
  /** Gives up: the connection is destroyed. */
  readonly signal?: AbortSignal;
  /** From when the request was sent, or its last piece, until the answer's head. */
  readonly headTimeoutMs?: number;
  /** Between two pieces of the answer. */
  readonly idleTimeoutMs?: number;
}

/** Who hears of an answer. One of `end` and `failed` is called last, once. */
export interface AnswerEvents {
  /** 1xx on the way; may be left out. */
  information?(status: number, rawHeaders: readonly string[]): void;
  head(head: ParsedHead): void;
  /** False: no more until `resume`. `last`: `end` is called next, without trailers; the end may also come untold. */
  data(chunk: Buffer, last: boolean): boolean;
  /** All that has come in one piece has been told, and it was not the end. */
  flush?(): void;
  end(rawTrailers: readonly string[]): void;
  failed(error: UpstreamError): void;
  /** The server has agreed to an upgrade: the connection, and what it has sent behind its head. The last that is heard. */
  upgraded?(head: ParsedHead, socket: Socket, behind: Buffer): void;
}

/** What a flow is carried by, as long as it is. */
export interface Carrier {
  /** Texts are Latin-1. False: wait for `drained`. */
  write(chunk: Buffer | string): boolean;
  /** What is written until `uncork` goes out in one piece. */
  cork(): void;
  uncork(): void;
  resume(): void;
  destroy(): void;
}

/** Safe to send twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/** Up to this a body in memory goes out with its head in one piece. */
const ONE_WRITE_BYTES = 16 * 1024;

export class Flow {
  readonly request: ForwardRequest;
  readonly upgrade: string | undefined;
  /** Its second time. */
  again = false;
  readonly #events: AnswerEvents;
  readonly #head: string | { readonly invalid: string };
  readonly #framing: Framing;
  /** How much of the body its header tells of. */
  readonly #told: number;
  #timer: NodeJS.Timeout | undefined;
  #late: NodeJS.Immediate | undefined;
  #headCame = false;
  #left: (() => void) | undefined;
  #carrier: Carrier | undefined;
  #body: Readable | undefined;
  /** Some of a streamed body has been read. */
  #bodyBegun = false;
  #bodyBytes = 0;
  /** The whole request has been handed to the system. */
  sent = false;
  #over = false;
  readonly #onAbort = () => this.fail(new UpstreamError('aborted'));

  constructor(request: ForwardRequest, events: AnswerEvents, fallbackHost: string, upgrade?: string) {
    this.request = request;
    this.#events = events;
    this.upgrade = upgrade;
    const told = request.body && headerOf(request.rawHeaders, 'content-length');
    this.#told = told === undefined ? Number.POSITIVE_INFINITY : Number(told);
    this.#framing = framingOf(request, told !== undefined);
    this.#head = requestHead(request, this.#framing, fallbackHost, upgrade);
    request.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Why it cannot be sent at all. */
  get obstacle(): UpstreamError | undefined {
    if (this.request.signal?.aborted) return new UpstreamError('aborted');
    return typeof this.#head === 'string' ? undefined : new UpstreamError('invalid request', this.#head.invalid);
  }

  /** Whether it may be sent once more when a kept connection turns out to be closed. */
  get repeatable(): boolean {
    if (this.again || this.#bodyBegun || this.#over) return false;
    return IDEMPOTENT.has(this.request.method) || this.#body !== undefined;
  }

  /** Sends it. */
  start(carrier: Carrier): void {
    this.#carrier = carrier;
    if (typeof this.#head !== 'string') return;
    this.#expect(this.request.headTimeoutMs);
    const { body } = this.request;
    if (Buffer.isBuffer(body) && body.length <= ONE_WRITE_BYTES) {
      carrier.write(Buffer.concat([Buffer.from(this.#head, 'latin1'), body]));
      this.sent = true;
    } else if (body === undefined || Buffer.isBuffer(body)) {
      carrier.write(this.#head);
      if (body) carrier.write(body);
      this.sent = true;
    } else {
      carrier.cork();
      carrier.write(this.#head);
      // What has come of the body already goes out with the head.
      process.nextTick(() => carrier.uncork());
      if (body === this.#body) body.resume();
      else this.#read(body);
    }
  }

  /** The connection can take more. */
  drained(): void {
    this.#body?.resume();
  }

  /** Its connection is gone before an answer came: it waits for another one. */
  suspend(): void {
    this.again = true;
    this.#carrier = undefined;
    this.#body?.pause();
    this.#expect(undefined);
  }

  /** Calls `left` when it is over, however it ends. */
  onceOver(left: (() => void) | undefined): void {
    this.#left = left;
  }

  #read(body: Readable): void {
    this.#body = body;
    body.on('data', this.#onData).once('end', this.#onEnd).on('error', this.#onCut).once('close', this.#onCut);
    // It has ended, or broken, before anybody read it.
    if (body.readableEnded) this.#onEnd();
    else if (body.destroyed) this.#onCut();
  }

  readonly #onData = (chunk: Buffer): void => {
    const carrier = this.#carrier;
    if (chunk.length === 0 || !carrier) return;
    this.#bodyBegun = true;
    this.#bodyBytes += chunk.length;
    const excess = this.#excess();
    if (excess) {
      this.fail(excess);
      return;
    }
    if (!this.#headCame) this.#expectAgain();
    let more: boolean;
    if (this.#framing === 'chunked') {
      carrier.cork();
      carrier.write(`${chunk.length.toString(16)}\r\n`);
      carrier.write(chunk);
      more = carrier.write('\r\n');
      carrier.uncork();
    } else more = carrier.write(chunk);
    if (!more) this.#body?.pause();
  };

  #excess(): UpstreamError | undefined {
    if (this.#bodyBytes > (this.request.bodyBytes ?? Number.POSITIVE_INFINITY))
      return new UpstreamError('request too large');
    if (this.#bodyBytes > this.#told)
      return new UpstreamError('invalid request', 'the body is longer than its header tells');
    return undefined;
  }

  readonly #onEnd = (): void => {
    if (this.#told < Number.POSITIVE_INFINITY && this.#bodyBytes < this.#told) {
      this.#onCut();
      return;
    }
    const { rawTrailers } = this.#body as { readonly rawTrailers?: readonly string[] };
    this.#leaveBody();
    this.#bodyBegun = true;
    this.sent = true;
    if (this.#framing === 'chunked') this.#carrier?.write(`0\r\n${trailerText(rawTrailers ?? [])}\r\n`);
  };

  readonly #onCut = (): void => {
    this.fail(new UpstreamError('request cut short'));
  };

  #leaveBody(): void {
    this.#body
      ?.off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onCut)
      .off('error', this.#onCut)
      // What breaks later is nobody's business any more, and would end the process.
      .on('error', () => {});
    this.#body = undefined;
  }

  information(status: number, rawHeaders: readonly string[]): void {
    if (!this.#over) this.#events.information?.(status, rawHeaders);
  }

  head(head: ParsedHead): void {
    if (this.#over) return;
    this.#headCame = true;
    this.#expect(this.request.idleTimeoutMs);
    this.#events.head(head);
  }

  /** False: no more for now. */
  data(chunk: Buffer, last: boolean): boolean {
    if (this.#over) return true;
    const more = this.#events.data(chunk, last);
    if (more) this.#expectAgain();
    // Whoever does not take it is no fault of the server's.
    else this.#expect(undefined);
    return more;
  }

  flush(): void {
    if (!this.#over) this.#events.flush?.();
  }

  /** Transport deadlines: they count real time, also when the platform's clock is turned or stands still. */
  #expect(ms: number | undefined): void {
    this.#expectNothing();
    this.#timer = ms === undefined || this.#over ? undefined : setTimeout(this.#onLate, ms);
  }

  #expectAgain(): void {
    clearImmediate(this.#late);
    this.#timer?.refresh();
  }

  #expectNothing(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#late);
  }

  /** The server may have answered in time, and this process have stood still: what has come is read first. */
  readonly #onLate = (): void => {
    this.#late = setImmediate(() => this.abort('timeout'));
  };

  /** The answer is whole. What has not been sent of the request is not sent any more. */
  end(rawTrailers: readonly string[]): void {
    if (this.#settle()) this.#events.end(rawTrailers);
  }

  /** Ends it and the connection that carries it. */
  fail(error: UpstreamError): void {
    const carrier = this.#carrier;
    if (!this.#settle()) return;
    carrier?.destroy();
    this.#events.failed(error);
  }

  switched(head: ParsedHead, socket: Socket, behind: Buffer): void {
    if (this.#settle()) this.#events.upgraded?.(head, socket, behind);
    else socket.destroy();
  }

  resume(): void {
    if (this.#over) return;
    if (this.#headCame) this.#expect(this.request.idleTimeoutMs);
    this.#carrier?.resume();
  }

  abort(fault: UpstreamFault = 'aborted'): void {
    this.fail(new UpstreamError(fault));
  }

  #settle(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#carrier = undefined;
    this.#expectNothing();
    this.request.signal?.removeEventListener('abort', this.#onAbort);
    this.#left?.();
    const body = this.#body;
    this.#leaveBody();
    // What is left of it is dropped: the client's connection can carry another request then.
    body?.resume();
    return true;
  }
}

function framingOf({ body }: ForwardRequest, told: boolean): Framing {
  if (body === undefined) return 'none';
  if (Buffer.isBuffer(body)) return body.length;
  return told ? 'as told' : 'chunked';
}

function trailerText(rawTrailers: readonly string[]): string {
  const kept = passedTrailers(rawTrailers);
  let text = '';
  for (let i = 0; i < kept.length; i += 2) text += `${kept[i]}: ${kept[i + 1]}\r\n`;
  return text;
}
