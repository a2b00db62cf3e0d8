import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseQuery, queryJson } from './query.ts';

const read = (text: string) => JSON.parse(queryJson(parseQuery(text))) as unknown;

it('shows one value, several, none and an empty one', () => {
  // The first is the fixture of the vendor's Go library.
  assert.deepEqual(read('a=b&a=c&x=y&i'), { a: ['b', 'c'], x: 'y', i: true });
  assert.deepEqual(read('i='), { i: '' });
  assert.deepEqual(read(''), {});
  assert.deepEqual(read('a&a=1&a'), { a: [true, '1', true] });
  assert.deepEqual(read('&&a=1&'), { a: '1' });
  assert.deepEqual(read('a=b=c'), { a: 'b=c' });
});

it('decodes once, as UTF-8', () => {
  assert.deepEqual(read('%E4%B8%AD=%E6%96%87&a=b+c&d=%2525'), { 中: '文', a: 'b c', d: '%25' });
});

it('keeps what is not well-formed', () => {
  assert.deepEqual(read('a=100%&b=%ff&%=1'), { a: '100%', b: '%ff', '%': '1' });
});

it('holds any name, also those of Object', () => {
  assert.equal(queryJson(parseQuery('__proto__=1&constructor=2')), '{"__proto__":"1","constructor":"2"}');
});

it('agrees with URLSearchParams on what that can say', () => {
  const pairs = fc.array(
    fc.tuple(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(pairs, list => {
      const query = parseQuery(new URLSearchParams(list).toString());
      const expected = new Map<string, string[]>();
      for (const [key, value] of list) expected.set(key, [...(expected.get(key) ?? []), value]);
      assert.deepEqual(
        [...query],
        [...expected].map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
      );
      JSON.parse(queryJson(query));
    }),
  );
});
