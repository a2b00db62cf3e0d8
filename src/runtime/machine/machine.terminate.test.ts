// Events that a user breaks off, wherever in the machine they are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../core/invocation.ts';
import { fast } from './testing-functions.ts';
import { rig } from './testing-machine.ts';

test('one that waits for a start is taken out, and the start goes on', async () => {
  const { clock, machine, pool, submit, ready, process, done, launcher } = rig();
  const p = pool();
  const first = submit(p);
  await clock.advance(30);
  assert.equal(machine.terminate('r1', true), true);
  const outcome = await first;
  assert.deepEqual([outcome.status, outcome.errorMessage, outcome.waitMs], [499, 'RequestCanceled', 30]);
  assert.equal(machine.terminate('r1', false), false, 'it is not here any more');
  await ready();
  assert.deepEqual([process(0).invoked, process(0).killed, p.idle.length], [[], false, 1]);
  assert.equal(machine.busy, false, 'nobody waits any more');
  const second = submit(p);
  await clock.advance(0);
  process(0).answer();
  assert.equal((await second).status, 200);
  assert.deepEqual([done, launcher.processes.length], [['r1 499', 'r2 200'], 1]);
  await machine.close();
});

test('one that waits for room is taken out, and those behind it keep their places', async () => {
  const { clock, machine, pool, submit, ready, process, done } = rig({ memoryMB: 128 });
  const a = pool({ name: 'a', timeoutS: 900 });
  const b = pool({ name: 'b' });
  void submit(a);
  await ready();
  void submit(b);
  const last = submit(b);
  await clock.advance(0);
  assert.deepEqual([machine.waiting, machine.terminate('r2', false)], [2, true]);
  process(0).answer();
  await ready();
  process(1).answer();
  assert.equal((await last).status, 200);
  assert.deepEqual(done, ['r2 499', 'r1 200', 'r3 200']);
  await machine.close();
});

test('one that runs is broken off, its room is free, and the next event has another instance', async () => {
  const { clock, machine, pool, submit, ready, process, launcher } = rig({ memoryMB: 128 });
  const p = pool({ timeoutS: 900 });
  const first = submit(p);
  await ready();
  assert.equal(machine.terminate('r1', false), true);
  const next = submit(p);
  await clock.advance(0);
  assert.equal((await first).status, 499);
  await ready();
  assert.deepEqual([process(0).killed, launcher.processes.length, machine.usedMB], [true, 2, 128]);
  process(1).answer();
  assert.equal((await next).status, 200);
  await machine.close();
});

/** How often each of the requests after the warm-up was begun, in order. */
const begun = (ran: readonly string[]) => ran.slice(21);
const statuses = async (calls: readonly Promise<Outcome>[]) => (await Promise.all(calls)).map(one => one.status);

test('what was sent ahead behind it runs elsewhere, once', async () => {
  const it = await fast();
  const calls = [it.functions.submit(it.p, { ms: 500, waits: true })];
  for (let i = 0; i < 4; i++) calls.push(it.functions.submit(it.p));
  await it.clock.advance(0);
  assert.deepEqual([[...it.machine.instances()][0]?.load, it.machine.waiting], [5, 0]);
  await it.functions.now();
  assert.equal(it.machine.terminate('r22', false), true);
  assert.equal(it.process(0).killed, true);
  for (let i = 0; i < 20; i++) {
    await it.functions.pass(10);
    await it.ready();
  }
  assert.deepEqual(await statuses(calls), [499, 200, 200, 200, 200]);
  assert.deepEqual(begun(it.functions.ran), ['r22', 'r23', 'r24', 'r25', 'r26']);
  assert.equal(it.launcher.processes.length, 2);
  await it.machine.close();
});

test('one that was sent ahead is left out; the others stay where they are, in their order', async () => {
  const it = await fast();
  const calls = Array.from({ length: 5 }, () => it.functions.submit(it.p));
  await it.clock.advance(0);
  assert.equal(it.machine.terminate('r24', false), true);
  assert.deepEqual([[...it.machine.instances()][0]?.load, it.machine.waiting], [4, 0], 'they were sent ahead again');
  await it.functions.now();
  assert.deepEqual(await statuses(calls), [200, 200, 499, 200, 200]);
  assert.deepEqual(begun(it.functions.ran), ['r22', 'r23', 'r25', 'r26']);
  assert.deepEqual([it.launcher.processes.length, it.process(0).killed], [1, false]);
  await it.machine.close();
});

test('an instance that was told to end gets no event, and its successor does', async () => {
  const { clock, machine, pool, submit, ready, process } = rig();
  const p = pool({ timeoutS: 900 });
  const first = submit(p);
  await ready();
  assert.equal(machine.terminate('r1', true), true);
  assert.deepEqual([process(0).signals, process(0).killed], [['SIGTERM'], false]);
  const second = submit(p);
  await clock.advance(500);
  await ready();
  process(1).answer();
  assert.equal((await second).status, 200);
  process(0).answer('"in time"');
  assert.equal((await first).status, 200);
  await clock.advance(0);
  assert.deepEqual([process(0).killed, process(0).invoked], [true, ['r1']]);
  await machine.close();
});

test('what is printed is found among all instances', async () => {
  const { clock, machine, pool, submit, ready, process } = rig();
  void submit(pool({ name: 'a' }));
  void submit(pool({ name: 'b' }));
  assert.equal(machine.printed('r1'), undefined, 'it waits');
  await ready();
  process(1).print('of the second');
  await clock.advance(0);
  assert.deepEqual(
    [machine.printed('r1'), machine.printed('r2'), machine.printed('r3')],
    ['', 'of the second', undefined],
  );
  await machine.close();
});

test('a machine that is closed has nothing to break off', async () => {
  const { machine, pool, submit, ready, done } = rig();
  const p = pool();
  void submit(p);
  await ready();
  void submit(p);
  await machine.close();
  assert.deepEqual([machine.terminate('r1', false), machine.terminate('r2', true)], [false, false]);
  await new Promise(setImmediate);
  assert.deepEqual(done.sort(), ['r1 500', 'r2 500']);
});
