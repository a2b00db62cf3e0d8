import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { NO_LOG } from '../core/log.ts';
import { anAttempt, START } from '../observe/fixture.ts';
import { Closers } from './closers.ts';
import { openRecords } from './records.ts';

const DAY_MS = 86_400_000;

/** Runs `work` with records that are kept by these settings, in one folder after another start as well. */
async function kept(settings: { rows?: number; days?: number; bytesMB?: number }, dataDir: string, startMs = START) {
  const opened = new Closers();
  const clock = new TurnableClock(startMs);
  const config = { records: { rows: 100_000, days: 7, bytesMB: 256, ...settings } };
  const records = await openRecords({ config, dataDir, clock, wallClock: clock, log: NO_LOG }, opened);
  return { ...records, clock, [Symbol.asyncDispose]: () => opened.close(NO_LOG) };
}

test('records and bytes are kept over a restart, in number, age and size as the settings say', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'records-'));
  t.after(() => rm(dir, { recursive: true }));
  const body = Buffer.alloc(10_000, 'x');
  const fill = (timeline: Awaited<ReturnType<typeof kept>>['timeline'], from: number, count: number) => {
    for (let i = from; i < from + count; i++)
      timeline.settled(anAttempt(`r${i}`, { startedAt: START + i, outcome: { body } }));
  };
  {
    await using records = await kept({}, dir);
    fill(records.timeline, 0, 200);
    assert.equal(await records.history.count({}), 200);
    assert.deepEqual((await records.history.payload('r0'))?.replies.get(0), body);
  }
  {
    await using records = await kept({ bytesMB: 1 }, dir);
    fill(records.timeline, 200, 1);
  }
  {
    await using records = await kept({ rows: 100 }, dir);
    assert.equal(await records.history.payload('r100'), undefined, 'a megabyte holds about a hundred of them');
    assert.ok(await records.history.payload('r110'));
    fill(records.timeline, 201, 1);
  }
  {
    await using records = await kept({ bytesMB: 0 }, dir);
    assert.equal(await records.history.count({}), 100);
    fill(records.timeline, 202, 1);
  }
  {
    await using records = await kept({ days: 1 }, dir, START + DAY_MS + 150);
    assert.equal(await records.history.payload('r201'), undefined);
    assert.equal(await records.history.count({}), 101);
    records.timeline.settled(anAttempt('late', { startedAt: START + DAY_MS }));
  }
  await using records = await kept({}, dir, START + DAY_MS + 150);
  const rows = await records.history.list({}, { orderBy: 'startedAt' });
  assert.deepEqual([rows[0]?.requestId, rows.at(-1)?.requestId], ['r150', 'late']);
});
