// A full disk, a bad op among good ones, a thread that dies, a process that is killed between two steps.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { CloudError } from '../../core/errors.ts';
import type { EventStore, Lease } from '../../core/ports.ts';
import { idsOf, letterOf, MANY, only, queued } from '../samples.ts';
import { place } from './testing-events.ts';

const MAX_PAGES = 120;
const SMALL = { maxPages: MAX_PAGES };

/** Pushes until there is no room, and gives how many fitted and what the next was told. */
async function fill(events: EventStore, bytes = 8_000): Promise<{ count: number; error: unknown }> {
  for (let count = 0; ; count++) {
    try {
      await events.queue.push(queued(`fill${count}`, count, { body: 'x'.repeat(bytes) }), MANY);
    } catch (error) {
      return { count, error };
    }
  }
}

/** What became of it so far. */
function watch<T>(promise: Promise<T>): { state: 'open' | 'done' | 'failed'; value?: T; error?: unknown } {
  const seen: ReturnType<typeof watch<T>> = { state: 'open' };
  promise.then(
    value => Object.assign(seen, { state: 'done', value }),
    error => Object.assign(seen, { state: 'failed', error }),
  );
  return seen;
}

/** A letter that no room is left for. */
const largeLetter = (lease: Lease) => letterOf(lease.item, 5, { message: Buffer.alloc(100_000, 'm') });

