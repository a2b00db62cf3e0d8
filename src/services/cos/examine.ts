// Whether the bytes of an object are those that were written.

import { Crc64, crc64 } from '../../core/crc64.ts';
import type { ObjectFiles, ObjectIndex } from '../../core/objects.ts';
import { isLost } from './content.ts';
import type { Piece, StoredObject } from './model.ts';

export interface ExamineDeps {
  readonly index: Pick<ObjectIndex, 'find'>;
  readonly files: Pick<ObjectFiles, 'read' | 'check'>;
  /** Waits for as long as so many bytes are worth. */
  readonly spend: (bytes: number) => Promise<void>;
}

/** `gone`: replaced or removed meanwhile, which is no damage. Rejects when it cannot be told. */
export type Finding = 'whole' | 'damaged' | 'gone';

export async function examine(object: StoredObject, deps: ExamineDeps): Promise<Finding> {
  const { index, files } = deps;
  const current = () => {
    const row = index.find(object.bucket, object.key, object.versionId);
    return row && !row.marker && row.order === object.order ? row : undefined;
  };
  for (const piece of object.pieces) {
    if (await isWhole(piece, deps)) continue;
    // Asked again, since a mark stays; and a file of what has been replaced is not there.
    if (await files.check(piece.file, piece.crc64)) continue;
    return current()?.files.includes(piece.file) ? 'damaged' : 'gone';
  }
  if (object.pieces.length > 0 || object.bytes === 0) return 'whole';
  await deps.spend(object.bytes);
  const row = current();
  if (!row) return 'gone';
  return row.inline && crc64(row.inline) === object.crc64 ? 'whole' : 'damaged';
}

async function isWhole({ file, bytes, crc64 }: Piece, { files, spend }: ExamineDeps): Promise<boolean> {
  const sum = new Crc64();
  try {
    for await (const chunk of files.read(file, 0, bytes)) {
      sum.update(chunk as Buffer);
      await spend((chunk as Buffer).length);
    }
  } catch (error) {
    if (isLost(error)) return false;
    throw error;
  }
  return sum.digest() === crc64;
}
