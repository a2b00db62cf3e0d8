// From a stream to an object: at once if it is small, else in parts, in the memory of some parts however long it is.

import { Crc64 } from '../../core/crc64.ts';
import { formatAddress } from './address.ts';
import type { CosAnswer, CosClient } from './client.ts';
import { fail } from './errors.ts';
import { inParallel } from './pool.ts';
import { escapeXml, textOf } from './xml.ts';

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly partBytes: number;
  /** What to expect, so that little is not given much room; undefined if nobody knows. */
  readonly bytes?: number;
}

export interface Written {
  readonly bytes: number;
  /** Decimal. */
  readonly crc64: string;
  readonly etag: string;
  /** '' in a bucket without versioning. */
  readonly versionId: string;
}

/** Documented. */
export const MAX_PARTS = 10_000;
const AT_ONCE = 4;

interface Part {
  readonly number: number;
  readonly body: Buffer;
  /** Where its bytes lie, for another part when it is sent. */
  readonly room: Buffer;
}

export async function upload(cos: CosClient, source: AsyncIterable<Uint8Array>, to: Upload): Promise<Written> {
  const { partBytes, bytes = partBytes } = to;
  const reader = new Reader(source);
  try {
    // One byte more than there is shows the end.
    let room = Buffer.allocUnsafe(Math.min(partBytes, bytes + 1));
    let filled = await reader.fill(room, 0);
    if (filled === room.length && filled < partBytes) {
      room = Buffer.concat([room], partBytes);
      filled = await reader.fill(room, filled);
    }
    if (filled < room.length) return await putWhole(cos, room.subarray(0, filled), to);
    return await putParts(cos, reader, room, to);
  } finally {
    await reader.close();
  }
}

async function putWhole(cos: CosClient, body: Buffer, { bucket, key, headers }: Upload): Promise<Written> {
  const crc64 = new Crc64().update(body).digest();
  const answer = await cos.ask({ method: 'PUT', bucket, key, headers, body });
  return written(answer, { bucket, key, crc64, bytes: body.length, etag: String(answer.headers.etag) });
}

async function putParts(cos: CosClient, reader: Reader, first: Buffer, to: Upload): Promise<Written> {
  const { bucket, key, headers, partBytes } = to;
  const begun = await cos.xml({ method: 'POST', bucket, key, headers, query: { uploads: '' } });
  const uploadId = textOf(begun, 'UploadId');
  try {
    const sum = new Crc64();
    const etags: string[] = [];
    const free: Buffer[] = [];
    let total = 0;
    const parts = async function* (): AsyncGenerator<Part> {
      let room = first;
      let filled = first.length;
      for (let number = 1; filled > 0; number++) {
        if (number > MAX_PARTS) fail('Cli.CosTooLong', { parts: MAX_PARTS });
        const body = room.subarray(0, filled);
        sum.update(body);
        total += filled;
        yield { number, body, room };
        if (filled < partBytes) return;
        room = free.pop() ?? Buffer.allocUnsafe(partBytes);
        filled = await reader.fill(room, 0);
      }
    };
    await inParallel(parts(), AT_ONCE, async ({ number, body, room }) => {
      const query = { partNumber: String(number), uploadId };
      const answer = await cos.ask({ method: 'PUT', bucket, key, query, body });
      etags[number - 1] = String(answer.headers.etag);
      free.push(room);
    });
    return await complete(cos, { bucket, key, uploadId, etags, crc64: sum.digest(), bytes: total });
  } catch (error) {
    await cos.abandon(bucket, key, uploadId);
    throw error;
  }
}

interface Parts {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  /** By the numbers of the parts, from 1. */
  readonly etags: readonly string[];
  /** Of the whole; undefined if it is not known here. */
  readonly crc64: string | undefined;
  readonly bytes: number;
}

export async function complete(cos: CosClient, parts: Parts): Promise<Written> {
  const { bucket, key, uploadId, etags } = parts;
  const list = etags.map(
    (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
  const headers = { 'Content-Type': 'application/xml' };
  const answer = await cos.ask({ method: 'POST', bucket, key, headers, query: { uploadId }, body });
  const etag = /<ETag>([^<]*)<\/ETag>/.exec(answer.body.toString())?.[1] ?? '';
  return written(answer, { ...parts, etag: etag.replaceAll('&quot;', '"') });
}

type Sent = Pick<Parts, 'bucket' | 'key' | 'crc64' | 'bytes'> & { readonly etag: string };

function written({ headers }: CosAnswer, { bucket, key, crc64, bytes, etag }: Sent): Written {
  const kept = String(headers['x-cos-hash-crc64ecma'] ?? '');
  if (crc64 !== undefined && kept !== crc64) {
    fail('Cli.CosChecksum', { address: formatAddress({ bucket, key }), expected: crc64, got: kept || '-' });
  }
  const versionId = String(headers['x-cos-version-id'] ?? '');
  return { bytes, crc64: kept, etag: etag.replace(/^"(.*)"$/, '$1'), versionId };
}

/** Fills rooms from a stream of chunks of any length. */
class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** From `at` on; gives how full it is, which is less than its length at the end alone. */
  async fill(room: Buffer, at: number): Promise<number> {
    let filled = at;
    while (filled < room.length) {
      if (this.#rest.length === 0) {
        const { value, done } = this.#ended ? { value: undefined, done: true } : await this.#chunks.next();
        if (done) {
          this.#ended = true;
          break;
        }
        this.#rest = value as Uint8Array;
      }
      const taken = this.#rest.subarray(0, room.length - filled);
      room.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return filled;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.();
  }
}
