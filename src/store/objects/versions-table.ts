// Rows of objects as they are written. Of each key the row that is first in order carries the flag `newest`, always.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { VersionRef } from '../../core/objects.ts';
import { keyBytes } from './bytes.ts';
import type { FilesTable } from './files-table.ts';
import type { WireRow } from './protocol.ts';

export class VersionsTable {
  readonly #files: FilesTable;
  readonly #bucket: StatementSync;
  readonly #addBucket: StatementSync;
  readonly #first: StatementSync;
  readonly #version: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #flag: StatementSync;

  constructor(db: DatabaseSync, files: FilesTable) {
    this.#files = files;
    this.#bucket = db.prepare('SELECT id FROM buckets WHERE name = ?');
    this.#addBucket = db.prepare('INSERT INTO buckets (name) VALUES (?)');
    this.#first = db.prepare('SELECT id, back, newest FROM objects WHERE bucket = ? AND key = ? ORDER BY back LIMIT 1');
    this.#version = db.prepare('SELECT id, files FROM objects WHERE bucket = ? AND key = ? AND versionId = ?');
    this.#insert = db.prepare(
      `INSERT INTO objects (bucket, key, versionId, back, newest, marker, modifiedAt, etag, bytes, storageClass, detail,
        files, inline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? THEN coalesce(?, x'') END)`,
    );
    this.#delete = db.prepare('DELETE FROM objects WHERE id = ?');
    this.#flag = db.prepare('UPDATE objects SET newest = ? WHERE id = ?');
  }

  bucketId(name: string): number {
    const id = this.#bucketId(name);
    return id ?? Number(this.#addBucket.run(name).lastInsertRowid);
  }

  newestOrder(bucket: string, key: string): number | undefined {
    const id = this.#bucketId(bucket);
    const first = id === undefined ? undefined : this.#first.get(id, keyBytes(key));
    return first && 0 - Number(first.back);
  }

  put(row: WireRow): void {
    const bucket = this.bucketId(row.bucket);
    const key = keyBytes(row.key);
    this.#take(bucket, key, row.versionId);
    const first = this.#first.get(bucket, key);
    const back = 0 - row.order;
    const newest = !first || back < Number(first.back);
    if (first && Number(first.newest) === Number(newest)) this.#flag.run(Number(!newest), Number(first.id));
    this.#insert.run(
      bucket,
      key,
      row.versionId,
      back,
      Number(newest),
      Number(row.marker),
      row.modifiedAt,
      row.etag,
      row.bytes,
      row.storageClass,
      row.detail,
      JSON.stringify(row.files),
      // Empty bytes that changed threads are bound as NULL by Node.js 22.
      Number(row.inline !== undefined),
      row.inline ?? null,
    );
    for (const file of row.files) this.#files.take(file);
  }

  remove({ bucket, key, versionId }: VersionRef): void {
    const id = this.#bucketId(bucket);
    if (id === undefined) return;
    const bytes = keyBytes(key);
    this.#take(id, bytes, versionId);
    const first = this.#first.get(id, bytes);
    if (first && Number(first.newest) === 0) this.#flag.run(1, Number(first.id));
  }

  /** Away with it, if it is there; the flag may be on no row of the key for now. */
  #take(bucket: number, key: Buffer, versionId: string): void {
    const old = this.#version.get(bucket, key, versionId);
    if (!old) return;
    this.#delete.run(Number(old.id));
    for (const file of JSON.parse(String(old.files)) as string[]) this.#files.release(file);
  }

  #bucketId(name: string): number | undefined {
    const found = this.#bucket.get(name);
    return found && Number(found.id);
  }
}
