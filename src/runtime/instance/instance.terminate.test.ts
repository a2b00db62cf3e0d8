// Runs that a user breaks off, and what is known of them while they go on.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '../../core/invocation.ts';
import { call, type Started, type StartedOptions, started } from './testing-instance.ts';

const RECEIVED = '[PLATFORM] Signal received successfully.\n';
const FAILED = '[PLATFORM] Signal reception failed.\n';

type Loaded = Started & { readonly runs: Promise<Outcome>[] };

/** With events r1, r2, …; the first begins, in order or several at once. */
async function loaded(count: number, options: StartedOptions = {}): Promise<Loaded> {
  const it = await started(options);
  const runs = Array.from({ length: count }, (_, index) => it.begin(call(`r${index + 1}`)));
  await it.turn();
  it.heard.length = 0;
  return { ...it, runs };
}

const told = ({ status, errorMessage }: Outcome) => [status, errorMessage];
const CANCELED = [499, 'RequestCanceled'];

/** Those that are answered by now. */
async function settled(runs: readonly Promise<Outcome>[]): Promise<number[]> {
  const later = new Promise<number>(done => setImmediate(done, 0));
  return Promise.all(runs.map(run => Promise.race([run.then(one => one.status), later])));
}

describe('broken off', () => {
  test('a run ends with 499 and takes its instance along; what it printed is in its log', async () => {
    const { process, instance, clock, heard, runs, turn } = await loaded(1);
    process.print('so far');
    await turn(250);
    assert.equal(instance.terminate('r1', false), true);
    assert.equal(process.killed, true);
    await turn();
    const [run] = await Promise.all(runs);
    assert.ok(run);
    assert.deepEqual(told(run), CANCELED);
    assert.deepEqual([run.log, run.durationMs, run.initMs, run.body.length], ['so far', 250, 40, 0]);
    assert.deepEqual([instance.state, heard.at(-1), clock.now()], ['gone', 'gone', 1_000_290]);
  });

  test('one that is not here, or over, is none', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    for (const graceful of [true, false]) assert.equal(instance.terminate('other', graceful), false);
    process.print('x');
    process.answer('1', { printed: true });
    await turn();
    for (const graceful of [true, false])
      assert.equal(instance.terminate('r1', graceful), false, 'only its log is awaited');
    process.mark();
    await turn();
    assert.equal((await runs[0])?.status, 200);
    for (const graceful of [true, false]) assert.equal(instance.terminate('r1', graceful), false);
    assert.deepEqual([process.killed, process.signals, instance.state], [false, [], 'idle']);
  });

  test('what was behind it comes back', async () => {
    const { instance, heard, runs, turn } = await loaded(4);
    assert.equal(instance.terminate('r1', false), true);
    assert.deepEqual(heard, ['back r2,r3,r4']);
    await turn();
    assert.equal((await runs[0])?.status, 499);
    assert.deepEqual(await settled(runs.slice(1)), [0, 0, 0]);
  });

  test('one that was sent ahead is left out, the one before it runs on, and those behind it come back', async () => {
    const { process, instance, heard, runs, clock, turn } = await loaded(4);
    await turn(7);
    assert.equal(instance.terminate('r2', false), true);
    const outcome = await runs[1];
    assert.ok(outcome);
    assert.deepEqual(told(outcome), CANCELED);
    assert.deepEqual([outcome.durationMs, outcome.waitMs, outcome.instance, outcome.log], [0, 7, '', '']);
    assert.deepEqual([heard, instance.load, instance.state], [['back r3,r4'], 1, 'busy']);
    assert.equal(process.takeTurn(2), false);
    process.decline(2);
    process.answer('"first"');
    await turn();
    assert.equal((await runs[0])?.body.toString(), '"first"');
    assert.deepEqual([process.killed, instance.state, clock.now()], [false, 'idle', 1_000_047]);
  });

  test('one that is held has never been sent', async () => {
    const { process, instance, heard, runs } = await loaded(5);
    assert.equal(instance.terminate('r4', true), true, 'nothing to be told: it has not begun');
    assert.equal((await runs[3])?.status, 499);
    assert.deepEqual(heard, ['back r2,r3,r5'], 'the way to know that it had not begun');
    assert.deepEqual([process.killed, process.signals], [false, []]);
  });

  test('one whose answer is on the way is over', async () => {
    const { process, instance, heard, runs, turn } = await loaded(3);
    // The next one has begun in the function.
    assert.equal(process.takeTurn(2), true);
    for (const graceful of [true, false]) assert.equal(instance.terminate('r1', graceful), false);
    assert.deepEqual([process.killed, process.signals, heard], [false, [], ['back r3']]);
    process.answer('1');
    process.answer('2');
    await turn();
    assert.deepEqual(await settled(runs), [200, 200, 0]);
  });

  test('one that has begun meanwhile is ended once the one before it is answered, and nothing more is sent', async () => {
    const { process, instance, runs, turn } = await loaded(2);
    assert.equal(process.takeTurn(2), true);
    assert.equal(instance.terminate('r2', false), true);
    assert.deepEqual([process.killed, instance.state], [false, 'draining']);
    await turn();
    process.answer('"first"', { turn: 1 });
    await turn();
    assert.equal(process.killed, true);
    const [first, second] = await Promise.all(runs);
    assert.equal(first?.body.toString(), '"first"');
    assert.equal(second?.status, 499);
  });

  test('one that is left out after all, though it seemed to have begun, is not run elsewhere', async () => {
    const { process, instance, heard, runs, turn } = await loaded(2);
    process.takeTurn(2);
    assert.equal(instance.terminate('r2', false), true);
    process.decline(2);
    await turn();
    assert.deepEqual(await settled(runs), [0, 499]);
    process.answer();
    await turn();
    assert.deepEqual(await settled(runs), [200, 499]);
    assert.ok(!heard.some(line => line.startsWith('back')), `${heard}`);
    assert.equal(instance.state, 'gone');
  });

  test('while its instance ends anyway it is not run again, nor told as something else', async () => {
    const { instance, process, runs, heard, turn } = await loaded(3);
    void instance.end();
    assert.equal(process.killed, true);
    assert.equal(instance.terminate('r1', false), true);
    assert.equal(instance.terminate('r2', false), true);
    await turn();
    assert.deepEqual(await settled(runs), [499, 499, 0]);
    assert.deepEqual(heard, ['back r3', 'gone']);
  });

  test('after an early answer the end of the run is 499', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    process.answer('"early"', { early: true });
    await turn();
    const answer = await runs[0];
    assert.equal(answer?.status, 200);
    assert.equal(instance.terminate('r1', false), true);
    await turn();
    assert.equal((await answer?.ended)?.status, 499);
  });

  test('of several at once it ends alone, and the instance gets no more', async () => {
    for (const graceful of [true, false]) {
      const { process, instance, heard, runs, turn } = await loaded(3, { concurrency: 4 });
      assert.equal(instance.terminate('r2', graceful), true);
      const second = await runs[1];
      assert.ok(second);
      assert.deepEqual(told(second), CANCELED);
      assert.deepEqual([process.killed, process.signals, instance.state], [false, [], 'draining']);
      process.answer('"late"', { turn: 2 });
      process.answer('1', { turn: 1 });
      process.answer('3', { turn: 3 });
      await turn();
      assert.deepEqual(await settled(runs), [200, 499, 200]);
      assert.deepEqual([process.killed, heard.at(-1)], [true, 'gone']);
    }
  });

  test('the last of several ends it at once', async () => {
    const { process, instance, runs, turn } = await loaded(1, { concurrency: 4 });
    assert.equal(instance.terminate('r1', false), true);
    await turn();
    assert.deepEqual([(await runs[0])?.status, process.killed], [499, true]);
  });
});

