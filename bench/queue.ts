// The durable queue beside bare node:sqlite: how many events are accepted for good in a second, and how long one waits.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SystemClock } from '../src/core/clock.ts';
import { SystemIds } from '../src/core/ids.ts';
import { NO_LOG } from '../src/core/log.ts';
import { openSqliteEvents } from '../src/queue/sqlite.ts';
import type { Bench } from './bench.ts';
import { inRounds } from './compare.ts';
import { list, type Measure, median, round } from './measure.ts';

const PRODUCERS = 64;
const ROUND_MS = 1_000;
/** Not measured: a thread that has just started runs code that is not yet compiled. */
const WARM_MS = 300;
const BODY = randomBytes(1024);
const LIMIT = 1e9;
const ids = new SystemIds();

interface Enqueued {
  readonly perS: number;
  readonly p99Ms: number;
}

type Insert = (id: string) => Promise<unknown>;

async function enqueue(insert: Insert, producers: number): Promise<Enqueued> {
  await produce(insert, producers, WARM_MS);
  return produce(insert, producers, ROUND_MS);
}

async function produce(insert: Insert, producers: number, forMs: number): Promise<Enqueued> {
  const waits: number[] = [];
  const began = performance.now();
  const producer = async () => {
    for (let now = performance.now(); now < began + forMs; ) {
      await insert(ids.risingUuid());
      const after = performance.now();
      waits.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: producers }, producer));
  const perS = waits.length / ((performance.now() - began) / 1000);
  const p99Ms = waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? 0;
  return { perS, p99Ms };
}

/** A new database each time: one that grows makes the later rounds slower. */
async function ours(bench: Bench, folder: string): Promise<Enqueued> {
  const file = join(folder, `events-${bench.next()}.db`);
  const events = await openSqliteEvents({ file, clock: new SystemClock(), ids, log: NO_LOG });
  const target = { region: 'ap-guangzhou', namespace: 'default', name: 'reports' };
  const push: Insert = requestId => {
    const event = { requestId, target, qualifier: '$LATEST', source: 'invoke', body: BODY };
    const now = Math.floor(performance.now());
    return events.queue.push({ event, acceptedAt: now, dueAt: now, retryNum: 0, runErrors: 0 }, LIMIT);
  };
  try {
    return await enqueue(push, PRODUCERS);
  } finally {
    await events.close();
  }
}

/** Id and bytes, and a commit for all who came in one turn of the event loop: what any queue over SQLite has to do. */
async function bare(bench: Bench, folder: string, producers: number): Promise<Enqueued> {
  const db = new DatabaseSync(join(folder, `bare-${bench.next()}.db`));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id TEXT PRIMARY KEY, body BLOB)');
  const statement = db.prepare('INSERT INTO t VALUES (?, ?)');
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  let waiting: { readonly id: string; readonly resolve: () => void }[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    begin.run();
    for (const { id } of batch) statement.run(id, BODY);
    commit.run();
    for (const { resolve } of batch) resolve();
  };
  const insert: Insert = id =>
    new Promise<void>(resolve => {
      if (waiting.push({ id, resolve }) === 1) setImmediate(flush);
    });
  try {
    return await enqueue(insert, producers);
  } finally {
    db.close();
  }
}

interface Round {
  readonly bare: Enqueued;
  readonly ours: Enqueued;
  readonly alone: Enqueued;
}

async function rounds(bench: Bench): Promise<readonly Round[]> {
  return bench.shared('queue', async () => {
    const folder = await bench.folder();
    const one = async (): Promise<Round> => ({
      bare: await bare(bench, folder, PRODUCERS),
      ours: await ours(bench, folder),
      alone: await bare(bench, folder, 1),
    });
    return inRounds(bench, one);
  });
}

const of = (all: readonly Round[], what: (one: Round) => number) => round(median(all.map(what)));

export const QUEUE: readonly Measure[] = [
  {
    name: `queue-push-${PRODUCERS}`,
    goal: 0.6,
    better: 'higher',
    async run(bench) {
      const all = await rounds(bench);
      const ratios = all.map(one => one.ours.perS / one.bare.perS);
      const [a, b] = [of(all, one => one.ours.perS), of(all, one => one.bare.perS)];
      return { value: median(ratios), detail: `${a} events/s; bare inserts ${b}/s; rounds ${list(ratios)}` };
    },
  },
  {
    name: `queue-push-p99-${PRODUCERS}`,
    goal: 5,
    better: 'lower',
    async run(bench) {
      const all = await rounds(bench);
      const ratios = all.map(one => one.ours.p99Ms / one.alone.p99Ms);
      const [a, b] = [of(all, one => one.ours.p99Ms), of(all, one => one.alone.p99Ms)];
      const c = of(all, one => one.bare.p99Ms);
      const detail = `${a} ms; one insert alone ${b} ms, at ${PRODUCERS} producers ${c} ms; rounds ${list(ratios)}`;
      return { value: median(ratios), detail };
    },
  },
];
