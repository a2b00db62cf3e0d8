// Content as it comes in: small ones are held, others go to a file; what is not as announced is not kept.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc64 } from '../../core/crc64.ts';
import { CloudError } from '../../core/errors.ts';
import type { ObjectFiles, WrittenFile } from '../../core/objects.ts';
import { UpstreamError } from '../../http/upstream/errors.ts';
import type { Content } from './contract.ts';
import { fail } from './errors.ts';
import type { Piece } from './model.ts';

/** Up to this a content lies in its row: one write instead of two. */
export const INLINE_BYTES = 16 * 1024;
/** 5 GB, documented: of PUT Object, of a part and of a copy. */
export const OBJECT_BYTES = 5 * 1024 ** 3;

export interface Received {
  readonly bytes: number;
  /** Hex. */
  readonly md5: string;
  /** Decimal. */
  readonly crc64: string;
  /** One of the two, and none of what has no bytes and lies in a row. */
  readonly inline: Buffer | undefined;
  readonly piece: Piece | undefined;
}

/** For the row of an object. */
export async function receive(files: ObjectFiles, content: Content): Promise<Received> {
  if ((content.bytes ?? 0) > OBJECT_BYTES) fail('EntityTooLarge', { limit: '5 GB' });
  return await told(async () => {
    const { body, bytes } = content;
    if (Buffer.isBuffer(body)) return receiveBuffer(files, content, body);
    if ((bytes ?? 0) > INLINE_BYTES) return toFile(files, content, body);
    const { head, rest } = await beginning(body);
    return rest ? toFile(files, content, rest) : receiveBuffer(files, content, head);
  });
}

/** Always to a file: pieces of an object are files. */
export async function receivePiece(
  files: ObjectFiles,
  content: Content,
): Promise<Received & { readonly piece: Piece }> {
  if ((content.bytes ?? 0) > OBJECT_BYTES) fail('EntityTooLarge', { limit: '5 GB' });
  const { body, bytes } = content;
  return await told(() => toFile(files, content, bytes === undefined && !Buffer.isBuffer(body) ? limited(body) : body));
}

async function receiveBuffer(files: ObjectFiles, content: Content, body: Buffer): Promise<Received> {
  if (body.length > INLINE_BYTES) return toFile(files, content, body);
  const written = { bytes: body.length, md5: hexOf('md5', body), crc64: crc64(body) };
  check(content, { ...written, sha1: content.sha1 === undefined ? '' : hexOf('sha1', body) });
  return { ...written, inline: body, piece: undefined };
}

async function toFile(files: ObjectFiles, content: Content, body: Buffer | Readable) {
  const written = await files.write(body, { sha1: content.sha1 !== undefined, spent: content.spent });
  try {
    check(content, written);
  } catch (error) {
    await files.remove(written.file);
    throw error;
  }
  const { bytes, md5, crc64, file } = written;
  return { bytes, md5, crc64, inline: undefined, piece: { file, bytes, crc64 } };
}

function check(content: Content, got: Pick<WrittenFile, 'bytes' | 'md5' | 'sha1'>): void {
  if (content.bytes !== undefined && got.bytes < content.bytes) fail('IncompleteBody');
  if (content.bytes !== undefined && got.bytes > content.bytes) fail('EntitySizeNotMatch');
  if (content.md5 !== undefined && got.md5 !== content.md5.toLowerCase()) fail('BadDigest');
  if (content.sha1 !== undefined && got.sha1 !== content.sha1.toLowerCase()) fail('InvalidSHA1Digest');
}

/** All of a short body, or a stream of a longer one. */
async function beginning(body: Readable): Promise<{ readonly head: Buffer; readonly rest: Readable | undefined }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const iterator = chunksOf(body);
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) return { head: Buffer.concat(chunks), rest: undefined };
    chunks.push(value);
    bytes += value.length;
    if (bytes > INLINE_BYTES) break;
  }
  const whole = async function* () {
    yield* chunks;
    yield* iterator;
  };
  return { head: Buffer.alloc(0), rest: Readable.from(whole()) };
}

const limited = (body: Readable) => Readable.from(chunksOf(body));

/** Up to the most that an object may have. The body stays with whoever gave it: a request that is destroyed gets no answer. */
async function* chunksOf(body: Readable): AsyncGenerator<Buffer, undefined> {
  let bytes = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > OBJECT_BYTES) fail('EntityTooLarge', { limit: '5 GB' });
    yield chunk;
  }
  return undefined;
}

/** Broken connections, sources that fail, full disks and lost files in the words of this product. */
export async function told<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (isFull(error)) fail('StorageFull', {}, error);
    if (isLost(error)) fail('ObjectDamaged', {}, error);
    if (error instanceof UpstreamError) fail('FailedDependency', { reason: `it broke off (${error.fault})` }, error);
    if (codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE' || codeOf(error) === 'ECONNRESET')
      fail('IncompleteBody', {}, error);
    throw error;
  }
}

/** As files say it, as SQLite does (SQLITE_FULL), and as the rooms below put it. */
function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '')) return true;
  if ('errcode' in error && error.errcode === 13) return true;
  return error instanceof CloudError && error.code === 'InternalError.System';
}

/** A file that is missing, short, or on a sector that cannot be read. */
export function isLost(error: unknown): boolean {
  if (error instanceof CloudError) return error.code === 'InternalError.FileDamaged';
  return ['ENOENT', 'EIO', 'EUCLEAN', 'EBADMSG'].includes(codeOf(error) ?? '');
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const hexOf = (algorithm: 'md5' | 'sha1', content: Buffer) => createHash(algorithm).update(content).digest('hex');
