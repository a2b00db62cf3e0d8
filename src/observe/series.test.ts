import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeriesByFunction } from './series.ts';

const key = (name: string, namespace = 'default', region = 'ap-guangzhou') => ({ region, namespace, name });

test('a function is found again by equal texts, whatever object holds them', () => {
  const series = new SeriesByFunction();
  assert.equal(series.of(key('f')), series.of(key('f')));
  assert.equal(series.of(key('f')).labels, 'function="ap-guangzhou/default/f"');
});

test('region, namespace and name tell functions apart, each by itself', () => {
  const series = new SeriesByFunction();
  const made = [key('f'), key('g'), key('f', 'other'), key('f', 'default', 'ap-shanghai')].map(one => series.of(one));
  assert.equal(new Set(made).size, 4);
  assert.deepEqual(series.all, [series.others, ...made]);
});

test('beyond 200 functions the new ones share a series, the old ones keep theirs', () => {
  const series = new SeriesByFunction();
  const made = Array.from({ length: 200 }, (_, i) => series.of(key(`f${i}`)));
  assert.equal(new Set(made).size, 200);
  assert.ok(!made.includes(series.others));
  assert.equal(series.of(key('late')), series.others);
  assert.equal(series.of(key('f0')), made[0]);
  assert.equal(series.all.length, 201);
});
