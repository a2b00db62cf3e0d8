// The head of a response by itself: status, headers, and how the body that follows is told (RFC 9112).

import { endToEnd, isName, isValue } from './head.ts';

export class ResponseFault extends Error {
  readonly fault: 'malformed' | 'head too large';
  constructor(fault: 'malformed' | 'head too large', detail: string) {
    super(detail);
    this.fault = fault;
  }
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const LENGTH = /^\d{1,15}$/;

export const malformed = (detail: string): never => {
  throw new ResponseFault('malformed', detail);
};

/** All that a head says by itself, whatever it answers. */
export interface Head {
  readonly text: string;
  readonly status: number;
  readonly reason: string;
  /** As sent; and without those of the connection. */
  readonly fields: readonly string[];
  readonly headers: readonly string[];
  readonly framing: Framing;
}

interface Framing {
  readonly length: number | undefined;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveMs: number | undefined;
}

export function headOf(text: string): Head {
  const lineEnd = text.indexOf('\r\n');
  const first = STATUS_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (!first) return malformed('the status line');
  const [, minor, code, reason = ''] = first;
  if (!isValue(reason)) malformed('the reason');
  const status = Number(code);
  const fields = fieldsOf(text, lineEnd < 0 ? text.length : lineEnd + 2);
  const headers = endToEnd(fields);
  if (status === 204) dropLength(headers);
  // What comes before an answer has no body, whatever it says.
  const framing = status < 200 && status !== 101 ? NO_FRAMING : framingOf(fields, minor === '0');
  return { text, status, reason, fields, headers, framing };
}

const NO_FRAMING: Framing = { length: undefined, chunked: false, keepAlive: true, keepAliveMs: undefined };

function framingOf(fields: readonly string[], old: boolean): Framing {
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
  return { length, chunked, keepAlive: !close && (!old || keepAlive), keepAliveMs };
}

/** Name, value, name, value … of the lines from there on. */
export function fieldsOf(text: string, from: number): string[] {
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
