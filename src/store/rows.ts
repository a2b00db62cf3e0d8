// The verbs of `Rows` as SQL, through Kysely.

import { CompiledQuery, type Kysely } from 'kysely';
import type { Page, Range, Rows, Where } from '../core/ports.ts';
import type { Row, TableName } from '../core/rows.ts';
import { type Cell, decodeRow, encode, encodeInto, encodeRow } from './codec.ts';
import { type ColumnKind, kindOf, type Table, tableOf } from './schema.ts';

export type Database = Record<TableName, Record<string, unknown>>;
type Condition = readonly [column: string, operator: '=' | '>=' | '<', value: Cell];

function conditions(table: Table, where: object, range: Range | undefined): Condition[] {
  const list: Condition[] = Object.entries(where).map(([column, value]) => [
    column,
    '=',
    encode(kindOf(table, column), value, column),
  ]);
  if (range) kindOf(table, range.column);
  if (range?.from !== undefined) list.push([range.column, '>=', range.from]);
  if (range?.before !== undefined) list.push([range.column, '<', range.before]);
  return list;
}

const NUMBERS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['integer', 'real']);

/** Rows in one statement of `putAll`: of the cost of one row a quarter goes into entering a statement. */
const TOGETHER = 16;

function putQuery(db: Kysely<Database>, table: Table, rows: number): string {
  const names = table.names;
  const values = Object.fromEntries(names.map(name => [name, '']));
  const others = names.filter(name => !table.key.includes(name));
  return db
    .insertInto(table.name)
    .values(Array(rows).fill(values))
    .onConflict(conflict =>
      conflict
        .columns([...table.key])
        .doUpdateSet(excluded => Object.fromEntries(others.map(name => [name, excluded.ref(`excluded.${name}`)]))),
    )
    .compile().sql;
}

/** Inserting is the hottest query by far: compiled once per table and number of rows, for all transactions of a store. */
export type PutQueries = Map<string, string>;
type Execute = (sql: string, cells: readonly Cell[]) => Promise<unknown>;

export class SqlRows implements Rows {
  readonly #db: Kysely<Database>;
  readonly #puts: PutQueries;
  readonly #execute: Execute;

  /** `execute` runs a put; a driver may have a shorter way than Kysely's, which costs more than the insert itself. */
  constructor(
    db: Kysely<Database>,
    puts: PutQueries,
    execute: Execute = (sql, cells) => db.executeQuery(CompiledQuery.raw(sql, [...cells])),
  ) {
    this.#db = db;
    this.#puts = puts;
    this.#execute = execute;
  }

  async get<T extends TableName>(name: T, where: Where<T>): Promise<Row<T> | undefined> {
    return (await this.list(name, where, { limit: 1 }))[0];
  }

  async list<T extends TableName>(name: T, where: Where<T> = {}, page: Page = {}): Promise<Row<T>[]> {
    const table = tableOf(name);
    let query = this.#db.selectFrom(name as TableName).selectAll();
    for (const [column, operator, value] of conditions(table, where, page.range))
      query = query.where(column, operator, value);
    // The key at the end makes pages stable among equals.
    const order =
      page.orderBy === undefined ? table.key : [page.orderBy, ...table.key.filter(key => key !== page.orderBy)];
    for (const column of order) {
      kindOf(table, column);
      query = query.orderBy(column, page.descending ? 'desc' : 'asc');
    }
    // SQLite knows no offset without a limit.
    if (page.limit !== undefined || page.offset) query = query.limit(page.limit ?? Number.MAX_SAFE_INTEGER);
    if (page.offset) query = query.offset(page.offset);
    return (await query.execute()).map(cells => decodeRow<T>(table, cells));
  }

  async count<T extends TableName>(name: T, where: Where<T> = {}, range?: Range): Promise<number> {
    let query = this.#db.selectFrom(name as TableName).select(made => made.fn.countAll().as('rows'));
    for (const [column, operator, value] of conditions(tableOf(name), where, range))
      query = query.where(column, operator, value);
    return Number((await query.executeTakeFirstOrThrow()).rows);
  }

  async sum<T extends TableName>(
    name: T,
    column: keyof Row<T> & string,
    where: Where<T> = {},
    range?: Range,
  ): Promise<number> {
    const table = tableOf(name);
    if (!NUMBERS.has(kindOf(table, column))) throw new TypeError(`column ${column} holds no numbers`);
    let query = this.#db.selectFrom(name as TableName).select(made => made.fn.sum(column).as('sum'));
    for (const [each, operator, value] of conditions(table, where, range)) query = query.where(each, operator, value);
    return Number((await query.executeTakeFirstOrThrow()).sum ?? 0);
  }

  async put<T extends TableName>(name: T, row: Row<T>): Promise<void> {
    const table = tableOf(name);
    await this.#execute(this.#putOf(table, 1), encodeRow(table, row));
  }

  async putAll<T extends TableName>(name: T, rows: readonly Row<T>[]): Promise<void> {
    const table = tableOf(name);
    const cells: Cell[] = [];
    let next = 0;
    while (next < rows.length) {
      const count = rows.length - next < TOGETHER ? 1 : TOGETHER;
      let end = 0;
      for (const row of rows.slice(next, next + count)) end = encodeInto(cells, end, table, row);
      cells.length = end;
      await this.#execute(this.#putOf(table, count), cells);
      next += count;
    }
  }

  #putOf(table: Table, rows: number): string {
    const name = `${table.name} ${rows}`;
    const query = this.#puts.get(name) ?? putQuery(this.#db, table, rows);
    this.#puts.set(name, query);
    return query;
  }

  async remove<T extends TableName>(name: T, where: Where<T>, range?: Range): Promise<number> {
    let query = this.#db.deleteFrom(name as TableName);
    for (const [column, operator, value] of conditions(tableOf(name), where, range))
      query = query.where(column, operator, value);
    return Number((await query.executeTakeFirstOrThrow()).numDeletedRows);
  }
}
