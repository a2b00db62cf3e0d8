import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uids, uidRange } from './uids.ts';

const WHOLE = '         0          0 4294967295\n';

test('on a machine of its own the users are far above all others, and each server has its own', () => {
  const one = uidRange('one', WHOLE, WHOLE);
  const two = uidRange('two', WHOLE, WHOLE);
  assert.ok(one && two);
  assert.ok(one.first >= 0x70000000 && one.first + one.count <= 0x71000000);
  assert.ok(Math.abs(one.first - two.first) >= one.count);
  assert.deepEqual(uidRange('one', WHOLE, WHOLE), one);
});

test('in a container they are below nobody', () => {
  const range = uidRange('one', '0 100000 65536', '0 100000 65536');
  assert.deepEqual(range, { first: 32767, count: 4096 });
});

test('with several lines it is the highest that counts, as far as groups go', () => {
  assert.deepEqual(uidRange('one', '0 1000 1\n1 100000 65536', '0 1000 1\n1 100000 10000'), {
    first: 5001,
    count: 4096,
  });
  assert.deepEqual(uidRange('one', '0 0 100000\n100000 900000 100000', '0 0 200000'), { first: 150000, count: 4096 });
});

test('there are none where there is no room', () => {
  assert.equal(uidRange('one', '0 1000 1', '0 1000 1'), undefined);
  assert.equal(uidRange('one', '0 1000 2000', '0 1000 2000'), undefined);
  assert.equal(uidRange('one', WHOLE, '0 1000 1'), undefined);
  assert.equal(uidRange('one', '', ''), undefined);
});

test('a user that was given back comes again last', () => {
  const uids = new Uids({ first: 10, count: 3 });
  assert.equal(uids.take(), 10);
  uids.give(10);
  assert.equal(uids.take(), 11);
  assert.equal(uids.take(), 12);
  uids.give(12);
  uids.give(11);
  assert.deepEqual([uids.take(), uids.take(), uids.take(), uids.take()], [10, 12, 11, undefined]);
});
