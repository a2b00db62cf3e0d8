// Parts of uploads that are not complete: content as good as any, though no object has it yet.

import type { ObjectIndex, PartRow } from '../../../core/objects.ts';
import type { UploadRef } from '../contract.ts';
import { type ExamineDeps, examinePieces, type Finding } from './examine.ts';

/** In place of the ETag of a part that is damaged: whoever lists the parts sees that this one is to be sent again. */
export const DAMAGED_ETAG = 'damaged';

export type OpenPart = PartRow & Required<Pick<UploadRef, 'bucket' | 'key'>>;
export type PartRef = Pick<OpenPart, 'bucket' | 'key' | 'uploadId' | 'number'>;
type Index = Pick<ObjectIndex, 'uploads' | 'parts'>;

const AT_ONCE = 100;

/** Every part of every upload of these buckets. */
export async function* openParts(index: Index, buckets: readonly string[]): AsyncGenerator<OpenPart> {
  for (const bucket of buckets) {
    let [afterKey, afterUploadId] = ['', ''];
    for (;;) {
      const query = { bucket, prefix: '', delimiter: '', afterKey, afterUploadId, limit: AT_ONCE };
      const { entries, more } = index.uploads(query);
      for (const entry of entries) {
        if (!('row' in entry)) continue;
        const { key, uploadId } = entry.row;
        for await (const part of partsOf(index, uploadId)) yield { ...part, bucket, key };
        [afterKey, afterUploadId] = [key, uploadId];
      }
      if (!more) break;
    }
  }
}

async function* partsOf(index: Index, uploadId: string): AsyncGenerator<PartRow> {
  for (let after = 0; ; ) {
    const page = index.parts(uploadId, after, AT_ONCE);
    yield* page;
    // Whatever the pace is, requests have their turn.
    await new Promise(setImmediate);
    if (page.length < AT_ONCE) return;
    after = page.at(-1)?.number ?? after;
  }
}

/** As it is now; undefined once it was completed, aborted or replaced by another file. */
export function currentPart(index: Pick<Index, 'parts'>, { uploadId, number }: PartRef): PartRow | undefined {
  const [row] = index.parts(uploadId, number - 1, 1);
  return row?.number === number ? row : undefined;
}

export async function examinePart(
  part: OpenPart,
  { index, ...deps }: Omit<ExamineDeps, 'index'> & { readonly index: Index },
): Promise<Finding> {
  return examinePieces([part], deps, () => currentPart(index, part)?.file === part.file);
}
