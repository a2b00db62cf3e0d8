// The request's body: whole, within the gateway's limit.

import type { IncomingMessage } from 'node:http';
import type { Base64Setting } from '../model.ts';

/** Documented upload limit of the gateway. What a function may take at most is the function platform's business. */
export const UPLOAD_BYTES = 16 * 1024 * 1024;
/** A client that sends more than this beyond the limit is cut off instead of listened to. */
const PATIENCE_BYTES = 64 * 1024 * 1024;

export type Received = Buffer | undefined | 'too large';

export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && length !== '0';
}

/** `done` is called once, or never when the client goes away first. */
export function receive(request: IncomingMessage, done: (body: Received) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= UPLOAD_BYTES) chunks.push(chunk);
    else if (bytes > PATIENCE_BYTES) request.destroy();
    else chunks.length = 0;
  });
  request.once('end', () => {
    if (bytes > UPLOAD_BYTES) done('too large');
    else if (bytes === 0) done(undefined);
    else done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
  });
  // A broken upload has nobody left to answer to; without a listener it would end the process.
  request.once('error', () => {});
}

/** Rules are alternatives; a value matches when it stands anywhere in the header. */
export function wantsBase64(setting: Base64Setting, headers: IncomingMessage['headers']): boolean {
  if (!setting.enabled) return false;
  if (!setting.rules) return true;
  return setting.rules.some(rule => {
    const header = headers[rule.header] ?? '';
    return rule.values.some(value => header.includes(value));
  });
}
