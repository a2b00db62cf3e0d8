import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { rig } from './testing-machine.ts';

const STARTS = Math.max(4, availableParallelism());

test('one instance serves one event after another, oldest first', async () => {
  const { clock, machine, pool, submit, ready, process, done, launcher } = rig();
  const p = pool();
  const calls = [submit(p)];
  await ready();
  process(0).answer('1', { durationMs: 1 });
  await clock.advance(0);
  calls.push(submit(p), submit(p), submit(p));
  for (let i = 0; i < 3; i++) {
    await clock.advance(0);
    assert.equal(process(0).invoked.length, i + 2, 'one event at a time');
    process(0).answer('1', { durationMs: 1 });
  }
  await Promise.all(calls);
  assert.deepEqual(process(0).invoked, ['r1', 'r2', 'r3', 'r4']);
  assert.deepEqual(done, ['r1 200', 'r2 200', 'r3 200', 'r4 200']);
  assert.equal(launcher.processes.length, 1, 'short runs are waited for');
  await machine.close();
});

test('only so many start at once; the others follow as starts end', async () => {
  const { machine, pool, submit, ready, launcher } = rig({ memoryMB: 128 * 64 });
  const p = pool();
  const calls = Array.from({ length: STARTS + 3 }, () => submit(p));
  await Promise.resolve();
  assert.equal(launcher.processes.length, STARTS);
  await ready();
  assert.ok(launcher.processes.length > STARTS);
  await ready();
  for (const process of launcher.processes) process.answer();
  await ready();
  for (const process of launcher.processes) if (process.invoked.length > 0) process.answer();
  void Promise.all(calls);
  await machine.close();
});

test('starts that do not come to an end keep nobody from starting', async () => {
  const { clock, machine, pool, submit, launcher } = rig({ memoryMB: 128 * 64 });
  for (let i = 0; i < STARTS; i++) void submit(pool({ name: `stuck-${i}` }));
  const call = submit(pool({ name: 'other' }));
  await clock.advance(400);
  assert.equal(launcher.processes.length, STARTS, 'as long as they may be the usual ones');
  await clock.advance(120);
  assert.equal(launcher.processes.length, STARTS + 1);
  const own = launcher.processes.at(-1);
  own?.ready();
  await clock.advance(0);
  own?.answer('1');
  assert.equal((await call).status, 200);
  await machine.close();
});

test('a stuck instance is not waited for', async () => {
  const { clock, machine, pool, submit, ready, process, launcher } = rig();
  const p = pool({ timeoutS: 900 });
  const first = submit(p);
  await ready();
  process(0).answer('1', { durationMs: 0.1 });
  await first;
  void submit(p);
  const second = submit(p);
  await clock.advance(0);
  assert.equal(launcher.processes.length, 1);
  await clock.advance(100);
  assert.equal(launcher.processes.length, 2);
  await ready();
  process(1).answer('2');
  assert.equal((await second).body.toString(), '2');
  await machine.close();
});

test('a full machine: the call waits for its time and ends with 449', async () => {
  const { clock, machine, pool, submit, ready } = rig({ memoryMB: 128 });
  void submit(pool({ name: 'a', timeoutS: 900 }));
  await ready();
  const refused = submit(pool({ name: 'b' }), 500);
  await clock.advance(490);
  assert.equal(machine.waiting, 1);
  await clock.advance(40);
  const outcome = await refused;
  assert.equal(outcome.status, 449);
  assert.match(outcome.errorMessage, /function \[ b \]/);
  assert.ok(outcome.waitMs >= 500);
  await machine.close();
});

test('a function larger than the machine is refused at once', async () => {
  const { machine, pool, submit } = rig({ memoryMB: 256 });
  const outcome = await submit(pool({ memoryMB: 512 }));
  assert.equal(outcome.status, 449);
  assert.match(outcome.errorMessage, /512 MB.*256 MB/);
  await machine.close();
});

test('the region\u2019s quota is 432 at once, with the documented sentence', async () => {
  const { clock, machine, pool, submit, ready, process } = rig({ quotaMB: () => 256 });
  const p = pool({ timeoutS: 900 });
  const running = [submit(p), submit(p)];
  await ready();
  const outcome = await submit(p);
  assert.equal(outcome.status, 432);
  assert.equal(outcome.errorMessage, 'Function [ hello ] concurrency exceeded region unreserved quota 256 MB');
  assert.equal(machine.waiting, 0);
  process(0).answer('1', { durationMs: 500 });
  process(1).answer('1', { durationMs: 500 });
  await Promise.all(running);
  const other = submit(pool({ name: 'other' }));
  await ready();
  process(2).answer();
  assert.equal((await other).status, 200, 'idle instances do not stand in the way');
  const elsewhere = submit(pool({ name: 'far', region: 'ap-tokyo', memoryMB: 256 }));
  await ready();
  process(3).answer();
  assert.equal((await elsewhere).status, 200, 'regions have quotas of their own');
  await clock.advance(0);
  await machine.close();
});

test('room is made by ending what idles longest', async () => {
  const { clock, machine, pool, submit, ready, process, launcher } = rig({ memoryMB: 256 });
  for (const [index, name] of ['a', 'b'].entries()) {
    const run = submit(pool({ name }));
    await ready();
    process(index).answer();
    await run;
    await clock.advance(1000);
  }
  const run = submit(pool({ name: 'c' }));
  await ready();
  process(2).answer();
  assert.equal((await run).status, 200);
  assert.deepEqual(
    launcher.processes.map(one => one.killed),
    [true, false, false],
  );
  assert.equal(machine.usedMB, 256);
  await machine.close();
});

