// Rows as the database gives them, as the port has them.

import type { NoticeRow, ObjectRow, PartRow, UploadRow } from '../../core/objects.ts';
import { keyText } from './bytes.ts';

export type Cells = Readonly<Record<string, unknown>>;

/** Without `inline`. */
export const OBJECT_COLUMNS =
  'key, versionId, back, newest, marker, modifiedAt, etag, bytes, storageClass, detail, files';
export const UPLOAD_COLUMNS = 'uploadId, key, startedAt, storageClass, detail';

export function objectRow(bucket: string, cells: Cells): ObjectRow {
  const { inline } = cells;
  return {
    bucket,
    key: keyText(cells.key),
    versionId: String(cells.versionId),
    order: 0 - Number(cells.back),
    marker: cells.marker === 1,
    modifiedAt: Number(cells.modifiedAt),
    etag: String(cells.etag),
    bytes: Number(cells.bytes),
    storageClass: String(cells.storageClass),
    detail: String(cells.detail),
    inline: inline instanceof Uint8Array ? Buffer.from(inline.buffer, inline.byteOffset, inline.byteLength) : undefined,
    files: JSON.parse(String(cells.files)) as string[],
  };
}

export function uploadRow(bucket: string, cells: Cells): UploadRow {
  return {
    bucket,
    key: keyText(cells.key),
    uploadId: String(cells.uploadId),
    startedAt: Number(cells.startedAt),
    storageClass: String(cells.storageClass),
    detail: String(cells.detail),
  };
}

export function partRow(cells: Cells): PartRow {
  return {
    uploadId: String(cells.uploadId),
    number: Number(cells.number),
    etag: String(cells.etag),
    bytes: Number(cells.bytes),
    crc64: String(cells.crc64),
    file: String(cells.file),
    modifiedAt: Number(cells.modifiedAt),
  };
}

export function noticeRow(cells: Cells): NoticeRow {
  return { id: String(cells.id), triggerId: String(cells.triggerId), detail: String(cells.detail) };
}
