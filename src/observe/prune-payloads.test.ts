import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from '../core/clock.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { PayloadRow } from '../core/rows.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { START } from './fixture.ts';
import { createPayloadPruner } from './prune-payloads.ts';

const KB = 1024;
const clock = new TurnableClock(START);
const open = () => openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
let store: Store;
beforeEach(async () => {
  store = await open();
});
afterEach(() => store.close());

const aPayload = (number: number, at: number, bytes: number): PayloadRow => ({
  requestId: `r${String(number).padStart(6, '0')}`,
  retryNum: 0,
  at,
  bytes,
  routingKey: '',
  event: Buffer.alloc(bytes),
  reply: Buffer.alloc(0),
});

const prunerOf = (budgetBytes: number, of = store) =>
  createPayloadPruner({ store: of, budgetBytes, timed: work => work() });
const fill = (from: number, count: number, bytes: number, at = (number: number) => START + number) =>
  store.putAll(
    'payloads',
    Array.from({ length: count }, (_, i) => aPayload(from + i, at(from + i), bytes)),
  );
const held = () => store.sum('payloads', 'bytes');
const oldest = async () => (await store.list('payloads', {}, { orderBy: 'at', limit: 1 }))[0]?.requestId;

test('the budget itself is kept; beyond it the oldest go, and some room is made', async () => {
  const pruner = prunerOf(1600 * KB);
  await fill(0, 1600, KB);
  await pruner.wrote(1600 * KB, 0);
  assert.equal(await held(), 1600 * KB);
  await fill(1600, 1, KB);
  await pruner.wrote(KB, 0);
  assert.equal(await held(), 1500 * KB);
  assert.equal(await oldest(), 'r000101');
});

test('of a large budget no more than a little is removed at once', async () => {
  const pruner = prunerOf(64 * KB * KB);
  await fill(0, 65, KB * KB);
  await pruner.wrote(65 * KB * KB, 0);
  assert.equal(await held(), 63 * KB * KB);
});

test('what was there before the start counts, and a smaller budget is kept from then on', async () => {
  await fill(0, 1000, KB);
  await prunerOf(160 * KB).wrote(0, 0);
  assert.equal(await held(), 150 * KB);
});

test('a budget of nothing leaves nothing', async () => {
  await fill(0, 1000, KB);
  await prunerOf(0).wrote(0, 0);
  assert.equal(await store.count('payloads'), 0);
});

test('one payload may take the whole budget', async () => {
  const pruner = prunerOf(1000 * KB);
  await fill(0, 20, KB);
  await pruner.wrote(20 * KB, 0);
  await fill(20, 1, 1000 * KB);
  await pruner.wrote(1000 * KB, 0);
  assert.deepEqual([await oldest(), await held()], ['r000020', 1000 * KB]);
});

test('what took the place of the same is not counted twice for long', async () => {
  const pruner = prunerOf(1600 * KB);
  for (let i = 0; i < 40; i++) {
    await fill(0, 100, KB);
    await pruner.wrote(100 * KB, 100 * KB);
  }
  assert.equal(await held(), 100 * KB);
});

test('rows of one instant, as on a clock that stands still, go one by one', async () => {
  const pruner = prunerOf(160 * KB);
  await fill(0, 200, KB, () => START);
  await pruner.wrote(200 * KB, 0);
  assert.equal(await held(), 150 * KB);
  assert.equal(await oldest(), 'r000050');
});

test('what is older than an instant goes, its bytes with it', async () => {
  const pruner = prunerOf(1000 * KB);
  await fill(0, 600, KB);
  await pruner.wrote(600 * KB, 0);
  await pruner.dropBefore(START + 500);
  assert.deepEqual([await oldest(), await held()], ['r000500', 100 * KB]);
  // Room for 900 more, if the pruner knows.
  await fill(600, 900, KB);
  await pruner.wrote(900 * KB, 0);
  assert.equal(await held(), 1000 * KB);
  await pruner.dropBefore(START + 1_000_000);
  assert.equal(await store.count('payloads'), 0);
});

test('of many of one instant all are older than the next', async () => {
  await fill(0, 700, 1, () => START);
  await fill(700, 1, 1, () => START + 1);
  const pruner = prunerOf(10_000);
  await pruner.wrote(701, 0);
  await pruner.dropBefore(START + 1);
  assert.equal(await oldest(), 'r000700');
});

test('whatever is written: never above the budget, the oldest gone first, and not much more than need be', async () => {
  const aBatch = fc.record({
    sizes: fc.array(fc.oneof(fc.nat(100), fc.nat(2000), fc.constant(8000)), { maxLength: 30 }),
    stepMs: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(aBatch, { maxLength: 12 }),
      fc.integer({ min: 8000, max: 20_000 }),
      async (batches, budget) => {
        const own = await open();
        const pruner = prunerOf(budget, own);
        const all: PayloadRow[] = [];
        let at = START;
        for (const { sizes, stepMs } of batches) {
          const rows = sizes.map(bytes => {
            at += stepMs;
            return aPayload(all.length, at, bytes);
          });
          for (const row of rows) all.push({ ...row, requestId: `r${String(all.length).padStart(6, '0')}` });
          const batch = all.slice(all.length - rows.length);
          await own.putAll('payloads', batch);
          await pruner.wrote(
            batch.reduce((sum, { bytes }) => sum + bytes, 0),
            0,
          );
          const kept = await own.list('payloads', {}, { orderBy: 'at' });
          const sum = kept.reduce((total, { bytes }) => total + bytes, 0);
          assert.ok(sum <= budget, `${sum} of ${budget}`);
          assert.deepEqual(
            kept.map(row => row.requestId),
            all.slice(all.length - kept.length).map(row => row.requestId),
            'the youngest',
          );
          const next = all[all.length - kept.length - 1];
          if (next)
            assert.ok(sum + next.bytes > budget - budget / 16 - 8000, 'no more than a sixteenth and one was removed');
        }
        await own.close();
      },
    ),
    { numRuns: 60 },
  );
});

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'payloads-'));
});
after(() => rm(dir, { recursive: true }));

test('sums and edges are found in an index, without a look at a payload', async () => {
  const file = join(dir, 'plan.db');
  await (await openSqliteStore({ file, clock, log: NO_LOG })).close();
  const db = new DatabaseSync(file, { readOnly: true });
  const plan = (query: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map(step => String(step.detail))[0];
  assert.match(plan('SELECT sum(bytes) FROM payloads') ?? '', /COVERING INDEX payloads_at/);
  assert.match(plan('SELECT sum(bytes) FROM payloads WHERE at < ?') ?? '', /COVERING INDEX payloads_at/);
  assert.match(plan('DELETE FROM payloads WHERE at < ?') ?? '', /INDEX payloads_at/);
  const edge = 'SELECT * FROM payloads WHERE at >= ? ORDER BY at, requestId, retryNum LIMIT 1 OFFSET 256';
  assert.match(plan(edge) ?? '', /INDEX payloads_at/);
  db.close();
});
