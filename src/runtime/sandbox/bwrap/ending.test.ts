import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitOf } from './ending.ts';

test('an exit code is told as it is', () => {
  assert.deepEqual(exitOf(0, null, ''), { code: 0, signal: null });
  assert.deepEqual(exitOf(7, null, ''), { code: 7, signal: null });
  assert.deepEqual(exitOf(255, null, ''), { code: 255, signal: null });
});

test('a death by signal is told from inside and from outside', () => {
  assert.deepEqual(exitOf(137, null, ''), { code: null, signal: 'SIGKILL' });
  assert.deepEqual(exitOf(139, null, ''), { code: null, signal: 'SIGSEGV' });
  assert.deepEqual(exitOf(null, 'SIGKILL', ''), { code: null, signal: 'SIGKILL' });
});

test('a complaint before the function is why it did not start', () => {
  const { code, signal, error } = exitOf(1, null, 'bwrap: cannot do it\n');
  assert.deepEqual([code, signal, error?.message], [null, null, 'bwrap: cannot do it']);
  assert.equal(
    exitOf(125, null, 'openscf-sandbox: exec /x: No such file or directory\n').error?.message.slice(-25),
    'No such file or directory',
  );
});

test('a warning before a function that ran changes nothing', () => {
  assert.deepEqual(exitOf(1, null, 'a warning of somebody\n'), { code: 1, signal: null });
  assert.deepEqual(exitOf(125, null, ''), { code: 125, signal: null });
});
