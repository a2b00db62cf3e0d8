import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../core/errors.ts';
import { parsePairs, type Tree, unflatten } from './form.ts';

const object = (tree: Tree): object =>
  Object.fromEntries([...tree].map(([name, node]) => [name, typeof node === 'string' ? node : object(node)]));

test('pairs are decoded; what is no code stands for itself', () => {
  assert.deepEqual(
    [...parsePairs('a=1&b=x+y%20z&c=%E5%87%BD&=e&f&g==&&h=%&i=%zz&j=%2B')],
    [
      ['a', '1'],
      ['b', 'x y z'],
      ['c', '函'],
      ['', 'e'],
      ['f', ''],
      ['g', '='],
      ['h', '%'],
      ['i', '%zz'],
      ['j', '+'],
    ],
  );
  assert.equal(parsePairs('').size, 0);
});

test('they are read as the web standard reads them', () => {
  const fields = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(fields, pairs => {
      const wellFormed = pairs.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()] as [string, string]);
      assert.deepEqual([...parsePairs(new URLSearchParams(wellFormed).toString())], wellFormed);
    }),
  );
});

test('a name that comes twice is refused', () => {
  assert.throws(() => parsePairs('a=1&b=2&a=1'), { code: 'InvalidParameter' });
});

test('more names than anyone needs are refused', () => {
  const text = Array.from({ length: 20_001 }, (_, index) => `a${index}=`).join('&');
  assert.throws(() => parsePairs(text), { code: 'InvalidParameter' });
});

test('dots make a tree', () => {
  const tree = unflatten([
    ['Filters.0.Name', 'n'],
    ['Filters.0.Values.1', 'b'],
    ['Filters.0.Values.0', 'a'],
    ['Name', 'x'],
  ]);
  assert.deepEqual(object(tree), { Filters: { 0: { Name: 'n', Values: { 0: 'a', 1: 'b' } } }, Name: 'x' });
});

test('a value and a structure at one place are refused, in either order', () => {
  const both: [string, string][] = [
    ['A', '1'],
    ['A.0', '2'],
  ];
  assert.throws(() => unflatten(both), { code: 'InvalidParameter' });
  assert.throws(() => unflatten(both.toReversed()), { code: 'InvalidParameter' });
});

test('names are never deeper than 32 levels', () => {
  assert.equal(unflatten([[Array(32).fill('a').join('.'), '']]).size, 1);
  assert.throws(() => unflatten([['a.'.repeat(33), '']]), { code: 'InvalidParameter' });
  assert.throws(() => unflatten([['a.'.repeat(1_000_000), '']]), { code: 'InvalidParameter' });
});

test('hostile names make a tree or a refusal, and touch nothing', () => {
  const step = fc.constantFrom('a', '__proto__', 'constructor', 'prototype', '0', '999999999', '-1', '', 'toString');
  const names = fc.array(fc.array(step, { minLength: 1, maxLength: 40 }).map(steps => steps.join('.')));
  fc.assert(
    fc.property(names, list => {
      try {
        unflatten(new Map(list.map(name => [name, 'v'])));
      } catch (error) {
        assert.ok(error instanceof CloudError, String(error));
      }
      assert.equal(({} as Record<string, unknown>).a, undefined);
    }),
  );
});
