// Opens the file of waiting events: the lock, the settings, the tables. Runs in the thread of the database.

import { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS, type Failure } from '../errors.ts';
import type { ThreadOptions } from './protocol.ts';
import { MIGRATIONS } from './schema.ts';

/** PRAGMA application_id: the letters OSCQ. */
const APPLICATION_ID = 0x4f534351;
/** 32 MB of write-ahead log: a checkpoint is a pause of some ms for all who wait, so it is made rarely. */
const CHECKPOINT_PAGES = 8_000;
const CACHE_KB = 32_768;
const BUSY = 5;

export interface OpenDatabase {
  readonly db: DatabaseSync;
  close(): void;
}

/** A refusal that the other thread puts into words. */
export class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Omit<Failure, 'message'>) {
    super(failure.refused);
    this.failure = { ...failure, message: this.message };
  }
}

export function openDatabase({ file, maxPages, migrations = MIGRATIONS }: ThreadOptions): OpenDatabase {
  const lock = file === ':memory:' ? undefined : lockOf(file);
  let db: DatabaseSync | undefined;
  const close = () => {
    if (db?.isOpen) db.close();
    lock?.close();
  };
  try {
    db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const version = versionOf(db);
    if (version > migrations.length) throw new Refused({ refused: 'newer', version });
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB}`);
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    for (const [index, script] of migrations.entries()) {
      if (index < version) continue;
      // The number is written with the tables, or neither is.
      db.exec(`BEGIN IMMEDIATE; ${script}; PRAGMA user_version = ${index + 1};
        PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
    }
    return { db, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** One server per file. The lock is the operating system's: it ends with the process, however that dies. */
function lockOf(file: string): DatabaseSync {
  const lock = new DatabaseSync(`${file}.lock`);
  try {
    // In memory, or a killed process leaves an empty journal file behind.
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY)
      throw new Refused({ refused: 'locked' });
    throw error;
  }
}

function versionOf(db: DatabaseSync): number {
  const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get();
  if (tables?.n !== 0 && pragma('application_id') !== APPLICATION_ID) throw new Refused({ refused: 'foreign' });
  return pragma('user_version');
}
