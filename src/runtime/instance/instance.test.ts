import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FROM_INSTANCE } from './frames.ts';
import { call, started } from './testing-instance.ts';

const MB = 1024 * 1024;

test('an instance is ready, runs, and is free again', async () => {
  const { begin, process, instance, heard, turn } = await started();
  assert.equal(instance.initMs, 40);
  const run = begin(call('r1'), 47);
  await turn();
  assert.deepEqual(process.invoked, ['r1']);
  process.answer('"x"', { durationMs: 2.5 });
  const outcome = await run;
  assert.equal(outcome.status, 200);
  assert.equal(outcome.body.toString(), '"x"');
  assert.equal(outcome.durationMs, 2.5);
  assert.equal(outcome.initMs, 40);
  assert.equal(outcome.waitMs, 7);
  assert.equal(outcome.memoryBytes, 10 * MB);
  assert.deepEqual(heard, ['ready', 'ran 2.5', 'free']);
  const next = begin(call());
  process.answer();
  assert.equal((await next).initMs, 0, 'only the first run is a cold start');
});

test('the log is complete before the run is: the mark may come before or after the answer', async () => {
  const { begin, process, instance, turn } = await started();
  for (const markFirst of [true, false]) {
    const run = begin(call());
    process.print('a');
    if (markFirst) {
      process.print('b');
      process.mark();
      await turn();
      process.answer('1', { printed: true });
    } else {
      process.answer('1', { printed: true });
      await turn();
      assert.equal(instance.state, 'busy', 'its log is still to come');
      process.print('b');
      process.mark();
    }
    assert.equal((await run).log, 'ab');
  }
});

test('what is printed after the mark, or while idle, is the next run\u2019s', async () => {
  const { begin, process, turn } = await started();
  const first = begin(call());
  process.print('one');
  process.mark();
  process.print('late');
  await turn();
  process.answer('1', { printed: true });
  assert.equal((await first).log, 'one');
  process.print('idle');
  await turn();
  const second = begin(call());
  process.answer();
  assert.equal((await second).log, 'lateidle');
});

test('a mark that never comes is waited for one second', async () => {
  const { begin, process, instance, turn } = await started();
  const run = begin(call());
  process.print('x');
  process.answer('1', { printed: true });
  await turn(999);
  assert.equal(instance.state, 'busy');
  await turn(1);
  assert.equal((await run).log, 'x');
  assert.equal(instance.state, 'idle');
});

test('a run over its time ends with 433 and takes the instance with it', async () => {
  const { begin, process, heard, turn } = await started();
  const run = begin(call());
  process.print('in');
  await turn(2999);
  assert.equal(process.killed, false);
  await turn(1);
  const outcome = await run;
  assert.equal(outcome.status, 433);
  assert.equal(outcome.errorMessage, 'Invoking task timed out after 3 seconds');
  assert.equal(outcome.durationMs, 3000);
  assert.equal(outcome.log, 'in');
  assert.equal(process.killed, true);
  assert.deepEqual(heard, ['ready', 'gone']);
});

test('an early answer goes out at once, and the end of the run follows', async () => {
  const { begin, process, instance, heard, turn } = await started();
  const run = begin(call());
  process.print('first');
  process.answer('"early"', { early: true, durationMs: 5 });
  const outcome = await run;
  assert.equal(outcome.body.toString(), '"early"');
  assert.deepEqual([outcome.log, outcome.durationMs, outcome.memoryBytes], ['', 0, 0]);
  assert.equal(instance.state, 'busy');
  process.print(' then');
  process.mark();
  process.ended({ durationMs: 500, printed: true });
  await turn();
  const ended = await outcome.ended;
  assert.equal(ended?.log, 'first then');
  assert.equal(ended?.durationMs, 500);
  assert.equal(ended?.body.toString(), '"early"');
  assert.deepEqual(heard.slice(1), ['ran 500', 'free']);
});

test('after an early answer the run may still fail', async () => {
  const { begin, process, turn } = await started();
  const run = begin(call());
  process.answer('1', { early: true });
  const outcome = await run;
  await turn(3000);
  assert.equal((await outcome.ended)?.status, 433);
});

test('memory is watched: the highest is told, over the limit ends the run', async () => {
  const { begin, process, turn } = await started();
  const run = begin(call());
  process.memory = 100 * MB;
  await turn(60);
  process.memory = 20 * MB;
  await turn(60);
  process.answer();
  assert.equal((await run).memoryBytes, 100 * MB);
  const over = begin(call());
  process.memory = 129 * MB;
  await turn(60);
  const outcome = await over;
  assert.equal(outcome.status, 434);
  assert.equal(outcome.memoryBytes, 129 * MB);
});

