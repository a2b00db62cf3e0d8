import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, TurnableClock } from './clock.ts';
import { anEvent, aQueue, KEY, keptLog } from './fixture.ts';
import type { Lease, Queue } from './ports.ts';
import { SleptClock } from './testing-clock.ts';
import { createWorker } from './worker.ts';

/** Enough turns of the event loop for all that waits for nothing. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

function house(change: (queue: Queue) => Partial<Queue> = () => ({})) {
  const clock = new TurnableClock(0);
  const slept = new SleptClock(clock);
  const own = aQueue();
  const queue: Queue = { ...own, ...change(own) };
  const log = keptLog();
  /** Those at work; `end` finishes one. */
  const running = new Map<string, { lease: Lease; end: () => void; fail: (error: Error) => void }>();
  const began: string[] = [];
  let most = 0;
  const worker = createWorker({
    queue,
    clock: slept,
    log,
    async work(lease) {
      const { requestId } = lease.item.event;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      began.push(requestId);
      running.set(requestId, { lease, end: resolve, fail: reject });
      most = Math.max(most, running.size);
      try {
        await promise;
        await own.ack(lease);
      } finally {
        running.delete(requestId);
      }
    },
  });
  const push = (name: string, requestId: string, dueAt = 0) =>
    queue.push(
      {
        event: anEvent({ requestId, target: { ...KEY, name } }),
        acceptedAt: 0,
        dueAt,
        retryNum: 0,
        runErrors: 0,
      },
      1e6,
    );
  const end = async (requestId: string) => {
    running.get(requestId)?.end();
    await settle();
  };
  /** Ends whatever runs until nothing does. */
  const endAll = async () => {
    for (; running.size > 0; await settle()) for (const { end } of [...running.values()]) end();
  };
  return { clock, slept, queue: own, log, worker, push, running, began, end, endAll, most: () => most };
}

describe('the worker', () => {
  test('takes nothing before it is started', async () => {
    const { worker, push, began } = house();
    await push('f', 'a');
    worker.wake();
    await settle();
    assert.deepEqual(began, []);
    worker.start();
    await settle();
    assert.deepEqual(began, ['a']);
  });

  test('sleeps until the next due instant, and takes what is due in its order', async () => {
    const { clock, worker, push, began, endAll } = house();
    await push('f', 'late', 2000);
    await push('f', 'soon', 1000);
    worker.start();
    await settle();
    assert.deepEqual(began, []);
    const turned = clock.advance(3000);
    while (began.length < 2) {
      await settle();
      await endAll();
    }
    await turned;
    assert.deepEqual(began, ['soon', 'late']);
  });

  test('an event that comes while the queue is asked for the next instant is not overlooked', async () => {
    const asked = Promise.withResolvers<undefined>();
    let first = true;
    const { worker, push, began } = house(own => ({
      async nextDue() {
        if (!first) return own.nextDue();
        first = false;
        return asked.promise;
      },
    }));
    worker.start();
    await settle();
    await push('f', 'a');
    worker.wake();
    asked.resolve(undefined);
    await settle();
    assert.deepEqual(began, ['a']);
  });

  test('an event that comes while leases are taken is not overlooked', async () => {
    const answered = Promise.withResolvers<Lease[]>();
    let first = true;
    const { worker, push, began } = house(own => ({
      async lease(limit, now, until, skip) {
        if (!first) return own.lease(limit, now, until, skip);
        first = false;
        return answered.promise;
      },
      nextDue: async () => undefined,
    }));
    worker.start();
    await settle();
    await push('f', 'a');
    worker.wake();
    answered.resolve([]);
    await settle();
    assert.deepEqual(began, ['a']);
  });

  test('what is leased by a node that died is taken when its lease runs out', async () => {
    const { clock, worker, queue, push, began, endAll } = house();
    await push('f', 'a');
    await queue.lease(1, 0, 5000);
    worker.start();
    const turned = clock.advance(4999);
    await turned;
    assert.deepEqual(began, []);
    const on = clock.advance(1);
    await settle();
    assert.deepEqual(began, ['a']);
    await endAll();
    await on;
  });
});

