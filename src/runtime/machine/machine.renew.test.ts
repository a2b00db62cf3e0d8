// Instances that take events for a while and no longer: what they were given at their start expires.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rig } from './testing-machine.ts';

const LIFE_MS = 10_000;

function short(options: Parameters<typeof rig>[0] = {}) {
  const it = rig(options);
  it.launcher.lifeMs = LIFE_MS;
  const killed = () => it.launcher.processes.map(one => one.killed);
  return { ...it, killed };
}

/** Runs an event in the process with that number. */
async function one(it: ReturnType<typeof short>, pool: ReturnType<typeof it.pool>, number: number): Promise<void> {
  const run = it.submit(pool);
  await it.ready();
  it.process(number).answer();
  assert.equal((await run).status, 200);
}

test('one that idles ends when its time has come, though it has not idled for long', async () => {
  const it = short();
  const pool = it.pool();
  await one(it, pool, 0);
  await it.clock.advance(LIFE_MS - 100);
  assert.deepEqual(it.killed(), [false]);
  await it.clock.advance(200);
  assert.deepEqual(it.killed(), [true]);
  assert.equal(it.machine.usedMB, 0);
  await one(it, pool, 1);
  await it.machine.close();
});

test('one that idles no longer than it may ends as all do', async () => {
  const it = short({ idleMs: 2000 });
  await one(it, it.pool(), 0);
  await it.clock.advance(2100);
  assert.deepEqual(it.killed(), [true]);
  await it.machine.close();
});

test('one that runs finishes what it has, and another one runs what comes', async () => {
  const it = short();
  const pool = it.pool({ timeoutS: 900 });
  const long = it.submit(pool);
  await it.ready();
  await it.clock.advance(LIFE_MS + 100);
  assert.deepEqual(it.killed(), [false], 'its run goes on');
  const next = it.submit(pool);
  await it.clock.advance(200);
  await it.ready();
  assert.equal(it.launcher.processes.length, 2);
  assert.deepEqual(it.process(1).invoked, ['r2']);
  it.process(0).answer('"old"', { durationMs: LIFE_MS });
  assert.equal((await long).body.toString(), '"old"');
  await it.clock.advance(0);
  assert.deepEqual(it.killed(), [true, false], 'with its last run it ends');
  it.process(1).answer('"new"');
  assert.equal((await next).body.toString(), '"new"');
  await it.machine.close();
});

test('events that come again and again are all run, by one after the other', async () => {
  const it = short({ memoryMB: 256 });
  const pool = it.pool();
  const runs: Promise<unknown>[] = [];
  for (let i = 0; i < 400; i++) {
    runs.push(it.submit(pool, 60_000));
    await it.ready();
    await it.clock.advance(40);
    for (const process of it.launcher.processes) {
      if (process.killed) continue;
      for (const _ of process.invoked.splice(0)) process.answer('1', { durationMs: 1 });
    }
    await it.clock.advance(0);
  }
  await Promise.all(runs);
  assert.ok(it.done.every(line => line.endsWith(' 200')));
  // 400 times 50 ms, of which an instance has 10 s.
  assert.ok(it.launcher.processes.length >= 2, `${it.launcher.processes.length} instances`);
  assert.ok(it.launcher.processes.length <= 4, `${it.launcher.processes.length} instances`);
  await it.machine.close();
});

test('what is kept ready is replaced', async () => {
  const it = short();
  const pool = it.pool();
  it.machine.provision(pool, 2);
  await it.ready();
  await it.clock.advance(LIFE_MS - 100);
  assert.deepEqual(it.killed(), [false, false]);
  await it.clock.advance(200);
  assert.deepEqual(it.killed(), [true, true, false, false]);
  await it.ready();
  assert.equal(pool.idle.length, 2);
  assert.equal(it.machine.usedMB, 2 * pool.version.memoryMB);
  await it.machine.close();
});

test('after a sleep of the whole machine, in which no timer ran, the old one is not taken', async () => {
  const it = short();
  const pool = it.pool();
  await one(it, pool, 0);
  const [old] = pool.members;
  assert.ok(old);
  assert.equal(pool.pick(it.clock.now() + LIFE_MS), undefined);
  await it.clock.advance(0);
  assert.deepEqual(it.killed(), [true]);
  assert.equal(it.machine.usedMB, 0);
  await it.machine.close();
});
