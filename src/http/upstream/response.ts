// Reads responses from a connection, byte by byte where it must be and in whole pieces where it can be (RFC 9112).
// What could be read in two ways is refused: both lengths, bare line feeds, folded lines, a wrong chunk.

import { endToEnd, isName, isValue, passedTrailers } from './head.ts';

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

export class ResponseFault extends Error {
  readonly fault: 'malformed' | 'head too large';
  constructor(fault: 'malformed' | 'head too large', detail: string) {
    super(detail);
    this.fault = fault;
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST = Buffer.from('\r\n0\r\n\r\n');
const CR = 13;
const LF = 10;
/** Sizes of chunks have no extension here that anybody reads. */
const CHUNK_LINE_BYTES = 1024;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[^\r\n]*)?$/;

type State = 'head' | 'length' | 'size' | 'chunk' | 'chunk end' | 'trailers' | 'until close' | 'over';

const malformed = (detail: string): never => {
  throw new ResponseFault('malformed', detail);
};

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
    const lineEnd = text.indexOf('\r\n');
    const first = STATUS_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (!first) return malformed('the status line');
    const [, minor, code, reason = ''] = first;
    if (!isValue(reason)) malformed('the reason');
    const status = Number(code);
    const fields = fieldsOf(text, lineEnd < 0 ? text.length : lineEnd + 2);
    if (status < 200 && status !== 101) {
      this.#events.information(status, endToEnd(fields));
      return end + 4;
    }
    this.#begin(status, reason, fields, minor === '0');
    return end + 4;
  }

  #begin(status: number, reason: string, fields: readonly string[], old: boolean): void {
    const { length, chunked, close, keepAlive, keepAliveMs } = this.#framing(fields, old);
    this.keepAlive = !close && (!old || keepAlive);
    this.keepAliveMs = keepAliveMs;
    const headers = endToEnd(fields);
    if (status === 101) {
      if (!this.#upgrade) malformed('101 to a request that asked for no upgrade');
      this.keepAlive = false;
      this.#state = 'over';
      this.#events.head({ status, reason, rawHeaders: fields, length: undefined });
      return;
    }
    const none = this.#method === 'HEAD' || status === 204 || status === 304;
    if (status === 204) dropLength(headers);
    this.#left = length ?? 0;
    this.#state = chunked ? 'size' : length !== undefined ? 'length' : 'until close';
    if (this.#state === 'until close' && !none) this.keepAlive = false;
    this.#events.head({ status, reason, rawHeaders: headers, length: none ? undefined : length });
    if (none || (this.#state === 'length' && this.#left === 0)) this.#done([]);
  }

  #framing(fields: readonly string[], old: boolean) {
    let length: number | undefined;
    let chunked = false;
    let close = false;
    let keepAlive = false;
    let keepAliveMs: number | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      const value = fields[i + 1] ?? '';
      switch (fields[i]?.toLowerCase()) {
        case 'content-length':
          if (length !== undefined || !LENGTH.test(value)) malformed('Content-Length');
          length = Number(value);
          break;
        case 'transfer-encoding':
          if (chunked || old || value.toLowerCase() !== 'chunked') malformed('Transfer-Encoding');
          chunked = true;
          break;
        case 'connection':
          close ||= /(?:^|,)\s*close\s*(?:,|$)/i.test(value);
          keepAlive ||= /(?:^|,)\s*keep-alive\s*(?:,|$)/i.test(value);
          break;
        case 'keep-alive': {
          const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1];
          if (seconds !== undefined) keepAliveMs = Number(seconds) * 1000;
        }
      }
    }
    if (chunked && length !== undefined) malformed('Content-Length and Transfer-Encoding together');
    return { length, chunked, close, keepAlive, keepAliveMs };
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

/** Name, value, name, value … of the lines from there on. */
function fieldsOf(text: string, from: number): string[] {
  const fields: string[] = [];
  let at = from;
  while (at < text.length) {
    const end = text.indexOf('\r\n', at);
    const stop = end < 0 ? text.length : end;
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > stop) malformed('a header without a colon');
    const name = text.slice(at, colon);
    const value = trimmed(text, colon + 1, stop);
    // A folded line begins with a blank, which no name does.
    if (!isName(name) || !isValue(value)) malformed(`the header ${JSON.stringify(name)}`);
    fields.push(name, value);
    at = stop + 2;
  }
  return fields;
}

/** Without blanks and tabs around it; other white space is part of a value. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

/** A 204 has none (RFC 9110 §8.6); one that says so would leave some clients waiting. */
function dropLength(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2)
    if (headers[i]?.toLowerCase() === 'content-length') headers.splice(i, 2);
}
