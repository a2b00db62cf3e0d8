import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { ACCOUNT } from '../../../core/fixture.ts';
import type { ObjectHead } from '../model.ts';
import { BUCKET, CAUSE, content, fails, HEAD, type House, MB, ref, someBytes } from '../testing.ts';
import { addBucket, COPIES, configure, copied, openPair, replicationRule as rule, told } from './testing.ts';

const copy = (house: House, key: string, versionId?: string) =>
  house.cos.objects.head({ bucket: COPIES, key, versionId });
const status = (house: House, key: string, versionId?: string) =>
  house.cos.objects.head(ref(key, versionId)).replication;

function listenTo(house: House, bucket: string) {
  return house.listen({ bucket, triggerId: `t-${bucket}` });
}

async function bytesOf(house: House, key: string): Promise<Buffer> {
  const opened = house.cos.objects.open({ bucket: COPIES, key });
  return buffer(opened.read(0, opened.object.bytes));
}

describe('a version is copied', () => {
  test('with its id, its time, its content and what is said of it', async () => {
    await using house = await openPair();
    const head: Partial<ObjectHead> = {
      headers: { 'content-type': 'image/png', 'x-cos-meta-a': '1', 'x-cos-server-side-encryption': 'AES256' },
      storageClass: 'STANDARD_IA',
      acl: { canned: 'public-read', grants: [] },
      tags: [{ Key: 'a', Value: 'b' }],
    };
    const body = someBytes(3 * MB);
    const source = await house.put('a', body, head);
    assert.equal(status(house, 'a'), 'Pending');
    await fails('NoSuchKey', () => copy(house, 'a'));
    await house.clock.advance(5000);
    const { pieces, ...replica } = copy(house, 'a');
    const { pieces: own, bucket: _, acl: __, headers: ___, ...same } = source;
    assert.deepEqual(replica, {
      ...same,
      bucket: COPIES,
      // Documented: what is said of encryption is lost.
      headers: { 'content-type': 'image/png', 'x-cos-meta-a': '1' },
      acl: { canned: 'default', grants: [] },
      replication: 'Replica',
    });
    assert.notDeepEqual(pieces, own);
    assert.deepEqual(await bytesOf(house, 'a'), body);
    assert.equal(status(house, 'a'), 'Complete');
    await house.remove('a', source.versionId);
    assert.deepEqual(await bytesOf(house, 'a'), body, 'the copy has bytes of its own');
    await house.checkFiles();
  });

  test('the destination is told, once, by what happened', async () => {
    await using house = await openPair();
    using source = listenTo(house, BUCKET);
    using copies = listenTo(house, COPIES);
    await house.put('a', 'one');
    assert.deepEqual(told(copies.told), [], 'the write does not wait for it');
    await copied(house);
    assert.deepEqual(told(source.told), ['ObjectCreated:Put source a']);
    assert.deepEqual(told(copies.told), ['ObjectCreated:Replication copy a']);
    const [notice] = copies.told;
    assert.deepEqual([notice?.bytes, notice?.versionId], [3, copy(house, 'a').versionId]);
    await house.clock.advance(3_600_000);
    assert.equal(copies.told.length, 1);
    assert.deepEqual(house.index.notices(9), [], 'nothing is left to do');
  });

  test('however it was made', async () => {
    await using house = await openPair();
    const { objects, uploads } = house.cos;
    await objects.put(ref('post'), HEAD, content('p'), { event: 'ObjectCreated:Post' }, CAUSE);
    await objects.put(ref('pulled'), HEAD, content('o'), { event: 'ObjectCreated:Origin' }, CAUSE);
    await objects.copy({ ...ref('post'), conditions: {} }, ref('copy'), {}, CAUSE);
    const { uploadId } = await uploads.begin(ref('parts'), HEAD);
    const part = await uploads.putPart({ ...ref('parts'), uploadId }, 1, content(someBytes(MB)));
    await uploads.complete({ ...ref('parts'), uploadId }, [part], CAUSE);
    await copied(house);
    for (const key of ['post', 'pulled', 'copy', 'parts']) assert.equal(copy(house, key).replication, 'Replica', key);
    assert.equal(copy(house, 'parts').etag.endsWith('-1'), true);
    await house.checkFiles();
  });

  test('to the storage class of the rule', async () => {
    await using house = await openPair([rule('', COPIES, '<StorageClass>ARCHIVE</StorageClass>')]);
    await house.put('a', 'x');
    await house.put('zones', 'x', { storageClass: 'MAZ_STANDARD' });
    await copied(house);
    assert.equal(copy(house, 'a').storageClass, 'ARCHIVE');
    // Documented: not from several zones to one.
    await fails('NoSuchKey', () => copy(house, 'zones'));
    assert.equal(status(house, 'zones'), undefined);
  });

  test('only those that a rule means', async () => {
    const filter = '<Filter><And><Prefix>t/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>';
    const off = '<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>';
    await using house = await openPair([rule('<Prefix>sync/</Prefix>'), rule(filter + off)]);
    const tags = [{ Key: 'k', Value: 'v' }];
    await house.put('sync/a', 'x');
    await house.put('other', 'x', { tags });
    await house.put('t/a', 'x', { tags });
    await house.put('t/b', 'x', { tags: [{ Key: 'k', Value: 'w' }] });
    await copied(house);
    const { entries } = house.cos.objects.list({ bucket: COPIES, prefix: '', delimiter: '', after: '', limit: 9 });
    assert.deepEqual(
      entries.map(entry => ('row' in entry ? entry.row.key : '')),
      ['sync/a', 't/a'],
    );
    assert.deepEqual([status(house, 'sync/a'), status(house, 'other')], ['Complete', undefined]);
  });

  test('by the rule with the lowest priority', async () => {
    const classed = (name: string) => `<StorageClass>${name}</StorageClass>`;
    await using house = await openPair([
      rule('<Priority>2</Priority>', COPIES, classed('ARCHIVE')),
      rule('<Priority>1</Priority><Prefix>a</Prefix>', COPIES, classed('STANDARD_IA')),
    ]);
    await house.put('a', 'x');
    await house.put('b', 'x');
    await copied(house);
    assert.deepEqual([copy(house, 'a').storageClass, copy(house, 'b').storageClass], ['STANDARD_IA', 'ARCHIVE']);
  });

  test('to several buckets, and it is complete when all have it', async () => {
    const third = `third-${ACCOUNT.appId}`;
    await using house = await openPair();
    await addBucket(house, third);
    await configure(house, BUCKET, [rule(), rule('', third)]);
    await house.put('a', someBytes(MB));
    const seen: unknown[] = [];
    house.files.before = verb => void (verb === 'copy' && seen.push(status(house, 'a')));
    await copied(house);
    assert.deepEqual(seen, ['Pending', 'Pending']);
    assert.equal(house.cos.objects.head({ bucket: third, key: 'a' }).replication, 'Replica');
    assert.equal(status(house, 'a'), 'Complete');
  });

  test('nothing without a rule, and nothing of what was there before it', async () => {
    await using house = await openPair([]);
    await house.put('old', 'x');
    await configure(house, BUCKET, [rule()]);
    await house.put('new', 'x');
    await copied(house);
    await fails('NoSuchKey', () => copy(house, 'old'));
    assert.equal(copy(house, 'new').replication, 'Replica');
  });
});

