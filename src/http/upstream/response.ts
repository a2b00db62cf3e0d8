// Reads responses from a connection, byte by byte where it must be and in whole pieces where it can be (RFC 9112).
// What could be read in two ways is refused: both lengths, bare line feeds, folded lines, a wrong chunk.

import { fieldsOf, type Head, headOf, malformed, ResponseFault } from './answerhead.ts';
import { passedTrailers } from './head.ts';

export interface ParsedHead {
  readonly status: number;
  readonly reason: string;
  /** End-to-end headers alone. */
  readonly rawHeaders: readonly string[];
  /** undefined: told by chunks or by the end of the connection, or there is none. */
  readonly length: number | undefined;
}

export interface ResponseEvents {
  /** 1xx but 101. */
  information(status: number, rawHeaders: readonly string[]): void;
  head(head: ParsedHead): void;
  /** `last`: `done` follows at once, without trailers. A hint: the last piece of a long answer may come without. */
  data(chunk: Buffer, last: boolean): void;
  done(rawTrailers: readonly string[]): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST = Buffer.from('\r\n0\r\n\r\n');
const CR = 13;
const LF = 10;
/** Sizes of chunks have no extension here that anybody reads. */
const CHUNK_LINE_BYTES = 1024;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[^\r\n]*)?$/;

type State = 'head' | 'length' | 'size' | 'chunk' | 'chunk end' | 'trailers' | 'until close' | 'over';

export class ResponseParser {
  /** The connection can carry another exchange. */
  keepAlive = false;
  /** ms, as far as the peer tells how long it keeps a connection. */
  keepAliveMs: number | undefined;
  readonly #events: ResponseEvents;
  readonly #headBytes: number;
  #state: State = 'over';
  #carry: Buffer | undefined;
  #left = 0;
  #method = '';
  #upgrade = false;
  #begun = false;
  /** Servers say the same head again and again, at most with another `Date`. */
  #known: Head | undefined;

  constructor(events: ResponseEvents, headBytes: number) {
    this.#events = events;
    this.#headBytes = headBytes;
  }

  /** Something of the answer has been read. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The answer is whole, or its head says that the connection is no longer HTTP. */
  get over(): boolean {
    return this.#state === 'over';
  }

  expect(method: string, upgrade: boolean): void {
    this.#method = method;
    this.#upgrade = upgrade;
    this.#state = 'head';
    this.#carry = undefined;
    this.#begun = false;
    this.keepAlive = false;
  }

  /** Reads on; gives back what lies behind the end of the answer. */
  push(input: Buffer): Buffer | undefined {
    let chunk = input;
    this.#begun = true;
    if (this.#carry) {
      chunk = Buffer.concat([this.#carry, input]);
      this.#carry = undefined;
    }
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'over') return chunk.subarray(at);
      const next = this.#read(chunk, at);
      if (next < 0) {
        // Small: a line or a head that is not whole.
        this.#carry = at === 0 ? chunk : chunk.subarray(at);
        return undefined;
      }
      at = next;
    }
    return undefined;
  }

  /** No more will come; false when that leaves the answer unfinished. */
  end(): boolean {
    if (this.#state === 'until close') this.#done([]);
    return this.#state === 'over';
  }

  /** Where to go on; -1 when more has to come first. */
  #read(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(chunk, at);
      case 'length':
      case 'chunk':
        return this.#piece(chunk, at);
      case 'size':
        return this.#size(chunk, at);
      case 'chunk end':
        if (chunk.length - at < 2) return -1;
        if (chunk[at] !== CR || chunk[at + 1] !== LF) malformed('a chunk is longer than its size');
        this.#state = 'size';
        return at + 2;
      case 'trailers':
        return this.#trailers(chunk, at);
      default:
        this.#events.data(at === 0 ? chunk : chunk.subarray(at), false);
        return chunk.length;
    }
  }

  #head(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(HEAD_END, at);
    if ((end < 0 ? chunk.length : end) - at > this.#headBytes)
      throw new ResponseFault('head too large', `more than ${this.#headBytes} bytes`);
    if (end < 0) return -1;
    const text = chunk.toString('latin1', at, end);
    const head = this.#known?.text === text ? this.#known : headOf(text);
    if (head.status < 200 && head.status !== 101) this.#events.information(head.status, head.headers);
    else {
      this.#known = head;
      this.#begin(head);
    }
    return end + 4;
  }

  #begin({ status, reason, fields, headers, framing }: Head): void {
    const { length, chunked, keepAlive, keepAliveMs } = framing;
    this.keepAlive = keepAlive;
    this.keepAliveMs = keepAliveMs;
    if (status === 101) {
      if (!this.#upgrade) malformed('101 to a request that asked for no upgrade');
      this.keepAlive = false;
      this.#state = 'over';
      this.#events.head({ status, reason, rawHeaders: fields, length: undefined });
      return;
    }
    const none = this.#method === 'HEAD' || status === 204 || status === 304;
    this.#left = length ?? 0;
    this.#state = chunked ? 'size' : length !== undefined ? 'length' : 'until close';
    if (this.#state === 'until close' && !none) this.keepAlive = false;
    this.#events.head({ status, reason, rawHeaders: headers, length: none ? undefined : length });
    if (none || (this.#state === 'length' && this.#left === 0)) this.#done([]);
  }

  #piece(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0 && (this.#state === 'length' || isEnd(chunk, end));
    this.#events.data(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), last);
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk end';
      else this.#done([]);
    }
    return end;
  }

  #size(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LF, at);
    if ((end < 0 ? chunk.length : end) - at > CHUNK_LINE_BYTES) malformed('the size of a chunk');
    if (end < 0) return -1;
    if (chunk[end - 1] !== CR || end === at) malformed('the size of a chunk');
    const size = CHUNK_SIZE.exec(chunk.toString('latin1', at, end - 1))?.[1];
    if (size === undefined) return malformed('the size of a chunk');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return end + 1;
  }

  #trailers(chunk: Buffer, at: number): number {
    // Without any, the line that ends them is the only one.
    const bare = chunk[at] === CR;
    if (bare && chunk.length - at < 2) return -1;
    if (bare) {
      if (chunk[at + 1] !== LF) malformed('the end of the chunks');
      this.#done([]);
      return at + 2;
    }
    const end = chunk.indexOf(HEAD_END, at);
    if ((end < 0 ? chunk.length : end) - at > this.#headBytes)
      throw new ResponseFault('head too large', `a trailer of more than ${this.#headBytes} bytes`);
    if (end < 0) return -1;
    this.#done(passedTrailers(fieldsOf(chunk.toString('latin1', at, end), 0)));
    return end + 4;
  }

  #done(rawTrailers: readonly string[]): void {
    this.#state = 'over';
    this.#events.done(rawTrailers);
  }
}

/** What follows the last chunk of an answer without trailers, and nothing behind it. */
function isEnd(chunk: Buffer, at: number): boolean {
  return chunk.length - at === LAST.length && chunk.compare(LAST, 0, LAST.length, at) === 0;
}
