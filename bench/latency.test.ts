import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf, type Latencies, parseLatencies, percentileUs, uncorrected, withoutSlowest } from './latency.ts';

/** stats_correct of wrk 4, word for word. */
function corrected(latencies: Latencies, gapUs: number): Latencies {
  const data = new Map(latencies);
  const max = Math.max(...latencies.keys());
  for (let n = gapUs * 2; n <= max; n++) {
    const count = data.get(n) ?? 0;
    for (let m = n - gapUs; count > 0 && m > gapUs; m -= gapUs) data.set(m, (data.get(m) ?? 0) + count);
  }
  return new Map([...data].sort((a, b) => a[0] - b[0]));
}

test('a histogram is read from its pairs', () => {
  assert.deepEqual(
    [...parseLatencies('12:3 40:1')],
    [
      [12, 3],
      [40, 1],
    ],
  );
  for (const broken of ['', '12', '12:x', '12:3 ', '1.5:2']) {
    assert.throws(() => parseLatencies(broken), /not a histogram/);
  }
});

test('what wrk invents for one slow answer is taken back', () => {
  const shown = corrected(
    new Map([
      [10, 90],
      [100, 1],
    ]),
    25,
  );
  assert.deepEqual(
    [...shown],
    [
      [10, 90],
      [50, 1],
      [75, 1],
      [100, 1],
    ],
  );
  assert.deepEqual(
    [...uncorrected(shown, 25)],
    [
      [10, 90],
      [100, 1],
    ],
  );
});

test('an answer that stands where an invented one does is kept', () => {
  const true_ = new Map([
    [10, 9],
    [50, 2],
    [75, 1],
    [100, 4],
  ]);
  assert.deepEqual(uncorrected(corrected(true_, 25), 25), true_);
});

test('any histogram comes back from its correction', () => {
  const histogram = fc
    .dictionary(fc.integer({ min: 1, max: 3000 }).map(String), fc.integer({ min: 1, max: 1000 }), { minKeys: 1 })
    .map(counts => new Map(Object.entries(counts).map(([us, count]) => [Number(us), count])));
  fc.assert(
    fc.property(histogram, fc.integer({ min: 1, max: 500 }), (true_, gapUs) => {
      assert.deepEqual(uncorrected(corrected(true_, gapUs), gapUs), true_);
    }),
  );
});

test('without a gap there is nothing to take back', () => {
  const latencies = new Map([[5, 1]]);
  assert.equal(uncorrected(latencies, 0), latencies);
});

test('another correction than that of wrk 4 is not taken for it', () => {
  assert.throws(
    () =>
      uncorrected(
        new Map([
          [10, 5],
          [100, 1],
        ]),
        25,
      ),
    /another way/,
  );
});

test('a percentile is what so many do not exceed', () => {
  const latencies = new Map([
    [1, 50],
    [2, 49],
    [9, 1],
  ]);
  assert.equal(percentileUs(latencies, 50), 1);
  assert.equal(percentileUs(latencies, 51), 2);
  assert.equal(percentileUs(latencies, 99), 2);
  assert.equal(percentileUs(latencies, 99.5), 9);
  assert.equal(percentileUs(new Map([[7, 1]]), 1), 7);
  assert.throws(() => percentileUs(new Map(), 50), /nothing was measured/);
});

test('the slowest are left out, part of a row where it must be', () => {
  const latencies = new Map([
    [1, 5],
    [2, 3],
    [9, 2],
  ]);
  assert.deepEqual(
    [...withoutSlowest(latencies, 3)],
    [
      [1, 5],
      [2, 2],
    ],
  );
  assert.deepEqual(withoutSlowest(latencies, 0), latencies);
  assert.equal(countOf(withoutSlowest(latencies, 10)), 0);
  assert.equal(countOf(latencies), 10);
});
