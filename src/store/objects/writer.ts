// One batch, one transaction. If it fails, each of its changes has one of its own: a bad one fails alone.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { failureOf, isFull } from './errors.ts';
import { FilesTable } from './files-table.ts';
import type { Asked, KillPoint, Told, WireChange } from './protocol.ts';
import type { Reserve } from './reserve.ts';
import { UploadsTable } from './uploads-table.ts';
import { VersionsTable } from './versions-table.ts';

export class Writer {
  readonly #db: DatabaseSync;
  readonly #passed: (point: KillPoint) => void;
  readonly #files: FilesTable;
  readonly #versions: VersionsTable;
  readonly #uploads: UploadsTable;
  readonly #putNotice: StatementSync;
  readonly #settle: StatementSync;
  readonly #reserve: Pick<Reserve, 'spend' | 'restore'>;

  constructor(db: DatabaseSync, passed: (point: KillPoint) => void, reserve: Pick<Reserve, 'spend' | 'restore'>) {
    this.#db = db;
    this.#reserve = reserve;
    this.#passed = passed;
    this.#files = new FilesTable(db);
    this.#versions = new VersionsTable(db, this.#files);
    this.#uploads = new UploadsTable(db, this.#files);
    this.#putNotice = db.prepare('INSERT INTO notices (id, triggerId, detail) VALUES (?, ?, ?)');
    this.#settle = db.prepare('DELETE FROM notices WHERE id = ?');
  }

  run(batch: readonly Asked[]): Told[] {
    this.#reserve.restore();
    return this.#each(batch);
  }

  #each(batch: readonly Asked[]): Told[] {
    try {
      return this.#transaction(batch);
    } catch (error) {
      const [asked] = batch;
      if (batch.length > 1 || !asked) return batch.flatMap(one => this.#each([one]));
      return [isFull(error) && isRemoval(asked.change) ? this.#remove(asked, error) : { failure: failureOf(error) }];
    }
  }

  /** On a full disk. */
  #remove(asked: Asked, refused: unknown): Told {
    let error = refused;
    while (isFull(error) && this.#reserve.spend()) {
      try {
        const [told] = this.#transaction([asked]);
        if (told) return told;
      } catch (again) {
        error = again;
      }
    }
    return { failure: failureOf(error) };
  }

  #transaction(batch: readonly Asked[]): Told[] {
    if (!batch.every(({ change }) => isSettling(change))) return this.#commit(batch);
    // What a loss of power takes back is delivered once more, as after any crash; the log alone keeps it until then.
    this.#db.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.#commit(batch);
    } finally {
      this.#db.exec('PRAGMA synchronous = FULL');
    }
  }

  #commit(batch: readonly Asked[]): Told[] {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#passed('begin');
      const told = batch.map(asked => this.#tell(asked));
      this.#passed('written');
      this.#db.exec('COMMIT');
      this.#passed('committed');
      return told;
    } catch (error) {
      // SQLite itself ends a transaction that fails for want of space.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #tell({ change, expected }: Asked): Told {
    if (expected && this.#versions.newestOrder(expected.bucket, expected.key) !== expected.newest) return 'refused';
    if (!this.#isPossible(change)) return 'refused';
    this.#files.begin();
    this.#change(change);
    return { freed: this.#files.freed() };
  }

  /** Whether nobody has ended the upload meanwhile, or replaced a part that an object was to be made of. */
  #isPossible({ put = [], putUpload, putPart, removeUploads = [] }: WireChange): boolean {
    if (putPart && putPart.uploadId !== putUpload?.uploadId && !this.#uploads.has(putPart.uploadId)) return false;
    if (removeUploads.length === 0) return true;
    if (!removeUploads.every(uploadId => this.#uploads.has(uploadId))) return false;
    return put.every(row => row.files.every(file => this.#files.isNamed(file)));
  }

  #change(change: WireChange): void {
    for (const ref of change.remove ?? []) this.#versions.remove(ref);
    for (const uploadId of change.removeUploads ?? []) this.#uploads.remove(uploadId);
    for (const row of change.put ?? []) this.#versions.put(row);
    const { putUpload, putPart } = change;
    if (putUpload) this.#uploads.put(putUpload, this.#versions.bucketId(putUpload.bucket));
    if (putPart) this.#uploads.putPart(putPart);
    for (const { id, triggerId, detail } of change.notices ?? []) this.#putNotice.run(id, triggerId, detail);
    for (const id of change.settled ?? []) this.#settle.run(id);
  }
}

/** Nothing but that triggers have been told. */
function isSettling(change: WireChange): boolean {
  for (const name in change) if (name !== 'settled') return false;
  return true;
}

/** It makes room, or ends something; what triggers are told of it counts for nothing. */
function isRemoval({ put, putUpload, putPart, remove = [], removeUploads = [], settled = [] }: WireChange): boolean {
  if ((put?.length ?? 0) > 0 || putUpload || putPart) return false;
  return remove.length + removeUploads.length + settled.length > 0;
}
