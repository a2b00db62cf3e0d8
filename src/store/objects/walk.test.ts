import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { behindKey, behindPrefix, keyBytes, keyText } from './bytes.ts';
import { commonPrefixOf, firstPlace, markedPrefix, walk } from './walk.ts';

const KEYS = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });

test('keys are their bytes and come back', () => {
  fc.assert(fc.property(KEYS, key => keyText(new Uint8Array(keyBytes(key))) === key));
  assert.throws(() => keyText('text'), TypeError);
});

test('behind a key begin all that follow it; behind a prefix all that follow its keys', () => {
  fc.assert(
    fc.property(KEYS, KEYS, (key, other) => {
      const [a, b] = [keyBytes(key), keyBytes(other)];
      assert.equal(Buffer.compare(b, behindKey(key)) >= 0, Buffer.compare(b, a) > 0);
      assert.equal(Buffer.compare(b, behindPrefix(key)) >= 0, Buffer.compare(b, a) > 0 && !other.startsWith(key));
      assert.equal(Buffer.compare(keyBytes(key + other), behindPrefix(key)), -1);
    }),
  );
  assert.equal(behindPrefix('a/').toString(), 'a0');
  assert.equal(behindPrefix('\u{10ffff}').toString('hex'), 'f48fbfc0');
});

test('a common prefix goes up to the first delimiter behind the prefix', () => {
  const cut = (prefix: string, delimiter: string) => ({ prefix, delimiter });
  assert.equal(commonPrefixOf('a/b/c', cut('', '/')), 'a/');
  assert.equal(commonPrefixOf('a/b/c', cut('a/', '/')), 'a/b/');
  assert.equal(commonPrefixOf('a/b', cut('a/', '/')), undefined);
  assert.equal(commonPrefixOf('a/b', cut('', '')), undefined);
  assert.equal(commonPrefixOf('/', cut('', '/')), '/');
  assert.equal(markedPrefix('a/b', cut('x', '/')), undefined);
  assert.equal(markedPrefix('a/b', cut('a', '/')), 'a/');
});

test('a page begins at its prefix or behind its marker, whichever is later', () => {
  const place = (after: string, prefix = '', delimiter = '') => firstPlace(after, { prefix, delimiter }).toString();
  assert.equal(place(''), '\u0000');
  assert.equal(place('', 'b'), 'b');
  assert.equal(place('a', 'b'), 'b');
  assert.equal(place('b1', 'b'), 'b1\u0000');
  assert.equal(place('c', 'b'), 'c\u0000');
  assert.equal(place('b/1', 'b', '/'), 'b0');
  assert.equal(place('a/1', 'b', '/'), 'b');
});

/** Rows of sorted ASCII keys; counts those that are read. */
function source(keys: readonly string[]) {
  let [steps, read] = [0, 0];
  return {
    counts: () => ({ steps, read }),
    rowsFrom: function* (place: Buffer = Buffer.alloc(0)) {
      steps++;
      let start = keys.findIndex(key => Buffer.compare(keyBytes(key), place) >= 0);
      if (start === -1) start = keys.length;
      for (const key of keys.slice(start)) {
        read++;
        yield { key };
      }
    },
  };
}

test('of the keys below a common prefix one is read, however many they are', () => {
  const keys = ['a', 'b', 'c', 'd'].flatMap(folder => Array.from({ length: 500 }, (_, i) => `${folder}/${1000 + i}`));
  const { rowsFrom, counts } = source([...keys, 'e', 'f']);
  const page = walk({ prefix: '', delimiter: '/', limit: 5 }, rowsFrom);
  assert.deepEqual(page, {
    entries: [
      { commonPrefix: 'a/' },
      { commonPrefix: 'b/' },
      { commonPrefix: 'c/' },
      { commonPrefix: 'd/' },
      { row: { key: 'e' } },
    ],
    more: true,
  });
  assert.deepEqual(counts(), { steps: 5, read: 6 });
});

test('a page reads one row more than it gives, and none behind its prefix but the first', () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `k${1000 + i}`);
  const first = source(keys);
  assert.equal(walk({ prefix: '', delimiter: '', limit: 10 }, first.rowsFrom).more, true);
  assert.deepEqual(first.counts(), { steps: 1, read: 11 });
  const last = source(['a1', 'b1', 'b2', 'b3']);
  const page = walk({ prefix: 'a', delimiter: '', limit: 10 }, last.rowsFrom);
  assert.deepEqual(page, { entries: [{ row: { key: 'a1' } }], more: false });
  assert.deepEqual(last.counts(), { steps: 1, read: 2 });
});
