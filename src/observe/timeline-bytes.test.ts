import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { anEvent, keptLog } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { anAttempt, START } from './fixture.ts';
import { watched } from './testing-store.ts';
import { createTimeline, type KeptTimeline, type TimelineBudget } from './timeline.ts';

let store: Store;
let log: ReturnType<typeof keptLog>;
const clock = new TurnableClock(START);
const timelines: KeptTimeline[] = [];
beforeEach(async () => {
  store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
  log = keptLog();
});
afterEach(async () => {
  for (const timeline of timelines.splice(0)) await timeline.close();
  await store.close();
});

const BUDGET: TimelineBudget = { rows: 10_000, ageMs: 86_400_000, bytes: 1 << 24, memoryRows: 5_000 };
function open(given: { budget?: Partial<TimelineBudget>; store?: Store } = {}): KeptTimeline {
  const deps = { store, clock, wallClock: clock, log, ...given };
  const timeline = createTimeline({ ...deps, budget: { ...BUDGET, ...given.budget } });
  timelines.push(timeline);
  return timeline;
}

const ids = async () => (await store.list('invocations')).map(row => row.requestId);
const large = (id: string, size: number) => anAttempt(id, { outcome: { body: Buffer.alloc(size, 'x') } });
const kept = async () => (await store.list('payloads')).map(row => row.requestId);

test('bytes come with their records, and go with them', async () => {
  const timeline = open({ budget: { rows: 2 } });
  timeline.accepted(anEvent({ requestId: 'a' }), START);
  await timeline.flush();
  assert.deepEqual([await ids(), await kept()], [['a'], ['a']]);
  for (const id of ['b', 'c', 'd', 'e']) timeline.settled(anAttempt(id, { startedAt: START + id.charCodeAt(0) }));
  await timeline.close();
  assert.deepEqual(
    [await ids(), await kept()],
    [
      ['d', 'e'],
      ['d', 'e'],
    ],
  );
});

test('bytes are bounded by their budget', async () => {
  const timeline = open({ budget: { bytes: 100_000 } });
  for (let i = 0; i < 300; i++)
    timeline.settled(anAttempt(`r${i + 100}`, { startedAt: START + i, outcome: { body: Buffer.alloc(1000) } }));
  await timeline.close();
  const sum = await store.sum('payloads', 'bytes');
  assert.ok(sum <= 100_000 && sum > 90_000, String(sum));
  assert.equal((await kept()).at(-1), 'r399');
  assert.equal(await store.count('invocations'), 300);
});

test('bytes are written a megabyte at a time', async () => {
  const { watch, faulty } = watched(store);
  const timeline = open({ store: faulty });
  for (let i = 0; i < 12; i++) timeline.settled(large(`r${i}`, 500_000));
  await timeline.flush();
  assert.equal(watch.transactions, 6);
  assert.equal((await kept()).length, 12);
});

test('bytes are left out where the writing falls behind: records are worth more, and the log says so', async () => {
  const timeline = open({ budget: { memoryRows: 100 } });
  for (let i = 0; i < 80; i++) timeline.settled(large(`r${i}`, 10_000));
  await timeline.flush();
  assert.equal(await store.count('invocations'), 80);
  assert.equal((await kept()).length, 26, 'as many as fit into 256 KB');
  assert.deepEqual(
    log.lines.map(line => line.fields),
    [{ records: 54 }],
  );
});

test('bytes are not kept if nothing is to be', async () => {
  const timeline = open({ budget: { bytes: 0 } });
  timeline.settled(large('a', 10));
  await timeline.flush();
  assert.deepEqual([await ids(), await kept()], [['a'], []]);
});

test('what was written while old bytes are removed is not counted twice, nor forgotten when that fails', async () => {
  let failures = 1;
  const { faulty } = watched(store);
  const flaky: Store = {
    ...faulty,
    sum: (...given) => (failures-- > 0 ? Promise.reject(new Error('no sum')) : store.sum(...given)),
  };
  const timeline = open({ store: flaky, budget: { bytes: 100_000 } });
  for (let i = 0; i < 20; i++) {
    for (let j = 0; j < 10; j++) {
      const startedAt = START + i * 10 + j;
      timeline.settled(anAttempt(`r${startedAt}`, { startedAt, outcome: { body: Buffer.alloc(1000) } }));
    }
    await timeline.flush();
  }
  await timeline.close();
  const sum = await store.sum('payloads', 'bytes');
  assert.ok(sum <= 100_000 && sum > 90_000, String(sum));
  assert.deepEqual(
    log.lines.map(line => line.text),
    ['old invocation records could not be removed'],
  );
});
