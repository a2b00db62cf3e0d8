// Bodies of requests: small ones whole, content as a stream with what it must be.

import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BodyTooLarge, hasBody, readBody } from '../../../http/body.ts';
import type { Content } from '../contract.ts';
import { fail } from '../errors.ts';
import { type Ask, headerOf } from './ask.ts';
import { readXml, type XmlElement } from './readxml.ts';
import { slowed, trafficLimit } from './traffic.ts';

const MD5_BYTES = 16;

/** Documented for configurations; lists of parts, of keys and of rules are longer. */
export const CONFIG_BYTES = 64 * 1024;
export const LIST_BYTES = 4 * 1024 * 1024;

/** Hex; undefined if it was not sent. */
export function contentMd5Of(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === MD5_BYTES && bytes.toString('base64') === text
    ? bytes.toString('hex')
    : fail('InvalidDigest');
}

/** MissingRequestBodyError, XMLSizeLimit, BadDigest. */
export async function wholeBody(ask: Ask, limitBytes: number): Promise<Buffer> {
  const md5 = contentMd5Of(headerOf(ask, 'content-md5'));
  const body = await readBody(ask.request, limitBytes).catch(error =>
    error instanceof BodyTooLarge
      ? fail('XMLSizeLimit', { limit: `${limitBytes} bytes` }, error)
      : Promise.reject(error),
  );
  if (body.length === 0) fail('MissingRequestBodyError');
  if (md5 !== undefined && md5 !== hash('md5', body)) fail('BadDigest');
  return body;
}

export async function xmlBody(ask: Ask, root: string, limitBytes = CONFIG_BYTES): Promise<XmlElement> {
  return readXml(await wholeBody(ask, limitBytes), root);
}

/** What is written to an object or to a part of one. MissingContentLength unless it comes in chunks. */
export function contentOf(ask: Ask): Content {
  const { request } = ask;
  const bytes = lengthOf(request);
  const sha1 = headerOf(ask, 'x-cos-content-sha1')?.toLowerCase();
  if (sha1 !== undefined && !/^[\da-f]{40}$/.test(sha1)) fail('InvalidSHA1Digest');
  const limit = trafficLimit(ask);
  const announced = { bytes, md5: contentMd5Of(headerOf(ask, 'content-md5')), sha1 };
  if (bytes === 0) return { ...announced, body: Buffer.alloc(0) };
  if (limit !== undefined) return { ...announced, body: slowed(kept(request), limit, ask.clock) };
  // Frames of HTTP/2 share what they lie in.
  return { ...announced, body: request, spent: request.httpVersionMajor === 1 ? free : undefined };
}

/** Of less than this a collection is soon enough. */
const FREED_BYTES = 8 * 1024;

/** At once: collections would come every few uploads, each of them looking at all that the server has. */
function free({ buffer, byteOffset, byteLength }: Buffer): void {
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength && byteLength >= FREED_BYTES;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Whoever reads it may give it up: a request that is destroyed gets no answer. */
const kept = (request: IncomingMessage): Readable =>
  Readable.from(request.iterator({ destroyOnReturn: false }), { objectMode: false });

/** undefined of a body in chunks, or of one in frames. */
function lengthOf(request: IncomingMessage): number | undefined {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (length !== undefined && coding === undefined) return Number(length);
  if (coding !== undefined || hasBody(request)) return undefined;
  return request.httpVersionMajor === 2 ? 0 : fail('MissingContentLength');
}
