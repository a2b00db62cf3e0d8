// Uploads in parts. A part is a file; the object that they become is made of these files, in their order, without copying them.

import { createHash } from 'node:crypto';
import { combineCrc64 } from '../../core/crc64.ts';
import type { PartRow, UploadRow } from '../../core/objects.ts';
import { type Received, receivePiece } from './content.ts';
import type { UploadRef, Uploads } from './contract.ts';
import { copyPieces, sourceOf } from './copy.ts';
import { fail } from './errors.ts';
import { checkKey } from './find.ts';
import type { Piece } from './model.ts';
import { checkOverwrite, headOf } from './put.ts';
import { readObject } from './read.ts';
import { headOfUpload } from './row.ts';
import { type Scope, writing } from './scope.ts';
import { currentPart, DAMAGED_ETAG } from './upkeep/scrub-parts.ts';

/** Documented: of every part but the last one. */
const PART_BYTES = 1024 * 1024;
const MOST_PARTS = 10_000;
const PARTS_AT_ONCE = 1000;
const MD5 = /^[0-9a-f]{32}$/;

type Listed = Parameters<Uploads['complete']>[1];

export function createUploads(scope: Scope): Uploads {
  const { index, files, held, clock, ids, buckets, writer, uploadGate } = scope;

  function find(ref: UploadRef): UploadRow {
    buckets.need(ref.bucket);
    const upload = index.upload(ref.uploadId);
    return upload?.bucket === ref.bucket && upload.key === ref.key ? upload : fail('NoSuchUpload');
  }

  function checkNumber(number: number): void {
    if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS)
      fail('InvalidArgument', { name: 'partNumber', reason: `it is 1 to ${MOST_PARTS}` });
  }

  async function keepPart(ref: UploadRef, number: number, part: Omit<Received, 'inline'> & { readonly piece: Piece }) {
    const { md5: etag, piece } = part;
    const { bytes, crc64, file } = piece;
    const row: PartRow = { uploadId: ref.uploadId, number, etag, bytes, crc64, file, modifiedAt: clock.now() };
    try {
      await uploadGate.pass(ref.uploadId, async () => {
        // Completed or aborted while the content came.
        find(ref);
        await writer.commit(ref.bucket, { putPart: row });
      });
      return row;
    } catch (error) {
      writer.drop([file]);
      throw error;
    }
  }

  const putPart: Uploads['putPart'] = async (ref, number, content) => {
    checkNumber(number);
    find(ref);
    return keepPart(ref, number, await receivePiece(files, content));
  };

  const copyPart: Uploads['copyPart'] = async (ref, number, source, range) => {
    checkNumber(number);
    find(ref);
    const object = sourceOf(scope, source);
    const { from, to } = range ?? { from: 0, to: object.bytes };
    if (range && (from < 0 || from >= to || to > object.bytes)) {
      const reason = `the source has ${object.bytes} bytes`;
      fail('InvalidArgument', { name: 'x-cos-copy-source-range', reason });
    }
    const [piece] = object.pieces;
    // Of one file its ETag is known, unless it was appended to.
    if (piece && object.pieces.length === 1 && to - from === object.bytes && MD5.test(object.etag)) {
      const [copy = piece] = await copyPieces(scope, [piece]);
      const { bytes, crc64 } = object;
      return keepPart(ref, number, { md5: object.etag, bytes, crc64, piece: copy });
    }
    const body = readObject(files, held, object, { from, to });
    try {
      return await keepPart(ref, number, await receivePiece(files, { body, bytes: to - from }));
    } finally {
      // Whoever gives it up, as a full disk does, leaves it open.
      body.destroy();
    }
  };

  const complete: Uploads['complete'] = async (ref, parts, cause, options = {}) => {
    find(ref);
    checkOrder(parts);
    return uploadGate.alone(ref.uploadId, () =>
      writer.change(ref, now => {
        const head = headOfUpload(find(ref));
        checkOverwrite(options, now.newest);
        const content = assembled(choose(parts, rowsOf(ref.uploadId)));
        const event = 'ObjectCreated:CompleteMultipartUpload';
        const plan = writing(ref, now, { ...head, ...content, inline: undefined, appendable: false }, event, cause);
        return { ...plan, change: { ...plan.change, removeUploads: [ref.uploadId] } };
      }),
    );
  };

  function rowsOf(uploadId: string): Map<number, PartRow> {
    const rows = new Map<number, PartRow>();
    for (let page = index.parts(uploadId, 0, PARTS_AT_ONCE), after = 0; page.length > 0; ) {
      for (const row of page) {
        rows.set(row.number, row);
        after = row.number;
      }
      page = index.parts(uploadId, after, PARTS_AT_ONCE);
    }
    return rows;
  }

  return Object.freeze<Uploads>({
    begin: async ({ bucket, key }, head, options = {}) => {
      buckets.need(bucket);
      checkKey(key);
      checkOverwrite(options, index.find(bucket, key));
      const startedAt = clock.now();
      // As the cloud's: seconds, then chance.
      const uploadId = `${Math.floor(startedAt / 1000)}${ids.bytes(32).toString('hex')}`;
      const { storageClass } = head;
      const upload = { bucket, key, uploadId, startedAt, storageClass, detail: JSON.stringify(headOf(head)) };
      await writer.commit(bucket, { putUpload: upload });
      return upload;
    },
    putPart,
    copyPart,
    complete,
    abort: async ref => {
      find(ref);
      await uploadGate.alone(ref.uploadId, async () => {
        find(ref);
        await writer.commit(ref.bucket, { removeUploads: [ref.uploadId] });
      });
    },
    markDamaged: (ref, { number, file }) =>
      uploadGate.alone(ref.uploadId, async () => {
        const row = currentPart(index, { ...ref, number });
        if (row?.file === file) await writer.commit(ref.bucket, { putPart: { ...row, etag: DAMAGED_ETAG } });
      }),
    find,
    parts: (ref, after, limit) => {
      find(ref);
      return index.parts(ref.uploadId, after, limit);
    },
    list: query => {
      buckets.need(query.bucket);
      return index.uploads(query);
    },
  });
}

function checkOrder(parts: Listed): void {
  if (parts.length === 0) fail('MalformedXML');
  let before = (parts[0]?.number ?? 1) - 1;
  for (const { number } of parts) {
    if (number <= before) fail('InvalidPartOrder');
    // Documented so: of numbers that are not continuous it is a part that is wrong, not their order.
    if (number !== before + 1) fail('InvalidPart', { number });
    before = number;
  }
}

function choose(parts: Listed, rows: ReadonlyMap<number, PartRow>): PartRow[] {
  const chosen = parts.map(({ number, etag }) => {
    const row = rows.get(number);
    // The mark of a damaged part is told to clients, and is none that they could bring.
    return row?.etag === etag && etag !== DAMAGED_ETAG ? row : fail('InvalidPart', { number });
  });
  for (const { number, bytes } of chosen.slice(0, -1)) if (bytes < PART_BYTES) fail('EntityTooSmall', { number });
  return chosen;
}

/** The ETag as S3 makes it: the MD5 of the parts' MD5s, and their number. */
function assembled(parts: readonly PartRow[]) {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  const pieces = parts.map(({ file, bytes, crc64 }) => ({ file, bytes, crc64 }));
  const { bytes, crc64 } = parts.reduce(
    (sum, part) => ({
      bytes: sum.bytes + part.bytes,
      crc64: combineCrc64(sum.crc64, part.crc64, part.bytes),
    }),
    { bytes: 0, crc64: '0' },
  );
  return { etag: `${md5.digest('hex')}-${parts.length}`, bytes, crc64, pieces };
}
