// The tables of the object index. A change is one more script at the end, never a change of one that is here.

/** The number of a script, counted from 1, is the file's PRAGMA user_version when it has run. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE buckets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

  -- key: bytes, so that the order is theirs. back: the order, negative, so that the newest comes first.
  -- inline comes last: what is read alone stands before it.
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key BLOB NOT NULL,
    versionId TEXT NOT NULL,
    back INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    marker INTEGER NOT NULL,
    modifiedAt INTEGER NOT NULL,
    etag TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    storageClass TEXT NOT NULL,
    detail TEXT NOT NULL,
    files TEXT NOT NULL,
    inline BLOB
  );
  CREATE UNIQUE INDEX objects_order ON objects (bucket, key, back);
  CREATE UNIQUE INDEX objects_version ON objects (bucket, key, versionId);
  -- Any number of deleted keys costs a list nothing.
  CREATE UNIQUE INDEX objects_listed ON objects (bucket, key) WHERE newest = 1 AND marker = 0;
  CREATE INDEX objects_content ON objects (bucket, key, back) WHERE marker = 0;

  CREATE TABLE uploads (
    uploadId TEXT PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key BLOB NOT NULL,
    startedAt INTEGER NOT NULL,
    storageClass TEXT NOT NULL,
    detail TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX uploads_order ON uploads (bucket, key, uploadId);

  CREATE TABLE parts (
    uploadId TEXT NOT NULL,
    number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    crc64 TEXT NOT NULL,
    file TEXT NOT NULL,
    modifiedAt INTEGER NOT NULL,
    PRIMARY KEY (uploadId, number)
  ) WITHOUT ROWID;

  -- How often rows and parts name a file.
  CREATE TABLE files (file TEXT PRIMARY KEY, refs INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE notices (id TEXT PRIMARY KEY, triggerId TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
  `,
];
