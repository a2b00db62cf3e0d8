// Copies of the files while they are written, whole and cut: what a power cut could leave.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { EventStore } from '../../core/ports.ts';
import { idsOf, letterOf, MANY, queued } from '../samples.ts';
import { type Place, place } from './testing-events.ts';

/** Fewer pages than bring a checkpoint, so that the log alone holds all and the database file stands still. */
const EVENTS = 600;
const body = (i: number) => `${i}:${'x'.repeat((i * 37) % 3000)}`;

/** Copies in the middle of the pushes, with what had been promised before the first byte was copied. */
async function copies(t: TestContext): Promise<{ at: Place; folders: { dir: string; promised: readonly string[] }[] }> {
  const at = place(t);
  const events = await at.open();
  const promised: string[] = [];
  const folders: { dir: string; promised: readonly string[] }[] = [];
  const producer = async (start: number) => {
    for (let i = start; i < EVENTS; i += 16) {
      await events.queue.push(queued(`r${i}`, i, { body: body(i) }), MANY);
      promised.push(`r${i}`);
      if (i % 60 === 0) folders.push(copied(at, folders.length, [...promised]));
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, start) => producer(start)));
  folders.push(copied(at, folders.length, [...promised]));
  assert.ok(folders.length >= 10);
  return { at, folders };
}

function copied(at: Place, number: number, promised: readonly string[]): { dir: string; promised: readonly string[] } {
  const dir = join(at.dir, `copy${number}`);
  mkdirSync(dir);
  for (const name of ['events.db', 'events.db-wal'])
    copyFileSync(`${at.file.replace('events.db', name)}`, join(dir, name));
  return { dir, promised };
}

function integrity(dir: string): unknown {
  const db = new DatabaseSync(join(dir, 'events.db'));
  try {
    return db.prepare('PRAGMA integrity_check').get()?.integrity_check;
  } finally {
    db.close();
  }
}

/** Leases all, and sees that each is what was pushed. */
async function ids(events: EventStore): Promise<Set<string>> {
  const leases = await events.queue.lease(MANY, 1e6, 2e6);
  for (const { item } of leases) {
    assert.equal(item.event.body.toString(), body(Number(item.event.requestId.slice(1))), 'no byte is another');
  }
  assert.equal(await events.queue.pending(), leases.length);
  return new Set(idsOf(leases));
}

test('copied in the middle of pushes, it opens and has all that was promised', async t => {
  const { at, folders } = await copies(t);
  for (const { dir, promised } of folders) {
    const events = await at.open({}, join(dir, 'events.db'));
    const there = await ids(events);
    assert.deepEqual(
      promised.filter(id => !there.has(id)),
      [],
    );
    assert.equal(await events.queue.push(queued('new', 1), MANY), 'added');
    await events.close();
    assert.equal(integrity(dir), 'ok');
  }
});

test('with the log cut anywhere or its end turned over, what is there are the first pushes, whole', async t => {
  const { at, folders } = await copies(t);
  const last = folders.at(-1);
  assert.ok(last);
  const wal = readFileSync(join(last.dir, 'events.db-wal'));
  /** In the order of their numbers in the database, which is that of the commits. */
  const all = await at.open({}, join(last.dir, 'events.db'));
  const everything = await ids(all);
  await all.close();
  const order = sequence(last.dir);
  assert.equal(order.length, everything.size);
  let count = 0;
  const damage = fc.record({
    length: fc.integer({ min: 0, max: wal.length }),
    flips: fc.array(fc.nat({ max: 9_000 }), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ length, flips }) => {
      const dir = join(at.dir, `damaged${count++}`);
      mkdirSync(dir);
      const cut = Buffer.from(wal.subarray(0, length));
      for (const back of flips)
        if (back < cut.length) cut[cut.length - 1 - back] = ~(cut[cut.length - 1 - back] ?? 0) & 255;
      copyFileSync(join(folders[0]?.dir ?? '', 'events.db'), join(dir, 'events.db'));
      writeFileSync(join(dir, 'events.db-wal'), cut);
      const events = await at.open({}, join(dir, 'events.db'));
      const there = await ids(events);
      assert.deepEqual(there, new Set(order.slice(0, there.size)), 'a prefix of the pushes');
      await events.close();
      assert.equal(integrity(dir), 'ok');
    }),
    {
      numRuns: 25,
      examples: [[{ length: wal.length, flips: [] }], [{ length: 0, flips: [] }], [{ length: 16, flips: [] }]],
    },
  );
});

function sequence(dir: string): string[] {
  const db = new DatabaseSync(join(dir, 'events.db'));
  try {
    return db
      .prepare('SELECT requestId FROM events ORDER BY seq')
      .all()
      .map(row => String(row.requestId));
  } finally {
    db.close();
  }
}

test('a log cut between the steps of a dying event leaves it in the queue or a letter', async t => {
  const at = place(t);
  const events = await at.open();
  for (let i = 0; i < 40; i++) await events.queue.push(queued(`r${i}`, 1, { body: body(i) }), MANY);
  for (const lease of await events.queue.lease(40, 5, 100)) await events.queue.dead(lease, letterOf(lease.item, 6));
  const whole = copied(at, 0, []);
  await events.close();
  const path = join(whole.dir, 'events.db-wal');
  const wal = readFileSync(path);
  const seen = new Set<number>();
  for (let length = wal.length; length > wal.length / 3; length -= Math.ceil(wal.length / 40)) {
    const { dir } = whole;
    copyFileSync(join(dir, 'events.db'), join(at.dir, 'cut.db'));
    writeFileSync(join(at.dir, 'cut.db-wal'), wal);
    truncateSync(join(at.dir, 'cut.db-wal'), length);
    const cut = await at.open({}, join(at.dir, 'cut.db'));
    const { rows } = await cut.letters.list({}, {});
    const waiting = await cut.queue.lease(99, 5, 100);
    const both = [...idsOf(rows), ...idsOf(waiting)];
    assert.equal(new Set(both).size, both.length, 'in one place');
    if (rows.length > 0) assert.equal(both.length, 40, 'none is missing');
    seen.add(rows.length);
    await cut.close();
  }
  assert.ok(seen.size > 5, 'cut in the middle of it');
});
