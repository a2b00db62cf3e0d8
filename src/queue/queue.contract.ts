// What every queue does. A driver's test calls this with a way to open an empty queue.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { keyText } from '../core/function.ts';
import type { Lease, Queue, QueuedEvent } from '../core/ports.ts';

export interface QueueDriver {
  open(): Promise<Queue>;
  close?(queue: Queue): Promise<void>;
  /** Random schedules to try. */
  readonly schedules: number;
}

/** More than any test pushes. */
export const MANY = 1e6;

const target = (name: string) => ({ region: 'ap-guangzhou', namespace: 'default', name });

export function queued(requestId: string, dueAt: number, change: { name?: string; body?: string } = {}): QueuedEvent {
  const event = {
    requestId,
    target: target(change.name ?? 'f'),
    qualifier: '$DEFAULT',
    source: 'timer',
    body: Buffer.from(change.body ?? '{}'),
  };
  return { event, acceptedAt: 0, dueAt, retryNum: 0, runErrors: 0 };
}

const idsOf = (leases: readonly Lease[]) => leases.map(lease => lease.item.event.requestId);

/** The only lease of a list. */
function only(leases: readonly Lease[]): Lease {
  assert.equal(leases.length, 1);
  const [lease] = leases;
  if (!lease) throw new Error('no lease');
  return lease;
}

export function queueContract(name: string, driver: QueueDriver): void {
  describe(`queue contract: ${name}`, () => {
    const queueTest = (title: string, body: (queue: Queue) => Promise<void>) =>
      test(title, async () => {
        const queue = await driver.open();
        try {
          await body(queue);
        } finally {
          await driver.close?.(queue);
        }
      });

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

    test('any schedule agrees with a plain list', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
          const queue = await driver.open();
          try {
            await compare(queue, steps);
          } finally {
            await driver.close?.(queue);
          }
        }),
        { numRuns: driver.schedules },
      );
    });
  });
}

const NAMES = ['f', 'g', 'h'] as const;
const nat = fc.nat({ max: 30 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      id: fc.nat({ max: 15 }),
      dueAt: nat,
      name: fc.constantFrom(...NAMES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      limit: fc.nat({ max: 5 }),
      ms: nat,
      skip: fc.subarray([...NAMES], { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const), which: fc.nat({ max: 99 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('later' as const), which: fc.nat({ max: 99 }), dueAt: nat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const), ms: fc.nat({ max: 12 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Model {
  item: QueuedEvent;
  readonly order: number;
  token: string | undefined;
  /** Set while a lease hides it. */
  until: number | undefined;
}

async function compare(queue: Queue, steps: readonly Step[]): Promise<void> {
  let now = 0;
  let pushes = 0;
  const model: Model[] = [];
  const leases: Lease[] = [];
  const holding = (lease: Lease) => model.find(entry => entry.token === lease.token);
  for (const one of steps) {
    switch (one.do) {
      case 'turn':
        now += one.ms;
        break;
      case 'push': {
        const item = queued(`r${one.id}`, one.dueAt, { name: one.name });
        await queue.push(item, MANY);
        if (!model.some(entry => entry.item.event.requestId === item.event.requestId)) {
          model.push({ item, order: pushes++, token: undefined, until: undefined });
        }
        break;
      }
      case 'lease': {
        const skip = new Set(one.skip.map(name => keyText(target(name))));
        const got = await queue.lease(one.limit, now, now + one.ms, skip);
        const free = model
          .filter(entry => entry.item.dueAt <= now && (entry.until === undefined || entry.until <= now))
          .filter(entry => !skip.has(keyText(entry.item.event.target)))
          .sort((a, b) => a.item.dueAt - b.item.dueAt || a.order - b.order)
          .slice(0, one.limit);
        assert.deepEqual(
          got.map(lease => lease.item),
          free.map(entry => entry.item),
        );
        for (const [i, entry] of free.entries()) {
          entry.token = got[i]?.token;
          entry.until = now + one.ms;
        }
        leases.push(...got);
        break;
      }
      case 'ack':
      case 'later': {
        const lease = leases[one.which % Math.max(1, leases.length)];
        if (!lease) break;
        const entry = holding(lease);
        const change = one.do === 'later' && { dueAt: one.dueAt, retryNum: 1, runErrors: 1 };
        assert.equal(await (change ? queue.later(lease, change) : queue.ack(lease)), entry !== undefined);
        if (entry && change)
          Object.assign(entry, { item: { ...entry.item, ...change }, token: undefined, until: undefined });
        else if (entry) model.splice(model.indexOf(entry), 1);
      }
    }
    // Among instants that are past, a driver may name any.
    const next = Math.min(...model.map(entry => Math.max(now, entry.until ?? entry.item.dueAt)));
    const said = await queue.nextDue();
    assert.equal(said === undefined ? Number.POSITIVE_INFINITY : Math.max(now, said), next);
    for (const name of NAMES) {
      const pending = model.filter(entry => entry.item.event.target.name === name).length;
      assert.equal(await queue.pending(target(name)), pending);
    }
  }
}
