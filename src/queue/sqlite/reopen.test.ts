// What is left when a file is closed and opened again, and how long queues are read.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { keyText } from '../../core/function.ts';
import type { EventStore, QueuedEvent } from '../../core/ports.ts';
import { FAILED, FINISHED, idsOf, letterOf, MANY, only, queued, target } from '../samples.ts';
import { place } from './testing-events.ts';

const pushAll = (events: EventStore, items: readonly QueuedEvent[]) =>
  Promise.all(items.map(item => events.queue.push(item, MANY)));

test('events, letters, executions and counts are there again', async t => {
  const { open } = place(t);
  const first = await open();
  const execution = { version: '1', traced: true };
  const items = [
    queued('a', 30, { body: 'a'.repeat(10_000), execution, acceptedAt: 5 }),
    queued('b', 10, { name: 'g' }),
    queued('c', 20, { retryNum: 2, runErrors: 1 }),
    queued('d', 5, { execution }),
    queued('e', 6),
  ];
  await pushAll(first, items);
  const [d, e] = await first.queue.lease(2, 6, 100);
  assert.ok(d && e);
  await first.queue.ack(d, FINISHED);
  const letter = letterOf(e.item, 7);
  await first.queue.dead(e, letter, FAILED);
  const executions = await Promise.all(['a', 'd', 'e'].map(id => first.executions.get(id)));
  await first.close();

  const { queue, letters, ...again } = await open();
  assert.equal(await queue.pending(), 3);
  assert.equal(await queue.pending(target('f')), 2);
  assert.equal(await queue.pending(target('g')), 1);
  assert.equal(await queue.nextDue(), 10);
  assert.deepEqual(await queue.find('a'), { item: items[0], leased: false });
  assert.equal(await queue.push(queued('c', 1), MANY), 'there');
  assert.equal(await queue.push(queued('z', 1), 2), 'full');
  assert.deepEqual(await letters.list({}, {}), { total: 1, rows: [letter] });
  assert.deepEqual(await Promise.all(['a', 'd', 'e'].map(id => again.executions.get(id))), executions);
  const leases = await queue.lease(9, 30, 100);
  assert.deepEqual(
    leases.map(lease => lease.item),
    [items[1], items[2], items[0]],
  );
});

test('leases are void after a restart: their events are leased again, and the old ones settle nothing', async t => {
  const { open } = place(t);
  const first = await open();
  await pushAll(first, [queued('a', 1), queued('b', 2)]);
  const old = await first.queue.lease(2, 5, 1e9);
  await first.close();
  const { queue } = await open();
  const [a] = old;
  assert.ok(a);
  assert.equal(await queue.ack(a), false);
  assert.equal(await queue.nextDue(), 1);
  assert.equal((await queue.find('a'))?.leased, false);
  const again = await queue.lease(2, 5, 100);
  assert.deepEqual(idsOf(again), ['a', 'b']);
  assert.equal(await queue.renew(a, 1e9), false);
});

test('the order of pushes outlives a restart', async t => {
  const { open } = place(t);
  let events = await open({ window: 2 });
  const ids = Array.from({ length: 30 }, (_, i) => `r${i}`);
  for (const [i, id] of ids.entries()) {
    await events.queue.push(queued(id, 7), MANY);
    if (i % 10 === 9) {
      await events.close();
      events = await open({ window: 2 });
    }
  }
  assert.deepEqual(idsOf(await events.queue.lease(99, 7, 100)), ids);
});

test('5,000 events in a window of 16: all come, in order, once', async t => {
  const { open } = place(t);
  const events = await open({ window: 16 });
  const items = Array.from({ length: 5_000 }, (_, i) => queued(`r${i}`, (i * 7919) % 1000));
  await pushAll(events, items);
  const order = items.toSorted((a, b) => a.dueAt - b.dueAt || items.indexOf(a) - items.indexOf(b));
  const got: string[] = [];
  for (let round = 0; got.length < items.length; round++) {
    const leases = await events.queue.lease(1 + (round % 40), 1000, 2000);
    assert.ok(leases.length > 0);
    got.push(...idsOf(leases));
    // Some come back at once, behind all others.
    await Promise.all(
      leases.map((lease, i) =>
        i % 3 === 0 ? events.queue.later(lease, { dueAt: 5000, retryNum: 1, runErrors: 0 }) : events.queue.ack(lease),
      ),
    );
  }
  assert.deepEqual(got, idsOf(order.map(item => ({ item }))));
  const back = await events.queue.pending();
  assert.equal(await events.queue.nextDue(), 5000);
  assert.equal((await events.queue.lease(MANY, 5000, 9000)).length, back);
});

