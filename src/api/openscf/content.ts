// Content that stays the same as long as its hash does, sent whole or from where a download broke off.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteRange, byteRange } from '../../http/range.ts';

export interface Content {
  readonly sha256: string;
  readonly bytes: number;
  readonly headers: OutgoingHttpHeaders;
  /** Fails at its end if it is damaged. Read or destroyed here. */
  readonly stream: Readable;
}

/** For GET and HEAD. */
export async function sendContent(
  { method, headers: asked }: Pick<IncomingMessage, 'method' | 'headers'>,
  response: ServerResponse,
  { sha256, bytes, headers, stream }: Content,
): Promise<void> {
  const etag = `"${sha256}"`;
  const all = { ...headers, 'Accept-Ranges': 'bytes', ETag: etag };
  const end = (status: number, more: OutgoingHttpHeaders): void => {
    stream.destroy();
    response.writeHead(status, more).end();
  };
  if (!isNamed(asked['if-match'] ?? '*', etag)) return end(412, { 'Content-Length': 0 });
  if (isNamed(asked['if-none-match']?.replaceAll('W/', '') ?? '', etag)) return end(304, all);
  const known = asked['if-range'];
  // RFC 9110 §14.2: HEAD knows no ranges.
  const range = method === 'GET' && (known === undefined || known === etag) ? byteRange(asked.range, bytes) : undefined;
  if (range === 'empty') return end(416, { 'Content-Length': 0, 'Content-Range': `bytes */${bytes}` });
  const { from, to } = range ?? { from: 0, to: bytes };
  const told = { ...all, 'Content-Length': to - from };
  if (method === 'HEAD') return end(200, told);
  if (range) response.writeHead(206, { ...told, 'Content-Range': `bytes ${from}-${to - 1}/${bytes}` });
  else response.writeHead(200, told);
  // The pipeline sees that the client has gone when there is a next piece, and one may not come.
  response.once('close', () => stream.destroy());
  try {
    await pipeline(within(stream, { from, to }, bytes), response);
  } catch (error) {
    // A client that has enough goes away.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    stream.destroy();
  }
}

/** `list`: tags with commas between, or `*` for any. */
const isNamed = (list: string, etag: string): boolean =>
  list.split(',').some(one => one.trim() === '*' || one.trim() === etag);

/** The last piece of all is held back until the stream has ended well: who has all bytes has the right ones. */
async function* within(source: AsyncIterable<Buffer>, { from, to }: ByteRange, bytes: number): AsyncGenerator<Buffer> {
  let at = 0;
  let held: Buffer | undefined;
  for await (const chunk of source) {
    if (held) yield held;
    const piece = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
    held = piece.length > 0 ? piece : undefined;
    at += chunk.length;
    if (at >= to && to < bytes) break;
  }
  if (held) yield held;
}
