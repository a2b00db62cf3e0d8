// What is done to dead letters, in the thread of the database.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Counts } from './counts.ts';
import type { ExecutionTable } from './execution-table.ts';
import type { LetterCells, Verbs, WireFilter } from './protocol.ts';
import { BLOB, EVENT_COLUMNS, eventValues, letterOf } from './rows.ts';

type Condition = readonly [sql: string, ...values: SQLInputValue[]];

export class LetterTable {
  readonly #db: DatabaseSync;
  readonly #counts: Counts;
  readonly #executions: ExecutionTable;
  readonly #put: StatementSync;
  readonly #last: StatementSync;
  readonly #toEvents: StatementSync;
  readonly #toExecutions: StatementSync;
  readonly #remove: StatementSync;

  constructor(db: DatabaseSync, counts: Counts, executions: ExecutionTable) {
    this.#db = db;
    this.#counts = counts;
    this.#executions = executions;
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO letters (${EVENT_COLUMNS}, type, name, why, status, errorMessage, diedAt, body, message)
       VALUES (${Array(17).fill('?').join()}, ${BLOB}, ${BLOB})`,
    );
    this.#last = db.prepare('SELECT max(id) AS id FROM letters');
    // An id that waits again already stays a letter: there is one event per id.
    this.#toEvents = db.prepare(
      `INSERT INTO events (seq, ${EVENT_COLUMNS}, body)
       SELECT :seq, function, :now, :now, requestId, qualifier, source, routingKey, retryNum + 1, 0, version, traced, body
       FROM letters WHERE id = :id ON CONFLICT DO NOTHING`,
    );
    this.#toExecutions = db.prepare(
      `INSERT OR REPLACE INTO executions
         (requestId, function, version, source, traced, state, status, startedAt, endedAt)
       SELECT requestId, function, version, source, traced, 'RUNNING', 0, :now, 0
       FROM letters WHERE id = :id AND version IS NOT NULL`,
    );
    this.#remove = db.prepare('DELETE FROM letters WHERE id = ?');
  }

  keep(letter: LetterCells, body: Uint8Array, message: Uint8Array): void {
    const { event, type, name, why, status, errorMessage, diedAt } = letter;
    const values = eventValues(event, this.#counts.id(event[1]));
    this.#put.run(...values, type, name, why, status, errorMessage, diedAt, body, message);
  }

  list(...[filter, offset, limit]: Parameters<Verbs['letters']>): ReturnType<Verbs['letters']> {
    const [where, ...values] = all(this.#conditions(filter));
    const total = this.#db.prepare(`SELECT count(*) AS n FROM letters WHERE ${where}`).get(...values)?.n;
    const rows = this.#db
      .prepare(`SELECT * FROM letters WHERE ${where} ORDER BY diedAt, id LIMIT ? OFFSET ?`)
      .all(...values, limit ?? -1, offset);
    return { total: Number(total), rows: rows.map(row => letterOf(row, this.#counts)) };
  }

  /** What comes after it is younger than what is asked for now. */
  last(): number {
    return Number(this.#last.get()?.id ?? 0);
  }

  redrive(...[filter, range, nowMs, seq]: Parameters<Verbs['redrive']>): ReturnType<Verbs['redrive']> {
    const conditions = [...this.#conditions(filter), ['id <= ?', range.lastId] as const];
    if (range.after) conditions.push(['(diedAt, id) > (?, ?)', range.after.diedAt, range.after.id]);
    const [where, ...values] = all(conditions);
    const rows = this.#db
      .prepare(`SELECT id, diedAt, function FROM letters WHERE ${where} ORDER BY diedAt, id LIMIT ?`)
      .all(...values, range.limit);
    const moved = new Map<number, number>();
    for (const [place, row] of rows.entries()) {
      const id = Number(row.id);
      if (this.#toEvents.run({ seq: seq + place, now: nowMs, id }).changes === 0) continue;
      if (this.#toExecutions.run({ now: nowMs, id }).changes > 0) this.#executions.began();
      this.#remove.run(id);
      const lane = this.#counts.numberOf(Number(row.function));
      this.#counts.change(lane, 1);
      moved.set(lane, (moved.get(lane) ?? 0) + 1);
    }
    const last = rows.length === range.limit ? rows.at(-1) : undefined;
    return { moved: [...moved], next: last ? { diedAt: Number(last.diedAt), id: Number(last.id) } : null };
  }

  purge(filter: WireFilter, limit: number): number {
    const [where, ...values] = all(this.#conditions(filter));
    const sql = `DELETE FROM letters WHERE id IN (SELECT id FROM letters WHERE ${where} LIMIT ?)`;
    return Number(this.#db.prepare(sql).run(...values, limit).changes);
  }

  #conditions({ type, name, lane, requestId }: WireFilter): Condition[] {
    const conditions: Condition[] = [];
    if (type !== undefined) conditions.push(['type = ?', type]);
    if (name !== undefined) conditions.push(['name = ?', name]);
    if (lane !== undefined) conditions.push(['function = ?', this.#counts.known(lane)]);
    if (requestId !== undefined) conditions.push(['requestId = ?', requestId]);
    return conditions;
  }
}

function all(conditions: readonly Condition[]): Condition {
  const sql = conditions.map(([text]) => text).join(' AND ') || 'TRUE';
  return [sql, ...conditions.flatMap(([, ...values]) => values)];
}
