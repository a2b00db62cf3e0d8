// Answers as handlers give them, and as they go out.

import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ShownError } from '../errors.ts';
import { element, type Inner, xmlDocument } from './xml.ts';

export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** Content that is opened when it is sent. */
export interface Streamed {
  readonly bytes: number;
  open(): Readable;
}

export interface Answer {
  readonly status: number;
  /** What is undefined is left out. Characters are bytes. */
  readonly headers: AnswerHeaders;
  readonly body: string | Streamed | undefined;
}

export const empty = (status: number, headers: AnswerHeaders = {}): Answer => ({ status, headers, body: undefined });

const XML = { 'Content-Type': 'application/xml' } as const;

export const xmlAnswer = (name: string, content: Inner, headers: AnswerHeaders = {}): Answer => ({
  status: 200,
  headers: { ...XML, ...headers },
  body: xmlDocument(name, content),
});

/** Text of a configuration, as it came. */
export const textAnswer = (text: string): Answer => ({ status: 200, headers: XML, body: text });

export interface ErrorPlace {
  /** `<host>/<key>`; some clients take an error with an empty element for none. */
  readonly resource: string;
  readonly requestId: string;
  readonly traceId: string;
}

export function errorAnswer(error: ShownError, place: ErrorPlace, headers: AnswerHeaders = {}): Answer {
  const body = xmlDocument('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('Resource', place.resource),
    element('RequestId', place.requestId),
    element('TraceId', place.traceId),
  ]);
  return { status: error.status, headers: { ...XML, ...headers, 'x-cos-trace-id': place.traceId }, body };
}

/** Text as the bytes of a header: UTF-8, one character for each. */
export const wireText = (text: string): string => Buffer.from(text).toString('latin1');

/** Neither line breaks nor other control characters may stand in a header. */
export const isHeaderText = (text: string): boolean => /^[\t -~\u0080-\u00ff]*$/.test(text);

/** Resolves when it is out; rejects when its content breaks off, or the client goes. */
export async function send(response: ServerResponse, answer: Answer, withoutBody: boolean): Promise<void> {
  const { status, headers, body } = answer;
  // A text would be joined with the head, and the head's bytes be taken for characters.
  const text = typeof body === 'string' ? Buffer.from(body) : undefined;
  const streamed = typeof body === 'object' ? body : undefined;
  const bytes = text?.length ?? streamed?.bytes ?? 0;
  const head: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    // What a client made up is not sent back where it could not stand.
    if (value !== undefined && isHeaderText(value)) head.push(name, value);
  }
  if (status !== 204 && status !== 304) head.push('Content-Length', String(bytes));
  const content = withoutBody || bytes === 0 ? undefined : streamed?.open();
  response.writeHead(status, head);
  if (content) await pipeline(content, response);
  else response.end(withoutBody ? undefined : text);
}