describe('as much at once', () => {
  test('as may run: 256, and the next when one ends', async () => {
    const { worker, push, running, most, end, endAll } = house();
    for (let i = 0; i < 400; i++) await push(`f${i % 20}`, `r${i}`);
    worker.start();
    await settle();
    assert.equal(running.size, 256);
    const first = running.keys().next().value ?? '';
    await end(first);
    assert.equal(running.has(first), false);
    assert.equal(running.size, 256);
    await endAll();
    assert.equal(most(), 256);
  });

  test('a backlog of one function does not starve another', async () => {
    const { worker, push, running, began, end, endAll } = house();
    for (let i = 0; i < 500; i++) await push('greedy', `g${i}`);
    await push('modest', 'm');
    worker.start();
    await settle();
    assert.ok(running.has('m'), 'the other function’s event runs');
    assert.ok(running.size <= 96, `${running.size} of the greedy one`);
    // Still so when it has been served for a while.
    for (let i = 0; i < 100; i++) await end(`g${i}`);
    await push('modest', 'm2');
    worker.wake();
    await settle();
    assert.ok(began.includes('m2'));
    await endAll();
    assert.equal(new Set(began).size, 502);
    assert.equal(began.length, 502);
  });

  test('however much of others runs, the first event of a function waits for none of them', async () => {
    const { worker, push, running, endAll } = house();
    for (let i = 0; i < 400; i++) await push(`greedy${i % 8}`, `g${i}`);
    worker.start();
    await settle();
    assert.equal(running.size, 256);
    await push('modest', 'm1');
    await push('modest', 'm2');
    worker.wake();
    await settle();
    assert.deepEqual([running.has('m1'), running.has('m2'), running.size], [true, false, 257]);
    await endAll();
  });

  test('an event of a function that is full for now waits for an end, not for a bell', async () => {
    const { worker, push, running, endAll, clock, queue } = house();
    for (let i = 0; i < 80; i++) await push('f', `r${i}`);
    worker.start();
    await settle();
    assert.equal(running.size, 64);
    await endAll();
    assert.equal(await queue.pending({ ...KEY, name: 'f' }), 0);
    assert.equal(clock.now(), 0);
  });
});

describe('leases', () => {
  test('do not run out while the process stands still, whatever comes first afterwards', async () => {
    const { slept, worker, push, began, log, endAll } = house();
    await push('f', 'a');
    await push('f', 'b');
    worker.start();
    await settle();
    slept.sleepFor(3_600_000);
    await push('f', 'c');
    worker.wake();
    await settle();
    assert.deepEqual(began, ['a', 'b', 'c']);
    await endAll();
    assert.deepEqual(began, ['a', 'b', 'c']);
    assert.deepEqual(log.lines, []);
  });

  test('are renewed while the attempt lasts, and no longer', async () => {
    // A turned clock stands still while something runs: this one goes on, as a server's does.
    const due: { at: number; task: () => void }[] = [];
    let now = 0;
    const clock: Clock = {
      now: () => now,
      at(at, task) {
        const one = { at, task };
        due.push(one);
        return { [Symbol.dispose]: () => void (due.includes(one) && due.splice(due.indexOf(one), 1)) };
      },
      sleep: () => Promise.resolve(),
      hold: () => ({ [Symbol.dispose]: () => {} }),
    };
    const pass = async (ms: number) => {
      for (const end = now + ms; ; await settle()) {
        const next = due.sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        due.shift();
        now = Math.max(now, next.at);
        next.task();
      }
      now = Math.max(now, 0);
    };
    const own = aQueue();
    const over = Promise.withResolvers<void>();
    let runs = 0;
    const log = keptLog();
    const worker = createWorker({
      queue: own,
      clock,
      log,
      async work(lease) {
        runs++;
        await over.promise;
        await own.ack(lease);
      },
    });
    await own.push({ event: anEvent(), acceptedAt: 0, dueAt: 0, retryNum: 0, runErrors: 0 }, 9);
    worker.start();
    await settle();
    await pass(10 * 60_000);
    assert.deepEqual([runs, await own.lease(1, now, now + 1)], [1, []], 'ten minutes long nobody else could have it');
    over.resolve();
    await settle();
    assert.equal(await own.pending(), 0);
    await pass(60_000);
    assert.deepEqual([due, log.lines], [[], []]);
  });
});

