import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Clock, TurnableClock } from '../core/clock.ts';
import { CloudError, PLATFORM_ERRORS } from '../core/errors.ts';
import { anEvent, keptLog } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import type { Rows, Store } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { aBegun, anAccepted, anAttempt, START } from './fixture.ts';
import { createWriter } from './writer.ts';

let store: Store;
let log: ReturnType<typeof keptLog>;
const clock = new TurnableClock(START);

beforeEach(async () => {
  store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
  log = keptLog();
});
afterEach(() => store.close());

const ALL = Number.POSITIVE_INFINITY;
const open = (budgetBytes: number, change: Partial<Parameters<typeof createWriter>[0]> = {}) =>
  createWriter({ store, wallClock: clock, log, budgetBytes, ...change });
const sized = (requestId: string, size: number, change: Parameters<typeof anAttempt>[1] = {}) =>
  anAttempt(requestId, {
    event: anEvent({ requestId, body: Buffer.alloc(size, 'e') }),
    ...change,
    outcome: { body: Buffer.from('0') },
  });
const kept = async () => (await store.list('payloads')).map(({ requestId, bytes }) => `${requestId} ${bytes}`);

test('rows and bytes come together, and what was written is told', async () => {
  const written = await open(1000).write([sized('a', 9), sized('b', 19)], ALL);
  assert.deepEqual(written, { rows: 2, bytes: 30, again: 0, bare: 0, ms: 0 });
  assert.deepEqual(await kept(), ['a 10', 'b 20']);
  assert.equal(await store.count('invocations'), 2);
});

test('no bytes are kept where the budget is none', async () => {
  const written = await open(0).write([sized('a', 9), anAccepted('b')], ALL);
  assert.deepEqual([written.rows, written.bytes, written.bare], [2, 0, 0]);
  assert.deepEqual(await kept(), []);
});

test('what is larger than the budget is not kept; its record is', async () => {
  const written = await open(100).write([sized('a', 99), sized('b', 100)], ALL);
  assert.deepEqual([written.rows, written.bytes, written.bare], [2, 100, 0]);
  assert.deepEqual(await kept(), ['a 100']);
});

test('where there is little room records come without bytes', async () => {
  const written = await open(1000).write([sized('a', 59), sized('b', 59), sized('c', 39)], 100);
  assert.deepEqual([written.rows, written.bytes, written.bare], [3, 100, 1]);
  assert.deepEqual(await kept(), ['a 60', 'c 40']);
});

test('the end of an event brings its bytes again, together with the reply', async () => {
  const writer = open(1000);
  const event = anEvent({ requestId: 'a', body: Buffer.alloc(50, 'e') });
  await writer.write([{ event, acceptedAt: START }], ALL);
  await writer.write([aBegun('a', { event })], ALL);
  assert.deepEqual(await kept(), ['a 50']);
  const { again } = await writer.write([sized('a', 50, { mode: 'async', verdict: 'retried', event })], ALL);
  assert.equal(again, 50);
  const retried = await writer.write([sized('a', 50, { mode: 'async', verdict: 'acked', event, retryNum: 1 })], ALL);
  assert.deepEqual([retried.bytes, retried.again], [1, 0]);
  assert.deepEqual(await kept(), ['a 51', 'a 1']);
});

test('rows and bytes are kept together or not at all', async () => {
  const full = new CloudError('InternalError.System', PLATFORM_ERRORS['InternalError.System']);
  const failing: Store = Object.assign(Object.create(store), {
    transaction: <R>(work: (rows: Rows) => Promise<R>) =>
      store.transaction(rows => {
        const putAll: Rows['putAll'] = (table, all) =>
          table === 'payloads' ? Promise.reject(full) : rows.putAll(table, all);
        return work(Object.assign(Object.create(rows), { putAll }));
      }),
  });
  await assert.rejects(open(1000, { store: failing }).write([sized('a', 9)], ALL), full);
  assert.equal(await store.count('invocations'), 0);
});

test('a row that no store can hold is lost alone, its neighbours keep their bytes', async () => {
  const bad = anAttempt('bad', { outcome: { durationMs: Number.NaN } });
  const written = await open(1000).write([sized('a', 9), bad, sized('c', 9)], ALL);
  assert.equal(await store.count('invocations'), 2);
  assert.deepEqual(
    (await kept()).filter(one => !one.startsWith('bad')),
    ['a 10', 'c 10'],
  );
  assert.equal(written.again, written.bytes, 'what went before the failure is not known');
  assert.equal(log.lines.length, 1);
  assert.equal(new Map(Object.entries(log.lines[0]?.fields ?? {})).get('requestId'), 'bad');
});

test('others have their turn between slices, by number and by size, and their time is not counted', async () => {
  let nowMs = 0;
  let turns = 0;
  const wallClock: Clock = {
    now: () => nowMs,
    sleep: () => assert.fail('writing waits for nobody'),
    at: () => assert.fail('writing waits for nobody'),
    hold: () => assert.fail('real time holds nothing'),
  };
  let goOn = true;
  const others = (async () => {
    for (; goOn; await new Promise(setImmediate)) {
      nowMs += 1000;
      turns++;
    }
  })();
  const batch = Array.from({ length: 130 }, (_, i) => sized(`r${String(i).padStart(3, '0')}`, 10_000));
  const { ms } = await open(1e9, { wallClock }).write(batch, ALL);
  goOn = false;
  await others;
  assert.equal(ms, 0);
  // 64 + 64 + 2 rows; 26 × 10,001 bytes are the most below 256 KB.
  assert.ok(turns >= 2 + 5, String(turns));
  assert.equal(await store.count('payloads'), 130);
});