test('none is ended when even all together would not be room enough', async () => {
  const { clock, machine, pool, submit, ready, process } = rig({ memoryMB: 384 });
  const idle = submit(pool({ name: 'a' }));
  await ready();
  process(0).answer();
  await idle;
  void submit(pool({ name: 'b', timeoutS: 900 }));
  await ready();
  void submit(pool({ name: 'c', memoryMB: 384 }));
  await clock.advance(200);
  assert.equal(process(0).killed, false);
  await machine.close();
});

test('a function without an instance gets room from a busy one that would go on for ever', async () => {
  const { clock, machine, pool, submit, ready, process, launcher } = rig({ memoryMB: 128 });
  const greedy = pool({ name: 'greedy' });
  const first = submit(greedy);
  await ready();
  process(0).answer('1', { durationMs: 30 });
  await first;
  void submit(greedy);
  const starving = submit(pool({ name: 'starving' }));
  await clock.advance(30);
  for (let i = 0; i < 10; i++) void submit(greedy);
  await clock.advance(100);
  process(0).answer('1', { durationMs: 130 });
  await ready();
  assert.equal(process(0).killed, true);
  assert.equal(launcher.processes[1]?.version.name, 'starving');
  process(1).answer('"fed"');
  assert.equal((await starving).body.toString(), '"fed"');
  await machine.close();
});

test('idle instances end after their time, used ones do not', async () => {
  const { clock, machine, pool, submit, ready, process } = rig({ idleMs: 60_000 });
  const p = pool({ timeoutS: 900 });
  const calls = [submit(p), submit(p)];
  await ready();
  process(0).answer();
  process(1).answer();
  await Promise.all(calls);
  await clock.advance(50_000);
  const third = submit(p);
  await clock.advance(0);
  const used = process(0).invoked.length === 2 ? process(0) : process(1);
  used.answer();
  await third;
  await clock.advance(10_000);
  assert.equal(process(0).killed !== process(1).killed, true);
  assert.equal(used.killed, false);
  await clock.advance(50_000);
  assert.equal(used.killed, true);
  assert.equal(machine.usedMB, 0);
  assert.equal([...machine.instances()].length, 0);
  await machine.close();
});

test('a failed start is told to all that waited for it; the next call tries again', async () => {
  const { clock, machine, pool, submit, ready, process, done, launcher } = rig();
  const p = pool();
  const calls = [submit(p), submit(p), submit(p), submit(p)];
  await clock.advance(0);
  for (const one of launcher.processes) {
    one.loadError(443, 'bad');
    one.die(1);
  }
  await clock.advance(0);
  const outcomes = await Promise.all(calls);
  assert.ok(outcomes.every(outcome => outcome.status === 443));
  assert.equal(machine.usedMB, 0);
  const before = launcher.processes.length;
  const again = submit(p);
  await ready();
  process(before).answer();
  assert.equal((await again).status, 200);
  assert.equal(done.length, 5);
  await machine.close();
});

test('a launch without a process fails the call with its reason', async () => {
  const { machine, pool, submit, launcher } = rig();
  launcher.broken = 443;
  const outcome = await submit(pool());
  assert.deepEqual([outcome.status, outcome.errorMessage], [443, 'broken']);
  assert.equal(machine.usedMB, 0);
  await machine.close();
});

test('an instance that died while idle is replaced', async () => {
  const { clock, machine, pool, submit, ready, process } = rig();
  const p = pool();
  const first = submit(p);
  await ready();
  process(0).answer();
  await first;
  process(0).die(1);
  await clock.advance(0);
  const second = submit(p);
  await ready();
  process(1).answer('2');
  assert.equal((await second).body.toString(), '2');
  await machine.close();
});

test('a revision that is over: idle instances end, the running one when it is done', async () => {
  const { clock, machine, pool, submit, ready, process } = rig();
  const p = pool({ timeoutS: 900 });
  const calls = [submit(p), submit(p)];
  await ready();
  process(0).answer();
  await calls[0];
  machine.retire(p);
  await clock.advance(0);
  assert.deepEqual([process(0).killed, process(1).killed], [true, false]);
  process(1).answer();
  assert.equal((await calls[1])?.status, 200);
  await clock.advance(0);
  assert.equal(process(1).killed, true);
  await machine.close();
});

test('close ends everything: what runs and what waits is 500, to be tried again', async () => {
  const { clock, machine, pool, submit, ready, launcher } = rig({ memoryMB: 128 });
  const running = submit(pool({ name: 'a', timeoutS: 900 }));
  await ready();
  const waiting = submit(pool({ name: 'b' }));
  await clock.advance(0);
  await machine.close();
  assert.deepEqual([(await running).status, (await waiting).status], [500, 500]);
  assert.ok(launcher.processes.every(process => process.killed));
  assert.equal((await submit(pool())).status, 500);
  assert.equal(machine.usedMB, 0);
});

test('close waits for a start that is under way', async () => {
  const { machine, pool, submit, launcher } = rig();
  const call = submit(pool());
  await machine.close();
  assert.equal((await call).status, 500);
  assert.ok(launcher.processes.every(process => process.killed));
});
