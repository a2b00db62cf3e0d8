// Functions as the database numbers them, and how many events each has. What a transaction changed here is undone with it.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { FunctionKey } from '../../core/function.ts';
import type { LaneNumber, Opened } from './protocol.ts';

interface Lane {
  readonly key: FunctionKey;
  /** Of its row; 0 as long as there is none. */
  id: number;
  events: number;
}

export class Counts {
  readonly #lanes: Lane[] = [];
  readonly #byId = new Map<number, LaneNumber>();
  /** Lanes as they were before the transaction. */
  readonly #before = new Map<Lane, Pick<Lane, 'id' | 'events'>>();
  readonly #insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO functions (region, namespace, name) VALUES (?, ?, ?)');
  }

  /** Reads an index, not the events. */
  static open(db: DatabaseSync): { readonly counts: Counts; readonly lanes: Opened['lanes'] } {
    const counts = new Counts(db);
    const events = new Map(
      db
        .prepare('SELECT function, count(*) AS events, min(dueAt) AS firstDue FROM events GROUP BY function')
        .all()
        .map(row => [Number(row.function), { events: Number(row.events), firstDue: Number(row.firstDue) }]),
    );
    const rows = db.prepare('SELECT id, region, namespace, name FROM functions ORDER BY id').all();
    const lanes = rows.map(row => {
      const key = { region: String(row.region), namespace: String(row.namespace), name: String(row.name) };
      const id = Number(row.id);
      const has = events.get(id) ?? { events: 0, firstDue: 0 };
      counts.#byId.set(id, counts.#lanes.push({ key, id, events: has.events }) - 1);
      return { key, ...has };
    });
    return { counts, lanes };
  }

  add(key: FunctionKey): void {
    this.#lanes.push({ key, id: 0, events: 0 });
  }

  key(id: number): FunctionKey {
    return this.#at(this.numberOf(id)).key;
  }

  numberOf(id: number): LaneNumber {
    const number = this.#byId.get(id);
    if (number === undefined) throw new Error(`there is no function ${id} in the database`);
    return number;
  }

  events(number: LaneNumber): number {
    return this.#at(number).events;
  }

  /** The function's number in the database, 0 if it has none, which no row has. */
  known(number: LaneNumber): number {
    return this.#at(number).id;
  }

  /** The same; its row is made if need be. */
  id(number: LaneNumber): number {
    const lane = this.#at(number);
    if (lane.id === 0) {
      const { region, namespace, name } = lane.key;
      this.#remember(lane);
      lane.id = Number(this.#insert.run(region, namespace, name).lastInsertRowid);
      this.#byId.set(lane.id, number);
    }
    return lane.id;
  }

  change(number: LaneNumber, by: number): void {
    const lane = this.#at(number);
    this.#remember(lane);
    lane.events += by;
  }

  committed(): void {
    this.#before.clear();
  }

  undo(): void {
    for (const [lane, { id, events }] of this.#before) {
      if (lane.id !== id) this.#byId.delete(lane.id);
      Object.assign(lane, { id, events });
    }
    this.#before.clear();
  }

  #remember(lane: Lane): void {
    if (!this.#before.has(lane)) this.#before.set(lane, { id: lane.id, events: lane.events });
  }

  #at(number: LaneNumber): Lane {
    const lane = this.#lanes[number];
    if (!lane) throw new Error(`there is no lane ${number}`);
    return lane;
  }
}