test('the backlog of one function does not delay the first event of another', async t => {
  const { open } = place(t);
  const first = await open();
  await pushAll(
    first,
    Array.from({ length: 20_000 }, (_, i) => queued(`s${i}`, i)),
  );
  const check = async ({ queue }: EventStore, id: string) => {
    await queue.push(queued(id, 19_999, { name: 'g' }), MANY);
    const skip = new Set([keyText(target('f'))]);
    const lease = only(await queue.lease(8, 20_000, 30_000, skip));
    assert.equal(lease.item.event.requestId, id);
    await queue.ack(lease);
    assert.deepEqual(await queue.lease(8, 20_000, 30_000, skip), []);
    assert.deepEqual(idsOf(await queue.lease(2, 20_000, 20_000)), ['s0', 's1'], 'and the backlog is in order');
  };
  await check(first, 'g1');
  await first.close();
  const again = await open();
  assert.equal(await again.queue.pending(target('f')), 20_000);
  await check(again, 'g2');
});

test('memory holds no more than its budget, whatever waits', async t => {
  const { open } = place(t);
  const events = await open({ bytes: 100_000, window: 1000 });
  const items = Array.from({ length: 300 }, (_, i) =>
    queued(`r${i}`, i, { name: `f${i % 50}`, body: `${i}`.repeat(2000) }),
  );
  await pushAll(events, items);
  for (const item of items) {
    const lease = only(await events.queue.lease(1, 1000, 2000));
    assert.deepEqual(lease.item, item);
    await events.queue.ack(lease);
  }
  assert.equal(await events.queue.nextDue(), undefined);
});

test('a commit is on disk: write-ahead log, full synchronisation, indexes for what is asked often', async t => {
  const { open, file } = place(t);
  const events = await open();
  await events.queue.push(queued('a', 1), MANY);
  const db = new DatabaseSync(file, { readOnly: true });
  t.after(() => db.close());
  assert.equal(db.prepare('SELECT count(*) AS n FROM events').get()?.n, 1, 'before anything is closed');
  assert.equal(db.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
  const plan = (query: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map(step => String(step.detail))
      .join('; ');
  assert.match(
    plan('SELECT function, count(*), min(dueAt) FROM events GROUP BY function'),
    /COVERING INDEX events_due$/,
    'opening reads no event',
  );
  const window = plan('SELECT * FROM events WHERE function = 1 AND (dueAt, seq) > (1, 2) ORDER BY dueAt, seq LIMIT 9');
  assert.match(window, /events_due \(function=\? AND dueAt>/);
  assert.doesNotMatch(window, /B-TREE/);
  const letters = plan("SELECT * FROM letters WHERE type = 'a' AND name = 'b' ORDER BY diedAt, id LIMIT 1");
  assert.match(letters, /letters_to/);
  assert.doesNotMatch(letters, /B-TREE/);
  assert.doesNotMatch(plan('SELECT * FROM letters ORDER BY diedAt, id LIMIT 1'), /B-TREE/);
  assert.match(plan('SELECT * FROM executions WHERE function = 1 AND startedAt >= 5'), /executions_started/);
  assert.match(plan("SELECT 1 FROM executions WHERE state <> 'RUNNING' AND endedAt < 5"), /executions_over/);
});

test('closed, it leaves one file whole and the lock free', async t => {
  const { open, file } = place(t);
  const events = await open();
  await events.queue.push(queued('a', 1), MANY);
  const [lease] = await events.queue.lease(1, 5, 9);
  assert.ok(lease);
  const [, pushed, acked] = await Promise.all([
    events.close(),
    events.queue.push(queued('b', 1), MANY).catch((error: Error) => error.message),
    events.queue.ack(lease).catch((error: Error) => error.message),
  ]);
  assert.match(String(pushed), /closed/);
  assert.match(String(acked), /closed/);
  await events.close();
  assert.ok(existsSync(file));
  assert.deepEqual(
    readdirSync(dirname(file)).filter(name => name.endsWith('-wal')),
    [],
  );
  assert.equal(await (await open()).queue.pending(), 1);
});

test('what was asked for before it was closed is done', async t => {
  const { open } = place(t);
  const events = await open();
  const pushing = pushAll(
    events,
    Array.from({ length: 2000 }, (_, i) => queued(`r${i}`, i, { body: 'x'.repeat(5000) })),
  );
  await events.close();
  assert.deepEqual(new Set(await pushing), new Set(['added']));
  assert.equal(await (await open()).queue.pending(), 2000);
});
