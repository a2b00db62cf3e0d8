// What is done to waiting events, in the thread of the database.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Counts } from './counts.ts';
import type { ExecutionTable } from './execution-table.ts';
import type { EventRow, LaneNumber, PushCells, Verbs } from './protocol.ts';
import { BLOB, EVENT_COLUMNS, itemOf } from './rows.ts';
import type { Place } from './window.ts';

export interface Push {
  readonly cells: PushCells;
  readonly body: Uint8Array;
}

type Pushed = ReturnType<Verbs['push']>;

/** Rows of one INSERT: more in one are hardly faster, one by one takes half as long again. */
const ROWS = 8;

export class EventTable {
  readonly #db: DatabaseSync;
  readonly #counts: Counts;
  readonly #executions: ExecutionTable;
  readonly #inserts = new Map<number, StatementSync>();
  readonly #later: StatementSync;
  readonly #remove: StatementSync;
  readonly #byRequest: StatementSync;
  readonly #seqs: StatementSync;
  readonly #window: StatementSync;

  constructor(db: DatabaseSync, counts: Counts, executions: ExecutionTable) {
    this.#db = db;
    this.#counts = counts;
    this.#executions = executions;
    this.#later = db.prepare('UPDATE events SET dueAt = ?, retryNum = ?, runErrors = ? WHERE seq = ?');
    this.#remove = db.prepare('DELETE FROM events WHERE seq = ?');
    this.#byRequest = db.prepare(`SELECT seq, ${EVENT_COLUMNS}, body FROM events WHERE requestId = ?`);
    this.#seqs = db.prepare('SELECT seq FROM events WHERE seq BETWEEN ? AND ?');
    this.#window = db.prepare(
      `SELECT seq, ${EVENT_COLUMNS}, body FROM events WHERE function = ? AND (dueAt, seq) > (?, ?)
       ORDER BY dueAt, seq LIMIT ?`,
    );
  }

  /** One after another in effect, several at once in fact. */
  push(pushes: readonly Push[]): Pushed[] {
    const results = new Map<Push, Pushed>();
    let group: Push[] = [];
    const flush = () => {
      this.#insert(group, results);
      group = [];
    };
    for (const push of pushes) {
      const { 1: lane, 4: requestId, 12: limit } = push.cells;
      if (this.#executions.has(requestId)) {
        results.set(push, 'there');
        continue;
      }
      // Some that were counted ahead may turn out to be there already.
      if (this.#counts.events(lane) >= limit) flush();
      if (this.#counts.events(lane) >= limit) {
        results.set(push, this.#byRequest.get(requestId) ? 'there' : 'full');
        continue;
      }
      this.#counts.change(lane, 1);
      group.push(push);
      if (group.length === ROWS) flush();
    }
    flush();
    return pushes.map(push => results.get(push) ?? 'there');
  }

  #insert(group: readonly Push[], results: Map<Push, Pushed>): void {
    if (group.length === 0) return;
    const values: SQLInputValue[] = [];
    for (const { cells: e, body } of group) {
      const id = this.#counts.id(e[1]);
      values.push(e[0], id, e[2], e[3], e[4], e[5], e[6], e[7], e[8], e[9], e[10], e[11], body);
    }
    const changes = Number(this.#inserting(group.length).run(...values).changes);
    const [first, last] = [group[0]?.cells[0] ?? 0, group.at(-1)?.cells[0] ?? 0];
    const there = changes < group.length && new Set(this.#seqs.all(first, last).map(row => Number(row.seq)));
    for (const push of group) {
      const { 0: seq, 1: lane, 10: version } = push.cells;
      const added = !there || there.has(seq);
      results.set(push, added ? 'added' : 'there');
      if (!added) this.#counts.change(lane, -1);
      else if (version !== null) this.#executions.begin(push.cells, this.#counts.id(lane));
    }
  }

  #inserting(rows: number): StatementSync {
    let statement = this.#inserts.get(rows);
    if (!statement) {
      const marks = `(${Array(12).fill('?').join()}, ${BLOB})`;
      const sql = `INSERT INTO events (seq, ${EVENT_COLUMNS}, body) VALUES ${Array(rows).fill(marks).join()}`;
      statement = this.#db.prepare(`${sql} ON CONFLICT DO NOTHING`);
      this.#inserts.set(rows, statement);
    }
    return statement;
  }

  later(...[seq, dueAt, retryNum, runErrors]: Parameters<Verbs['later']>): void {
    this.#later.run(dueAt, retryNum, runErrors, seq);
  }

  /** It is gone already if the same was asked for before and only the answer was lost. */
  remove(seq: number, lane: LaneNumber): void {
    if (this.#remove.run(seq).changes === 1) this.#counts.change(lane, -1);
  }

  cancel(requestId: string): LaneNumber | undefined {
    const row = this.#byRequest.get(requestId);
    if (!row) return undefined;
    const lane = this.#counts.numberOf(Number(row.function));
    this.remove(Number(row.seq), lane);
    return lane;
  }

  find(requestId: string): EventRow | undefined {
    const row = this.#byRequest.get(requestId);
    return row && { seq: Number(row.seq), item: itemOf(row, this.#counts) };
  }

  window(lane: LaneNumber, after: Place, limit: number, maxBytes: number): { rows: EventRow[]; more: boolean } {
    const rows: EventRow[] = [];
    let bytes = 0;
    for (const row of this.#window.iterate(this.#counts.known(lane), after.dueAt, after.seq, limit)) {
      const item = itemOf(row, this.#counts);
      bytes += item.event.body.length;
      if (rows.length > 0 && bytes > maxBytes) return { rows, more: true };
      rows.push({ seq: Number(row.seq), item });
    }
    return { rows, more: rows.length === limit };
  }
}
