// Several events at once in one instance.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../core/invocation.ts';
import { call, type Started, started } from './testing-instance.ts';

const MB = 1024 * 1024;

/** Runs that many events at once, sent 10 ms apart. */
async function loaded(count: number): Promise<Started & { readonly runs: Promise<Outcome>[] }> {
  const it = await started({ concurrency: 4 });
  const runs: Promise<Outcome>[] = [];
  for (let i = 1; i <= count; i++) {
    if (i > 1) await it.turn(10);
    runs.push(it.begin(call(`r${i}`), i));
  }
  await it.turn();
  it.heard.length = 0;
  return { ...it, runs };
}

const bodies = (outcomes: readonly Outcome[]) => outcomes.map(outcome => outcome.body.toString());
const statuses = (outcomes: readonly Outcome[]) => outcomes.map(outcome => outcome.status);

test('all begin when they are sent, and none can be taken back', async () => {
  const { process, instance, clock } = await loaded(3);
  assert.deepEqual(process.flags, [0, 0, 0]);
  assert.deepEqual([instance.load, instance.headSince], [3, clock.now() - 20]);
  assert.deepEqual(instance.takeBack(), []);
});

test('answers come in any order, each to its own caller', async () => {
  const { process, instance, heard, runs, clock, turn } = await loaded(3);
  process.answer('"second"', { turn: 2, durationMs: 2 });
  await turn();
  assert.equal(instance.headSince, clock.now() - 20, 'the oldest that still runs');
  process.answer('"third"', { turn: 3, durationMs: 3 });
  process.answer('"first"', { turn: 1, durationMs: 1 });
  await turn();
  const outcomes = await Promise.all(runs);
  assert.deepEqual(bodies(outcomes), ['"first"', '"second"', '"third"']);
  assert.deepEqual(
    outcomes.map(outcome => outcome.waitMs),
    [0, 2, 3],
  );
  assert.deepEqual(heard, ['ran 2', 'free', 'ran 3', 'free', 'ran 1', 'free']);
  assert.equal(instance.state, 'idle');
});

test('early answers and their ends come in any order as well', async () => {
  const { process, runs, turn } = await loaded(2);
  process.answer('"b"', { turn: 2, early: true });
  await turn();
  assert.equal((await runs[1])?.body.toString(), '"b"');
  process.answer('"a"', { turn: 1 });
  process.ended({ durationMs: 70 });
  await turn();
  assert.equal((await runs[0])?.body.toString(), '"a"');
  assert.equal((await (await runs[1])?.ended)?.durationMs, 70);
});

test('documented: a time-out fails its own alone; the instance gets no more, and ends with the others', async () => {
  const { process, instance, heard, runs, turn } = await loaded(2);
  await turn(2990);
  const late = await runs[0];
  assert.deepEqual([late?.status, late?.errorMessage], [433, 'Invoking task timed out after 3 seconds']);
  assert.equal(late?.durationMs, 3000);
  assert.deepEqual([process.killed, instance.load, instance.state], [false, 1, 'draining']);
  process.answer('"late"', { turn: 1 });
  await turn();
  assert.equal(process.killed, false, 'that nobody waits for it any more is no fault');
  process.answer('"in time"', { turn: 2 });
  await turn();
  assert.equal((await runs[1])?.body.toString(), '"in time"');
  assert.equal(process.killed, true);
  assert.ok(!heard.includes('free'), `${heard}`);
  assert.equal(heard.at(-1), 'gone');
});

test('several time-outs at once, and the last one of them ends it', async () => {
  const { process, runs, turn } = await loaded(3);
  await turn(3000);
  assert.deepEqual(statuses(await Promise.all(runs)), [433, 433, 433]);
  assert.equal(process.killed, true);
});

test('the end of an early answer that took too long does not disturb the others', async () => {
  const { process, runs, turn } = await loaded(2);
  process.answer('"a"', { turn: 1, early: true });
  await turn(2990);
  assert.equal((await (await runs[0])?.ended)?.status, 433);
  process.ended();
  await turn();
  assert.equal(process.killed, false);
  process.answer('"b"', { turn: 2 });
  assert.equal((await runs[1])?.status, 200);
});

test('a death fails all of them, and none is run again', async () => {
  const { process, heard, runs, turn } = await loaded(3);
  process.answer('"ok"', { turn: 2 });
  process.die(1);
  await turn();
  const outcomes = await Promise.all(runs);
  assert.deepEqual(statuses(outcomes), [439, 200, 439]);
  assert.deepEqual(
    outcomes.map(outcome => outcome.durationMs),
    [20, 1, 0],
  );
  assert.ok(!heard.some(line => line.startsWith('back')));
});

test('what is printed is in the log of whoever ends next, so that none is lost while others run', async () => {
  const { process, runs, turn } = await loaded(3);
  process.print('one\n');
  await turn();
  process.answer('1', { turn: 2 });
  await turn();
  process.print('two\n');
  await turn();
  process.answer('1', { turn: 1 });
  process.answer('1', { turn: 3 });
  await turn();
  assert.deepEqual(
    (await Promise.all(runs)).map(outcome => outcome.log),
    ['two\n', 'one\n', ''],
  );
});

test('memory over the limit fails all of them', async () => {
  const { process, runs, turn } = await loaded(2);
  process.memory = 129 * MB;
  await turn(60);
  assert.deepEqual(statuses(await Promise.all(runs)), [434, 434]);
});

test('a turn that does not run, or is over, ends it', async () => {
  for (const number of [0, 3, 1]) {
    const { process, runs, turn } = await loaded(2);
    process.answer('"a"', { turn: 1 });
    await turn();
    process.answer('"again"', { turn: number });
    await turn();
    assert.equal(process.killed, true);
    assert.deepEqual(statuses(await Promise.all(runs)), [200, 439]);
  }
});

test('none of them can be left out', async () => {
  const { process, turn } = await loaded(2);
  process.decline(2);
  await turn();
  assert.equal(process.killed, true);
});
