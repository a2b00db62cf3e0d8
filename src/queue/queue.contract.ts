// What every driver of waiting events does. Its test calls this with a way to open an empty one.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keyText } from '../core/function.ts';
import type { EventStore, Queue, QueuedEvent } from '../core/ports.ts';
import { executionsContract } from './executions.contract.ts';
import { lettersContract } from './letters.contract.ts';
import { ABORTED, FAILED, idsOf, letterOf, MANY, only, queued, target } from './samples.ts';
import { schedulesContract } from './schedules.contract.ts';

export interface QueueDriver {
  /** Keeps nothing of those that were opened before. */
  open(): Promise<EventStore>;
  /** Random schedules to try. */
  readonly schedules: number;
}

export function queueContract(name: string, driver: QueueDriver): void {
  describe(`queue contract: ${name}`, () => {
    const eventsTest = (title: string, body: (events: EventStore) => Promise<void>) =>
      test(title, async () => {
        const events = await driver.open();
        try {
          await body(events);
        } finally {
          await events.close();
        }
      });
    const queueTest = (title: string, body: (queue: Queue) => Promise<void>) =>
      eventsTest(title, events => body(events.queue));

    queueTest('an empty queue', async queue => {
      assert.deepEqual(await queue.lease(10, 1e12, 2e12), []);
      assert.equal(await queue.nextDue(), undefined);
      assert.equal(await queue.pending(target('f')), 0);
    });

    queueTest('by due time, then in the order of the pushes; never before it is due', async queue => {
      for (const [id, dueAt] of [
        ['a', 20],
        ['b', 10],
        ['c', 20],
        ['d', 10],
        ['e', 21],
      ] as const) {
        await queue.push(queued(id, dueAt, { name: id < 'c' ? 'f' : 'g' }), MANY);
      }
      assert.deepEqual(await queue.lease(10, 9, 100), []);
      assert.deepEqual(idsOf(await queue.lease(3, 20, 100)), ['b', 'd', 'a']);
      assert.deepEqual(idsOf(await queue.lease(3, 20, 100)), ['c']);
      assert.deepEqual(await queue.lease(0, 30, 100), []);
      assert.deepEqual(idsOf(await queue.lease(3, 21, 100)), ['e']);
    });

    queueTest('the event comes out as it went in, bytes included', async queue => {
      const item = queued('a', 1, { body: '{"x":"中文 \\u0000"}' });
      const whole: QueuedEvent = {
        ...item,
        event: { ...item.event, routingKey: '{"User":"1"}' },
        acceptedAt: 1,
        retryNum: 2,
        runErrors: 1,
      };
      await queue.push(whole, MANY);
      assert.deepEqual(only(await queue.lease(1, 1, 2)).item, whole);
    });

    queueTest('an id that waits or is leased is not added twice; one that is done may come again', async queue => {
      await queue.push(queued('a', 1, { body: '1' }), MANY);
      await queue.push(queued('a', 2, { body: '2' }), MANY);
      assert.equal(await queue.pending(target('f')), 1);
      const lease = only(await queue.lease(10, 5, 100));
      assert.equal(lease.item.event.body.toString(), '1');
      await queue.push(queued('a', 2), MANY);
      assert.deepEqual(await queue.lease(10, 5, 100), []);
      assert.equal(await queue.ack(lease), true);
      assert.deepEqual(await queue.lease(10, 1000, 2000), [], 'it is gone for good');
      await queue.push(queued('a', 3), MANY);
      assert.deepEqual(idsOf(await queue.lease(10, 5, 100)), ['a']);
    });

    queueTest('a lease hides its event until it runs out, and then cannot settle it any more', async queue => {
      await queue.push(queued('a', 1), MANY);
      const old = only(await queue.lease(10, 5, 100));
      assert.deepEqual(await queue.lease(10, 99, 200), []);
      const fresh = only(await queue.lease(10, 100, 200));
      assert.deepEqual(fresh.item, old.item);
      assert.notEqual(fresh.token, old.token);
      assert.equal(await queue.ack(old), false);
      assert.equal(await queue.later(old, { dueAt: 0, retryNum: 9, runErrors: 9 }), false);
      assert.deepEqual(await queue.lease(10, 150, 200), [], 'the old lease has changed nothing');
      assert.equal(await queue.ack(fresh), true);
      assert.equal(await queue.ack(fresh), false, 'once is enough');
      assert.equal(await queue.later(fresh, { dueAt: 0, retryNum: 0, runErrors: 0 }), false);
      assert.equal(await queue.nextDue(), undefined);
    });

    queueTest('later puts it back with what was counted', async queue => {
      await queue.push(queued('a', 1), MANY);
      const lease = only(await queue.lease(10, 5, 100));
      assert.equal(await queue.later(lease, { dueAt: 60, retryNum: 1, runErrors: 1 }), true);
      assert.equal(await queue.ack(lease), false, 'that lease is settled');
      assert.equal(await queue.nextDue(), 60);
      assert.deepEqual(await queue.lease(10, 59, 100), []);
      const again = only(await queue.lease(10, 60, 100));
      assert.deepEqual(again.item, { ...lease.item, dueAt: 60, retryNum: 1, runErrors: 1 });
    });

    queueTest('functions that can take none are passed over, those behind them are not', async queue => {
      for (const [id, name] of [
        ['a', 'f'],
        ['b', 'f'],
        ['c', 'g'],
        ['d', 'f'],
        ['e', 'h'],
      ] as const) {
        await queue.push(queued(id, 1, { name }), MANY);
      }
      const skip = new Set([keyText(target('f')), keyText(target('nobody'))]);
      assert.deepEqual(idsOf(await queue.lease(1, 5, 100, skip)), ['c']);
      assert.deepEqual(idsOf(await queue.lease(9, 5, 100, skip)), ['e']);
      assert.deepEqual(idsOf(await queue.lease(9, 5, 100)), ['a', 'b', 'd']);
    });

    queueTest('nextDue is the first due time or end of a lease', async queue => {
      await queue.push(queued('a', 50), MANY);
      await queue.push(queued('b', 10), MANY);
      assert.equal(await queue.nextDue(), 10);
      const lease = only(await queue.lease(1, 10, 40));
      assert.equal(await queue.nextDue(), 40);
      await queue.ack(lease);
      assert.equal(await queue.nextDue(), 50);
      await queue.lease(1, 50, 70);
      assert.equal(await queue.nextDue(), 70);
    });

    queueTest('pending counts what waits and what runs, per function', async queue => {
      await queue.push(queued('a', 1), MANY);
      await queue.push(queued('b', 1e12), MANY);
      await queue.push(queued('c', 1, { name: 'g' }), MANY);
      const [first] = await queue.lease(1, 5, 100);
      assert.equal(await queue.pending(target('f')), 2);
      assert.equal(await queue.pending(target('g')), 1);
      assert.equal(await queue.pending({ ...target('f'), region: 'ap-shanghai' }), 0);
      if (first) await queue.ack(first);
      assert.equal(await queue.pending(target('f')), 1);
    });

    queueTest('many at once are each handed out once', async queue => {
      await Promise.all(Array.from({ length: 200 }, (_, i) => queue.push(queued(`r${i}`, i % 7), MANY)));
      const taken = await Promise.all(Array.from({ length: 30 }, () => queue.lease(7, 10, 100)));
      const ids = taken.flatMap(idsOf);
      assert.equal(ids.length, 200);
      assert.equal(new Set(ids).size, 200);
    });

    pushes(queueTest);
    ends(eventsTest);
    lettersContract(eventsTest);
    executionsContract(eventsTest);
    schedulesContract(driver);
  });
}

