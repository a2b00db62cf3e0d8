import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Clock, TurnableClock } from '../core/clock.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { aRow, START } from './fixture.ts';
import { createPruner } from './prune.ts';

const HOUR_MS = 3_600_000;
let store: Store;
let clock: TurnableClock;
let nowMs = 0;
const wallClock: Clock = {
  now: () => nowMs,
  sleep: () => assert.fail('pruning waits for nobody'),
  at: () => assert.fail('pruning waits for nobody'),
  hold: () => assert.fail('real time holds nothing'),
};

beforeEach(async () => {
  clock = new TurnableClock(START);
  store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
  nowMs = 0;
});
afterEach(() => store.close());

const rows = (count: number) => ({ rows: count, bytes: 0, again: 0 });

const fill = (count: number) =>
  store.putAll(
    'invocations',
    Array.from({ length: count }, (_, i) => aRow(`r${i}`, { startedAt: START + i })),
  );

/** The store, each of whose removals takes 3 ms. */
const slow = (): Store => ({
  get: (table, where) => store.get(table, where),
  list: (table, where, page) => store.list(table, where, page),
  count: (table, where, range) => store.count(table, where, range),
  sum: (table, column, where, range) => store.sum(table, column, where, range),
  put: (table, row) => store.put(table, row),
  putAll: (table, rows) => store.putAll(table, rows),
  transaction: work => store.transaction(work),
  close: () => store.close(),
  remove(table, where, range) {
    nowMs += 3;
    return store.remove(table, where, range);
  },
});

test('the time it took is its own, not that of others who had their turn meanwhile', async () => {
  const pruner = createPruner({ store: slow(), clock, wallClock, budget: { rows: 100, ageMs: HOUR_MS, bytes: 0 } });
  await fill(1100);
  let goOn = true;
  const others = (async () => {
    for (; goOn; await new Promise(setImmediate)) nowMs += 1000;
  })();
  const tookMs = await pruner.wrote(rows(1100));
  goOn = false;
  await others;
  assert.equal(await store.count('invocations'), 100);
  assert.equal(tookMs, 3 * Math.ceil(1000 / 256), 'one removal per 256 rows');
  assert.ok(nowMs > 3000, 'others had their turn between the removals');
});

test('nothing to remove takes no time', async () => {
  const pruner = createPruner({ store: slow(), clock, wallClock, budget: { rows: 100, ageMs: HOUR_MS, bytes: 0 } });
  await fill(100);
  assert.equal(await pruner.wrote(rows(100)), 0);
  assert.equal(await store.count('invocations'), 100);
});

test('the budget may be passed by a sixteenth before rows are counted again', async () => {
  const pruner = createPruner({ store, clock, wallClock, budget: { rows: 160, ageMs: HOUR_MS, bytes: 0 } });
  await pruner.wrote(rows(0));
  await fill(170);
  await pruner.wrote(rows(170));
  assert.equal(await store.count('invocations'), 170);
  await pruner.wrote(rows(1));
  assert.equal(await store.count('invocations'), 160);
  assert.equal((await store.list('invocations', {}, { orderBy: 'startedAt', limit: 1 }))[0]?.requestId, 'r10');
});
