import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LOOKS, neededFor, trackedNumber } from './tracking.ts';

const TRACKING = { target: 0.7, min: 2, max: 20 };

test('as many as bring the share of busy ones to the target', () => {
  assert.deepEqual(
    [0, 1, 2, 7, 8, 14, 15].map(busy => neededFor(busy, TRACKING)),
    [2, 2, 3, 10, 12, 20, 20],
  );
});

test('never fewer than the least, never more than the most, and no more than one too many', () => {
  const tracking = fc
    .record({
      target: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      min: fc.integer({ min: 1, max: 50 }),
      more: fc.nat(500),
    })
    .map(({ target, min, more }) => ({ target, min, max: min + more }));
  fc.assert(
    fc.property(tracking, fc.nat(300), (of, busy) => {
      const needed = neededFor(busy, of);
      assert.ok(needed >= of.min && needed <= of.max);
      if (needed > of.min && needed < of.max) {
        assert.ok(busy / needed <= of.target + 1e-6);
        assert.ok(busy / (needed - 1) > of.target - 1e-6);
      }
    }),
  );
});

test('more at once', () => {
  assert.equal(trackedNumber(2, [10], TRACKING), 10);
  assert.equal(trackedNumber(4, [2, 2, 10], TRACKING), 10);
});

test('fewer only when as many looks agree', () => {
  assert.equal(LOOKS, 3);
  assert.equal(trackedNumber(10, [2], TRACKING), 10);
  assert.equal(trackedNumber(10, [2, 3], TRACKING), 10);
  assert.equal(trackedNumber(10, [2, 3, 2], TRACKING), 3);
  assert.equal(trackedNumber(10, [9, 2, 3, 2], TRACKING), 3, 'what lies further back does not count');
});

test('bounds that have changed hold at once', () => {
  assert.equal(trackedNumber(30, [2], TRACKING), 20);
  assert.equal(trackedNumber(1, [], TRACKING), 2);
});
