// The store in one SQLite file: durable at every commit unless told otherwise, one server at a time.

import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Page, Range, Rows, Store, Where } from '../core/ports.ts';
import type { Row, TableName } from '../core/rows.ts';
import type { Cell } from './codec.ts';
import { NodeSqliteDialect, SqliteConnection } from './connection.ts';
import { BUSY_TIMEOUT_MS, explain } from './errors.ts';
import { lockStore } from './lock.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, type Migrations } from './migrations.ts';
import { type Database, type PutQueries, SqlRows } from './rows.ts';

export interface SqliteStoreOptions {
  /** Path of the file, or `:memory:`. Its folder is made if need be. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** FULL, the default: a commit survives a power cut. NORMAL: it survives the end of the process and waits for no disk. */
  readonly synchronous?: 'FULL' | 'NORMAL';
}

/** Others wait while a transaction is open; one that lasts longer is worth a line in the log. */
const SLOW_TRANSACTION_MS = 1_000;

/** What tests set otherwise: an older or newer set of tables, a small disk. */
export interface SqliteLimits {
  readonly migrations?: Migrations;
  readonly maxPages?: number;
}

export async function openSqliteStore(options: SqliteStoreOptions, limits: SqliteLimits = {}): Promise<Store> {
  const { file, log, synchronous = 'FULL' } = options;
  const { migrations = MIGRATIONS, maxPages } = limits;
  let lock: Disposable | undefined;
  let connection: SqliteConnection | undefined;
  const shut = () => {
    connection?.close();
    lock?.[Symbol.dispose]();
  };
  try {
    if (file !== ':memory:') {
      mkdirSync(dirname(file), { recursive: true });
      lock = lockStore(file);
    }
    connection = new SqliteConnection(file);
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = OFF`);
    if (maxPages !== undefined) connection.exec(`PRAGMA max_page_count = ${maxPages}`);
    const db = new Kysely<Database>({ dialect: new NodeSqliteDialect({ database: connection }) });
    await migrate({ file, connection, db, migrations, log });
    return new SqliteStore(db, connection, options, shut);
  } catch (error) {
    shut();
    return explain(error, { file });
  }
}

class SqliteStore implements Store {
  readonly #db: Kysely<Database>;
  readonly #connection: SqliteConnection;
  readonly #rows: SqlRows;
  readonly #puts: PutQueries = new Map();
  readonly #options: SqliteStoreOptions;
  readonly #shut: () => void;
  #closed = false;
  /** The transaction that the running code is part of. */
  readonly #inside = new AsyncLocalStorage<{ open: boolean }>();

  constructor(db: Kysely<Database>, connection: SqliteConnection, options: SqliteStoreOptions, shut: () => void) {
    this.#db = db;
    this.#connection = connection;
    this.#rows = new SqlRows(db, this.#puts);
    this.#options = options;
    this.#shut = shut;
  }

  get<T extends TableName>(table: T, where: Where<T>): Promise<Row<T> | undefined> {
    return this.#run(() => this.#rows.get(table, where), table);
  }

  list<T extends TableName>(table: T, where?: Where<T>, page?: Page): Promise<Row<T>[]> {
    return this.#run(() => this.#rows.list(table, where, page), table);
  }

  count<T extends TableName>(table: T, where?: Where<T>, range?: Range): Promise<number> {
    return this.#run(() => this.#rows.count(table, where, range), table);
  }

  sum<T extends TableName>(table: T, column: keyof Row<T> & string, where?: Where<T>, range?: Range): Promise<number> {
    return this.#run(() => this.#rows.sum(table, column, where, range), table);
  }

  put<T extends TableName>(table: T, row: Row<T>): Promise<void> {
    return this.#run(() => this.#rows.put(table, row), table);
  }

  putAll<T extends TableName>(table: T, rows: readonly Row<T>[]): Promise<void> {
    return this.transaction(open => open.putAll(table, rows));
  }

  remove<T extends TableName>(table: T, where: Where<T>, range?: Range): Promise<number> {
    return this.#run(() => this.#rows.remove(table, where, range), table);
  }

  transaction<R>(work: (rows: Rows) => Promise<R>): Promise<R> {
    const { clock, log } = this.#options;
    return this.#run(() =>
      this.#db.transaction().execute(async open => {
        const mark = { open: true };
        const execute = async (sql: string, cells: readonly Cell[]) => {
          if (!mark.open) throw new Error('the transaction is over');
          this.#connection.prepare(sql).run(cells);
        };
        const began = clock.now();
        try {
          return await this.#inside.run(mark, () => work(new SqlRows(open, this.#puts, execute)));
        } finally {
          mark.open = false;
          const ms = clock.now() - began;
          if (ms > SLOW_TRANSACTION_MS) log.warn({ ms }, 'a transaction kept the store busy');
        }
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // Waits for its turn behind the transaction that is open.
    await this.#run(() =>
      this.#db.connection().execute(async () => {
        this.#closed = true;
        this.#shut();
      }),
    );
  }

  async #run<R>(work: () => Promise<R>, table?: TableName): Promise<R> {
    // It would wait for its own transaction to end, for ever.
    if (this.#inside.getStore()?.open)
      throw new Error('the store was called inside its own transaction: use the rows that were passed in');
    if (this.#closed) throw new Error('the store is closed');
    try {
      return await work();
    } catch (error) {
      return explain(error, { file: this.#options.file, ...(table && { table }) });
    }
  }
}
