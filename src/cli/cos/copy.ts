// From one object to another, on the server: at once, or in parts where the store copies no more at once.

import { encodeText } from '../../http/qsign.ts';
import type { CosAddress } from './address.ts';
import type { CosClient } from './client.ts';
import type { ObjectSource } from './download.ts';
import { inParallel } from './pool.ts';
import { complete, type Written } from './upload.ts';
import { readXml, textOf } from './xml.ts';

export interface Copy {
  readonly from: ObjectSource;
  readonly to: CosAddress;
  readonly headers: Readonly<Record<string, string>>;
  /** What is copied at once at most. */
  readonly pieceBytes: number;
}

/** 5 GB at once, documented. */
export const COPY_BYTES = 5 * 1024 ** 3;
const AT_ONCE = 4;

export async function copy(cos: CosClient, { from, to, headers, pieceBytes }: Copy): Promise<Written> {
  const { bucket, key, versionId } = from;
  const query = versionId === undefined ? {} : { versionId };
  const source = await cos.ask({ method: 'HEAD', bucket, key, query });
  const bytes = Number(source.headers['content-length']);
  const named = { 'x-cos-copy-source': sourceText(from) };
  if (bytes <= pieceBytes) {
    const changes = Object.keys(headers).some(isMetadata) ? { 'x-cos-metadata-directive': 'Replaced' } : {};
    const answer = await cos.ask({ method: 'PUT', ...to, headers: { ...changes, ...headers, ...named } });
    const result = readXml(answer.body.toString());
    const etag = textOf(result, 'ETag').replace(/^"(.*)"$/, '$1');
    const made = String(answer.headers['x-cos-version-id'] ?? '');
    return { bytes, crc64: textOf(result, 'CRC64'), etag, versionId: made };
  }
  const kept = Object.entries(source.headers).filter(([name]) => isMetadata(name));
  const begun = await cos.xml({
    ...{ method: 'POST', ...to, query: { uploads: '' } },
    headers: { ...Object.fromEntries(kept.map(([name, value]) => [name, asText(String(value))])), ...headers },
  });
  const uploadId = textOf(begun, 'UploadId');
  try {
    const etags: string[] = [];
    const numbers = Array.from({ length: Math.ceil(bytes / pieceBytes) }, (_, at) => at + 1);
    await inParallel(numbers, AT_ONCE, async number => {
      const range = `bytes=${(number - 1) * pieceBytes}-${Math.min(bytes, number * pieceBytes) - 1}`;
      const result = await cos.xml({
        ...{ method: 'PUT', ...to, query: { partNumber: String(number), uploadId } },
        headers: { ...named, 'x-cos-copy-source-range': range },
      });
      etags[number - 1] = textOf(result, 'ETag');
    });
    const crc64 = String(source.headers['x-cos-hash-crc64ecma']);
    return await complete(cos, { ...to, uploadId, etags, crc64, bytes });
  } catch (error) {
    await cos.abandon(to.bucket, to.key, uploadId);
    throw error;
  }
}

/** The store takes the host's first label for the bucket, whoever's host it is. */
function sourceText({ bucket, key, versionId }: ObjectSource): string {
  const path = encodeText(key).replaceAll('%2F', '/');
  return `${bucket}.cos.myqcloud.com/${path}${versionId === undefined ? '' : `?versionId=${encodeText(versionId)}`}`;
}

/** What a copy takes from its source unless it is told all of it anew. */
function isMetadata(name: string): boolean {
  const known = [
    'cache-control',
    'content-disposition',
    'content-encoding',
    'content-language',
    'content-type',
    'expires',
  ];
  return known.includes(name.toLowerCase()) || name.toLowerCase().startsWith('x-cos-meta-');
}

const asText = (header: string): string => Buffer.from(header, 'latin1').toString();
