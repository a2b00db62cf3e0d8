// Uploads in parts, as they are written.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PartRow, UploadRow } from '../../core/objects.ts';
import { keyBytes } from './bytes.ts';
import type { FilesTable } from './files-table.ts';

export class UploadsTable {
  readonly #files: FilesTable;
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #part: StatementSync;
  readonly #putPart: StatementSync;
  readonly #fileOfEach: StatementSync;
  readonly #deleteParts: StatementSync;

  constructor(db: DatabaseSync, files: FilesTable) {
    this.#files = files;
    this.#find = db.prepare('SELECT 1 FROM uploads WHERE uploadId = ?');
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO uploads (uploadId, bucket, key, startedAt, storageClass, detail) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#delete = db.prepare('DELETE FROM uploads WHERE uploadId = ?');
    this.#part = db.prepare('SELECT file FROM parts WHERE uploadId = ? AND number = ?');
    this.#putPart = db.prepare(
      `INSERT OR REPLACE INTO parts (uploadId, number, etag, bytes, crc64, file, modifiedAt)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#fileOfEach = db.prepare('SELECT file FROM parts WHERE uploadId = ?');
    this.#deleteParts = db.prepare('DELETE FROM parts WHERE uploadId = ?');
  }

  has(uploadId: string): boolean {
    return this.#find.get(uploadId) !== undefined;
  }

  put(row: UploadRow, bucketId: number): void {
    this.#put.run(row.uploadId, bucketId, keyBytes(row.key), row.startedAt, row.storageClass, row.detail);
  }

  putPart(row: PartRow): void {
    const old = this.#part.get(row.uploadId, row.number);
    if (old) this.#files.release(String(old.file));
    this.#putPart.run(row.uploadId, row.number, row.etag, row.bytes, row.crc64, row.file, row.modifiedAt);
    this.#files.take(row.file);
  }

  remove(uploadId: string): void {
    for (const { file } of this.#fileOfEach.all(uploadId)) this.#files.release(String(file));
    this.#deleteParts.run(uploadId);
    this.#delete.run(uploadId);
  }
}