describe('when things break', () => {
  test('work that throws frees its place, is logged, and the lease stays', async () => {
    const { worker, push, running, queue, log, began, clock } = house();
    await push('f', 'a');
    worker.start();
    await settle();
    running.get('a')?.fail(new Error('boom'));
    await settle();
    assert.equal(await queue.pending({ ...KEY, name: 'f' }), 1);
    assert.deepEqual(await queue.lease(1, clock.now(), clock.now() + 1), []);
    assert.match(log.lines[0]?.text ?? '', /could not be settled/);
    await push('f', 'b');
    worker.wake();
    await settle();
    assert.deepEqual(began, ['a', 'b']);
  });

  for (const verb of ['lease', 'nextDue'] as const)
    test(`a queue that fails at ${verb} is asked again a second later`, async () => {
      let broken = true;
      const { clock, worker, push, began, log, endAll } = house(own => ({
        [verb]: (...args: Parameters<Queue['lease']>) =>
          broken ? Promise.reject(new Error('locked')) : own[verb](...args),
      }));
      worker.start();
      await settle();
      assert.equal(log.lines[0]?.level, 'error');
      await clock.advance(3000);
      assert.ok(log.lines.length >= 3 && log.lines.length <= 5, `${log.lines.length} tries in 3 s`);
      broken = false;
      await push('f', 'a');
      const turned = clock.advance(1000);
      await settle();
      assert.deepEqual(began, ['a']);
      await endAll();
      await turned;
    });
});

describe('closing', () => {
  test('with nothing at work is over at once and takes nothing more', async () => {
    const { clock, worker, push, began } = house();
    worker.start();
    await settle();
    await worker.close(new TurnableClock(0), 1000);
    await push('f', 'a');
    worker.wake();
    await clock.advance(60_000);
    assert.deepEqual(began, []);
  });

  test('waits for those at work, and takes nothing in their place', async () => {
    const { worker, push, began, end } = house();
    for (const id of ['a', 'b']) await push('f', id);
    worker.start();
    await settle();
    await push('f', 'c');
    let closed = false;
    const closing = worker.close(new TurnableClock(0), 1000).then(() => {
      closed = true;
    });
    await end('a');
    assert.equal(closed, false);
    await end('b');
    await closing;
    assert.deepEqual(began, ['a', 'b']);
  });

  test('gives up after the grace, on the clock it was given', async () => {
    const { worker, push, clock, queue } = house();
    await push('f', 'a');
    worker.start();
    await settle();
    const processClock = new TurnableClock(0);
    let closed = false;
    const closing = worker.close(processClock, 1000).then(() => {
      closed = true;
    });
    await processClock.advance(999);
    assert.equal(closed, false);
    await processClock.advance(1);
    await closing;
    assert.equal(clock.now(), 0);
    // Its lease runs out, and another node or the next start takes it.
    assert.equal(await queue.pending({ ...KEY, name: 'f' }), 1);
  });

  test('an event whose lease is under way is waited for as well', async () => {
    const asked = Promise.withResolvers<void>();
    const { worker, push, began, running, endAll } = house(own => ({
      async lease(limit, now, until, skip) {
        await asked.promise;
        return own.lease(limit, now, until, skip);
      },
    }));
    await push('f', 'a');
    worker.start();
    let closed = false;
    const closing = worker.close(new TurnableClock(0), 1000).then(() => {
      closed = true;
    });
    await settle();
    assert.equal(closed, false);
    asked.resolve();
    await settle();
    assert.deepEqual([began, running.size, closed], [['a'], 1, false]);
    await endAll();
    await closing;
  });
});
