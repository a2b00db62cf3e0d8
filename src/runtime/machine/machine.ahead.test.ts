// Events that are sent ahead, seen from the machine: who gets them, and when they are taken back.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { AHEAD } from '../instance/frames.ts';
import { another, fast } from './testing-functions.ts';
import { rig } from './testing-machine.ts';

describe('fast events', () => {
  test('are sent ahead to one instance, seventeen at most', async () => {
    const it = await fast();
    const calls = Array.from({ length: 20 }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    assert.equal([...it.machine.instances()][0]?.load, 17);
    assert.equal(it.machine.waiting, 3);
    await it.functions.now();
    await it.functions.now();
    assert.deepEqual(new Set((await Promise.all(calls)).map(outcome => outcome.status)), new Set([200]));
    assert.equal(it.launcher.processes.length, 1);
    await it.machine.close();
  });

  test('run in the order in which they came', async () => {
    const it = await fast();
    for (let i = 0; i < 60; i++) void it.functions.submit(it.p);
    await it.functions.pass(10);
    assert.deepEqual(
      it.functions.ran,
      Array.from({ length: 81 }, (_, index) => `r${index + 1}`),
    );
    await it.machine.close();
  });

  test('go to the busy instance rather than to an idle one', async () => {
    const it = await fast();
    await another(it);
    const calls = [it.functions.submit(it.p), it.functions.submit(it.p), it.functions.submit(it.p)];
    await it.clock.advance(0);
    const loads = [...it.machine.instances()].map(instance => instance.load).sort();
    assert.deepEqual(loads, [0, 3]);
    await it.functions.now();
    await Promise.all(calls);
    await it.machine.close();
  });
});

describe('more fast events than the busy instances may have ahead', () => {
  const CORES = availableParallelism();

  async function crowd(beyond: number) {
    const it = await fast({ memoryMB: 128 * (CORES + 1) });
    for (let i = 0; i < CORES; i++) await another(it);
    const calls = Array.from({ length: CORES * 17 + beyond }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    return { ...it, calls, loads: () => [...it.machine.instances()].map(one => one.load).sort((a, b) => a - b) };
  }

  test('wait for them while there are as many as cores, and wake no other', async () => {
    const it = await crowd(10);
    assert.deepEqual(it.loads(), [0, ...Array.from({ length: CORES }, () => 17)]);
    assert.equal(it.machine.waiting, 10);
    const idle = it.p.idle[0];
    const before = idle?.runs;
    await it.functions.pass(3);
    assert.ok((await Promise.all(it.calls)).every(outcome => outcome.status === 200));
    assert.equal(idle?.runs, before);
    assert.equal(it.launcher.processes.length, CORES + 1, 'none was started');
    await it.machine.close();
  });

  test('are given to one that idles when none of the busy ones gets on', async () => {
    const it = await crowd(1);
    const idle = it.p.idle[0];
    // Nothing that the instances were sent begins: the watch over them sees it first.
    for (let ms = 0; ms < 10; ms++) await it.clock.advance(1);
    assert.ok((idle?.load ?? 0) > 0);
    await it.functions.pass(5);
    assert.ok((await Promise.all(it.calls)).every(outcome => outcome.status === 200));
    assert.equal(it.functions.ran.length, 21 + it.calls.length, 'each ran once');
    await it.machine.close();
  });
});

describe('behind one that does not come to an end', () => {
  test('events are taken back and given to an idle instance', async () => {
    const it = await fast();
    await another(it);
    void it.functions.submit(it.p, { ms: 100, waits: true });
    const calls = Array.from({ length: 5 }, () => it.functions.submit(it.p));
    await it.functions.pass(8);
    assert.equal((await Promise.all(calls)).length, 5);
    assert.equal(it.functions.ran.length, 21 + 6, 'each ran once');
    await it.machine.close();
  });

  test('they run on a new instance where there is none', async () => {
    const it = await fast();
    void it.functions.submit(it.p, { ms: 500, waits: false });
    const calls = [it.functions.submit(it.p), it.functions.submit(it.p)];
    await it.functions.pass(8);
    assert.equal(it.machine.waiting, 2);
    for (let i = 0; i < 20; i++) {
      await it.functions.pass(10);
      await it.ready();
    }
    assert.deepEqual(
      (await Promise.all(calls)).map(outcome => outcome.status),
      [200, 200],
    );
    assert.ok(it.launcher.processes.length > 1);
    await it.machine.close();
  });

  test('for a while none is sent ahead', async () => {
    const it = await fast();
    await another(it);
    void it.functions.submit(it.p, { ms: 20, waits: false });
    void it.functions.submit(it.p);
    await it.functions.pass(30);
    const flags = () => it.launcher.processes.flatMap(process => process.flags).filter(flag => flag === AHEAD).length;
    const before = flags();
    for (let i = 0; i < 3; i++) void it.functions.submit(it.p);
    await it.functions.pass(1);
    assert.equal(flags(), before);
    await it.functions.pass(40);
    for (let i = 0; i < 3; i++) void it.functions.submit(it.p);
    await it.clock.advance(0);
    assert.ok(flags() > before, 'it lost its core, once');
    await it.functions.now();
    await it.machine.close();
  });

  test('a slow one that waits pauses it, and what others have ahead is gathered', async () => {
    const it = await fast();
    await another(it);
    const [a, b] = it.p.members;
    assert.ok(a && b);
    // Two instances, each with events ahead.
    const slow = it.functions.submit(it.p, { ms: 3, waits: true });
    for (let i = 0; i < 16; i++) void it.functions.submit(it.p, { ms: 1, waits: false });
    for (let i = 0; i < 5; i++) void it.functions.submit(it.p, { ms: 30, waits: false });
    await it.clock.advance(0);
    assert.ok(a.load > 1 && b.load > 1, `${a.load} ${b.load}`);
    await it.functions.pass(4);
    await slow;
    assert.equal(it.p.pace.isShort(it.clock.now()), false);
    assert.ok(a.load <= 1 && b.load <= 1, `${a.load} ${b.load}`);
    await it.machine.close();
  });

  test('no fast event of a mixed load begins later than the watch allows', async () => {
    const it = await fast();
    for (let i = 0; i < 4; i++) await another(it);
    let seed = 7;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    const came = new Map<string, number>();
    let requests = 21;
    for (let ms = 0; ms < 2000; ms++) {
      // A call of 100 ms now and then, never more of them than instances less one.
      if (ms % 40 === 13) {
        requests++;
        void it.functions.submit(it.p, { ms: 100, waits: ms % 80 === 13 });
      }
      for (let i = random() < 0.5 ? 0 : 3; i > 0; i--) {
        came.set(`r${++requests}`, it.clock.now());
        void it.functions.submit(it.p);
      }
      await it.functions.pass(1);
    }
    await it.functions.pass(200);
    const late = [...came].filter(([id, at]) => (it.functions.begunAt.get(id) ?? Number.POSITIVE_INFINITY) - at > 7);
    assert.deepEqual(late, [], 'longer than 5 ms and a look');
    assert.equal(it.functions.ran.length, requests);
    assert.equal(new Set(it.functions.ran).size, requests, 'each ran once');
    await it.machine.close();
  });
});

describe('an instance that ends with events ahead', () => {
  test('its death gives them to one that idles, at once', async () => {
    const it = await fast();
    await another(it);
    const calls = Array.from({ length: 4 }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    const victim = it.launcher.processes.find(process => process.turns.length - process.turn >= 1);
    assert.ok(victim);
    victim.die(1);
    await it.clock.advance(0);
    assert.equal(it.machine.waiting, 0);
    await it.functions.now();
    const outcomes = await Promise.all(calls);
    assert.deepEqual(
      outcomes.map(outcome => outcome.status),
      [439, 200, 200, 200],
    );
    await it.machine.close();
  });

  test('or to a new one', async () => {
    const it = await fast();
    const calls = Array.from({ length: 4 }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    it.process(0).die(1);
    await it.clock.advance(0);
    assert.equal(it.launcher.processes.length, 2);
    await it.ready();
    await it.functions.pass(3);
    assert.deepEqual(
      (await Promise.all(calls)).map(outcome => outcome.status),
      [439, 200, 200, 200],
    );
    await it.machine.close();
  });

  test('close answers all of them', async () => {
    const it = await fast();
    const calls = Array.from({ length: 25 }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    await it.machine.close();
    const outcomes = await Promise.all(calls);
    assert.ok(outcomes.every(outcome => outcome.status === 500));
    assert.equal(it.machine.waiting, 0);
    assert.equal(it.machine.usedMB, 0);
  });

  test('a revision that is over still runs them', async () => {
    const it = await fast();
    const calls = Array.from({ length: 5 }, () => it.functions.submit(it.p));
    await it.clock.advance(0);
    it.machine.retire(it.p);
    await it.functions.now();
    assert.ok((await Promise.all(calls)).every(outcome => outcome.status === 200));
    await it.clock.advance(0);
    assert.equal(it.process(0).killed, true);
    await it.machine.close();
  });
});

describe('several events at once in one instance', () => {
  test('it is filled before another one is started', async () => {
    const it = rig();
    it.launcher.concurrency = 3;
    const p = it.pool({}, { concurrency: 3 });
    const calls = Array.from({ length: 3 }, () => it.submit(p));
    await it.ready();
    assert.deepEqual([it.launcher.processes.length, it.process(0).invoked.length], [1, 3]);
    void it.submit(p);
    await it.ready();
    assert.equal(it.launcher.processes.length, 2);
    for (let i = 0; i < 3; i++) it.process(0).answer();
    assert.equal((await Promise.all(calls)).length, 3);
    await it.machine.close();
  });

  test('one with a time-out gets no more, and its room is free when it has ended', async () => {
    const it = rig({ memoryMB: 128 });
    it.launcher.concurrency = 2;
    const p = it.pool({ timeoutS: 3 }, { concurrency: 2 });
    const late = it.submit(p);
    await it.ready();
    await it.clock.advance(2000);
    const other = it.submit(p);
    await it.clock.advance(1020);
    assert.equal((await late).status, 433);
    const next = it.submit(p);
    await it.clock.advance(100);
    assert.equal(it.process(0).invoked.length, 2);
    it.process(0).answer('1', { turn: 2 });
    assert.equal((await other).status, 200);
    await it.ready();
    it.process(1).answer();
    assert.equal((await next).status, 200);
    await it.machine.close();
  });
});
