// node:sqlite in the shape that Kysely's SQLite dialect expects.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** More shapes of statements than the store ever makes; a bound, so that a mistake cannot eat the memory. */
const CACHED_STATEMENTS = 256;

export class SqliteConnection implements SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  rows(sql: string, ...parameters: SQLInputValue[]): Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...parameters);
  }

  prepare(sql: string): SqliteStatement {
    // SQLite itself ends a transaction that fails for want of space; a second rollback would hide that error.
    if (sql === 'rollback' && !this.#db.isTransaction) return DONE;
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= CACHED_STATEMENTS) this.#statements.clear();
      statement = adapt(this.#db.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

const DONE: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

function adapt(statement: StatementSync): SqliteStatement {
  const cells = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: parameters => statement.all(...cells(parameters)),
    run: parameters => statement.run(...cells(parameters)),
    iterate: parameters => statement.iterate(...cells(parameters)),
  };
}

/** Migrations run in one transaction, so that a crash in the middle leaves the old tables. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}