describe('gracefully', () => {
  test('its process is told, and that it dies of it is 439', async () => {
    const { process, instance, runs, heard, turn } = await loaded(3);
    process.print('half a line');
    await turn();
    assert.equal(instance.terminate('r1', true), true);
    assert.deepEqual([process.signals, process.killed], [['SIGTERM'], false]);
    assert.deepEqual(heard, ['back r2,r3'], 'it may end at any time: nothing waits for it');
    process.die(null, 'SIGTERM');
    await turn();
    const run = await runs[0];
    assert.ok(run);
    assert.deepEqual(told(run), [439, 'User process exit when running']);
    assert.equal(run.log, `half a line\n${RECEIVED}`);
  });

  test('a handler may finish its run; then the instance ends', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    instance.terminate('r1', true);
    assert.equal(instance.state, 'draining');
    await turn();
    process.print('saved\n');
    process.answer('"saved"', { printed: true });
    process.mark();
    await turn();
    const run = await runs[0];
    assert.deepEqual([run?.status, run?.body.toString(), run?.log], [200, '"saved"', `${RECEIVED}saved\n`]);
    assert.deepEqual([process.killed, instance.state], [true, 'gone']);
  });

  test('one that does not go can still be broken off', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    instance.terminate('r1', true);
    await turn(100);
    assert.equal(instance.terminate('r1', false), true);
    assert.equal(process.killed, true);
    await turn();
    assert.equal((await runs[0])?.status, 499);
  });

  test('one that cannot be told runs on, and its log says so', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    process.deaf = true;
    assert.equal(instance.terminate('r1', true), true);
    assert.equal(instance.state, 'busy');
    process.answer();
    await turn();
    assert.deepEqual([(await runs[0])?.status, (await runs[0])?.log], [200, FAILED]);
    assert.equal(instance.state, 'idle');
  });

  test('one that is ending hears nothing, and ends as it would', async () => {
    const { instance, process, runs, turn } = await loaded(1);
    await turn(3000);
    assert.equal(instance.terminate('r1', true), false, 'it is gone');
    assert.equal((await runs[0])?.status, 433);
    const other = await loaded(1);
    other.process.hangUp();
    await other.turn();
    assert.equal(other.instance.terminate('r1', true), true);
    await other.turn(250);
    assert.deepEqual([(await other.runs[0])?.status, (await other.runs[0])?.log], [439, FAILED]);
    assert.deepEqual([...process.signals, ...other.process.signals], []);
  });

  test('after its mark the line is still in its own log', async () => {
    const { process, instance, runs, turn } = await loaded(1);
    process.print('x\n');
    process.mark();
    await turn();
    instance.terminate('r1', true);
    process.answer('1', { printed: true });
    await turn();
    assert.equal((await runs[0])?.log, `x\n${RECEIVED}`);
    const silent = await loaded(1);
    silent.process.mark();
    await silent.turn();
    silent.instance.terminate('r1', true);
    silent.process.answer('1', { printed: true });
    await silent.turn();
    assert.equal((await silent.runs[0])?.log, RECEIVED);
  });
});