export type EventsTest = (title: string, body: (events: EventStore) => Promise<void>) => void;
type QueueTest = (title: string, body: (queue: Queue) => Promise<void>) => void;

function pushes(queueTest: QueueTest): void {
  queueTest('push says what became of it: added, there already, no room', async queue => {
    assert.equal(await queue.push(queued('a', 1), 2), 'added');
    assert.equal(await queue.push(queued('a', 9), 2), 'there');
    assert.equal(await queue.push(queued('b', 1), 2), 'added');
    assert.equal(await queue.push(queued('c', 1), 2), 'full');
    assert.equal(await queue.push(queued('a', 1), 2), 'there', 'also where there is no room');
    assert.equal(await queue.push(queued('a', 1, { name: 'g' }), 2), 'there', 'also from another function');
    assert.equal(await queue.push(queued('c', 1, { name: 'g' }), 2), 'added', 'each function has its own room');
    assert.equal(await queue.push(queued('d', 1), 3), 'added', 'the limit is that of the push');
    assert.equal(await queue.push(queued('e', 1), 0), 'full');
    assert.deepEqual(idsOf(await queue.lease(9, 5, 100)), ['a', 'b', 'c', 'd']);
  });

  queueTest('what runs takes room as well; what is over does not', async queue => {
    await queue.push(queued('a', 1), 1);
    const lease = only(await queue.lease(1, 5, 100));
    assert.equal(await queue.push(queued('b', 1), 1), 'full');
    await queue.later(lease, { dueAt: 9, retryNum: 1, runErrors: 1 });
    assert.equal(await queue.push(queued('b', 1), 1), 'full');
    await queue.ack(only(await queue.lease(1, 9, 100)));
    assert.equal(await queue.push(queued('b', 1), 1), 'added');
  });

  queueTest('the limit is exact when many push at once, some of them the same', async queue => {
    const ids = Array.from({ length: 300 }, (_, i) => `r${i % 150}`);
    const results = await Promise.all(ids.map(id => queue.push(queued(id, 1), 100)));
    assert.equal(results.filter(result => result === 'added').length, 100);
    assert.equal(await queue.pending(target('f')), 100);
    const added = new Set(ids.filter((_, i) => results[i] === 'added'));
    for (const [i, id] of ids.entries()) {
      if (results[i] !== 'added') assert.equal(results[i], added.has(id) ? 'there' : 'full', id);
    }
    assert.deepEqual(new Set(idsOf(await queue.lease(300, 1, 9))), added);
  });

  queueTest('bytes that are part of a larger block, and no bytes', async queue => {
    const block = Buffer.from(`${'x'.repeat(50_000)}{"n":"中文"}${'x'.repeat(50_000)}`);
    const body = block.subarray(50_000, -50_000);
    await queue.push({ ...queued('a', 1), event: { ...queued('a', 1).event, body } }, MANY);
    await queue.push(queued('b', 2, { body: '' }), MANY);
    const bodies = (await queue.lease(2, 5, 9)).map(lease => lease.item.event.body);
    assert.deepEqual(bodies.map(String), ['{"n":"中文"}', '']);
  });

  queueTest('renew prolongs a lease, of one that has run out too, until it is handed out again', async queue => {
    await queue.push(queued('a', 1), MANY);
    const lease = only(await queue.lease(1, 5, 10));
    assert.equal(await queue.renew(lease, 20), true);
    assert.deepEqual(await queue.lease(1, 15, 30), []);
    assert.equal(await queue.nextDue(), 20);
    assert.deepEqual(await queue.lease(0, 25, 40), []);
    assert.equal(await queue.renew(lease, 50), true);
    assert.deepEqual(await queue.lease(1, 45, 60), []);
    const next = only(await queue.lease(1, 50, 60));
    assert.equal(await queue.renew(lease, 90), false);
    assert.equal(await queue.ack(lease), false);
    assert.equal(await queue.renew(next, 70), true);
    assert.equal(await queue.ack(next), true);
    assert.equal(await queue.renew(next, 80), false);
    assert.equal(await queue.nextDue(), undefined);
  });

  queueTest('a lease that ran out may still put its event back', async queue => {
    for (const id of ['a', 'b', 'c']) await queue.push(queued(id, 1), MANY);
    const old = only(await queue.lease(1, 1, 10));
    assert.deepEqual(await queue.lease(0, 20, 30), []);
    assert.equal(await queue.later(old, { dueAt: 40, retryNum: 1, runErrors: 0 }), true);
    assert.deepEqual(idsOf(await queue.lease(9, 20, 30)), ['b', 'c']);
    assert.equal((await queue.find('a'))?.item.retryNum, 1);
  });

  queueTest('pending without a function counts all', async queue => {
    for (const [i, name] of ['f', 'g', 'g'].entries()) await queue.push(queued(`${i}`, i, { name }), MANY);
    assert.equal(await queue.pending(), 3);
    await queue.ack(only(await queue.lease(1, 5, 9)));
    assert.equal(await queue.pending(), 2);
    assert.equal(await queue.pending(target('g')), 2);
  });

  queueTest('find tells of one that waits or runs', async queue => {
    const item = queued('a', 1, { body: '{"n":1}' });
    assert.equal(await queue.find('a'), undefined);
    await queue.push(item, MANY);
    assert.deepEqual(await queue.find('a'), { item, leased: false });
    const lease = only(await queue.lease(1, 5, 100));
    assert.deepEqual(await queue.find('a'), { item, leased: true });
    const change = { dueAt: 7, retryNum: 1, runErrors: 1 };
    await queue.later(lease, change);
    assert.deepEqual(await queue.find('a'), { item: { ...item, ...change }, leased: false });
    await queue.ack(only(await queue.lease(1, 7, 100)));
    assert.equal(await queue.find('a'), undefined);
  });
}

