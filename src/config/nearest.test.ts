import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.ts';

test('a slip is mended, a stranger is not', () => {
  const names = ['portApi', 'portHttp', 'host', 'memory'];
  assert.equal(nearest('prtApi', names), 'portApi');
  assert.equal(nearest('PORTHTTP', names), 'portHttp');
  assert.equal(nearest('memry', names), 'memory');
  assert.equal(nearest('bananas', names), undefined);
  assert.equal(nearest('x', []), undefined);
});

test('the edit distance of known words', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('same', 'same'), 0);
});

test('property: a distance is symmetric, and zero for equal words alone', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
    }),
  );
});
