// A shell stands in for bubblewrap here: it reads its options, tells a pid, and goes on to "the function".

import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { type Clock, SystemClock, TurnableClock } from '../../../core/clock.ts';
import { openTurns } from '../turns.ts';
import { type Started, startProcess } from './process.ts';
import { processesWith, until } from './testing.ts';

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc' };

const made: Started[] = [];
// Whoever starts one closes it in the end; what stays open keeps this process alive.
after(() => {
  for (const { channel, output } of made) for (const stream of [channel, output]) stream.destroy();
});

function shell(script: string, command = '/bin/sh', clock: Clock = new SystemClock()): Started {
  const fd = openTurns();
  try {
    const started = startProcess(command, ['-c', script], fd, clock);
    started.channel.on('error', () => {}).resume();
    made.push(started);
    return started;
  } finally {
    closeSync(fd);
  }
}

/** The descriptors of the steps before the function are closed: it stands. */
const STAND = 'exec 5>&- 6>&- 7>&-';

test('options come whole, between NULs', onLinux, async () => {
  const started = shell('od -An -tx1 <&5 | tr -d " \\n"');
  const out = text(started.output);
  started.configure(['--setenv', 'A', '', 'x y', 'A']);
  assert.equal(await out, '2d2d736574656e7600410000782079004100');
  assert.deepEqual(await started.exited, { code: 0, signal: null });
});

test('it stands when the pid is told and the last step has closed its descriptors', onLinux, async () => {
  const started = shell(`echo '{ "child-pid": '$$' }' >&6; read go <&3; ${STAND}; read go <&3; echo over`);
  const out = text(started.output);
  let stands = false;
  const standing = started.standing.then(pid => {
    stands = true;
    return pid;
  });
  await new Promise(setImmediate);
  assert.equal(stands, false);
  started.channel.write('\n');
  const pid = await standing;
  assert.ok(processesWith('child-pid').includes(String(pid)));
  started.channel.write('\n');
  assert.equal(await out, 'over\n');
});

test('one that ends before says why', onLinux, async () => {
  const started = shell('echo "bwrap: no luck" >&2; echo more >&2; exit 1');
  started.output.resume();
  const { code, error } = await started.exited;
  assert.deepEqual([code, error?.message], [null, 'bwrap: no luck\nmore']);
  await assert.rejects(started.standing, /no luck/);
  const silent = shell('exit 9');
  silent.output.resume();
  assert.deepEqual(await silent.exited, { code: 9, signal: null });
  await assert.rejects(silent.standing, /has ended/);
});

test('a long complaint is cut', onLinux, async () => {
  const started = shell('echo "bwrap: x" >&2; head -c 100000 /dev/zero | tr "\\0" y >&2; exit 1');
  started.output.resume();
  const { error } = await started.exited;
  assert.ok(error && error.message.length < 10_000);
});

test('a program that is not there is an error of the start', onLinux, async () => {
  const started = shell('', '/not/there');
  started.output.resume();
  assert.match((await started.exited).error?.message ?? '', /ENOENT/);
  await assert.rejects(started.standing, /ENOENT/);
  started.kill();
});

test('killed before it is told what to do, it ends at once', onLinux, async () => {
  // One process: a second one would outlive it.
  const started = shell('exec cat <&5');
  started.output.resume();
  started.kill();
  assert.deepEqual(await started.exited, { code: null, signal: 'SIGKILL' });
});

test('killed before its pid is known, it is left alone until its child can be ended', onLinux, async () => {
  const word = `41${process.pid}`;
  const child = `sleep ${word} & echo up; read go <&3`;
  const started = shell(`${child}; echo '{ "child-pid": '$!' }' >&6; wait $!; exit $?`);
  await new Promise(resolve => started.output.once('data', resolve));
  started.output.resume();
  started.configure([]);
  started.kill();
  started.kill();
  assert.equal(processesWith(word).length, 2);
  started.channel.write('\n');
  assert.deepEqual(await started.exited, { code: null, signal: 'SIGKILL' });
  await until(() => processesWith(word).length === 0, 'the end of both');
});

test('one that hangs without telling a pid is ended after a while', onLinux, async () => {
  const clock = new TurnableClock(0);
  const started = shell('echo up; read go <&3', '/bin/sh', clock);
  started.configure([]);
  await new Promise(resolve => started.output.once('data', resolve));
  started.output.resume();
  started.kill();
  let ended = false;
  void started.exited.then(() => {
    ended = true;
  });
  await clock.advance(1999);
  assert.equal(ended, false);
  await clock.advance(1);
  assert.deepEqual(await started.exited, { code: null, signal: 'SIGKILL' });
});

test('killed later, it is the first process inside that goes', onLinux, async () => {
  const word = `42${process.pid}`;
  const inner = `sleep ${word} & echo '{ "child-pid": '$!' }' >&6; ${STAND}; wait $!; exit $?`;
  // The other processes close theirs as well.
  const started = shell(inner.replace('&', '5>&- 6>&- 7>&- &'));
  started.output.resume();
  const pid = await started.standing;
  assert.ok(processesWith(word).includes(String(pid)));
  started.kill();
  assert.deepEqual(await started.exited, { code: null, signal: 'SIGKILL' });
  started.kill();
});