function ends(eventsTest: EventsTest): void {
  eventsTest('cancel takes out what waits and leaves alone what is leased', async ({ queue, executions }) => {
    const execution = { version: '$LATEST', traced: true };
    await queue.push(queued('a', 1), MANY);
    await queue.push(queued('b', 2, { execution }), MANY);
    const lease = only(await queue.lease(1, 5, 100));
    assert.equal(await queue.cancel('a', ABORTED), 'leased');
    assert.equal(await queue.cancel('nobody', ABORTED), 'absent');
    assert.equal(await queue.cancel('b', ABORTED), 'cancelled');
    assert.equal(await queue.cancel('b', ABORTED), 'absent');
    assert.equal(await queue.find('b'), undefined);
    assert.equal(await queue.pending(), 1);
    assert.deepEqual(await executions.get('b'), {
      requestId: 'b',
      target: target('f'),
      source: 'timer',
      startedAt: 0,
      ...execution,
      ...ABORTED,
    });
    assert.deepEqual(await queue.lease(9, 5, 100), []);
    assert.equal(await queue.ack(lease), true);
  });

  eventsTest('many that cancel the same event: one of them did it', async ({ queue }) => {
    for (let i = 0; i < 20; i++) await queue.push(queued(`r${i}`, i), MANY);
    const results = await Promise.all(Array.from({ length: 5 }, () => queue.cancel('r7', ABORTED)));
    assert.deepEqual(results.toSorted(), ['absent', 'absent', 'absent', 'absent', 'cancelled']);
    assert.equal((await queue.lease(99, 99, 100)).length, 19);
  });

  eventsTest('cancel and lease at once: one of them has it', async ({ queue }) => {
    for (let i = 0; i < 40; i++) await queue.push(queued(`r${i}`, i), MANY);
    const ids = Array.from({ length: 40 }, (_, i) => `r${i}`);
    const leasing = Promise.all(ids.map(() => queue.lease(1, 99, 200)));
    const cancelled = await Promise.all(ids.map(async id => ({ id, what: await queue.cancel(id, ABORTED) })));
    const leased = new Set(idsOf((await leasing).flat()));
    for (const { id, what } of cancelled) assert.equal(what, leased.has(id) ? 'leased' : 'cancelled', id);
    assert.equal(await queue.pending(), leased.size);
  });

  eventsTest('dead: gone, and a letter in its place', async ({ queue, letters }) => {
    const item = queued('a', 1, { body: '{"n":1}' });
    await queue.push(item, MANY);
    const lease = only(await queue.lease(1, 5, 100));
    const letter = letterOf({ ...lease.item, retryNum: 2, runErrors: 2 }, 9);
    assert.equal(await queue.dead(lease, letter), true);
    assert.equal(await queue.dead(lease, letter), false);
    assert.equal(await queue.find('a'), undefined);
    assert.equal(await queue.nextDue(), undefined);
    assert.equal(await queue.pending(), 0);
    assert.deepEqual(await letters.list({}, {}), { total: 1, rows: [letter] });
    assert.equal(await queue.push(queued('a', 3), MANY), 'added', 'a letter is no event that waits');
  });

  eventsTest('dead without a letter: dropped', async ({ queue, letters, executions }) => {
    await queue.push(queued('a', 1, { execution: { version: '3', traced: false } }), MANY);
    assert.equal(await queue.dead(only(await queue.lease(1, 5, 100)), undefined, FAILED), true);
    assert.equal(await queue.pending(), 0);
    assert.equal((await letters.list({}, {})).total, 0);
    assert.equal((await executions.get('a'))?.state, 'FAILED');
  });

  eventsTest('at any instant an event is in the queue or a letter, never both, never neither', async events => {
    const { queue, letters } = events;
    for (let i = 0; i < 30; i++) await queue.push(queued(`r${i}`, 1), MANY);
    const leases = await queue.lease(30, 5, 100);
    const dying = leases.map(lease => queue.dead(lease, letterOf(lease.item, 9)));
    for (let i = 0; i < 5; i++) {
      const kept = (await letters.list({}, {})).total;
      assert.ok(kept + (await queue.pending()) <= 30, 'in both');
      const waiting = await queue.pending();
      assert.ok(waiting + (await letters.list({}, {})).total >= 30, 'in neither');
    }
    await Promise.all(dying);
    assert.equal((await letters.list({}, {})).total, 30);
    assert.equal(await queue.pending(), 0);
  });
}
