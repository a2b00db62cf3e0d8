// Answers as handlers give them, and as they go out.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { told } from '../content.ts';
import type { ShownError } from '../errors.ts';
import { element, type Inner, xmlDocument } from './xml.ts';

export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** Content that is opened when it is sent. */
export interface Streamed {
  /** undefined: what comes is not known before. */
  readonly bytes: number | undefined;
  open(): Readable;
  /** Instead of that, where nothing stands between: chunk by chunk, each lent until its promise is over. */
  feed?(take: (chunk: Buffer) => Promise<void>): Promise<void>;
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

export function errorAnswer<H extends AnswerHeaders>(error: ShownError, place: ErrorPlace, headers: H) {
  const body = xmlDocument('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('Resource', place.resource),
    element('RequestId', place.requestId),
    element('TraceId', place.traceId),
  ]);
  return {
    status: error.status,
    headers: { ...XML, ...headers, 'x-cos-trace-id': place.traceId },
    body,
  } satisfies Answer;
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
  const bytes = streamed ? streamed.bytes : (text?.length ?? 0);
  const head: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    // What a client made up is not sent back where it could not stand.
    if (value !== undefined && isHeaderText(value)) head.push(name, value);
  }
  if (status !== 204 && status !== 304 && bytes !== undefined) head.push('Content-Length', String(bytes));
  const sent = withoutBody || bytes === 0 ? undefined : streamed;
  // What cannot be read at all is told as an error, and not in the middle of an answer.
  if (sent?.feed) {
    await told(async () =>
      sent.feed?.(chunk => {
        if (!response.headersSent) response.writeHead(status, head);
        return written(response, chunk);
      }),
    );
    response.end();
    return;
  }
  const content = sent?.open();
  if (content) await told(() => once(content, 'readable'));
  response.writeHead(status, head);
  if (content) await pipeline(content, response);
  else response.end(withoutBody ? undefined : text);
}

/** Until the system has it. */
function written(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the client has gone'));
    if (response.destroyed) {
      gone();
      return;
    }
    // An answer that waits behind others on its connection is told of its end by nothing else.
    response.once('close', gone);
    response.write(chunk, error => {
      response.off('close', gone);
      // Said before the connection is known to be over.
      if (error) response.destroy();
      if (error) reject(error);
      else resolve();
    });
  });
}
