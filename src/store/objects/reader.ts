// What is asked of the index, answered at once by a connection of its own: it sees every change that has been committed.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  Listing,
  ListQuery,
  NoticeRow,
  ObjectRow,
  PartRow,
  ScanPlace,
  UploadRow,
  UploadsQuery,
  VersionsQuery,
} from '../../core/objects.ts';
import { FIRST_PLACE, keyBytes } from './bytes.ts';
import { type Cells, noticeRow, OBJECT_COLUMNS, objectRow, partRow, UPLOAD_COLUMNS, uploadRow } from './rows.ts';
import { firstPlace, markedPrefix, walk } from './walk.ts';

/** Before the newest version of a key. */
const FIRST_BACK = -(2 ** 53);
const BUCKET = 'bucket = (SELECT id FROM buckets WHERE name = ?)';
const OBJECTS = `SELECT ${OBJECT_COLUMNS} FROM objects WHERE ${BUCKET}`;
const WHOLE = `SELECT ${OBJECT_COLUMNS}, inline FROM objects WHERE ${BUCKET} AND key = ?`;

export const QUERIES = {
  newest: `${WHOLE} ORDER BY back LIMIT 1`,
  version: `${WHOLE} AND versionId = ?`,
  backOf: `SELECT back FROM objects WHERE ${BUCKET} AND key = ? AND versionId = ?`,
  list: `${OBJECTS} AND newest = 1 AND marker = 0 AND key >= ? ORDER BY key`,
  versions: `${OBJECTS} AND (key, back) > (?, ?) ORDER BY key, back`,
  scan: `${OBJECTS} AND marker = 0 AND (key, back) > (?, ?) ORDER BY key, back LIMIT ?`,
  upload: `SELECT ${UPLOAD_COLUMNS}, name FROM uploads JOIN buckets ON id = bucket WHERE uploadId = ?`,
  uploads: `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE ${BUCKET} AND (key, uploadId) > (?, ?) ORDER BY key, uploadId`,
  parts: 'SELECT * FROM parts WHERE uploadId = ? AND number > ? ORDER BY number LIMIT ?',
  anyObject: `SELECT 1 FROM objects WHERE ${BUCKET} LIMIT 1`,
  anyUpload: `SELECT 1 FROM uploads WHERE ${BUCKET} LIMIT 1`,
  notices: 'SELECT id, triggerId, detail FROM notices ORDER BY id LIMIT ?',
  file: 'SELECT 1 FROM files WHERE file = ?',
} as const;

type Statements = { readonly [Name in keyof typeof QUERIES]: StatementSync };

export class Reader {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = Object.fromEntries(
      Object.entries(QUERIES).map(([name, sql]) => [name, db.prepare(sql)]),
    ) as Statements;
  }

  find(bucket: string, key: string, versionId?: string): ObjectRow | undefined {
    const { newest, version } = this.#statements;
    const bytes = keyBytes(key);
    const cells = versionId === undefined ? newest.get(bucket, bytes) : version.get(bucket, bytes, versionId);
    return cells && objectRow(bucket, cells);
  }

  list(query: ListQuery): Listing<ObjectRow> {
    const { bucket, after } = query;
    const first = firstPlace(after, query);
    const row = (cells: Cells) => objectRow(bucket, cells);
    return this.#page(query, (place = first) => this.#statements.list.iterate(bucket, place).map(row));
  }

  versions(query: VersionsQuery): Listing<ObjectRow & { readonly newest: boolean }> {
    const { bucket, afterKey, afterVersionId } = query;
    const { versions, backOf } = this.#statements;
    const row = (cells: Cells) => ({ ...objectRow(bucket, cells), newest: cells.newest === 1 });
    return this.#page(query, place => {
      if (place || !isWithin(query, afterVersionId)) {
        return versions.iterate(bucket, place ?? firstPlace(afterKey, query), FIRST_BACK).map(row);
      }
      const key = keyBytes(afterKey);
      // Whoever empties a bucket goes on behind a version that is gone, and so are those before it: all of the key.
      const back = backOf.get(bucket, key, afterVersionId)?.back ?? FIRST_BACK;
      return versions.iterate(bucket, key, Number(back)).map(row);
    });
  }

  upload(uploadId: string): UploadRow | undefined {
    const cells = this.#statements.upload.get(uploadId);
    return cells && uploadRow(String(cells.name), cells);
  }

  uploads(query: UploadsQuery): Listing<UploadRow> {
    const { bucket, afterKey, afterUploadId } = query;
    const { uploads } = this.#statements;
    const row = (cells: Cells) => uploadRow(bucket, cells);
    return this.#page(query, place =>
      place || !isWithin(query, afterUploadId)
        ? uploads.iterate(bucket, place ?? firstPlace(afterKey, query), '').map(row)
        : uploads.iterate(bucket, keyBytes(afterKey), afterUploadId).map(row),
    );
  }

  parts(uploadId: string, after: number, limit: number): PartRow[] {
    return this.#statements.parts.all(uploadId, after, limit).map(partRow);
  }

  isEmpty(bucket: string): boolean {
    const { anyObject, anyUpload } = this.#statements;
    return !anyObject.get(bucket) && !anyUpload.get(bucket);
  }

  notices(limit: number): NoticeRow[] {
    return this.#statements.notices.all(limit).map(noticeRow);
  }

  named(files: readonly string[]): Set<string> {
    return new Set(files.filter(file => this.#statements.file.get(file)));
  }

  scan(bucket: string, from: ScanPlace | undefined, limit: number): ObjectRow[] {
    const place = from ? ([keyBytes(from.key), 0 - from.order] as const) : ([FIRST_PLACE, FIRST_BACK] as const);
    return this.#statements.scan.all(bucket, ...place, limit).map(cells => objectRow(bucket, cells));
  }

  /** All steps of a page see the same state. */
  #page<Row extends { readonly key: string }>(
    query: Pick<ListQuery, 'prefix' | 'delimiter' | 'limit'>,
    rowsFrom: (place: Buffer | undefined) => Iterable<Row>,
  ): Listing<Row> {
    this.#db.exec('BEGIN');
    try {
      return walk(query, rowsFrom);
    } finally {
      this.#db.exec('COMMIT');
    }
  }
}

/** Whether the page begins among the rows of the marked key. */
function isWithin(query: Omit<VersionsQuery, 'afterVersionId'>, afterId: string): boolean {
  const { afterKey, prefix } = query;
  return (
    afterId !== '' && afterKey !== '' && afterKey.startsWith(prefix) && markedPrefix(afterKey, query) === undefined
  );
}
