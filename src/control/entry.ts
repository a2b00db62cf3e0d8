// The text of one file of a package, for showing code.

import type { Readable } from 'node:stream';
import yauzl from 'yauzl';

/** Documented: code is shown when the entry file has at most this much. */
const SHOWN_BYTES = 1024 * 1024;

/** '' when the package has no such file, or one that is too large to show. */
export async function entryText(zip: Readable, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of zip) chunks.push(chunk as Buffer);
  const archive = await yauzl.fromBufferPromise(Buffer.concat(chunks), { lazyEntries: true });
  for await (const entry of archive.eachEntry()) {
    if (entry.fileName !== path) continue;
    if (entry.uncompressedSize > SHOWN_BYTES) return '';
    const parts: Buffer[] = [];
    for await (const part of await archive.openReadStreamPromise(entry)) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  }
  return '';
}
