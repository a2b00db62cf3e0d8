// Opens the file of the object index: the settings and the tables.

import { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS } from '../errors.ts';
import { fail } from './errors.ts';
import { MIGRATIONS } from './schema.ts';

/** PRAGMA application_id: the letters OSCO. */
const APPLICATION_ID = 0x4f53434f;
/** 32 MB of write-ahead log: a checkpoint is a pause for all who wait, so it is made rarely. */
export const CHECKPOINT_PAGES = 8_000;
const CACHE_KB = 16_384;

/** Writes are durable when their transaction ends; readers beside it never wait. */
export function connect(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** For reading alone, when the tables are there. */
export function openForReads(file: string, migrations: readonly string[] = MIGRATIONS): DatabaseSync {
  refuseUnknown(file, migrations);
  const db = connect(file);
  try {
    for (const [index, script] of migrations.entries()) {
      if (index < pragma(db, 'user_version')) continue;
      // The number is written with the tables, or neither is.
      db.exec(`BEGIN IMMEDIATE; ${script}; PRAGMA user_version = ${index + 1};
        PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
    }
    db.exec('PRAGMA query_only = 1');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Before any setting is made, which would change the file of another program. */
function refuseUnknown(file: string, migrations: readonly string[]): void {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get();
    if (tables?.n !== 0 && pragma(db, 'application_id') !== APPLICATION_ID) {
      fail('InternalError.StoreForeign', { file });
    }
    const version = pragma(db, 'user_version');
    if (version > migrations.length) fail('InternalError.StoreNewer', { file, version });
  } finally {
    db.close();
  }
}

const pragma = (db: DatabaseSync, name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
