// What every index of objects does. A driver's test calls this with a way to open an empty one.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ObjectIndex } from '../../core/objects.ts';
import { listingContract } from './listing.contract.ts';
import { BUCKET, list, notice, part, ref, row, upload, version, versions, words } from './samples.ts';

export interface OpenedIndex {
  readonly index: ObjectIndex;
  drop(): Promise<void>;
}

export function objectIndexContract(name: string, open: () => Promise<OpenedIndex>): void {
  describe(`object index contract: ${name}`, () => {
    let opened: OpenedIndex;
    let index: ObjectIndex;
    beforeEach(async () => {
      opened = await open();
      index = opened.index;
    });
    afterEach(() => opened.drop());

    test('a row comes back as it was put, with its content', async () => {
      const content = Buffer.from('pool').subarray(1);
      const full = row('目录/图 1.jpg', 5, {
        inline: content,
        files: ['f1', 'f2'],
        bytes: 2 ** 48,
        etag: 'd41d8cd98f00b204e9800998ecf8427e-7',
        detail: '{"user":"值 \\u0000 \\"x\\""}',
        storageClass: 'ARCHIVE',
      });
      assert.deepEqual(await index.commit({ put: [full] }), { freed: [] });
      assert.deepEqual(index.find(BUCKET, full.key), full);
      assert.deepEqual(index.find(BUCKET, full.key, 'null'), full);
      const bare = { ...full, inline: undefined };
      assert.deepEqual(index.list(list()), { entries: [{ row: bare }], more: false });
      assert.deepEqual(index.versions(versions()), { entries: [{ row: { ...bare, newest: true } }], more: false });
      assert.deepEqual(index.scan(BUCKET, undefined, 9), [bare]);
      assert.equal(index.find(BUCKET, full.key, 'v1'), undefined);
      assert.equal(index.find(BUCKET, '目录/图 1'), undefined);
      assert.equal(index.find('other-1', full.key), undefined);
    });

    test('empty content is content, and order 0 is a number like others', async () => {
      await index.commit({ put: [row('a', 0, { inline: Buffer.alloc(0) })] });
      assert.deepEqual(index.find(BUCKET, 'a'), row('a', 0, { inline: Buffer.alloc(0) }));
      const changed = await index.commit({ put: [row('a', 1)] }, { bucket: BUCKET, key: 'a', newest: 0 });
      assert.ok(changed);
      assert.equal(index.find(BUCKET, 'a')?.inline, undefined);
    });

    test('a row replaces the one with its version id, and frees its files', async () => {
      await index.commit({ put: [row('a', 1, { files: ['f1', 'f2'] })] });
      assert.deepEqual(await index.commit({ put: [row('a', 2, { files: ['f2', 'f3'] })] }), { freed: ['f1'] });
      assert.deepEqual(words(index.versions(versions())), ['a']);
      assert.equal(index.find(BUCKET, 'a')?.order, 2);
      // The same again, as a change of what is known of it: nothing is freed.
      assert.deepEqual(await index.commit({ put: [row('a', 2, { files: ['f2', 'f3'], detail: '{}' })] }), {
        freed: [],
      });
      assert.equal(index.find(BUCKET, 'a')?.detail, '{}');
      assert.deepEqual(index.named(['f1', 'f2', 'f3', 'f4']), new Set(['f2', 'f3']));
    });

    test("of two rows for one version in a change the last one is kept, and the other's files are free", async () => {
      const twice = [row('a', 1, { files: ['f1'] }), row('a', 2, { files: ['f2'] })];
      assert.deepEqual(await index.commit({ put: twice }), { freed: ['f1'] });
      assert.deepEqual(words(index.versions(versions())), ['a']);
      assert.equal(index.find(BUCKET, 'a')?.order, 2);
    });

    test('a file is free when the last that names it is gone', async () => {
      await index.commit({ put: [version('a', 1, { files: ['f'] }), version('a', 2, { files: ['f', 'f'] })] });
      assert.deepEqual(await index.commit({ remove: [ref('a', 'v2')] }), { freed: [] });
      assert.deepEqual(index.named(['f']), new Set(['f']));
      assert.deepEqual(await index.commit({ remove: [ref('a', 'v1'), ref('a', 'v1'), ref('b', 'v1')] }), {
        freed: ['f'],
      });
      assert.deepEqual(index.named(['f']), new Set());
      assert.deepEqual(await index.commit({ remove: [ref('x', 'null', 'no-such-1')] }), { freed: [] });
    });

    test('what is put in the change that removes it is there', async () => {
      await index.commit({ put: [row('a', 1, { files: ['f1'] })] });
      const both = { remove: [ref('a')], put: [row('a', 2, { files: ['f1'] }), row('b', 3)] };
      assert.deepEqual(await index.commit(both), { freed: [] });
      assert.deepEqual(words(index.list(list())), ['a', 'b']);
    });

    test('the newest is that with the highest order, whatever comes and goes', async () => {
      const newest = () =>
        index
          .versions(versions())
          .entries.flatMap(entry => ('row' in entry && entry.row.newest ? [entry.row.versionId] : []));
      await index.commit({ put: [version('a', 5)] });
      await index.commit({ put: [version('a', 3)] });
      assert.deepEqual(newest(), ['v5']);
      await index.commit({ put: [version('a', 9, { marker: true, etag: '' }), version('a', 7)] });
      assert.deepEqual(newest(), ['v9']);
      assert.deepEqual(words(index.versions(versions())), ['a@v9', 'a@v7', 'a@v5', 'a@v3']);
      assert.equal(index.find(BUCKET, 'a')?.marker, true);
      assert.deepEqual(words(index.list(list())), [], 'a marker hides the key');
      assert.equal(index.find(BUCKET, 'a', 'v7')?.order, 7);
      await index.commit({ remove: [ref('a', 'v9')] });
      assert.deepEqual(newest(), ['v7']);
      assert.deepEqual(words(index.list(list())), ['a@v7']);
      // An old one becomes the newest, and the newest an old one.
      await index.commit({ put: [version('a', 10, { versionId: 'v3' })] });
      assert.deepEqual(newest(), ['v3']);
      await index.commit({ put: [version('a', 1, { versionId: 'v3' })] });
      assert.deepEqual(newest(), ['v7']);
      await index.commit({ remove: [ref('a', 'v5'), ref('a', 'v7')] });
      assert.deepEqual(newest(), ['v3']);
      assert.deepEqual(words(index.list(list())), ['a@v3']);
      await index.commit({ remove: [ref('a', 'v3')] });
      assert.equal(index.find(BUCKET, 'a'), undefined);
    });

    test('two versions of a key with the same order are a mistake, and nothing of it is kept', async () => {
      await index.commit({ put: [version('a', 5)] });
      await assert.rejects(index.commit({ put: [row('b', 1), row('a', 5)], notices: [notice('n')] }));
      assert.deepEqual(words(index.versions(versions())), ['a@v5']);
      assert.deepEqual(index.notices(9), []);
      await index.commit({ put: [version('a', 5, { detail: 'other' })] });
      assert.equal(index.find(BUCKET, 'a')?.detail, 'other');
    });

    test('what is expected is so, or nothing is changed', async () => {
      const change = (order: number) => ({
        put: [row('a', order, { files: [`f${order}`] })],
        remove: [ref('b')],
        notices: [notice(`n${order}`)],
      });
      const expect = (newest: number | undefined) => ({ bucket: BUCKET, key: 'a', newest });
      await index.commit({ put: [row('b', 1)] });
      assert.equal(await index.commit(change(1), expect(0)), undefined);
      assert.deepEqual(words(index.list(list())), ['b']);
      assert.deepEqual(index.notices(9), []);
      assert.deepEqual(index.named(['f1']), new Set());
      assert.deepEqual(await index.commit(change(2), expect(undefined)), { freed: [] });
      assert.deepEqual(words(index.list(list())), ['a']);
      assert.equal(await index.commit(change(3), expect(undefined)), undefined);
      assert.equal(await index.commit(change(3), expect(1)), undefined);
      assert.deepEqual(await index.commit(change(3), expect(2)), { freed: ['f2'] });
      assert.deepEqual(
        index.notices(9).map(({ id }) => id),
        ['n2', 'n3'],
      );
      const marker = version('a', 4, { marker: true });
      await index.commit({ put: [marker] });
      assert.equal(await index.commit(change(5), expect(3)), undefined, 'a marker is the newest row too');
    });

    test('of writers at once one finds what it expects; the others of their batch go on', async () => {
      const expected = { bucket: BUCKET, key: 'a', newest: undefined };
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => [
          index.commit({ put: [row('a', i, { files: [`f${i}`] })] }, expected),
          index.commit({ put: [row(`other${i}`, i)] }),
        ]).flat(),
      );
      assert.equal(results.filter(result => result === undefined).length, 19);
      assert.equal(index.list(list()).entries.length, 21);
      assert.equal(index.named(Array.from({ length: 20 }, (_, i) => `f${i}`)).size, 1);
    });

    test('an upload and its parts, until it becomes an object', async () => {
      const first = upload('big', 'u1');
      await index.commit({ putUpload: first });
      assert.deepEqual(index.upload('u1'), first);
      assert.equal(index.upload('u2'), undefined);
      for (const number of [3, 1, 10_000, 2]) await index.commit({ putPart: part('u1', number, `p${number}`) });
      assert.deepEqual(await index.commit({ putPart: part('u1', 2, 'p2b') }), { freed: ['p2'] });
      assert.deepEqual(await index.commit({ putPart: part('u1', 2, 'p2b') }), { freed: [] }, 'the same again');
      assert.deepEqual(index.parts('u1', 0, 2), [part('u1', 1, 'p1'), part('u1', 2, 'p2b')]);
      assert.deepEqual(
        index.parts('u1', 2, 9).map(({ number }) => number),
        [3, 10_000],
      );
      assert.deepEqual(index.parts('u1', 10_000, 9), []);
      assert.equal(index.isEmpty(BUCKET), false);
      const whole = row('big', 4, { files: ['p1', 'p2b'] });
      assert.deepEqual(
        new Set((await index.commit({ put: [whole], removeUploads: ['u1'] }))?.freed),
        new Set(['p3', 'p10000']),
      );
      assert.equal(index.upload('u1'), undefined);
      assert.deepEqual(index.parts('u1', 0, 9), []);
      assert.deepEqual(index.named(['p1', 'p2', 'p2b', 'p3']), new Set(['p1', 'p2b']));
    });

    test('what an upload lost meanwhile is not made an object of', async () => {
      await index.commit({ putUpload: upload('big', 'u1') });
      await index.commit({ putPart: part('u1', 1, 'p1') });
      await index.commit({ putPart: part('u1', 1, 'p1b') });
      const stale = row('big', 1, { files: ['p1'] });
      assert.equal(await index.commit({ put: [stale], removeUploads: ['u1'] }), undefined, 'its part is another now');
      assert.deepEqual(index.upload('u1'), upload('big', 'u1'));
      assert.deepEqual(await index.commit({ removeUploads: ['u1'] }), { freed: ['p1b'] });
      const late = row('big', 2, { files: ['p1b'] });
      assert.equal(await index.commit({ put: [late], removeUploads: ['u1'] }), undefined, 'aborted');
      assert.equal(await index.commit({ removeUploads: ['u1'] }), undefined, 'aborted twice');
      assert.equal(await index.commit({ putPart: part('u1', 2, 'p2') }), undefined, 'a part that comes too late');
      assert.deepEqual(index.named(['p1', 'p1b', 'p2']), new Set());
      assert.equal(index.isEmpty(BUCKET), true);
    });

    test('notices come oldest first, until they are over', async () => {
      await index.commit({ notices: [notice('2'), notice('3')] });
      await index.commit({ put: [row('a', 1)], notices: [notice('1')] });
      assert.deepEqual(index.notices(2), [notice('1'), notice('2')]);
      await index.commit({ settled: ['1', '3', 'unknown'] });
      assert.deepEqual(index.notices(9), [notice('2')]);
      await assert.rejects(index.commit({ notices: [notice('2')], put: [row('b', 1)] }), 'one with its id waits');
      assert.equal(index.find(BUCKET, 'b'), undefined);
    });

    test('a bucket is empty without versions, markers and uploads', async () => {
      assert.equal(index.isEmpty(BUCKET), true);
      await index.commit({
        put: [row('a', 1, { bucket: 'other-1' })],
        putUpload: upload('a', 'u', { bucket: 'third-1' }),
      });
      assert.equal(index.isEmpty(BUCKET), true);
      assert.equal(index.isEmpty('other-1'), false);
      assert.equal(index.isEmpty('third-1'), false);
      await index.commit({ put: [row('a', 1, { marker: true })] });
      assert.equal(index.isEmpty(BUCKET), false);
      await index.commit({ remove: [ref('a')], removeUploads: ['u'] });
      assert.equal(index.isEmpty(BUCKET), true);
      assert.equal(index.isEmpty('third-1'), true);
      assert.equal(index.isEmpty('other-1'), false);
    });

    test('a scan goes through every row that is no marker, from place to place', async () => {
      const rows = ['a', 'b', 'b', 'é', '\u{10000}', '\uffff'].map((key, i) => version(key, i + 1));
      await index.commit({ put: [...rows, version('b', 50, { marker: true }), row('a', 1, { bucket: 'other-1' })] });
      const seen: string[] = [];
      let from: { key: string; order: number } | undefined;
      for (;;) {
        const page = index.scan(BUCKET, from, 2);
        seen.push(...page.map(({ key, order }) => `${key}${order}`));
        from = page.at(-1);
        if (!from) break;
      }
      assert.deepEqual(seen, ['a1', 'b3', 'b2', 'é4', '\uffff6', '\u{10000}5']);
    });

    test('closed, it takes nothing more', async () => {
      const [kept] = await Promise.all([index.commit({ put: [row('a', 1)] }), index.close()]);
      assert.deepEqual(kept, { freed: [] });
      await assert.rejects(index.commit({ put: [row('b', 1)] }), /closed/);
      await index.close();
    });

    listingContract(() => index);
  });
}
