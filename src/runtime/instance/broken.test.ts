// Instances that do not keep to the protocol, or leave their time and memory behind before they are ready.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import type { Outcome } from '../../core/invocation.ts';
import { VERSION } from '../testing.ts';
import { FakeLauncher, type FakeProcess } from '../testing-process.ts';
import { FROM_INSTANCE } from './frames.ts';
import type { Instance } from './instance.ts';

interface Rig {
  readonly process: FakeProcess;
  readonly instance: Instance;
  /** How its start failed. */
  readonly failures: Outcome[];
  readonly heard: string[];
  run(): Promise<Outcome>;
  /** Lets what is under way happen. */
  pass(ms?: number): Promise<void>;
}

async function rig(ready: boolean): Promise<Rig> {
  const clock = new TurnableClock(1_000_000);
  const launcher = new FakeLauncher(clock);
  const failures: Outcome[] = [];
  const heard: string[] = [];
  const instance = await launcher.launch(VERSION, clock.now(), {
    ready: () => heard.push('ready'),
    unready: (_, outcome) => failures.push(outcome),
    ran: () => {},
    free: () => heard.push('free'),
    back: events => heard.push(`back ${events.length}`),
    gone: () => heard.push('gone'),
  });
  const [process] = launcher.processes;
  assert.ok(process);
  const pass = async (ms = 0) => {
    await clock.advance(ms);
    // Streams tell of their end in turns of their own.
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    if (instance.state !== 'gone') instance.tick(clock.now());
    await clock.advance(0);
  };
  if (ready) {
    process.ready();
    await pass();
  }
  let calls = 0;
  const run = () => {
    const requestId = `r${++calls}`;
    const event = { requestId, target: VERSION, qualifier: '', source: 'invoke', body: Buffer.from('{}') };
    const call = { event, retryNum: 0, waitMs: 1000 };
    return new Promise<Outcome>(settle => instance.send({ call, since: clock.now(), until: Infinity, settle }));
  };
  return { process, instance, failures, heard, run, pass };
}

test('one that closes its channel and lives on is ended: 439', async () => {
  const { process, instance, run, pass, heard } = await rig(true);
  const outcome = run();
  await pass();
  process.hangUp();
  await pass();
  assert.equal(instance.state, 'ending', 'it gets no event any more');
  assert.equal(process.killed, false, 'it may be on its way out');
  await pass(250);
  assert.equal(process.killed, true);
  assert.deepEqual([(await outcome).status, heard.at(-1)], [439, 'gone']);
});

test('one that closes its channel and then dies is told by its death', async () => {
  const { process, instance, run, pass } = await rig(true);
  const outcome = run();
  await pass();
  process.hangUp();
  await pass(10);
  process.oom = true;
  process.die(null, 'SIGKILL');
  await pass();
  assert.equal((await outcome).status, 434);
  assert.equal(instance.state, 'gone');
  await pass(1000);
  assert.equal(process.killed, false);
});

test('an idle one without a channel is not idle', async () => {
  const { process, instance, pass, heard } = await rig(true);
  process.hangUp();
  await pass();
  assert.equal(instance.state, 'ending');
  await pass(250);
  assert.deepEqual([process.killed, heard.at(-1)], [true, 'gone']);
});

test('one that starts and closes its channel: 405', async () => {
  const { process, pass, failures } = await rig(false);
  process.hangUp();
  await pass(250);
  await pass();
  assert.deepEqual([process.killed, failures.length, failures[0]?.status], [true, 1, 405]);
  assert.match(failures[0]?.errorMessage ?? '', /closed the channel/);
});

test('one that starts and writes what it should not: 405; one that runs: 439', async () => {
  const starting = await rig(false);
  starting.process.answer('1', { turn: 1 });
  await starting.pass();
  assert.deepEqual([starting.failures[0]?.status, starting.process.killed], [405, true]);
  const running = await rig(true);
  const outcome = running.run();
  await running.pass();
  running.process.loadError(443, 'late');
  running.process.answer('"too late"');
  await running.pass();
  assert.deepEqual([(await outcome).status, running.process.killed], [439, true]);
});

test('a status that is not for functions to say: 439', async () => {
  const { process, run, pass } = await rig(true);
  const outcome = run();
  await pass();
  const payload = Buffer.alloc(15);
  payload.writeUInt32BE(1, 1);
  payload.writeUInt16BE(500, 9);
  process.send(FROM_INSTANCE.error, payload);
  await pass();
  assert.equal((await outcome).status, 439);
});

test('a run that ends well, but had a program of it ended for memory: 434', async () => {
  const { process, run, pass } = await rig(true);
  const short = run();
  await pass();
  process.oom = true;
  process.answer('"at once"', { durationMs: 4 });
  assert.equal((await short).status, 200, 'it is not asked for');
  const long = run();
  await pass();
  process.answer('"as if nothing had been"', { durationMs: 40 });
  assert.deepEqual([(await long).status, process.killed], [434, true]);
});

test('memory is watched while it starts', async () => {
  const { process, pass, failures } = await rig(false);
  process.memory = (VERSION.memoryMB - 1) * 1024 * 1024;
  await pass(60);
  assert.equal(process.killed, false);
  process.memory = (VERSION.memoryMB + 1) * 1024 * 1024;
  await pass(60);
  await pass();
  assert.deepEqual([process.killed, failures[0]?.status], [true, 434]);
});
