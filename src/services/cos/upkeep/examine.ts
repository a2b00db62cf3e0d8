// Whether the bytes of an object are those that were written.

import { Crc64, crc64 } from '../../../core/crc64.ts';
import type { ObjectFiles, ObjectIndex } from '../../../core/objects.ts';
import { isLost } from '../content.ts';
import type { Piece, StoredObject } from '../model.ts';

export interface ExamineDeps {
  readonly index: Pick<ObjectIndex, 'find'>;
  readonly files: Pick<ObjectFiles, 'read' | 'check'>;
  /** Waits for as long as so many bytes are worth. */
  readonly spend: (bytes: number) => Promise<void>;
}

/** `gone`: replaced or removed meanwhile, which is no damage. Rejects when it cannot be told. */
export type Finding = 'whole' | 'damaged' | 'gone';

export async function examine(object: StoredObject, deps: ExamineDeps): Promise<Finding> {
  const { index } = deps;
  const current = () => {
    const row = index.find(object.bucket, object.key, object.versionId);
    return row && !row.marker && row.order === object.order ? row : undefined;
  };
  const found = await examinePieces(object.pieces, deps, piece => current()?.files.includes(piece.file) === true);
  if (found !== 'whole' || object.pieces.length > 0 || object.bytes === 0) return found;
  await deps.spend(object.bytes);
  const row = current();
  if (!row) return 'gone';
  return row.inline && crc64(row.inline) === object.crc64 ? 'whole' : 'damaged';
}

/** `isCurrent`: whether what the piece belongs to still has its file. */
export async function examinePieces(
  pieces: readonly Piece[],
  deps: Omit<ExamineDeps, 'index'>,
  isCurrent: (piece: Piece) => boolean,
): Promise<Finding> {
  for (const piece of pieces) {
    if (await isWhole(piece, deps)) continue;
    // Asked again, since a mark stays; and a file of what has been replaced is not there.
    if (await deps.files.check(piece.file, piece.crc64)) continue;
    return isCurrent(piece) ? 'damaged' : 'gone';
  }
  return 'whole';
}

async function isWhole({ file, bytes, crc64 }: Piece, { files, spend }: Omit<ExamineDeps, 'index'>): Promise<boolean> {
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