describe('a full disk', () => {
  test('refuses new events with a sentence, keeps the old ones, and goes on', async t => {
    const { open, file } = place(t);
    const events = await open(SMALL);
    const { count, error } = await fill(events);
    assert.ok(count > 10);
    assert.ok(error instanceof CloudError);
    assert.equal(error.code, 'InternalError.System');
    for (const language of ['zh', 'en'] as const) assert.ok(error.text(language).includes(file));
    assert.equal(await events.queue.pending(), count);
    assert.equal(await events.queue.find(`fill${count}`), undefined);
    const [first] = await events.queue.lease(1, 1e6, 2e6);
    assert.ok(first && (await events.queue.ack(first)));
    assert.equal(await events.queue.push(queued('again', 1, { body: 'x'.repeat(8_000) }), MANY), 'added');
    assert.equal(await events.queue.pending(), count);
  });

  test('an op that does not fit fails alone among those of its batch', async t => {
    const { open } = place(t);
    const events = await open(SMALL);
    const results = await Promise.allSettled([
      events.queue.push(queued('a', 1), MANY),
      events.queue.push(queued('b', 2, { body: 'x'.repeat(4096 * MAX_PAGES) }), MANY),
      events.queue.push(queued('c', 3), MANY),
      events.queue.push(queued('c', 3), MANY),
      events.queue.find('a'),
    ]);
    assert.deepEqual(
      results.map(one => one.status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
    assert.equal(await events.queue.pending(), 2);
    assert.deepEqual(idsOf(await events.queue.lease(9, 5, 9)), ['a', 'c']);
    assert.equal(await events.queue.push(queued('d', 1), 2), 'full', 'what failed is not counted');
    assert.equal(await events.queue.push(queued('d', 1), 3), 'added');
  });

  test('a function whose first event failed has its next', async t => {
    const { open } = place(t);
    const events = await open(SMALL);
    const big = queued('a', 1, { name: 'new', body: 'x'.repeat(4096 * MAX_PAGES) });
    await assert.rejects(events.queue.push(big, MANY), { code: 'InternalError.System' });
    assert.equal(await events.queue.push(queued('b', 1, { name: 'new' }), MANY), 'added');
    await events.close();
    const [lease] = await (await open()).queue.lease(1, 5, 9);
    assert.equal(lease?.item.event.target.name, 'new');
  });

  test('the end of an event is kept, tried each second, and done at once when there is room', async t => {
    const { open, clock, said } = place(t);
    const events = await open(SMALL);
    const { count } = await fill(events);
    const lease = only(await events.queue.lease(1, 0, 10));
    const dying = watch(events.queue.dead(lease, largeLetter(lease)));
    // It waits for the disk; neither a turn of the clock nor the end of its lease gives its event to another.
    await clock.advance(5_500);
    assert.equal(dying.state, 'open');
    assert.deepEqual(
      said,
      ['error: the end of an event could not be written: it is tried again until it is'],
      'said once',
    );
    assert.equal((await events.queue.find('fill0'))?.leased, true);
    assert.equal(await events.queue.cancel('fill0', { state: 'ABORTED', status: 499, endedAt: 1 }), 'leased');
    assert.equal(await events.queue.ack(lease), false, 'it is settled once');
    assert.equal(await events.queue.push(queued('fill0', 1), MANY), 'there');
    await clock.advance(0);
    assert.equal(dying.state, 'open', 'that commit brought another try, in vain');
    const others = await events.queue.lease(MANY, 1e6, 2e6);
    assert.ok(!idsOf(others).includes('fill0'));
    assert.equal(others.length, count - 1);
    assert.equal(dying.state, 'open');
    await Promise.all(others.map(other => events.queue.ack(other)));
    await clock.advance(0);
    assert.deepEqual(dying, { state: 'done', value: true });
    assert.equal((await events.letters.list({}, {})).total, 1);
    assert.equal(await events.queue.pending(), 0);
    assert.match(said.at(-1) ?? '', /^info: .*written/);
  });

  test('without other work, the next second brings it', async t => {
    const { open, clock } = place(t);
    const events = await open(SMALL);
    await fill(events);
    const [lease, ...others] = await events.queue.lease(MANY, 1e6, 2e6);
    assert.ok(lease);
    // In one batch, as few as are not halved: it fails, the others free the room.
    const dying = watch(events.queue.dead(lease, largeLetter(lease)));
    await Promise.all(others.slice(0, 14).map(other => events.queue.ack(other)));
    assert.equal(dying.state, 'open');
    await clock.advance(999);
    assert.equal(dying.state, 'open');
    await clock.advance(1);
    assert.equal(dying.state, 'done');
  });

  test('what can still not be written when it is closed is run again after the next start', async t => {
    const { open, said } = place(t);
    const events = await open(SMALL);
    await fill(events);
    const lease = only(await events.queue.lease(1, 0, 10));
    const dying = watch(events.queue.dead(lease, largeLetter(lease)));
    await events.close();
    assert.equal(dying.state, 'failed');
    assert.match(said.at(-1) ?? '', /^error: .*run again/);
    const again = await open();
    assert.equal(only(await again.queue.lease(1, 0, 10)).item.event.requestId, 'fill0');
    assert.equal((await again.letters.list({}, {})).total, 0);
  });

  test('a cancelled event that could not be taken out is not leased meanwhile', async t => {
    const { open, clock } = place(t);
    const events = await open({ window: 1 });
    for (let i = 0; i < 5; i++) await events.queue.push(queued(`r${i}`, i), MANY);
    const end = { state: 'ABORTED', status: 499, endedAt: 1 } as const;
    // One in memory, one on disk alone, while the lane is read.
    const [cancelled, leases] = await Promise.all([
      Promise.all([events.queue.cancel('r0', end), events.queue.cancel('r3', end)]),
      events.queue.lease(9, 10, 20),
    ]);
    assert.deepEqual(cancelled, ['cancelled', 'cancelled']);
    assert.deepEqual(idsOf(leases), ['r1', 'r2', 'r4']);
    await clock.advance(0);
    assert.equal(await events.queue.pending(), 3);
  });
});

describe('the thread dies', () => {
  test('all who wait are told, and all who come later', async t => {
    const { open, said, file } = place(t);
    let thread: Worker | undefined;
    process.once('worker', worker => {
      thread = worker;
    });
    const events = await open();
    await events.queue.push(queued('a', 1), MANY);
    const lease = only(await events.queue.lease(1, 5, 10));
    const gone = (error: unknown) => {
      assert.ok(error instanceof CloudError && error.code === 'InternalError.EventStoreGone', String(error));
      assert.ok(error.text('zh').includes(file) && error.text('en').includes(file));
      return true;
    };
    const waiting = [
      assert.rejects(events.queue.push(queued('b', 1), MANY), gone),
      assert.rejects(events.queue.ack(lease), gone),
      assert.rejects(events.letters.list({}, {}), gone),
    ];
    await thread?.terminate();
    await Promise.all(waiting);
    await assert.rejects(events.queue.push(queued('c', 1), MANY), gone);
    assert.deepEqual(said, ['error: the thread of the event database has ended']);
    await events.close();
    assert.equal(await (await open()).queue.push(queued('a', 1), MANY), 'there', 'the file is free and whole');
  });
});

/** Its last words: what was accepted before it was killed. */
async function killedAt(dir: string, at: string, after: number): Promise<string[]> {
  const code = `
    import { openSqliteEvents } from ${JSON.stringify(import.meta.resolve('../sqlite.ts'))};
    import { queued } from ${JSON.stringify(import.meta.resolve('../samples.ts'))};
    import { SystemClock } from ${JSON.stringify(import.meta.resolve('../../core/clock.ts'))};
    import { SystemIds } from ${JSON.stringify(import.meta.resolve('../../core/ids.ts'))};
    import { NO_LOG } from ${JSON.stringify(import.meta.resolve('../../core/log.ts'))};
    import { writeSync } from 'node:fs';
    const kill = { at: ${JSON.stringify(at)}, after: ${after} };
    const file = ${JSON.stringify(`${dir}/events.db`)};
    const { queue } = await openSqliteEvents({ file, clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG, kill });
    for (let i = 0; ; i++) {
      await queue.push(queued('r' + i, i), 1e6);
      writeSync(1, 'r' + i + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', text => {
    said += text;
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
  return said.split('\n').slice(0, -1);
}

describe('killed', () => {
  // How many events are there after the seventh batch has come so far.
  const POINTS = { 'queue.begin': 6, 'queue.written': 6, 'queue.committed': 7, 'queue.answered': 7 };
  for (const [at, there] of Object.entries(POINTS)) {
    test(`at ${at}`, async t => {
      const { dir, open } = place(t);
      const told = await killedAt(dir, at, 7);
      const events = await open({}, `${dir}/events.db`);
      const ids = idsOf(await events.queue.lease(99, 1e6, 2e6));
      assert.deepEqual(
        ids,
        Array.from({ length: there }, (_, i) => `r${i}`),
      );
      // Nothing that was promised is missing; what was not may be there.
      assert.deepEqual(told, ids.slice(0, told.length));
      assert.ok(told.length >= 6);
    });
  }
});