describe('what a run has printed so far', () => {
  test('is that of the run that goes on', async () => {
    const { process, instance, turn } = await loaded(2);
    assert.equal(instance.printed('r1'), '');
    process.print('one');
    await turn();
    assert.equal(instance.printed('r1'), 'one');
    assert.equal(instance.printed('r2'), undefined, 'it has not begun');
    assert.equal(instance.printed('r3'), undefined);
    process.answer('1', { printed: true });
    await turn();
    process.print(' more');
    await turn();
    assert.deepEqual([instance.printed('r1'), instance.printed('r2')], ['one more', ''], 'its mark is still to come');
    process.mark();
    process.print('two');
    await turn();
    assert.deepEqual([instance.printed('r1'), instance.printed('r2')], [undefined, 'two']);
  });

  test('is whole once its mark has come', async () => {
    const { process, instance, turn } = await loaded(1);
    process.print('one');
    process.mark();
    process.print('late');
    await turn();
    assert.equal(instance.printed('r1'), 'one');
  });

  test('of several at once nobody can tell whose it is', async () => {
    const { process, instance, turn } = await loaded(2, { concurrency: 2 });
    process.print('somebody');
    await turn();
    assert.deepEqual([instance.printed('r1'), instance.printed('r2')], ['somebody', 'somebody']);
  });
});

describe('an asynchronous execution', () => {
  const asyncRun = { version: { asyncRun: true, timeoutS: 86_400 } };

  test('that fails recycles its instance; that of an ordinary function is kept', async () => {
    for (const [options, state] of [
      [asyncRun, 'gone'],
      [{}, 'idle'],
    ] as const) {
      const { process, instance, heard, runs, turn } = await loaded(1, options);
      process.fail(430);
      await turn();
      assert.deepEqual([(await runs[0])?.status, instance.state], [430, state]);
      assert.equal(heard.includes('free'), state === 'idle');
    }
  });

  test('that succeeds keeps it', async () => {
    const { process, instance, heard, turn } = await loaded(1, asyncRun);
    process.answer();
    await turn();
    assert.deepEqual([instance.state, heard.includes('free')], ['idle', true]);
  });

  test('that fails beside others lets them finish', async () => {
    const { process, instance, runs, turn } = await loaded(2, { ...asyncRun, concurrency: 2 });
    process.fail(430, 1);
    await turn();
    assert.deepEqual([process.killed, instance.state], [false, 'draining']);
    process.answer('2', { turn: 2 });
    await turn();
    assert.deepEqual([await settled(runs), process.killed], [[430, 200], true]);
  });

  test('may take a day, and its time is told', async () => {
    const { process, instance, runs, turn } = await loaded(1, asyncRun);
    assert.equal(process.limits[0], 86_400_000);
    await turn(86_399_000);
    assert.equal(instance.state, 'busy');
    process.answer('1', { durationMs: 0xffffffff / 1000 });
    await turn();
    assert.deepEqual([(await runs[0])?.status, (await runs[0])?.durationMs], [200, 86_399_000]);
  });

  test('ends after its day', async () => {
    const { runs, turn } = await loaded(1, asyncRun);
    await turn(86_399_990);
    assert.deepEqual(await settled(runs), [0]);
    await turn(10);
    const run = await runs[0];
    assert.ok(run);
    assert.deepEqual(told(run), [433, 'Invoking task timed out after 86400 seconds']);
    assert.equal(run.durationMs, 86_400_000);
  });
});