describe('versions of a key', () => {
  test('each is copied, and the newest is the same', async () => {
    await using house = await openPair();
    const versions = [];
    for (const text of ['one', 'two', 'three']) versions.push((await house.put('a', text)).versionId);
    await copied(house);
    for (const id of versions) assert.equal(copy(house, 'a', id).replication, 'Replica');
    assert.equal(String(await bytesOf(house, 'a')), 'three');
  });

  test('a write to the destination itself that is newer stays the newest', async () => {
    await using house = await openPair();
    await house.put('a', 'source');
    await house.cos.objects.put(
      { bucket: COPIES, key: 'a' },
      HEAD,
      content('own'),
      { event: 'ObjectCreated:Put' },
      CAUSE,
    );
    await copied(house);
    assert.equal(String(await bytesOf(house, 'a')), 'own');
    const { entries } = house.cos.objects.versions({
      ...{ bucket: COPIES, prefix: '', delimiter: '', afterKey: '', afterVersionId: '', limit: 9 },
    });
    assert.equal(entries.length, 2);
  });

  test('a delete marker is copied with its id, and told', async () => {
    await using house = await openPair();
    using copies = listenTo(house, COPIES);
    await house.put('a', 'x');
    await house.remove('a');
    await copied(house);
    const error = await fails('NoSuchKey', () => copy(house, 'a'));
    assert.equal(String(error.params.marker), 'true');
    assert.deepEqual(told(copies.told), [
      'ObjectCreated:Replication copy a',
      'ObjectRemove:DeleteMarkerCreated copy a',
    ]);
    const newest = (bucket: string) => house.index.find(bucket, 'a')?.versionId;
    assert.equal(newest(COPIES), newest(BUCKET));
    await house.clock.advance(60_000);
    assert.deepEqual(house.index.notices(9), []);
  });

  test('a rule may leave delete markers out', async () => {
    await using house = await openPair([
      rule('<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>'),
    ]);
    await house.put('a', 'x');
    await house.remove('a');
    await copied(house);
    assert.equal(String(await bytesOf(house, 'a')), 'x');
  });

  test('the removal of a named version is not copied, nor what a lifecycle rule removes', async () => {
    await using house = await openPair();
    const { versionId } = await house.put('a', 'x');
    await house.put('b', 'x');
    await copied(house);
    await house.remove('a', versionId);
    const expiration = { days: 1 };
    await house.cos.buckets.change(BUCKET, {
      lifecycle: [
        {
          ...{ id: '1', enabled: true, prefix: 'b', tags: [], transitions: [], expiration, expiresLoneMarkers: false },
          ...{ noncurrentTransitions: [], noncurrentExpirationDays: undefined, abortUploadsAfterDays: undefined },
        },
      ],
    });
    await house.clock.advance(3 * 86_400_000);
    await fails('NoSuchKey', () => house.cos.objects.head(ref('b')));
    for (const key of ['a', 'b']) assert.equal(String(await bytesOf(house, key)), 'x', key);
  });
});