test('a process that ends while running is 439, a kernel\u2019s kill near the limit is 434', async () => {
  const exited = await started();
  const run = exited.begin(call());
  exited.process.send(FROM_INSTANCE.fault, Buffer.from('Error: x\n    at /data/code/abc/index.js:1:1'));
  await exited.turn();
  exited.process.die(1);
  await exited.turn();
  const outcome = await run;
  assert.equal(outcome.status, 439);
  assert.equal(outcome.stackTrace, 'Error: x\n    at /var/user/index.js:1:1');
  const killed = await started();
  const second = killed.begin(call());
  killed.process.memory = 127 * MB;
  await killed.turn(60);
  killed.process.die(null, 'SIGKILL');
  await killed.turn();
  assert.equal((await second).status, 434);
});

test('pipes that others hold open after the process ended are not waited for longer than 250 ms', async () => {
  const { begin, process, heard, turn } = await started();
  const run = begin(call());
  process.print('said');
  process.die(1, null, true);
  await turn(249);
  assert.deepEqual(heard, ['ready']);
  await turn(1);
  assert.equal((await run).log, 'said');
  assert.deepEqual(heard, ['ready', 'gone']);
});

test('an idle instance that dies is gone at once, and nobody is told of a failure', async () => {
  const { process, instance, heard, failures, turn } = await started();
  process.die(1, null, true);
  await turn();
  assert.equal(instance.state, 'gone');
  assert.deepEqual(heard, ['ready', 'gone']);
  assert.deepEqual(failures, []);
});

test('an answer that was sent before the process ended still counts', async () => {
  const { begin, process, turn } = await started();
  const run = begin(call());
  process.print('x');
  process.answer('1', { printed: true });
  await turn();
  process.die(0);
  await turn();
  const outcome = await run;
  assert.deepEqual([outcome.status, outcome.log], [200, 'x']);
});

test('ways not to become ready', async () => {
  const late = await started({ ready: false });
  await late.turn(9999);
  assert.equal(late.process.killed, false);
  await late.turn(1);
  assert.deepEqual(late.heard, ['unready', 'gone']);
  assert.equal(late.failures[0]?.status, 450);

  const broken = await started({ ready: false });
  broken.process.print('loading\n');
  broken.process.loadError(443, 'File "/data/code/abc/index.py"');
  await broken.turn();
  broken.process.die(1);
  await broken.turn();
  assert.equal(broken.failures[0]?.status, 443);
  assert.equal(broken.failures[0]?.errorMessage, 'File "/var/user/index.py"');
  assert.equal(broken.failures[0]?.log, 'loading\n');

  const exited = await started({ ready: false });
  exited.process.die(7);
  await exited.turn();
  assert.equal(exited.failures[0]?.status, 405);
  assert.match(exited.failures[0]?.errorMessage ?? '', /exit code 7/);
});

test('frames that make no sense end the instance', async () => {
  for (const frame of [
    encodeFrame(99, Buffer.alloc(0)),
    encodeFrame(FROM_INSTANCE.ended, Buffer.alloc(5)),
    encodeFrame(FROM_INSTANCE.result, Buffer.alloc(1)),
  ]) {
    const { begin, process, turn } = await started();
    const run = begin(call());
    process.send(frame.readUInt8(4), frame.subarray(5));
    await turn();
    assert.equal((await run).status, 439);
    assert.equal(process.killed, true);
  }
  const idle = await started();
  idle.process.answer();
  await idle.turn();
  assert.equal(idle.instance.state, 'gone');
});

test('when its time has come it runs what it has, takes no more, and ends', async () => {
  const { begin, process, instance, heard, turn } = await started({ lifeMs: 1000, version: { timeoutS: 60 } });
  const runs = [begin(call('r1')), begin(call('r2'))];
  await turn(900);
  assert.equal(instance.state, 'busy');
  await turn(100);
  assert.equal(instance.state, 'draining');
  for (const text of ['1', '2']) {
    process.answer(text);
    await turn();
  }
  assert.deepEqual(
    (await Promise.all(runs)).map(({ body }) => body.toString()),
    ['1', '2'],
  );
  assert.ok(!heard.includes('free'));
  assert.equal(process.killed, true);
});
