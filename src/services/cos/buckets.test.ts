import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, fails, House, REGION, START, someBytes } from './testing.ts';

describe('buckets', () => {
  test('are there after a restart as they were left', async () => {
    await using house = await House.open();
    const { buckets } = house.cos;
    const cors = { rules: [], responseVary: true };
    await buckets.change(BUCKET, { cors, policy: '{}', plain: { website: '<a/>', referer: '<b/>' } });
    await buckets.change(BUCKET, { policy: undefined, plain: { referer: '<b/>' } });
    await buckets.setVersioning(BUCKET, 'Suspended');
    const left = buckets.need(BUCKET);
    assert.deepEqual(left, {
      id: BUCKET,
      name: 'pictures',
      appId: '1250000000',
      region: REGION,
      createdAt: START,
      versioning: 'Suspended',
      acl: { canned: 'private', grants: [] },
      cors,
      lifecycle: undefined,
      policy: undefined,
      tags: [],
      plain: { referer: '<b/>' },
      inventories: {},
    });
    await house.start();
    assert.deepEqual(house.cos.buckets.need(BUCKET), left);
    assert.deepEqual(house.cos.buckets.list(), [left]);
  });

  test('what is taken away is as it was at first', async () => {
    await using house = await House.open();
    const { buckets } = house.cos;
    const tags = [{ Key: 'a', Value: 'b' }];
    await buckets.change(BUCKET, { tags, acl: { canned: 'public-read', grants: [] }, inventories: { i: '<x/>' } });
    const none = { tags: undefined, acl: undefined } as object;
    const after = await buckets.change(BUCKET, { ...none, inventories: {} });
    assert.deepEqual([after.tags, after.acl, after.inventories], [[], { canned: 'private', grants: [] }, {}]);
  });

  test('names are checked', async () => {
    await using house = await House.open();
    const create = (id: string) => house.cos.buckets.create({ id, region: REGION });
    await fails('BucketAlreadyOwnedByYou', () => create(BUCKET));
    for (const id of [
      'Upper-1250000000',
      '-a-1250000000',
      'a--1250000000',
      'a.b-1250000000',
      'plain',
      'a-1',
      '-1250000000',
    ])
      await fails('InvalidBucketName', () => create(id));
    await fails('BucketNameTooLong', () => create(`${'a'.repeat(60)}-1250000000`));
    assert.equal((await create('a-1250000000')).name, 'a');
    assert.equal((await create('a-b-1-1250000000')).name, 'a-b-1');
    assert.deepEqual(
      house.cos.buckets.list().map(bucket => bucket.name),
      ['a', 'a-b-1', 'pictures'],
    );
  });

  test('there are at most 200', async () => {
    await using house = await House.open();
    const create = (i: number) => house.cos.buckets.create({ id: `b${i}-1250000000`, region: REGION });
    const results = await Promise.allSettled(Array.from({ length: 210 }, (_, i) => create(i)));
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 199);
    await fails('TooManyBuckets', () => create(999));
  });

  test('what cannot be written has not been changed', async () => {
    await using house = await House.open();
    house.rows.put = () => Promise.reject(Object.assign(new Error('full'), { errcode: 13 }));
    await fails('StorageFull', () => house.cos.buckets.setVersioning(BUCKET, 'Enabled'));
    assert.equal(house.cos.buckets.need(BUCKET).versioning, 'never');
    await fails('StorageFull', () => house.cos.buckets.create({ id: 'a-1250000000', region: REGION }));
    assert.equal(house.cos.buckets.find('a-1250000000'), undefined);
  });

  test('changes at the same time are all made', async () => {
    await using house = await House.open();
    const { buckets } = house.cos;
    await Promise.all([buckets.change(BUCKET, { policy: '{}' }), buckets.setVersioning(BUCKET, 'Enabled')]);
    assert.deepEqual([buckets.need(BUCKET).policy, buckets.need(BUCKET).versioning], ['{}', 'Enabled']);
  });

  test('one with anything in it stays', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const { versionId } = await house.put('k', 'x');
    const marker = await house.remove('k');
    await fails('BucketNotEmpty', () => house.cos.buckets.remove(BUCKET));
    await house.remove('k', versionId);
    await fails('BucketNotEmpty', () => house.cos.buckets.remove(BUCKET));
    await house.remove('k', marker.versionId);
    await house.cos.buckets.remove(BUCKET);
    await fails('NoSuchBucket', () => house.cos.buckets.remove(BUCKET));
    assert.equal(house.cos.buckets.find(BUCKET), undefined);
    await house.start();
    assert.deepEqual(house.cos.buckets.list(), []);
  });

  test('no object comes into one that is being removed', async () => {
    await using house = await House.open();
    const put = Array.from({ length: 5 }, (_, i) => house.put(`k${i}`, someBytes(20_000)));
    const removed = house.cos.buckets.remove(BUCKET).then(
      () => true,
      () => false,
    );
    const stored = await Promise.allSettled(put);
    const wasRemoved = await removed;
    assert.equal(
      stored.some(result => result.status === 'fulfilled'),
      !wasRemoved,
    );
    await house.cos.close();
    if (wasRemoved) assert.equal(house.files.kept.size, 0);
    assert.equal(house.index.isEmpty(BUCKET), wasRemoved);
  });
});
