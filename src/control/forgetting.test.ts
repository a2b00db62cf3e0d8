import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { anEvent, keptLog } from '../core/fixture.ts';
import { SeededIds } from '../core/ids.ts';
import type { Executions } from '../core/ports.ts';
import { memoryEvents } from '../queue/memory.ts';
import { scene } from './fixture.ts';
import { Forgetting } from './forgetting.ts';

const HOUR_MS = 3600_000;
const KEPT_MS = 72 * HOUR_MS;
const START = Date.UTC(2024, 3, 19);

/** Notes the bound of each prune, and the instant it came at. */
function house(prune: (endedBefore: number) => Promise<void> = async () => {}) {
  const clock = new TurnableClock(START);
  const log = keptLog();
  const asked: [at: number, endedBefore: number][] = [];
  const executions: Executions = {
    get: async () => undefined,
    list: async () => ({ total: 0, rows: [] }),
    prune: endedBefore => {
      asked.push([clock.now() - START, endedBefore - START]);
      return prune(endedBefore);
    },
  };
  return { clock, log, asked, forgetting: new Forgetting({ executions, clock, log }) };
}

test('at the start and then every hour, what ended three days before', async () => {
  const { clock, asked, forgetting } = house();
  await clock.advance(HOUR_MS);
  assert.deepEqual(asked, [], 'nothing before the start');
  forgetting.start();
  forgetting.start();
  await clock.advance(2 * HOUR_MS);
  assert.deepEqual(
    asked,
    [1, 2, 3].map(hours => [hours * HOUR_MS, hours * HOUR_MS - KEPT_MS]),
  );
  await forgetting.close();
  await clock.advance(5 * HOUR_MS);
  assert.equal(asked.length, 3, 'nothing after the end');
});

test('what could not be forgotten is logged and forgotten an hour later', async () => {
  let broken = true;
  const { clock, log, asked, forgetting } = house(async () => {
    if (broken) throw new Error('disk full');
  });
  forgetting.start();
  await clock.advance(0);
  assert.deepEqual(
    log.lines.map(({ level, fields }) => [level, 'err' in fields && String(fields.err)]),
    [['error', 'Error: disk full']],
  );
  broken = false;
  await clock.advance(HOUR_MS);
  assert.deepEqual([asked.length, log.lines.length], [2, 1]);
  await forgetting.close();
});

test('closing waits for what is under way, and a turned clock does too', async () => {
  const ended = Promise.withResolvers<void>();
  const { clock, forgetting } = house(() => ended.promise);
  forgetting.start();
  const passed: string[] = [];
  const turned = clock.advance(1).then(() => passed.push('turned'));
  const closed = forgetting.close().then(() => passed.push('closed'));
  await new Promise(setImmediate);
  assert.deepEqual(passed, []);
  ended.resolve();
  await Promise.all([turned, closed]);
  assert.deepEqual(passed.toSorted(), ['closed', 'turned']);
});

test('over the real queue: forgotten by the hour after the third day, and those that run never', async () => {
  const events = memoryEvents(new SeededIds());
  const { control, clock } = await scene({ executions: events.executions });
  const now = clock.now();
  for (const requestId of ['ends', 'runs']) {
    const event = anEvent({ requestId });
    const execution = { version: '1', traced: true };
    await events.queue.push({ event, acceptedAt: now, dueAt: now, retryNum: 0, runErrors: 0, execution }, 9);
  }
  await events.queue.cancel('ends', { state: 'ABORTED', status: 499, endedAt: now });
  await control.start();
  await clock.advance(KEPT_MS);
  assert.equal((await control.executions.get('ends')).state, 'ABORTED');
  await clock.advance(HOUR_MS);
  await assert.rejects(control.executions.get('ends'), { code: 'ResourceNotFound.AsyncEvent' });
  assert.equal((await control.executions.get('runs')).state, 'RUNNING');
  await control.close();
});
