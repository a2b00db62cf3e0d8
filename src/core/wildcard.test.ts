import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLike, mayBecomeLike } from './wildcard.ts';

test('a star is any run, a question mark one sign where it is asked for', () => {
  for (const [text, pattern] of [
    ['', ''],
    ['', '*'],
    ['abc', 'abc'],
    ['abc', 'a*c'],
    ['ac', 'a*c'],
    ['aXbYbc', 'a*bc'],
    ['a*c', 'a*c'],
    ['a.c', '**'],
  ] as const)
    assert.ok(isLike(text, pattern), `${text} ${pattern}`);
  for (const [text, pattern] of [
    ['a', ''],
    ['', 'a'],
    ['abc', 'ab'],
    ['abc', 'b*'],
    ['abcd', 'a*c'],
    ['abc', 'a.c'],
    ['abc', 'a?c'],
  ] as const)
    assert.ok(!isLike(text, pattern), `${text} ${pattern}`);
  assert.ok(isLike('abc', 'a?c', true));
  assert.ok(!isLike('ac', 'a?c', true));
});

test('says what a regular expression says', () => {
  const sign = fc.constantFrom('a', 'b', '*', '?', '.', '/');
  const text = fc.string({ unit: sign, maxLength: 12 });
  fc.assert(
    fc.property(text, text, fc.boolean(), (value, pattern, one) => {
      const source = pattern
        .replace(/[.?/]/g, '\\$&')
        .replaceAll('*', '[^]*')
        .replaceAll('\\?', one ? '[^]' : '\\?');
      assert.equal(isLike(value, pattern, one), new RegExp(`^${source}$`).test(value));
    }),
    { numRuns: 500 },
  );
});

test('a beginning may become like a pattern where something that goes on from there is like it', () => {
  const sign = fc.constantFrom('a', 'b', '*');
  const text = fc.string({ unit: sign, maxLength: 6 });
  fc.assert(
    fc.property(text, text, text, (beginning, rest, pattern) => {
      if (isLike(beginning + rest, pattern)) assert.ok(mayBecomeLike(beginning, pattern));
      // The pattern itself goes on from whatever its beginning is like.
      const found = [...pattern, ''].some((_, at) => isLike(beginning + pattern.slice(at), pattern));
      assert.equal(mayBecomeLike(beginning, pattern), found);
    }),
    { numRuns: 500 },
  );
});

test('no pattern takes long', () => {
  assert.ok(!isLike('a'.repeat(4000), `${'*a'.repeat(400)}b`));
});
