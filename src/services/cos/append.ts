// Appended objects. Each piece of content becomes a run of its own; runs at the end that are no longer than what follows them
// are written together with it, so that an object of many small pieces is made of few files and each byte is written seldom.

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { combineCrc64 } from '../../core/crc64.ts';
import { INLINE_BYTES, type Received, receive } from './content.ts';
import type { ObjectRef, Objects } from './contract.ts';
import { fail } from './errors.ts';
import { checkKey, checkReadable } from './find.ts';
import type { Piece, StoredObject } from './model.ts';
import { contentOf, headOf } from './put.ts';
import { bufferStream, joined } from './read.ts';
import { NULL_VERSION, objectIn } from './row.ts';
import { type Scope, writing } from './scope.ts';
import type { Now } from './writer.ts';

/** No longer run is made of shorter ones. */
const MERGED_BYTES = 64 * 1024 * 1024;

/** What lies in a file, or in a row. */
interface Run {
  readonly bytes: number;
  readonly crc64: string;
  readonly piece: Piece | undefined;
  open(): Readable;
}

export function createAppend({ buckets, index, files, held, clock, writer }: Scope): Objects['append'] {
  return async (ref, position, head, content, cause) => {
    checkKey(ref.key);
    // Asked before the content is taken, and again when it has come.
    base(ref, { bucket: buckets.need(ref.bucket), newest: index.find(ref.bucket, ref.key) }, position);
    const chunk = await receive(files, content);
    const file = chunk.piece?.file;
    try {
      const appended = await writer.change(ref, async now => {
        const there = base(ref, now, position);
        const { made, ...whole } = await appendedTo(there, chunk);
        const kept = headOf(there ?? head);
        const plan = writing(
          ref,
          unversioned(now),
          { ...kept, ...whole, appendable: true },
          'ObjectCreated:AppendObject',
          cause,
        );
        return { ...plan, made, result: { object: plan.result, chunkMd5: chunk.md5 } };
      });
      // Asked of what was committed: the object may be gone by now, and its files with it.
      if (file && !appended.object.pieces.some(piece => piece.file === file)) held.free([file]);
      return appended;
    } catch (error) {
      if (file) writer.drop([file]);
      throw error;
    }
  };

  /** What there is to append to. */
  function base(
    { key }: Pick<ObjectRef, 'key'>,
    { bucket, newest }: Pick<Now, 'bucket' | 'newest'>,
    position: number,
  ): StoredObject | undefined {
    const there = newest && !newest.marker ? objectIn(newest) : undefined;
    if (!there && bucket.versioning === 'Enabled' && !mayReplace(bucket.id, key)) fail('InvalidBucketState');
    if (there && !there.appendable) fail('ObjectNotAppendable');
    if (there) checkReadable(there, clock.now());
    const bytes = there?.bytes ?? 0;
    if (position !== bytes) fail('AppendPositionErr', { bytes });
    return there;
  }

  /** What was put before versions were kept is one of them now: an appended object must not take its place. */
  function mayReplace(bucket: string, key: string): boolean {
    const hidden = index.find(bucket, key, NULL_VERSION);
    return !hidden || hidden.marker || objectIn(hidden).appendable;
  }

  async function appendedTo(there: StoredObject | undefined, chunk: Received) {
    if (!there) return { ...contentOf(chunk), made: [] };
    const whole = {
      etag: nextEtag(there.etag, chunk.md5),
      bytes: there.bytes + chunk.bytes,
      crc64: combineCrc64(there.crc64, chunk.crc64, chunk.bytes),
    };
    if (there.inline && chunk.inline && whole.bytes <= INLINE_BYTES) {
      return { ...whole, inline: Buffer.concat([there.inline, chunk.inline]), pieces: [], made: [] };
    }
    if (chunk.bytes === 0) return { ...whole, inline: there.inline, pieces: there.pieces, made: [] };
    const runs = [...runsIn(there), runIn(chunk)];
    const tail = tailOf(runs);
    const [only] = tail;
    const alone = tail.length === 1 ? only?.piece : undefined;
    const last = alone ?? (await together(tail));
    const before = runs.slice(0, runs.length - tail.length).flatMap(run => run.piece ?? []);
    return { ...whole, inline: undefined, pieces: [...before, last], made: alone ? [] : [last.file] };
  }

  function runsIn({ inline, pieces, crc64 }: StoredObject): Run[] {
    if (inline?.length) return [{ bytes: inline.length, crc64, piece: undefined, open: () => bufferStream(inline) }];
    return pieces.map(runOf);
  }

  function runIn({ inline, piece, bytes, crc64 }: Received): Run {
    if (piece) return runOf(piece);
    return { bytes, crc64, piece: undefined, open: () => bufferStream(inline ?? Buffer.alloc(0)) };
  }

  function runOf(piece: Piece): Run {
    return { ...piece, piece, open: () => files.read(piece.file, 0, piece.bytes) };
  }

  /** One file of what was apart. */
  async function together(runs: readonly Run[]): Promise<Piece> {
    const whole = runs
      .map(({ bytes, crc64 }) => ({ bytes, crc64 }))
      .reduce((sum, { bytes, crc64 }) => ({
        bytes: sum.bytes + bytes,
        crc64: combineCrc64(sum.crc64, crc64, bytes),
      }));
    const body = joined(runs.map(run => run.open));
    // Whoever gives it up, as a full disk does, leaves it open.
    const written = await files.write(body).finally(() => body.destroy());
    // Damage must not be copied as if it were content.
    if (written.crc64 === whole.crc64) return { file: written.file, ...whole };
    writer.drop([written.file]);
    return fail('ObjectDamaged');
  }
}

/** Documented: appended objects take no part in versions. They are the version `null`, whatever the bucket keeps. */
const unversioned = (now: Now): Now =>
  now.bucket.versioning === 'Enabled' ? { ...now, bucket: { ...now.bucket, versioning: 'Suspended' } } : now;

/** The runs at the end that become one, the new one with them. */
function tailOf(runs: readonly Run[]): readonly Run[] {
  let from = runs.length - 1;
  let bytes = runs[from]?.bytes ?? 0;
  for (let run = runs[from - 1]; run; run = runs[from - 1]) {
    const isShort = run.bytes <= bytes && run.bytes + bytes <= MERGED_BYTES;
    // What lies in a row has to come into a file.
    if (run.piece && !isShort) break;
    bytes += run.bytes;
    from--;
  }
  return runs.slice(from);
}

/** No MD5 of the content, as that of an object in parts: how often it was written stands behind it. */
function nextEtag(etag: string, chunkMd5: string): string {
  const [digest = '', count = '1'] = etag.split('-');
  const next = createHash('md5').update(Buffer.from(digest, 'hex')).update(Buffer.from(chunkMd5, 'hex')).digest('hex');
  return `${next}-${Number(count) + 1}`;
}
