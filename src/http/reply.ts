// Writing a whole reply: compression where the client takes it, one write for head and body where that is possible.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';

export interface Reply {
  readonly status: number;
  /** Name, value, name, value …; every value fit for the wire (Latin-1), no hop-by-hop name, no length. */
  readonly headers: readonly string[];
  /** A string is Latin-1: one character, one byte. */
  readonly body: Buffer | string;
  /** Reason phrase, where it is not the usual one. */
  readonly reason?: string;
}

/** What is compressed for clients that take gzip. */
export interface Gzip {
  readonly aboveBytes: number;
  /** Media types, lower case. */
  readonly types: ReadonlySet<string>;
}

/** Below this a copy into one string costs less than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;

/** The first value of a name (lower case) in a flat list. */
export function headerValue(headers: readonly string[], lowerName: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    if (name?.length === lowerName.length && name.toLowerCase() === lowerName) return headers[i + 1];
  }
  return undefined;
}

/** `drops` gets names in lower case. */
export function withoutHeaders(headers: readonly string[], drops: (lowerName: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (!drops(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '');
  }
  return kept;
}

/** `headers` is the whole head but for the length; it is taken over. */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  headers: string[],
  compressed: Gzip | undefined,
): void {
  if (response.destroyed) return;
  if (
    compressed &&
    reply.body.length > compressed.aboveBytes &&
    wantsGzip(request, reply.status, headers, compressed)
  ) {
    gzip(reply.body, (error, packed) => {
      if (response.destroyed) return;
      if (!error) headers.push('Content-Encoding', 'gzip');
      writeWhole(response, reply, headers, error ? reply.body : packed);
    });
    return;
  }
  writeWhole(response, reply, headers, reply.body);
}

/** `headers` is the whole head but for the length; it is taken over. */
export function writeWhole(
  response: ServerResponse,
  { status, reason }: Pick<Reply, 'status' | 'reason'>,
  headers: string[],
  body: Buffer | string,
): void {
  const empty = status === 204 || status === 304;
  if (!empty) headers.push('Content-Length', String(body.length));
  if (reason === undefined) response.writeHead(status, headers);
  else response.writeHead(status, reason, headers);
  // For HEAD the length is told and node leaves the body out.
  if (empty || body.length === 0) response.end();
  // A Latin-1 string is joined with the head into one write; every character is one byte.
  else if (typeof body === 'string') response.end(body, 'latin1');
  else if (body.length <= ONE_WRITE_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/** Whether an answer with this head may go out compressed; how large it is, is the caller's to know. */
export function wantsGzip(
  request: IncomingMessage,
  status: number,
  headers: readonly string[],
  { types }: Gzip,
): boolean {
  if (request.method === 'HEAD' || status === 204 || status === 206 || status === 304) return false;
  if (!acceptsGzip(request.headers['accept-encoding'])) return false;
  const type = headerValue(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return types.has(type) && headerValue(headers, 'content-encoding') === undefined;
}

export function acceptsGzip(accepted: string | string[] | undefined): boolean {
  if (accepted === undefined) return false;
  const found = /(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*([\d.]+))?\s*(?:,|$)/i.exec(String(accepted));
  return found !== null && Number(found[1] ?? 1) > 0;
}
