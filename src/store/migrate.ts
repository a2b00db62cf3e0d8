// Brings a database to this version's tables: refuses what it does not know, keeps a copy of what it changes.

import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Kysely, Migrator } from 'kysely';
import type { Log } from '../core/log.ts';
import type { SqliteConnection } from './connection.ts';
import { fail } from './errors.ts';
import type { Migrations } from './migrations.ts';
import type { Database } from './rows.ts';

interface Migrating {
  readonly file: string;
  readonly connection: SqliteConnection;
  readonly db: Kysely<Database>;
  readonly migrations: Migrations;
  readonly log: Log;
}

export async function migrate(at: Migrating): Promise<void> {
  const { file, connection, db, migrations, log } = at;
  const applied = appliedMigrations(connection, file);
  const unknown = applied.find(name => !Object.hasOwn(migrations, name));
  if (unknown !== undefined) fail('InternalError.StoreNewer', { file, migration: unknown });
  if (Object.keys(migrations).length === applied.length) return;
  if (applied.length > 0) {
    const copy = await backup(connection, file);
    log.info({ file, copy }, 'the database is from an older version: a copy was made, it is migrated now');
  }
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

function appliedMigrations(connection: SqliteConnection, file: string): string[] {
  const tables = connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  if (tables.length === 0) return [];
  if (!tables.some(table => table.name === 'kysely_migration')) fail('InternalError.StoreForeign', { file });
  return connection.rows('SELECT name FROM kysely_migration ORDER BY name').map(row => String(row.name));
}

/** A whole copy, with what is still in the write-ahead log; on disk when it resolves. */
async function backup(connection: SqliteConnection, file: string): Promise<string> {
  let number = 1;
  while (existsSync(`${file}.backup-${number}`)) number++;
  const copy = `${file}.backup-${number}`;
  connection.rows('VACUUM INTO ?', copy);
  for (const path of [copy, dirname(copy)]) {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  }
  return copy;
}
