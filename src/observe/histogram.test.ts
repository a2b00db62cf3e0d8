import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

/** Bound → how many lay at or below it. */
function buckets(histogram: Histogram): Map<string, number> {
  const bound = (labels: string) => /^le="([^"]+)"/.exec(labels)?.[1] ?? '';
  return new Map(
    histogram
      .samples('')
      .filter(({ suffix }) => suffix === '_bucket')
      .map(({ labels, value }) => [bound(labels), value]),
  );
}

const one = (histogram: Histogram, suffix: string) =>
  histogram.samples('').find(sample => sample.suffix === suffix)?.value;

test('a time counts in every bucket that reaches as far, its bound included', () => {
  const histogram = new Histogram();
  for (const seconds of [0, 0.001, 0.001953125, 900, 901]) histogram.observe(seconds);
  const found = buckets(histogram);
  assert.deepEqual([...found.keys()].slice(0, 3), ['0.001', '0.0025', '0.005']);
  assert.deepEqual([found.get('0.001'), found.get('0.0025'), found.get('300')], [2, 3, 3]);
  assert.deepEqual([found.get('900'), found.get('+Inf')], [4, 5]);
  assert.deepEqual([histogram.count, one(histogram, '_count'), one(histogram, '_sum')], [5, 5, 1801.002953125]);
});

test('nothing seen is all zeros, not an absence', () => {
  const histogram = new Histogram();
  assert.equal(histogram.count, 0);
  assert.equal(buckets(histogram).size, 16);
  assert.ok(histogram.samples('').every(({ value }) => value === 0));
});

test('labels come after the bound, and alone at sum and count', () => {
  const samples = new Histogram().samples('function="f"');
  assert.equal(samples[0]?.labels, 'le="0.001",function="f"');
  assert.deepEqual(
    samples.slice(-2).map(({ suffix, labels }) => [suffix, labels]),
    [
      ['_sum', 'function="f"'],
      ['_count', 'function="f"'],
    ],
  );
});

test('whatever was observed, each bucket has what lies below its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 2000, noNaN: true })), times => {
      const histogram = new Histogram();
      for (const seconds of times) histogram.observe(seconds);
      for (const [bound, count] of buckets(histogram)) {
        const limit = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
        assert.equal(count, times.filter(seconds => seconds <= limit).length, bound);
      }
    }),
  );
});
