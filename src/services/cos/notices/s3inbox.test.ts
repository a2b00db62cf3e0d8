import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, fails, House, REGION } from '../testing.ts';
import { openS3Inbox } from './s3inbox.ts';

/** As S3 posts it. */
function body(...records: readonly { name?: string; bucket?: string; key?: string }[]) {
  return {
    Records: records.map(({ name = 'ObjectCreated:Put', bucket = 'photos', key = 'a.jpg' }) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventTime: '2024-04-19T08:00:00.000Z',
      eventName: name,
      s3: { bucket: { name: bucket }, object: { key, size: 1, eTag: 'e', sequencer: '1' } },
    })),
  };
}

const open = (house: House, map: string) => openS3Inbox({ cos: house.cos, map, region: 'ap-beijing', log: house.log });

describe('the map of buckets', () => {
  test('makes those that are missing, and leaves the others as they are', async () => {
    await using house = await House.open();
    await open(house, ` photos=${BUCKET} , logs.eu=logs-1250000000,old-logs=logs-1250000000,`);
    const regions = house.cos.buckets.list().map(({ id, region }) => [id, region]);
    assert.deepEqual(regions, [
      ['logs-1250000000', 'ap-beijing'],
      [BUCKET, REGION],
    ]);
    await open(house, `logs.eu=logs-1250000000`);
  });

  test('is refused with the setting where it cannot be', async () => {
    await using house = await House.open();
    for (const [map, words] of [
      ['photos', /"photos"/],
      ['=a-1250000000', /"=a-1250000000"/],
      ['photos=', /"photos="/],
      ['a=b=c-1250000000', /"a=b=c-1250000000"/],
      ['a=x-1250000000,a=y-1250000000', /a is there twice/],
      ['a=x-1250000001', /x-1250000001: InvalidBucketName/],
      ['a=photos', /photos: InvalidBucketName/],
    ] as const) {
      const error = await fails('InvalidArgument', () => open(house, map));
      assert.match(error.text('en'), /s3\.buckets/, map);
      assert.match(error.text('en'), words, map);
    }
    assert.deepEqual(
      house.cos.buckets.list().map(({ id }) => id),
      [BUCKET],
      'nothing was made',
    );
  });
});

describe('what is posted', () => {
  test('is told to the triggers of the bucket that stands for theirs', async () => {
    await using house = await House.open();
    const { told } = house.listen();
    const inbox = await open(house, `photos=${BUCKET}`);
    assert.deepEqual(await inbox.take(body({}, { key: 'b.jpg' }, {})), { accepted: 3, ignored: 0, unmapped: [] });
    assert.deepEqual(
      told.map(({ bucket, region, key }) => [bucket, region, key]),
      [
        [BUCKET, REGION, 'a.jpg'],
        [BUCKET, REGION, 'b.jpg'],
      ],
    );
  });

  test('is counted where it concerns nobody, and told of once in the log', async () => {
    await using house = await House.open();
    const inbox = await open(house, `photos=${BUCKET}`);
    const strange = { bucket: 'private' };
    const reading = { name: 'ObjectAccessed:Get' };
    assert.deepEqual(await inbox.take(body(strange, reading, strange, {})), {
      accepted: 1,
      ignored: 1,
      unmapped: ['private'],
    });
    await inbox.take(body(strange, { bucket: '__proto__' }));
    assert.deepEqual(JSON.parse(JSON.stringify(inbox.counts())), {
      accepted: 1,
      ignored: 1,
      unmapped: JSON.parse('{"private":3,"__proto__":1}'),
    });
    const warned = house.log.lines.filter(({ level }) => level === 'warn');
    assert.deepEqual(
      warned.map(({ fields }) => ('bucket' in fields ? fields.bucket : '')),
      ['private', '__proto__'],
    );
  });

  test('is dropped aloud once the bucket here was removed', async () => {
    await using house = await House.open();
    const inbox = await open(house, `photos=${BUCKET}`);
    await house.cos.buckets.remove(BUCKET);
    assert.deepEqual((await inbox.take(body({}))).unmapped, ['photos']);
    assert.match(JSON.stringify(house.log.lines), /was removed/);
  });

  test('keeps no more names than it can show', async () => {
    await using house = await House.open();
    const inbox = await open(house, '');
    await inbox.take(body(...Array.from({ length: 150 }, (_, i) => ({ bucket: `b${i}` })), { bucket: 'b0' }));
    const { unmapped } = inbox.counts();
    assert.deepEqual([Object.keys(unmapped).length, unmapped.b0], [100, 2]);
  });

  test('is refused whole where a part of it is none, and counts as nothing', async () => {
    await using house = await House.open();
    const { told } = house.listen();
    const inbox = await open(house, `photos=${BUCKET}`);
    await fails('MalformedNotification', () => inbox.take(body({}, { key: '' }, { bucket: 'private' })));
    assert.deepEqual([told, inbox.counts()], [[], { accepted: 0, ignored: 0, unmapped: {} }]);
  });

  test('counts as nothing where it could not be kept', async () => {
    await using house = await House.open();
    house.listen();
    const inbox = await open(house, `photos=${BUCKET}`);
    house.index.commit = () => Promise.reject(new Error('broken'));
    await assert.rejects(inbox.take(body({})), /broken/);
    assert.equal(inbox.counts().accepted, 0);
  });
});
