// What functions have of the machine: quotas, bursts, and instances that are kept ready.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FunctionKey, NO_CONCURRENCY } from '../../core/function.ts';
import { type Rig, rig } from './testing-machine.ts';

/** Reservations by the name of the function. */
const reserving = (shares: Readonly<Record<string, number>>) => ({
  of: ({ name }: FunctionKey) => ({ ...NO_CONCURRENCY, reservedMB: shares[name] }),
  reservedMB: () => Object.values(shares).reduce((sum, share) => sum + share, 0),
});

const living = ({ launcher }: Rig) => launcher.processes.filter(process => !process.killed).length;

describe('quotas', () => {
  test('a reservation is all that a function gets: 432, with the documented sentence', async () => {
    const it = rig(reserving({ hello: 256 }));
    const p = it.pool({ timeoutS: 900 });
    void it.submit(p);
    void it.submit(p);
    await it.ready();
    const refused = await it.submit(p);
    assert.deepEqual(
      [refused.status, refused.errorMessage],
      [432, 'Function [ hello ] concurrency exceeded reserved quota 256 MB'],
    );
    assert.equal(it.machine.waiting, 0);
    await it.machine.close();
  });

  test('a reservation holds for all versions together, and idle ones of another version make room', async () => {
    const it = rig(reserving({ hello: 128 }));
    const [old, young] = [it.pool({ version: '1' }), it.pool({ version: '2' })];
    const first = it.submit(old);
    await it.ready();
    assert.equal((await it.submit(young)).status, 432);
    it.process(0).answer();
    await first;
    const second = it.submit(young);
    await it.ready();
    it.process(1).answer();
    assert.equal((await second).status, 200);
    assert.equal(it.process(0).killed, true);
    await it.machine.close();
  });

  test('a reservation of 0 stops a function, and ends nothing', async () => {
    const shares: Record<string, number> = {};
    const it = rig(reserving(shares));
    const p = it.pool({ version: '1' });
    const first = it.submit(p);
    await it.ready();
    it.process(0).answer();
    await first;
    shares.hello = 0;
    const refused = await it.submit(it.pool({ version: '2' }));
    assert.equal(refused.status, 432);
    assert.match(refused.errorMessage, /reserved quota 0 MB/);
    assert.equal(it.process(0).killed, false);
    await it.machine.close();
  });

  test('what others have reserved is not theirs who have not', async () => {
    const it = rig({ ...reserving({ rich: 256 }), quotaMB: () => 384 });
    void it.submit(it.pool({ name: 'poor', timeoutS: 900 }));
    await it.ready();
    const refused = await it.submit(it.pool({ name: 'next' }));
    assert.deepEqual(
      [refused.status, refused.errorMessage],
      [432, 'Function [ next ] concurrency exceeded region unreserved quota 128 MB'],
    );
    void it.submit(it.pool({ name: 'rich', timeoutS: 900 }));
    await it.ready();
    assert.equal(it.machine.usedMB, 256, 'and theirs is there for them');
    await it.machine.close();
  });

  test('idle instances of a reservation make no room in the common share', async () => {
    const it = rig({ ...reserving({ rich: 128 }), quotaMB: () => 256 });
    const rich = it.submit(it.pool({ name: 'rich' }));
    await it.ready();
    it.process(0).answer();
    await rich;
    void it.submit(it.pool({ name: 'poor', timeoutS: 900 }));
    await it.ready();
    assert.equal((await it.submit(it.pool({ name: 'next' }))).status, 432);
    assert.equal(it.process(0).killed, false);
    await it.machine.close();
  });

  test('a burst of new instances over the limit is 429, until the minute is over', async () => {
    const it = rig({ burst: 2 });
    const run = async (name: string, region = 'ap-guangzhou') => {
      const before = it.launcher.processes.length;
      const outcome = it.submit(it.pool({ name, region }));
      await it.ready();
      it.launcher.processes[before]?.answer();
      return outcome;
    };
    assert.equal((await run('a')).status, 200);
    await it.clock.advance(30_000);
    assert.equal((await run('b')).status, 200);
    const refused = await run('c');
    assert.equal(refused.status, 429);
    assert.equal(refused.errorMessage, 'Function [ c ] exceeded 2 new instances per minute in ap-guangzhou');
    assert.equal((await run('d', 'ap-tokyo')).status, 200, 'each region has its own');
    const again = it.submit(it.pool({ name: 'a' }));
    assert.equal((await again).status, 429, 'a pool of its own has no idle instance');
    await it.clock.advance(30_000);
    assert.equal((await run('c')).status, 200);
    await it.machine.close();
  });

  test('a warm function notices nothing of a burst', async () => {
    const it = rig({ burst: 1 });
    const p = it.pool();
    for (let i = 0; i < 3; i++) {
      const run = it.submit(p);
      await it.ready();
      it.process(0).answer();
      assert.equal((await run).status, 200);
    }
    await it.machine.close();
  });
});

