// A shell stands in for bubblewrap here: it reads its options, tells a pid, and goes on to "the function".

import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openTurns } from '../turns.ts';
import { type Started, startProcess } from './process.ts';
import { processesWith, until } from './testing.ts';

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc' };

function shell(script: string, command = '/bin/sh'): Started {
  const fd = openTurns();
  try {
    const started = startProcess(command, ['-c', script], fd);
    started.channel.on('error', () => {}).resume();
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

test('killed before its pid is known, it leaves no child behind', onLinux, async () => {
  const word = `41${process.pid}`;
  // As bubblewrap between its clone and the word for its child: that holds all descriptors and waits.
  const started = shell(`sleep ${word} & echo up; wait`);
  await new Promise(resolve => started.output.once('data', resolve));
  started.output.resume();
  assert.equal(processesWith(word).length, 2);
  started.kill();
  assert.deepEqual(await started.exited, { code: null, signal: 'SIGKILL' });
  await until(() => processesWith(word).length === 0, 'the end of the child');
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
