import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteRange } from './range.ts';

test('from a byte on, between two, and the last ones', () => {
  const cases: [string | undefined, ReturnType<typeof byteRange>][] = [
    ['bytes=3-', { from: 3, to: 10 }],
    ['bytes=0-0', { from: 0, to: 1 }],
    ['bytes=2-4', { from: 2, to: 5 }],
    ['bytes=2-400', { from: 2, to: 10 }],
    ['bytes=-4', { from: 6, to: 10 }],
    ['bytes=-40', { from: 0, to: 10 }],
    ['Bytes = 2 - 4', { from: 2, to: 5 }],
    ['bytes=10-', 'empty'],
    ['bytes=10-12', 'empty'],
    ['bytes=-0', 'empty'],
    ['bytes=999999999999999999-', 'empty'],
  ];
  for (const [text, expected] of cases) assert.deepEqual(byteRange(text, 10), expected, text);
});

test('what is none, or several, is as if it were not there', () => {
  for (const text of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=4-2',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'lines=0-1',
    '0-1',
  ])
    assert.equal(byteRange(text, 10), undefined, text);
});

test('nothing lies in what is empty', () => {
  for (const text of ['bytes=0-', 'bytes=-5', 'bytes=0-0']) assert.equal(byteRange(text, 0), 'empty', text);
});

test('property: it holds the bytes that are asked for and are there', () => {
  const end = fc.option(fc.nat(30), { nil: undefined });
  fc.assert(
    fc.property(end, end, fc.nat(20), (first, last, bytes) => {
      const wanted = Array.from({ length: bytes }, (_, at) => at).filter(at => {
        if (first === undefined) return at >= bytes - (last ?? 0);
        return at >= first && (last === undefined || at <= last);
      });
      const found = byteRange(`bytes=${first ?? ''}-${last ?? ''}`, bytes);
      if (found === undefined) return assert.ok(first === undefined ? last === undefined : first > (last ?? first));
      if (found === 'empty') return assert.deepEqual(wanted, []);
      assert.deepEqual(
        [found.from, found.to, wanted.length],
        [wanted[0], (wanted.at(-1) ?? 0) + 1, found.to - found.from],
      );
    }),
  );
});