describe('an instance for each event', () => {
  test('starts one whenever none is idle, however short the runs are', async () => {
    const it = rig();
    const p = it.pool({}, { instancePerEvent: true });
    for (let i = 0; i < 10; i++) {
      const run = it.submit(p);
      await it.ready();
      it.process(0).answer('1', { durationMs: 0.02 });
      await run;
    }
    assert.equal(it.launcher.processes.length, 1);
    void it.submit(p);
    void it.submit(p);
    await it.ready();
    assert.equal(it.launcher.processes.length, 2);
    assert.deepEqual(
      it.launcher.processes.map(process => process.flags.at(-1)),
      [0, 0],
      'none is sent ahead',
    );
    await it.machine.close();
  });
});

describe('kept ready', () => {
  async function provisioned(count: number, options: Parameters<typeof rig>[0] = {}) {
    const it = rig(options);
    const p = it.pool();
    it.machine.provision(p, count);
    for (let i = 0; i < count; i++) await it.ready();
    return { ...it, p };
  }

  test('as many as are wanted start without an event', async () => {
    const it = await provisioned(3);
    assert.equal(living(it), 3);
    assert.deepEqual([it.p.idle.length, it.p.live], [3, 3]);
    await it.machine.close();
  });

  test('events use them, and more are started beside them when they are not enough', async () => {
    const it = await provisioned(1);
    const first = it.submit(it.p);
    void it.submit(it.p);
    await it.ready();
    assert.equal(living(it), 2);
    it.process(0).answer();
    const outcome = await first;
    assert.deepEqual([outcome.status, outcome.waitMs], [200, 0]);
    await it.machine.close();
  });

  test('they are not reaped, those above the number are', async () => {
    const it = await provisioned(1, { idleMs: 60_000 });
    const calls = [it.submit(it.p), it.submit(it.p)];
    await it.ready();
    it.process(0).answer();
    it.process(1).answer();
    await Promise.all(calls);
    await it.clock.advance(24 * 60 * 60_000);
    assert.equal(living(it), 1);
    await it.machine.close();
  });

  test('one that dies later is replaced at once', async () => {
    const it = await provisioned(2);
    const run = it.submit(it.p);
    await it.ready();
    const used = it.launcher.processes.find(process => process.invoked.length > 0);
    used?.die(1);
    await it.clock.advance(0);
    assert.equal((await run).status, 439);
    assert.equal(it.launcher.processes.length, 3);
    await it.machine.close();
  });

  test('one that dies before its first event is not started again and again', async () => {
    const it = await provisioned(1);
    for (let i = 0; i < 3; i++) {
      it.process(i).die(1);
      await it.clock.advance(29_999);
      assert.equal(it.launcher.processes.length, i + 1);
      await it.clock.advance(1);
      assert.equal(it.launcher.processes.length, i + 2);
      await it.ready();
    }
    await it.machine.close();
  });

  test('with 0 they are reaped as all others, also long after they have idled', async () => {
    const it = await provisioned(2, { idleMs: 60_000 });
    await it.clock.advance(59_000);
    const run = it.submit(it.p);
    await it.ready();
    it.launcher.processes.find(process => process.invoked.length > 0)?.answer();
    await run;
    await it.clock.advance(1000);
    it.machine.provision(it.p, 0);
    await it.clock.advance(0);
    assert.equal(living(it), 1, 'the other one has just been used');
    await it.clock.advance(60_000);
    assert.equal(living(it), 0);
    const fewer = await provisioned(3, { idleMs: 60_000 });
    await fewer.clock.advance(600_000);
    fewer.machine.provision(fewer.p, 1);
    await fewer.clock.advance(0);
    assert.equal(living(fewer), 1);
    await it.machine.close();
    await fewer.machine.close();
  });

  test('a start that fails is tried again after 30 s, not before, and its reason is kept until one succeeds', async () => {
    const it = rig();
    // An idle instance of another function will be looked after in ten minutes.
    const other = it.submit(it.pool({ name: 'other' }));
    await it.ready();
    it.process(0).answer();
    await other;
    const p = it.pool();
    it.launcher.broken = 443;
    it.machine.provision(p, 2);
    await it.clock.advance(0);
    assert.deepEqual([p.failure, p.live], ['broken', 0]);
    it.launcher.broken = undefined;
    await it.clock.advance(29_999);
    assert.equal(it.launcher.processes.length, 1);
    await it.clock.advance(1);
    assert.equal(it.launcher.processes.length, 2);
    assert.equal(p.failure, 'broken', 'nothing has succeeded yet');
    await it.ready();
    assert.equal(p.failure, '');
    await it.ready();
    assert.equal(p.live, 2);
    await it.machine.close();
  });

  test('a failing start is tried every 30 s, whatever else is looked after meanwhile', async () => {
    const it = rig({ idleMs: 20_000 });
    const p = it.pool();
    let launches = 0;
    const { launch } = it.launcher;
    it.launcher.launch = (version, startedAt, events) => {
      if (version.name === 'hello') launches++;
      return launch.call(it.launcher, version, startedAt, events);
    };
    it.launcher.broken = 443;
    it.machine.provision(p, 1);
    await it.clock.advance(0);
    // Its end is looked after between two tries.
    it.launcher.broken = undefined;
    const other = it.submit(it.pool({ name: 'other' }));
    await it.ready();
    it.process(0).answer();
    await other;
    it.launcher.broken = 443;
    const seen: number[] = [];
    for (let s = 0; s < 95; s++) {
      seen.push(launches);
      await it.clock.advance(1000);
    }
    assert.deepEqual([seen[28], seen[31], seen[58], seen[61], seen[88], seen[91]], [1, 2, 2, 3, 3, 4]);
    await it.machine.close();
  });

  test('what cannot be started says why: the quota, or the machine', async () => {
    const quota = rig({ quotaMB: () => 128 });
    const p = quota.pool();
    quota.machine.provision(p, 2);
    await quota.ready();
    assert.match(p.failure, /unreserved quota 128 MB/);
    assert.equal(living(quota), 1);
    const small = rig({ memoryMB: 64 });
    const big = small.pool();
    small.machine.provision(big, 1);
    await small.clock.advance(0);
    assert.match(big.failure, /needs 128 MB/);
    await quota.machine.close();
    await small.machine.close();
  });

  test('room for others is never made of them', async () => {
    const it = await provisioned(2, { memoryMB: 384 });
    const refused = it.submit(it.pool({ name: 'big', memoryMB: 256 }), 500);
    await it.clock.advance(1000);
    assert.equal((await refused).status, 449);
    assert.equal(living(it), 2);
    const fits = it.submit(it.pool({ name: 'fits' }));
    await it.ready();
    it.process(2).answer();
    assert.equal((await fits).status, 200);
    await it.machine.close();
  });

  test('one that is kept ready does not yield to a function that waits for room', async () => {
    const it = await provisioned(1, { memoryMB: 128 });
    const first = it.submit(it.p);
    await it.clock.advance(0);
    const starving = it.submit(it.pool({ name: 'starving' }), 1000);
    await it.clock.advance(200);
    void it.submit(it.p);
    it.process(0).answer('1', { durationMs: 200 });
    await first;
    await it.clock.advance(0);
    assert.equal(it.process(0).killed, false);
    assert.equal(it.process(0).invoked.length, 2);
    await it.clock.advance(1000);
    assert.equal((await starving).status, 449);
    await it.machine.close();
  });

  test('a revision that is over keeps none', async () => {
    const it = await provisioned(2);
    it.machine.retire(it.p);
    await it.clock.advance(60_000);
    assert.equal(living(it), 0);
    assert.equal(it.machine.usedMB, 0);
    await it.machine.close();
  });

  test('none is started after the end', async () => {
    const it = rig();
    await it.machine.close();
    it.machine.provision(it.pool(), 3);
    await it.clock.advance(60_000);
    assert.equal(it.launcher.processes.length, 0);
  });
});