describe('copies of copies', () => {
  test('two buckets that are copied to each other do not play ping-pong', async () => {
    await using house = await openPair();
    await configure(house, COPIES, [rule('', BUCKET)]);
    using source = listenTo(house, BUCKET);
    using copies = listenTo(house, COPIES);
    await house.put('a', 'x');
    await house.cos.objects.put(
      { bucket: COPIES, key: 'b' },
      HEAD,
      content('y'),
      { event: 'ObjectCreated:Put' },
      CAUSE,
    );
    await house.remove('a');
    await house.clock.advance(600_000);
    assert.deepEqual(told(source.told), [
      'ObjectCreated:Put source a',
      'ObjectRemove:DeleteMarkerCreated source a',
      'ObjectCreated:Replication source b',
    ]);
    assert.deepEqual(told(copies.told), [
      'ObjectCreated:Put copy b',
      'ObjectCreated:Replication copy a',
      'ObjectRemove:DeleteMarkerCreated copy a',
    ]);
    assert.deepEqual(house.index.notices(9), []);
  });

  test('a copy is not copied on', async () => {
    const third = `third-${ACCOUNT.appId}`;
    await using house = await openPair();
    await addBucket(house, third);
    await configure(house, COPIES, [rule('', third)]);
    await house.put('a', 'x');
    await copied(house);
    assert.equal(copy(house, 'a').replication, 'Replica');
    await fails('NoSuchKey', () => house.cos.objects.head({ bucket: third, key: 'a' }));
  });
});

