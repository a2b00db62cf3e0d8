// A machine that slept, or had no time for the server: nobody is made to pay for that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { LateClock } from '../../core/testing-clock.ts';
import { rig } from './testing-machine.ts';

/** Lets everything that has been said be heard. */
async function heard(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

function late(options: Parameters<typeof rig>[0] = {}) {
  const clock = new LateClock(1_000_000);
  const it = rig({ ...options, clock });
  /** Lets time pass as it does for a server that is not stopped. */
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 10) {
      clock.pass(10);
      await heard();
    }
  };
  return { ...it, late: clock, pass };
}

async function started(it: ReturnType<typeof late>, timeoutS: number) {
  const run = it.submit(it.pool({ timeoutS }));
  await heard();
  it.process(0).ready();
  await heard();
  assert.deepEqual(it.process(0).invoked, ['r1']);
  return run;
}

test('an answer that came while the server stood still is an answer in time', async () => {
  const it = late();
  const run = started(it, 3);
  await it.pass(100);
  // A process that goes on sees what is due before it reads what has come.
  it.late.pass(8 * 3_600_000);
  it.process(0).answer('"done"');
  assert.equal((await run).body.toString(), '"done"');
  await it.machine.close();
});

test('a function that ran meanwhile has the rest of its time', async () => {
  const it = late();
  const run = started(it, 3);
  await it.pass(1000);
  it.late.pass(60_000);
  await it.pass(1900);
  assert.equal(it.process(0).killed, false);
  await it.pass(200);
  assert.equal(it.process(0).killed, true);
  assert.equal((await run).status, 433);
  await it.machine.close();
});

test('one that was starting has the rest of its time to start', async () => {
  const it = late();
  const run = it.submit(it.pool({ initTimeoutS: 3 }));
  await heard();
  await it.pass(1000);
  it.late.pass(60_000);
  await it.pass(1900);
  assert.equal(it.process(0).killed, false);
  await it.pass(200);
  assert.equal((await run).status, 450);
  await it.machine.close();
});

test('one that waits for room waits on', async () => {
  const it = late({ memoryMB: 128 });
  const first = started(it, 900);
  const second = it.submit(it.pool({ name: 'other' }), 5000);
  await it.pass(1000);
  it.late.pass(60_000);
  await it.pass(3900);
  assert.deepEqual(it.done, []);
  it.process(0).answer('1');
  assert.equal((await first).status, 200);
  await heard();
  const [, next] = it.launcher.processes;
  assert.ok(next, 'there is room now');
  next.ready();
  await heard();
  next.answer('2');
  assert.equal((await second).status, 200);
  await it.machine.close();
});

test('a clock that is turned is no standstill: limits hold', async () => {
  const it = rig();
  assert.ok(it.clock instanceof TurnableClock);
  const run = it.submit(it.pool({ timeoutS: 3 }));
  await it.ready();
  await it.clock.advance(60_000);
  assert.equal((await run).status, 433);
  await it.machine.close();
});
