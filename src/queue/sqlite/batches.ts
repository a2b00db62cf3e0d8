// One batch, one transaction. If it fails, each of its ops has one of its own: a bad one fails alone.

import type { DatabaseSync } from 'node:sqlite';
import { type Failure, failureOf } from '../errors.ts';
import { Counts } from './counts.ts';
import { EventTable, type Push } from './event-table.ts';
import { ExecutionTable } from './execution-table.ts';
import { LetterTable } from './letter-table.ts';
import {
  type Answer,
  type Batch,
  type KillPoint,
  type Opened,
  PIECES,
  type PushCells,
  READS,
  type Verb,
  type Verbs,
} from './protocol.ts';

type Args = readonly unknown[];
type Bytes = readonly Uint8Array[];
type Typed<V extends Verb> = (args: Parameters<Verbs[V]>, bytes: Bytes) => ReturnType<Verbs[V]>;

interface Op {
  readonly verb: Verb;
  readonly args: Args;
  readonly bytes: Bytes;
}

export class Batches {
  readonly lanes: Opened['lanes'];
  readonly lastSeq: number;
  readonly #db: DatabaseSync;
  readonly #counts: Counts;
  readonly #events: EventTable;
  readonly #verbs: { readonly [V in Verb]: Typed<V> };
  readonly #passed: (point: KillPoint) => void;
  /** Of the last transaction. */
  #commitMs: number | undefined;

  constructor(db: DatabaseSync, passed: (point: KillPoint) => void) {
    this.#db = db;
    this.#passed = passed;
    const { counts, lanes } = Counts.open(db);
    this.#counts = counts;
    this.lanes = lanes;
    this.lastSeq = Number(db.prepare('SELECT max(seq) AS seq FROM events').get()?.seq ?? 0);
    const executions = new ExecutionTable(db, counts);
    const letters = new LetterTable(db, counts, executions);
    const events = new EventTable(db, counts, executions);
    this.#events = events;
    this.#verbs = {
      push: (cells, [body = NOTHING]) => events.push([{ cells, body }])[0] ?? 'there',
      later: args => events.later(...args),
      end([seq, lane, requestId, end, letter], [body = NOTHING, message = NOTHING]) {
        events.remove(seq, lane);
        if (letter) letters.keep(letter, body, message);
        if (end) executions.end(requestId, end);
      },
      cancel([requestId, end]) {
        const lane = events.cancel(requestId);
        if (lane !== undefined) executions.end(requestId, end);
        return lane;
      },
      find: ([requestId]) => events.find(requestId),
      window: args => events.window(...args),
      keep: ([letter], [body = NOTHING, message = NOTHING]) => letters.keep(letter, body, message),
      letters: args => letters.list(...args),
      lastLetter: () => letters.last(),
      redrive: args => letters.redrive(...args),
      purge: args => letters.purge(...args),
      execution: ([requestId]) => executions.get(requestId),
      executions: args => executions.list(...args),
      prune: args => executions.prune(...args),
    };
  }

  run(batch: Batch): Answer {
    for (const key of batch.lanes) this.#counts.add(key);
    const ops = opsOf(batch);
    this.#commitMs = undefined;
    try {
      return { results: this.#transaction(ops), failures: [], commitMs: this.#commitMs };
    } catch {
      return this.#oneByOne(ops);
    }
  }

  #oneByOne(ops: readonly Op[]): Answer {
    const failures: [number, Failure][] = [];
    const results = ops.map((op, place) => {
      try {
        return this.#transaction([op])[0];
      } catch (error) {
        failures.push([place, failureOf(error)]);
        return undefined;
      }
    });
    return { results, failures, commitMs: this.#commitMs };
  }

  #transaction(ops: readonly Op[]): unknown[] {
    if (ops.every(op => READS.has(op.verb))) return this.#all(ops);
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#passed('queue.begin');
      const results = this.#all(ops);
      this.#passed('queue.written');
      const began = performance.now();
      this.#db.exec('COMMIT');
      this.#commitMs = performance.now() - began;
      this.#passed('queue.committed');
      this.#counts.committed();
      return results;
    } catch (error) {
      this.#counts.undo();
      // SQLite itself ends a transaction that fails for want of space.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #all(ops: readonly Op[]): unknown[] {
    const results: unknown[] = [];
    for (let place = 0; place < ops.length; place++) {
      const op = ops[place];
      if (op?.verb === 'push') {
        const pushes = pushesFrom(ops, place);
        results.push(...this.#events.push(pushes));
        place += pushes.length - 1;
      } else if (op) results.push(this.#run(op.verb, op));
    }
    return results;
  }

  #run<V extends Verb>(verb: V, { args, bytes }: Op): unknown {
    return this.#verbs[verb](args as Parameters<Verbs[V]>, bytes);
  }
}

const NOTHING = new Uint8Array(0);

function opsOf({ verbs, args, lengths, bytes: all }: Batch): Op[] {
  let [piece, place] = [0, 0];
  return verbs.map((verb, index) => {
    const bytes: Uint8Array[] = [];
    for (let left = PIECES[verb] ?? 0; left > 0; left--) {
      const length = lengths[piece++] ?? 0;
      bytes.push(new Uint8Array(all, place, length));
      place += length;
    }
    return { verb, args: args[index] ?? [], bytes };
  });
}

/** As many as follow one another. */
function pushesFrom(ops: readonly Op[], start: number): Push[] {
  const pushes: Push[] = [];
  for (let place = start; ops[place]?.verb === 'push'; place++) {
    const { args = [], bytes = [] } = ops[place] ?? {};
    pushes.push({ cells: args as unknown as PushCells, body: bytes[0] ?? NOTHING });
  }
  return pushes;
}
