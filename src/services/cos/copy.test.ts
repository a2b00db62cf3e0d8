import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judge } from './conditions.ts';
import type { Conditions } from './contract.ts';
import type { ObjectHead } from './model.ts';
import { BUCKET, CAUSE, fails, HEAD, House, REGION, ref, someBytes } from './testing.ts';

const copy = (house: House, from: string, to: string, head: Partial<ObjectHead> = {}, conditions: Conditions = {}) =>
  house.cos.objects.copy({ ...ref(from), conditions }, ref(to), head, CAUSE);

const META: Partial<ObjectHead> = {
  headers: { 'content-type': 'image/png', 'x-cos-meta-a': '1' },
  tags: [{ Key: 'k', Value: 'v' }],
  acl: { canned: 'public-read', grants: [] },
  storageClass: 'STANDARD_IA',
};

describe('copies', () => {
  for (const bytes of [10, 100_000]) {
    test(`${bytes} bytes come with what is said of them, and stay when the source goes`, async () => {
      await using house = await House.open();
      const { told } = house.listen({ event: 'cos:ObjectCreated:Copy' });
      const body = someBytes(bytes);
      const source = await house.put('a', body, META);
      const { written } = house.files;
      const made = await copy(house, 'a', 'b');
      assert.equal(house.files.written, written, 'no byte was written again');
      const { headers, tags, storageClass, etag, crc64 } = source;
      assert.deepEqual(
        { ...made, pieces: [] },
        { ...source, key: 'b', order: made.order, pieces: [], acl: { canned: 'default', grants: [] } },
      );
      assert.ok(headers && tags && storageClass && etag && crc64);
      await house.remove('a');
      assert.deepEqual(await house.read('b'), body);
      assert.deepEqual(
        told.map(notice => notice.key),
        ['b'],
      );
      await house.checkFiles();
    });
  }

  test('onto itself only with something new', async () => {
    await using house = await House.open();
    const body = someBytes(100_000);
    await house.put('a', body);
    await fails('InvalidRequest', () => copy(house, 'a', 'a'));
    await fails('InvalidRequest', () => copy(house, 'a', 'a', { ...({ headers: undefined } as object) }));
    const made = await copy(house, 'a', 'a', { headers: { 'x-cos-meta-b': '2' } });
    assert.deepEqual(made.headers, { 'x-cos-meta-b': '2' });
    assert.deepEqual(await house.read('a'), body);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('an older version comes back as the newest', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const first = await house.put('a', someBytes(30_000));
    await house.put('a', 'second');
    await house.remove('a');
    await house.cos.objects.copy({ ...ref('a', first.versionId), conditions: {} }, ref('a'), {}, CAUSE);
    assert.deepEqual(await house.read('a'), someBytes(30_000));
    await house.checkFiles();
  });

  test('across buckets, and into none', async () => {
    await using house = await House.open();
    await house.put('a', 'text');
    const other = 'other-1250000000';
    const to = { bucket: other, key: 'b' };
    const source = { ...ref('a'), conditions: {} };
    await fails('NoSuchBucket', () => house.cos.objects.copy(source, to, {}, CAUSE));
    await house.cos.buckets.create({ id: other, region: REGION });
    await house.cos.objects.copy(source, to, {}, CAUSE);
    assert.equal(house.cos.objects.head(to).bytes, 4);
    await fails('NoSuchKey', () => copy(house, 'none', 'b'));
    await fails('NoSuchVersion', () => house.cos.objects.copy({ ...ref('a', 'none'), conditions: {} }, to, {}, CAUSE));
  });

  test('a copy that fails leaves no file', async () => {
    await using house = await House.open();
    await house.put('a', someBytes(100_000));
    const { commit } = house.index;
    house.index.commit = () => Promise.reject(new Error('broken'));
    await assert.rejects(copy(house, 'a', 'b'), /broken/);
    house.index.commit = commit;
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('a source that is overwritten meanwhile is copied whole', async () => {
    await using house = await House.open();
    await house.put('a', someBytes(100_000, 1));
    const { promise: held, resolve: go } = Promise.withResolvers<void>();
    house.files.before = verb => (verb === 'copy' ? held : undefined);
    const copying = copy(house, 'a', 'b');
    await house.put('a', someBytes(100_000, 2));
    go();
    await copying;
    assert.deepEqual(await house.read('b'), someBytes(100_000, 1));
    await house.checkFiles();
  });

  test('conditions that do not hold are 412', async () => {
    await using house = await House.open();
    const { etag, modifiedAt } = await house.put('a', 'text', HEAD);
    await copy(house, 'a', 'b', {}, { match: [etag], unmodifiedSince: modifiedAt - 5000 });
    await fails('PreconditionFailed', () => copy(house, 'a', 'b', {}, { match: ['x'] }));
    await fails('PreconditionFailed', () => copy(house, 'a', 'b', {}, { noneMatch: [etag] }));
    await fails('PreconditionFailed', () => copy(house, 'a', 'b', {}, { modifiedSince: modifiedAt }));
  });
});

describe('conditions', () => {
  const object = { etag: 'e', modifiedAt: 10_500 };
  const rows: [Conditions, ReturnType<typeof judge>][] = [
    [{}, 'met'],
    [{ match: ['e'] }, 'met'],
    [{ match: ['*'] }, 'met'],
    [{ match: ['f', 'g'] }, 'failed'],
    [{ noneMatch: ['f'] }, 'met'],
    [{ noneMatch: ['f', 'e'] }, 'unmodified'],
    [{ noneMatch: ['*'] }, 'unmodified'],
    [{ modifiedSince: 10_000 }, 'unmodified'],
    [{ modifiedSince: 9000 }, 'met'],
    [{ unmodifiedSince: 10_000 }, 'met'],
    [{ unmodifiedSince: 9000 }, 'failed'],
    // An ETag outranks a time.
    [{ match: ['e'], unmodifiedSince: 9000 }, 'met'],
    [{ noneMatch: ['f'], modifiedSince: 20_000 }, 'met'],
    [{ match: ['f'], noneMatch: ['e'] }, 'failed'],
    [{ match: ['e'], noneMatch: ['e'] }, 'unmodified'],
  ];
  for (const [conditions, judgement] of rows)
    test(`${JSON.stringify(conditions)} is ${judgement}`, () => assert.equal(judge(conditions, object), judgement));
});
