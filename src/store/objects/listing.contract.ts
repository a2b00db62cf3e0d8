// How lists are cut: by prefix, delimiter, markers and limit. Part of the contract of every index.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectIndex } from '../../core/objects.ts';
import { list, ref, row, upload, uploads, version, versions, words } from './samples.ts';

export function listingContract(get: () => ObjectIndex): void {
  const put = (...keys: string[]) => get().commit({ put: keys.map((key, i) => row(key, i + 1)) });
  const listed = (more: Parameters<typeof list>[0] = {}) => words(get().list(list(more)));

  describe('lists', () => {
    test('keys come in the order of their bytes', async () => {
      // U+10000 is less than U+FFFF as JavaScript compares, and more in UTF-8.
      await put('b', 'a', '\u{10000}', '\uffff', 'B', 'é', 'a\u0000', 'a ', 'aa', '中');
      assert.deepEqual(listed(), ['B', 'a', 'a\u0000', 'a ', 'aa', 'b', 'é', '中', '\uffff', '\u{10000}']);
      assert.deepEqual(listed({ after: '\uffff' }), ['\u{10000}']);
      assert.deepEqual(listed({ after: '\u{10000}' }), []);
      assert.deepEqual(listed({ after: 'a' }).slice(0, 2), ['a\u0000', 'a ']);
      assert.deepEqual(listed({ prefix: 'a', after: 'a\u0000' }), ['a ', 'aa']);
    });

    test('a prefix bounds them on both sides', async () => {
      await put('a', 'a/', 'a/1', 'a/2', 'a0', 'b');
      assert.deepEqual(listed({ prefix: 'a/' }), ['a/', 'a/1', 'a/2']);
      assert.deepEqual(listed({ prefix: 'a/', after: 'a' }), ['a/', 'a/1', 'a/2'], 'a marker before the prefix');
      assert.deepEqual(listed({ prefix: 'a/', after: 'a/1' }), ['a/2']);
      assert.deepEqual(listed({ prefix: 'a/', after: 'b' }), [], 'a marker behind it');
      assert.deepEqual(listed({ prefix: 'a/2' }), ['a/2']);
      assert.deepEqual(listed({ prefix: 'c' }), []);
      assert.deepEqual(words(get().list(list({ bucket: 'other-1' }))), []);
    });

    test('keys up to the delimiter are given once, as a common prefix', async () => {
      await put('a', 'a/', 'a/1', 'a/2/3', 'b/1', 'b/2', 'c', '/x', '//y');
      assert.deepEqual(listed({ delimiter: '/' }), ['/*', 'a', 'a/*', 'b/*', 'c']);
      assert.deepEqual(listed({ delimiter: '/', prefix: 'a/' }), ['a/', 'a/1', 'a/2/*']);
      assert.deepEqual(listed({ delimiter: '/', prefix: 'a' }), ['a', 'a/*']);
      assert.deepEqual(listed({ delimiter: '/', prefix: '/' }), ['//*', '/x']);
      assert.deepEqual(listed({ delimiter: '/', prefix: 'b/1' }), ['b/1']);
      assert.deepEqual(listed({ delimiter: '1' }), ['//y', '/x', 'a', 'a/', 'a/1*', 'a/2/3', 'b/1*', 'b/2', 'c']);
      assert.deepEqual(listed({ delimiter: '2/' }), ['//y', '/x', 'a', 'a/', 'a/1', 'a/2/*', 'b/1', 'b/2', 'c']);
    });

    test('a delimiter beyond the BMP, and prefixes that end in the last byte of a place', async () => {
      await put('x😀1', 'x😀2', 'x😁', 'y\u{10ffff}a', 'y\u{10ffff}b', 'z', '\u007f/1', '\u007f/2', '\u07ff');
      assert.deepEqual(listed({ delimiter: '😀' }).slice(0, 2), ['x😀*', 'x😁']);
      assert.deepEqual(listed({ delimiter: '\u{10ffff}' }), [
        'x😀1',
        'x😀2',
        'x😁',
        'y\u{10ffff}*',
        'z',
        '\u007f/1',
        '\u007f/2',
        '\u07ff',
      ]);
      assert.deepEqual(listed({ delimiter: '\u007f' }).slice(-2), ['\u007f*', '\u07ff']);
      assert.deepEqual(listed({ prefix: 'y\u{10ffff}' }), ['y\u{10ffff}a', 'y\u{10ffff}b']);
    });

    test('a marker that is a common prefix, or lies in one, stands for all of its keys', async () => {
      await put('a/1', 'a/2', 'a/3', 'a0', 'b/1', 'c');
      assert.deepEqual(listed({ delimiter: '/', after: 'a/' }), ['a0', 'b/*', 'c']);
      assert.deepEqual(listed({ delimiter: '/', after: 'a/1' }), ['a0', 'b/*', 'c']);
      assert.deepEqual(listed({ delimiter: '/', after: 'a' }), ['a/*', 'a0', 'b/*', 'c']);
      assert.deepEqual(listed({ delimiter: '/', prefix: 'a/', after: 'a/' }), ['a/1', 'a/2', 'a/3']);
      assert.deepEqual(listed({ after: 'a/' }), ['a/1', 'a/2', 'a/3', 'a0', 'b/1', 'c'], 'without a delimiter');
    });

    test('the limit counts keys and common prefixes, and says whether something follows', async () => {
      await put('a/1', 'a/2', 'b', 'c/1', 'd/1', 'd/2');
      assert.deepEqual(listed({ delimiter: '/', limit: 1 }), ['a/*', '…']);
      assert.deepEqual(listed({ delimiter: '/', limit: 3 }), ['a/*', 'b', 'c/*', '…']);
      assert.deepEqual(listed({ delimiter: '/', limit: 4 }), ['a/*', 'b', 'c/*', 'd/*'], 'the last one with its keys');
      assert.deepEqual(listed({ limit: 6 }).at(-1), 'd/2');
      assert.deepEqual(listed({ limit: 0 }), ['…']);
      assert.deepEqual(listed({ limit: 0, prefix: 'x' }), []);
      assert.deepEqual(listed({ prefix: 'a/', limit: 2 }), ['a/1', 'a/2'], 'what follows has not the prefix');
    });

    test('a key is in lists as long as its newest version is no marker', async () => {
      await get().commit({
        put: [
          version('a', 1),
          version('a', 2),
          version('b/1', 3),
          version('b/1', 4, { marker: true }),
          version('c', 5),
        ],
      });
      assert.deepEqual(listed({ delimiter: '/' }), ['a@v2', 'c@v5']);
      await get().commit({ remove: [ref('b/1', 'v4')] });
      assert.deepEqual(listed({ delimiter: '/' }), ['a@v2', 'b/*', 'c@v5']);
    });
  });

  describe('lists of versions', () => {
    const rows = [
      ...[1, 4, 7].map(order => version('a', order)),
      ...[2, 5, 8].map(order => version('b/1', order)),
      version('b/2', 3, { marker: true }),
      row('c', 6),
      version('c', 9, { marker: true }),
    ];
    const given = (more: Parameters<typeof versions>[0] = {}) => words(get().versions(versions(more)));

    test('by key, then the newest first, markers too', async () => {
      await get().commit({ put: rows });
      assert.deepEqual(given(), ['a@v7', 'a@v4', 'a@v1', 'b/1@v8', 'b/1@v5', 'b/1@v2', 'b/2@v3', 'c@v9', 'c']);
      assert.deepEqual(given({ delimiter: '/' }), ['a@v7', 'a@v4', 'a@v1', 'b/*', 'c@v9', 'c']);
      assert.deepEqual(given({ prefix: 'b/', delimiter: '/', limit: 2 }), ['b/1@v8', 'b/1@v5', '…']);
    });

    test('they go on behind a key, behind a version of a key, or behind a common prefix', async () => {
      await get().commit({ put: rows });
      assert.deepEqual(given({ afterKey: 'a', limit: 2 }), ['b/1@v8', 'b/1@v5', '…']);
      assert.deepEqual(given({ afterKey: 'a', afterVersionId: 'v7', limit: 2 }), ['a@v4', 'a@v1', '…']);
      assert.deepEqual(given({ afterKey: 'a', afterVersionId: 'v1', limit: 1 }), ['b/1@v8', '…']);
      assert.deepEqual(given({ afterKey: 'c', afterVersionId: 'null' }), []);
      assert.deepEqual(given({ afterKey: 'c', afterVersionId: 'v9' }), ['c']);
      assert.deepEqual(given({ afterKey: 'b/', delimiter: '/' }), ['c@v9', 'c']);
      assert.deepEqual(given({ afterKey: 'b/1', afterVersionId: 'v8', delimiter: '/' }), ['c@v9', 'c']);
      assert.deepEqual(given({ afterKey: 'b/1', afterVersionId: 'v5', prefix: 'b/' }), ['b/1@v2', 'b/2@v3']);
      assert.deepEqual(given({ afterKey: 'a', afterVersionId: 'v4', prefix: 'c' }), ['c@v9', 'c']);
      assert.deepEqual(given({ afterKey: 'c', afterVersionId: 'v9', prefix: 'a' }), []);
    });

    test('behind a version that is gone comes all that is left of the key', async () => {
      await get().commit({ put: rows });
      await get().commit({ remove: [ref('a', 'v7'), ref('a', 'v4')] });
      assert.deepEqual(given({ afterKey: 'a', afterVersionId: 'v4', limit: 2 }), ['a@v1', 'b/1@v8', '…']);
      assert.deepEqual(given({ afterKey: 'aa', afterVersionId: 'v4', limit: 1 }), ['b/1@v8', '…']);
    });
  });

  describe('lists of uploads', () => {
    const given = (more: Parameters<typeof uploads>[0] = {}) => words(get().uploads(uploads(more)));

    test('by key, then by id, with the same markers', async () => {
      for (const [key, id] of [
        ['b', 'u3'],
        ['a/1', 'u9'],
        ['b', 'u1'],
        ['a/2', 'u4'],
        ['b', 'u2'],
        ['c', 'u0'],
      ] as const)
        await get().commit({ putUpload: upload(key, id) });
      await get().commit({ putUpload: upload('a', 'u5', { bucket: 'other-1' }) });
      assert.deepEqual(given(), ['a/1@u9', 'a/2@u4', 'b@u1', 'b@u2', 'b@u3', 'c@u0']);
      assert.deepEqual(given({ delimiter: '/', limit: 2 }), ['a/*', 'b@u1', '…']);
      assert.deepEqual(given({ delimiter: '/', afterKey: 'a/', limit: 1 }), ['b@u1', '…']);
      assert.deepEqual(given({ afterKey: 'b' }), ['c@u0']);
      assert.deepEqual(given({ afterKey: 'b', afterUploadId: 'u1' }), ['b@u2', 'b@u3', 'c@u0']);
      assert.deepEqual(given({ afterKey: 'b', afterUploadId: 'u22' }), ['b@u3', 'c@u0'], 'gone meanwhile');
      assert.deepEqual(given({ prefix: 'b', afterKey: 'a/1', afterUploadId: 'u9' }), ['b@u1', 'b@u2', 'b@u3']);
      assert.deepEqual(get().uploads(uploads({ prefix: 'c' })), { entries: [{ row: upload('c', 'u0') }], more: false });
    });
  });
}