describe('when it does not go through', () => {
  test('a stop after the write: it is copied after the next start, once triggers listen', async () => {
    await using house = await openPair();
    await house.put('a', someBytes(MB));
    // As a kill leaves it: nobody closes the old one, and it does nothing any more.
    const dead = house.cos;
    house.files.before = verb => (verb === 'copy' ? Promise.reject(new Error('dead')) : undefined);
    await copied(house);
    await dead.close();
    house.files.before = () => undefined;
    await house.start();
    using copies = listenTo(house, COPIES);
    await house.clock.advance(120_000);
    await fails('NoSuchKey', () => copy(house, 'a'));
    await house.cos.notices.allListen();
    await copied(house);
    assert.deepEqual(told(copies.told), ['ObjectCreated:Replication copy a']);
    assert.equal(status(house, 'a'), 'Complete');
    await house.checkFiles();
  });

  test('a stop between the copy and the end of it: the copy is not made, and not told, twice', async () => {
    await using house = await openPair();
    await house.put('a', someBytes(MB));
    const { commit } = house.index;
    let commits = 0;
    house.index.commit = (change, expected) =>
      ++commits === 1 ? commit(change, expected) : Promise.reject(new Error('killed'));
    await copied(house);
    await house.cos.close();
    house.index.commit = commit;
    assert.equal(copy(house, 'a').replication, 'Replica');
    assert.equal(status(house, 'a'), 'Pending');
    await house.start();
    using copies = listenTo(house, COPIES);
    await house.cos.notices.allListen();
    await copied(house);
    assert.deepEqual(told(copies.told), []);
    assert.equal(status(house, 'a'), 'Complete');
    assert.deepEqual(house.index.notices(9), []);
    await house.checkFiles();
  });

  test('what fails is tried again, ever more seldom, and keeps nothing else back', async () => {
    await using house = await openPair();
    let tries = 0;
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    house.files.before = verb => (verb === 'copy' && ++tries < 9 ? Promise.reject(full) : undefined);
    await house.put('large', someBytes(MB));
    await house.put('small', 'x');
    await copied(house);
    assert.equal(copy(house, 'small').replication, 'Replica');
    assert.deepEqual([tries, status(house, 'large')], [1, 'Pending']);
    await house.clock.advance(999);
    assert.equal(tries, 1);
    await house.clock.advance(1);
    assert.equal(tries, 2);
    await house.clock.advance(2000 + 4000 + 8000 + 16_000 + 32_000);
    assert.equal(tries, 7);
    await house.clock.advance(59_999);
    assert.equal(tries, 7);
    await house.clock.advance(60_001);
    assert.equal(status(house, 'large'), 'Complete');
  });

  test('its destination is gone, or has no versions any more: it has failed', async () => {
    await using house = await openPair();
    await house.put('a', 'x');
    await house.cos.buckets.setVersioning(COPIES, 'Suspended');
    await copied(house);
    assert.equal(status(house, 'a'), 'Failed');
    await house.put('b', 'x');
    await house.cos.buckets.remove(COPIES);
    await copied(house);
    assert.equal(status(house, 'b'), 'Failed');
    assert.deepEqual(house.index.notices(9), []);
  });

  test('its content is damaged: it has failed', async () => {
    await using house = await openPair();
    const { pieces } = await house.put('a', someBytes(MB));
    house.files.before = verb =>
      verb === 'copy' ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })) : undefined;
    await copied(house);
    assert.equal(pieces.length, 1);
    assert.equal(status(house, 'a'), 'Failed');
  });

  test('it was found damaged already: the damage is not copied', async () => {
    await using house = await openPair();
    const object = await house.put('a', someBytes(MB));
    await house.cos.objects.markDamaged(object);
    await copied(house);
    assert.deepEqual([house.index.find(COPIES, 'a'), house.files.kept.size], [undefined, 1]);
    assert.equal(status(house, 'a'), 'Failed');
  });

  test('one of two destinations failed, and the version says so', async () => {
    const third = `third-${ACCOUNT.appId}`;
    await using house = await openPair();
    await addBucket(house, third);
    await configure(house, BUCKET, [rule('', third), rule()]);
    await house.put('a', 'x');
    await house.cos.buckets.remove(third);
    await copied(house);
    assert.equal(copy(house, 'a').replication, 'Replica');
    assert.equal(status(house, 'a'), 'Failed');
  });

  test('the version, or its whole bucket, is gone before its turn', async () => {
    await using house = await openPair();
    const { versionId } = await house.put('a', 'x');
    await house.remove('a', versionId);
    await copied(house);
    await fails('NoSuchKey', () => copy(house, 'a'));
    const later = await house.put('b', 'x');
    await house.remove('b', later.versionId);
    await house.cos.buckets.remove(BUCKET);
    await copied(house);
    assert.deepEqual(house.index.notices(9), []);
  });

  test('versions of a bucket that is copied cannot be suspended', async () => {
    await using house = await openPair();
    await fails('InvalidBucketState', () => house.cos.buckets.setVersioning(BUCKET, 'Suspended'));
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await house.cos.buckets.change(BUCKET, { plain: {} });
    await house.cos.buckets.setVersioning(BUCKET, 'Suspended');
  });

  test('many at once: a few side by side, each once', async () => {
    await using house = await openPair();
    let side = 0;
    let most = 0;
    house.files.before = async verb => {
      if (verb !== 'copy') return;
      most = Math.max(most, ++side);
      await new Promise(setImmediate);
      side--;
    };
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    for (const key of keys) await house.put(key, someBytes(20_000));
    await copied(house);
    assert.equal(most, 4);
    for (const key of keys) assert.equal(status(house, key), 'Complete');
    await house.checkFiles();
  });
});
