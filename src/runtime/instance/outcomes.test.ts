import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, hintedLog } from './outcomes.ts';

const MISSING = "Error: Cannot find module 'lodash'";
const HINT = /^\[PLATFORM\] lodash .*openscf runtime install Nodejs12\.16\n$/;

test('a log ends with the command that brings what the code has missed', () => {
  assert.match(hintedLog('', failure(443, MISSING), 'Nodejs12.16'), HINT);
  assert.match(hintedLog('', failure(430, 'user code exception caught', MISSING), 'Nodejs12.16'), HINT);
});

test('what was printed before stays, in lines of its own', () => {
  const hint = hintedLog('', failure(443, MISSING), 'Nodejs12.16');
  assert.equal(hintedLog('a\n', failure(443, MISSING), 'Nodejs12.16'), `a\n${hint}`);
  assert.equal(hintedLog('a', failure(443, MISSING), 'Nodejs12.16'), `a\n${hint}`);
});

test('other ends, other errors and other runtimes are left alone', () => {
  assert.equal(hintedLog('a', failure(439, MISSING), 'Nodejs12.16'), 'a');
  assert.equal(hintedLog('a', failure(443, 'SyntaxError'), 'Nodejs12.16'), 'a');
  assert.equal(hintedLog('a', failure(443, MISSING), 'Nodejs18.15'), 'a');
});
