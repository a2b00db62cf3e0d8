// Reading a request's body whole, up to a limit.

import type { IncomingMessage } from 'node:http';

export class BodyTooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`the body is larger than ${limitBytes} bytes`);
    this.name = 'BodyTooLarge';
    this.limitBytes = limitBytes;
  }
}

/** The client went away before its body was whole: there is nobody to answer. */
export class BodyAborted extends Error {
  constructor() {
    super('the client went away before the body was whole');
    this.name = 'BodyAborted';
  }
}

/** Whether a body comes with it: one of no bytes is none. */
export function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined || length !== undefined) return coding !== undefined || length !== '0';
  // HTTP/2 needs neither of the two.
  return request.httpVersionMajor === 2 && 'stream' in request && !endsWithHead(request.stream);
}

function endsWithHead(stream: unknown): boolean {
  return (stream as { readonly endAfterHeaders?: boolean } | undefined)?.endAfterHeaders === true;
}

const NOTHING: Promise<Buffer> = Promise.resolve(Buffer.alloc(0));

/**
 * Rejects with BodyTooLarge or BodyAborted. What is left of a body that is too large is read and dropped by the server
 * once the answer is out, so that the client gets to read it.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  if (!hasBody(request)) return NOTHING;
  const length = request.headers['content-length'];
  if (length !== undefined && Number(length) > limitBytes) return Promise.reject(new BodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) return end(() => reject(new BodyTooLarge(limitBytes)));
      chunks.push(chunk);
    };
    const onEnd = () => end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes)));
    const onGone = () => end(() => reject(new BodyAborted()));
    const end = (settle: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      // An aborted request emits an error; with nobody listening it would end the process.
      request.on('error', () => undefined);
      settle();
    };
    if (request.destroyed && !request.readableEnded) return onGone();
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

/** A client that sends more than this beyond what is allowed is answered, or cut off, at once. */
const PATIENCE_BYTES = 64 * 1024 * 1024;

/**
 * Reads and drops what is left of a body that is refused, then calls `done`: a client that is still sending would not
 * read the answer, and a connection that is closed under it takes the answer along. Not called when the client goes.
 */
export function dropBody(request: IncomingMessage, done: () => void): void {
  if (request.readableEnded || Number(request.headers['content-length'] ?? 0) > PATIENCE_BYTES) {
    done();
    return;
  }
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > PATIENCE_BYTES) request.destroy();
  });
  request.once('end', done);
  request.on('error', () => undefined);
  // Whoever gave it up may have stopped it.
  request.resume();
}
