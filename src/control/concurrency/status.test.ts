import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONE_READY, taskOf } from './status.ts';

test('in progress until as many are ready as are wanted', () => {
  assert.equal(taskOf(2, { available: 0, busy: 0 }).status, 'InProgress');
  assert.match(taskOf(2, { available: 1, busy: 1 }).reason, /1 个.*2 个.*1 of 2/);
  assert.deepEqual(taskOf(2, { available: 2, busy: 0 }), { status: 'Done', reason: '' });
  assert.equal(taskOf(2, { available: 3, busy: 0 }).status, 'Done');
  assert.equal(taskOf(0, { available: 0, busy: 0 }).status, 'Done');
});

test('failed as long as no more can be started, with the reason', () => {
  assert.deepEqual(taskOf(2, { available: 1, busy: 0, failed: 'no room' }), { status: 'Failed', reason: 'no room' });
  assert.equal(taskOf(1, { available: 1, busy: 0, failed: 'no room' }).status, 'Done');
});

test('where nothing keeps instances ready, nothing is in progress for ever', () => {
  assert.equal(taskOf(1, NONE_READY).status, 'Failed');
  assert.equal(taskOf(0, NONE_READY).status, 'Done');
});
