// The bytes of an object, from the runs that it is made of.

import { Readable } from 'node:stream';
import type { ObjectFiles } from '../../core/objects.ts';
import type { ByteRange } from './contract.ts';
import type { HeldFiles } from './held.ts';
import type { Piece, StoredObject } from './model.ts';

/** What lies in the range, piece by piece. */
export function* runsOf(pieces: readonly Piece[], { from, to }: ByteRange): Generator<ByteRange & { piece: Piece }> {
  let start = 0;
  for (const piece of pieces) {
    const first = Math.max(from - start, 0);
    const end = Math.min(to - start, piece.bytes);
    if (first < end) yield { piece, from: first, to: end };
    start += piece.bytes;
  }
}

/** The files stay until the stream is over, whoever removes or replaces the object meanwhile. */
export function readObject(
  files: ObjectFiles,
  held: HeldFiles,
  object: Pick<StoredObject, 'inline' | 'pieces'>,
  range: ByteRange,
): Readable {
  const { inline, pieces } = object;
  if (inline) return bufferStream(inline.subarray(range.from, range.to));
  const runs = [...runsOf(pieces, range)];
  const hold = held.hold(runs.map(({ piece }) => piece.file));
  const [first] = runs;
  const open = ({ piece, from, to }: (typeof runs)[number]) => files.read(piece.file, from, to);
  const stream = first && runs.length === 1 ? open(first) : joined(runs.map(run => () => open(run)));
  // Also a stream that nobody reads is closed when its reader gives up.
  return stream.once('close', () => hold[Symbol.dispose]());
}

/** The same without a stream: chunk by chunk, each the taker's until its promise is over. */
export async function feedObject(
  files: ObjectFiles,
  held: HeldFiles,
  object: Pick<StoredObject, 'inline' | 'pieces'>,
  range: ByteRange,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const { inline, pieces } = object;
  if (inline) {
    await take(inline.subarray(range.from, range.to));
    return;
  }
  const runs = [...runsOf(pieces, range)];
  using _hold = held.hold(runs.map(({ piece }) => piece.file));
  for (const { piece, from, to } of runs) await files.feed(piece.file, from, to, take);
}

export const bufferStream = (content: Buffer) =>
  Readable.from(content.length > 0 ? [content] : [], { objectMode: false });

/** One stream after another, each opened when its turn has come. */
export function joined(streams: readonly (() => Readable)[]): Readable {
  const chunks = async function* () {
    for (const open of streams) yield* open();
  };
  return Readable.from(chunks(), { objectMode: false });
}
