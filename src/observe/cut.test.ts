import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutHead, cutTail, headText } from './cut.ts';

test('whole characters only', () => {
  assert.equal(cutHead('a中b', 4), 'a中');
  assert.equal(cutHead('a中b', 3), 'a');
  assert.equal(cutHead('😀', 3), '');
  assert.equal(cutTail('a中b', 4), '中b');
  assert.equal(cutTail('a中b', 3), 'b');
  assert.equal(cutTail('a😀', 3), '');
  assert.equal(cutTail('abc', 0), '');
  assert.equal(headText(Buffer.from('中'), 0), '');
});

const text = fc.string({ unit: 'grapheme', maxLength: 60 });

test('a cut is a part of the text, as long as the limit allows', () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 120 }), (whole, limit) => {
      const bytes = Buffer.byteLength(whole);
      for (const cut of [cutHead(whole, limit), headText(Buffer.from(whole), limit), cutTail(whole, limit)]) {
        const size = Buffer.byteLength(cut);
        assert.ok(size <= limit);
        assert.ok(bytes <= limit ? size === bytes : size > limit - 4, `${size} of ${limit}`);
      }
      assert.ok(whole.startsWith(cutHead(whole, limit)));
      assert.ok(whole.endsWith(cutTail(whole, limit)));
      assert.equal(headText(Buffer.from(whole), limit), cutHead(whole, limit));
    }),
    { numRuns: 2000 },
  );
});

test('a tail of a long text that begins inside a surrogate pair', () => {
  const whole = '😀'.repeat(100);
  for (let limit = 0; limit < 40; limit++) assert.equal(cutTail(whole, limit), '😀'.repeat(Math.floor(limit / 4)));
});
