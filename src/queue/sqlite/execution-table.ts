// What is done to executions, in the thread of the database.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Execution, ExecutionEnd, ExecutionQuery } from '../../core/ports.ts';
import type { Counts } from './counts.ts';
import type { LaneNumber, PushCells } from './protocol.ts';
import { executionOf } from './rows.ts';

export class ExecutionTable {
  readonly #db: DatabaseSync;
  readonly #counts: Counts;
  /** False while there surely is none: most servers never have one, and each push would look for its own. */
  #some: boolean;
  readonly #get: StatementSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #prune: StatementSync;

  constructor(db: DatabaseSync, counts: Counts) {
    this.#db = db;
    this.#counts = counts;
    this.#some = db.prepare('SELECT 1 FROM executions LIMIT 1').get() !== undefined;
    this.#get = db.prepare('SELECT * FROM executions WHERE requestId = ?');
    this.#begin = db.prepare(
      `INSERT INTO executions (requestId, function, version, source, traced, state, status, startedAt, endedAt)
       VALUES (?, ?, ?, ?, ?, 'RUNNING', 0, ?, 0)`,
    );
    this.#end = db.prepare('UPDATE executions SET state = ?, status = ?, endedAt = ? WHERE requestId = ?');
    this.#prune = db.prepare(
      `DELETE FROM executions WHERE requestId IN
       (SELECT requestId FROM executions WHERE state <> 'RUNNING' AND endedAt < ? LIMIT ?)`,
    );
  }

  has(requestId: string): boolean {
    return this.#some && this.#get.get(requestId) !== undefined;
  }

  begin(event: PushCells, functionId: number): void {
    const [, , , acceptedAt, requestId, , source, , , , version, traced] = event;
    this.#some = true;
    this.#begin.run(requestId, functionId, version, source, traced, acceptedAt);
  }

  /** Of letters that are sent again. */
  began(): void {
    this.#some = true;
  }

  end(requestId: string, { state, status, endedAt }: ExecutionEnd): void {
    this.#end.run(state, status, endedAt, requestId);
  }

  get(requestId: string): Execution | undefined {
    const row = this.#get.get(requestId);
    return row && executionOf(row, this.#counts);
  }

  list(query: ExecutionQuery, lane: LaneNumber): { total: number; rows: Execution[] } {
    const { requestId, version, sources, states, started, ended, orderBy, descending, offset, limit } = query;
    const wanted: [sql: string, ...values: SQLInputValue[]][] = [
      ['function = ? AND traced = 1', this.#counts.known(lane)],
    ];
    if (requestId !== undefined) wanted.push(['requestId = ?', requestId]);
    if (version !== undefined) wanted.push(['version = ?', version]);
    if (sources) wanted.push(['source IN (SELECT value FROM json_each(?))', JSON.stringify(sources)]);
    if (states) wanted.push(['state IN (SELECT value FROM json_each(?))', JSON.stringify(states)]);
    if (started) wanted.push(['startedAt >= ? AND startedAt < ?', started.from, started.before]);
    if (ended) wanted.push(['endedAt >= ? AND endedAt < ?', ended.from, ended.before]);
    const where = wanted.map(([sql]) => sql).join(' AND ');
    const values = wanted.flatMap(([, ...rest]) => rest);
    const column = { startedAt: 'startedAt', endedAt: 'endedAt' }[orderBy];
    const direction = descending ? 'DESC' : 'ASC';
    const total = this.#db.prepare(`SELECT count(*) AS n FROM executions WHERE ${where}`).get(...values)?.n;
    const rows = this.#db
      .prepare(
        `SELECT * FROM executions WHERE ${where}
         ORDER BY ${column} ${direction}, requestId ${direction} LIMIT ? OFFSET ?`,
      )
      .all(...values, limit, offset);
    return { total: Number(total), rows: rows.map(row => executionOf(row, this.#counts)) };
  }

  prune(endedBefore: number, limit: number): number {
    return Number(this.#prune.run(endedBefore, limit).changes);
  }
}
