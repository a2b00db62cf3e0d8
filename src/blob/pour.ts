// Content into an open file, summed up on its way: one batch is on its way to the disk while the next one comes in.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Crc64 } from '../core/crc64.ts';
import type { WrittenFile } from '../core/objects.ts';

/** At most two of these are held of each content. */
const BATCH_BYTES = 256 * 1024;
/** Of tiny chunks each takes more memory than its bytes. */
const BATCH_CHUNKS = 256;

export async function pour(
  content: Buffer | Readable,
  file: FileHandle,
  options: { readonly sha1?: boolean },
): Promise<Omit<WrittenFile, 'file'>> {
  const md5 = createHash('md5');
  const sha1 = options.sha1 ? createHash('sha1') : undefined;
  const sum = new Crc64();
  let bytes = 0;
  let batch: Buffer[] = [];
  let batchBytes = 0;
  let writing: Promise<void> = Promise.resolve();

  /** Waits for the batch before, and for this one not. */
  async function flush(): Promise<void> {
    await writing;
    writing = writeAll(file, batch);
    // Heard when it is waited for.
    writing.catch(() => undefined);
    batch = [];
    batchBytes = 0;
  }

  try {
    for await (const chunk of Buffer.isBuffer(content) ? [content] : chunksOf(content)) {
      if (chunk.length === 0) continue;
      md5.update(chunk);
      sha1?.update(chunk);
      sum.update(chunk);
      bytes += chunk.length;
      batchBytes += chunk.length;
      if (batch.push(chunk) >= BATCH_CHUNKS || batchBytes >= BATCH_BYTES) await flush();
    }
    if (batch.length > 0) await flush();
    await writing;
  } finally {
    // The file is closed behind this.
    await writing.catch(() => undefined);
  }
  return { bytes, md5: md5.digest('hex'), sha1: sha1?.digest('hex') ?? '', crc64: sum.digest() };
}

/** What is not read stays with whoever gave it: a request that is destroyed cannot be answered. */
async function* chunksOf(content: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of content.iterator({ destroyOnReturn: false }))
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

/** A write may take less than it was given, most of all when the disk is nearly full. */
async function writeAll(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  let rest = chunks;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    if (bytesWritten === 0) throw Object.assign(new Error('the disk takes nothing more'), { code: 'ENOSPC' });
    rest = behind(rest, bytesWritten);
  }
}

function behind(chunks: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  let taken = 0;
  for (const chunk of chunks) {
    if (chunk.length > left) break;
    left -= chunk.length;
    taken++;
  }
  const [cut, ...others] = chunks.slice(taken);
  return cut ? [cut.subarray(left), ...others] : [];
}
