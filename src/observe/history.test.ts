import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { anEvent, KEY } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { anAttempt, START } from './fixture.ts';
import { createHistory, type KeptHistory } from './history.ts';
import { createTimeline, type KeptTimeline } from './timeline.ts';

const clock = new TurnableClock(START);
const budget = { rows: 1000, ageMs: 86_400_000, bytes: 1 << 24, memoryRows: 1000 };
let store: Store;
let timeline: KeptTimeline;
let history: KeptHistory;
beforeEach(async () => {
  store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
  timeline = createTimeline({ store, clock, wallClock: clock, log: NO_LOG, budget });
  history = createHistory({ store, timeline });
});
afterEach(async () => {
  await timeline.close();
  await store.close();
});

test('reads what is not written yet', async () => {
  timeline.settled(anAttempt('a', { startedAt: START + 5 }));
  timeline.settled(anAttempt('b', { startedAt: START + 6 }));
  const range = { column: 'startedAt', from: START + 6, before: START + 7 };
  assert.deepEqual(
    (await history.list(KEY, { range })).map(row => row.requestId),
    ['b'],
  );
  timeline.settled(anAttempt('c', { startedAt: START + 6 }));
  assert.equal(await history.count({ ...KEY, status: 200 }, range), 2);
  assert.equal(await history.count({ ...KEY, name: 'other' }), 0);
});

test('gives the exact bytes of every attempt, as far as they are kept', async () => {
  assert.equal(await history.payload('a'), undefined);
  const event = anEvent({ requestId: 'a', body: Buffer.from([0xff, 0, 1]), routingKey: '{}' });
  timeline.accepted(event, START);
  assert.deepEqual(await history.payload('a'), { event: event.body, routingKey: '{}', replies: new Map() });
  const failed = { mode: 'async', verdict: 'retried', event, outcome: { status: 430, stackTrace: 'x' } } as const;
  timeline.settled(anAttempt('a', failed));
  timeline.settled(anAttempt('a', { mode: 'async', verdict: 'acked', event, retryNum: 1 }));
  const bytes = await history.payload('a');
  assert.deepEqual(bytes?.event, event.body);
  assert.deepEqual([...(bytes?.replies.keys() ?? [])], [0, 1]);
  assert.match(String(bytes?.replies.get(0)), /"stackTrace":"x","statusCode":430}$/);
  assert.equal(String(bytes?.replies.get(1)), '"ok"');
  await store.remove('payloads', { requestId: 'a', retryNum: 0 });
  assert.deepEqual(await history.payload('a'), { routingKey: '', replies: new Map([[1, Buffer.from('"ok"')]]) });
});

test('knows the last requests, those not written yet included', async () => {
  timeline.settled(anAttempt('a'));
  timeline.accepted(anEvent({ requestId: 'b' }), START + 1);
  const rows = await history.recent({ limit: 10 });
  assert.deepEqual(
    rows.map(row => row.requestId),
    ['b', 'a'],
  );
});
