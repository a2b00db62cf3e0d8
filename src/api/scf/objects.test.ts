// Packages out of an object store, over a real one in memory.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { ACCOUNT } from '../../core/fixture.ts';
import { UNZIPPED_BYTES } from '../../core/limits.ts';
import { BUCKET, CAUSE, House, REGION, someBytes } from '../../services/cos/testing.ts';
import { refused } from './fixture.ts';
import { type CodeStore, type CosFields, objectBytes } from './objects.ts';

const { appId } = ACCOUNT;
const NAME = BUCKET.slice(0, -appId.length - 1);
const from = (store: CodeStore, fields: CosFields, region = REGION) => objectBytes(fields, { store, appId, region });

describe('a package of an object store', () => {
  test('comes as it lies there, small and large', async () => {
    await using house = await House.open();
    const large = someBytes(3_000_000);
    await house.put('code.zip', 'small');
    await house.put('builds/1/code.zip', large);
    const CosBucketName = NAME;
    assert.equal(String(await from(house.cos, { CosBucketName, CosObjectName: '/code.zip' })), 'small');
    assert.deepEqual(await from(house.cos, { CosBucketName, CosObjectName: '/builds/1/code.zip' }), large);
  });

  test('is named with the number of the account or without, with a slash in front or without', async () => {
    await using house = await House.open();
    const names = fc.record({
      bucket: fc.constantFrom(NAME, BUCKET),
      key: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
        // A dot alone is no key: its path is the bucket's.
        .filter(key => !key.startsWith('/') && key !== '.' && key.isWellFormed()),
      slash: fc.constantFrom('', '/'),
      region: fc.constantFrom(undefined, '', REGION),
    });
    await fc.assert(
      fc.asyncProperty(names, async ({ bucket, key, slash, region }) => {
        await house.put(key, key);
        const fields = { CosBucketName: bucket, CosObjectName: slash + key, CosBucketRegion: region };
        assert.equal(String(await from(house.cos, fields)), key);
      }),
      { numRuns: 50 },
    );
  });

  test('is that of the documented name where both names are buckets', async () => {
    await using house = await House.open();
    const longer = `${BUCKET}-${appId}`;
    await house.cos.buckets.create({ id: longer, region: REGION });
    await house.put('k', 'of the shorter');
    const content = { body: Buffer.from('of the longer'), bytes: 13 };
    const head = { headers: {}, storageClass: 'STANDARD', acl: { canned: 'default', grants: [] }, tags: [] } as const;
    await house.cos.objects.put({ bucket: longer, key: 'k' }, head, content, { event: 'ObjectCreated:Put' }, CAUSE);
    assert.equal(String(await from(house.cos, { CosBucketName: BUCKET, CosObjectName: 'k' })), 'of the longer');
    assert.equal(String(await from(house.cos, { CosBucketName: NAME, CosObjectName: 'k' })), 'of the shorter');
  });

  test('is taken from another region where that is said, and from no other', async () => {
    await using house = await House.open();
    await house.put('k', 'far');
    const fields = { CosBucketName: NAME, CosObjectName: '/k' };
    const wrong = refused('InvalidParameterValue.CosBucketRegion');
    assert.equal(String(await from(house.cos, { ...fields, CosBucketRegion: REGION }, 'ap-beijing')), 'far');
    await assert.rejects(from(house.cos, fields, 'ap-beijing'), wrong);
    await assert.rejects(from(house.cos, { ...fields, CosBucketRegion: 'ap-beijing-1' }), wrong);
  });

  test('is the newest version, and none once that is a delete marker', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await house.put('k', 'one');
    await house.put('k', 'two');
    const fields = { CosBucketName: NAME, CosObjectName: '/k' };
    assert.equal(String(await from(house.cos, fields)), 'two');
    await house.remove('k');
    await assert.rejects(from(house.cos, fields), refused('ResourceNotFound.Cos'));
  });

  test('stays whole while the object is replaced', async () => {
    await using house = await House.open();
    const before = someBytes(2_000_000, 1);
    await house.put('k', before);
    const reading = from(house.cos, { CosBucketName: NAME, CosObjectName: 'k' });
    await house.put('k', someBytes(2_000_000, 2));
    assert.deepEqual(await reading, before);
  });
});

describe('what is no package', () => {
  const BAD: readonly (readonly [what: string, fields: CosFields, code: string])[] = [
    ['no bucket', { CosObjectName: '/k' }, 'InvalidParameterValue.CosBucketName'],
    ['a bucket that is no name', { CosBucketName: 'A_b', CosObjectName: '/k' }, 'InvalidParameterValue.CosBucketName'],
    ['a host', { CosBucketName: `${BUCKET}.cos`, CosObjectName: '/k' }, 'InvalidParameterValue.CosBucketName'],
    ['a bucket that is not there', { CosBucketName: 'other', CosObjectName: '/k' }, 'ResourceNotFound.Cos'],
    ['one of another account', { CosBucketName: `${NAME}-1`, CosObjectName: '/k' }, 'ResourceNotFound.Cos'],
    ['no object', { CosBucketName: NAME }, 'InvalidParameterValue.CosObjectName'],
    ['a slash alone', { CosBucketName: NAME, CosObjectName: '/' }, 'InvalidParameterValue.CosObjectName'],
    [
      'a key of 851 bytes',
      { CosBucketName: NAME, CosObjectName: `/${'k'.repeat(851)}` },
      'InvalidParameterValue.CosObjectName',
    ],
    ['an object that is not there', { CosBucketName: NAME, CosObjectName: '/none' }, 'ResourceNotFound.Cos'],
  ];
  for (const [what, fields, code] of BAD)
    test(`${what}: ${code}`, async () => {
      await using house = await House.open();
      await house.put('k', 'here');
      await assert.rejects(from(house.cos, fields), refused(code));
    });

  test('an archived object, until it is restored', async () => {
    await using house = await House.open();
    await house.put('k', 'cold', { storageClass: 'ARCHIVE' });
    const fields = { CosBucketName: NAME, CosObjectName: '/k' };
    await assert.rejects(from(house.cos, fields), refused('FailedOperation.Cos'));
    await house.cos.objects.restore({ bucket: BUCKET, key: 'k' }, 1, 'Expedited', CAUSE);
    await house.clock.advance(6 * 3_600_000);
    assert.equal(String(await from(house.cos, fields)), 'cold');
  });

  test('a damaged object: met while it is read, and known to be', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(2_000_000));
    house.files.kept.clear();
    const fields = { CosBucketName: NAME, CosObjectName: '/k' };
    await assert.rejects(from(house.cos, fields), refused('FailedOperation.Cos'));
    await house.cos.objects.markDamaged(house.cos.objects.head({ bucket: BUCKET, key: 'k' }));
    await assert.rejects(from(house.cos, fields), refused('FailedOperation.Cos'));
    await house.put('k', 'again');
    assert.equal(String(await from(house.cos, fields)), 'again');
  });

  test('one that is larger than what may be unpacked is not read', async () => {
    let read = 0;
    const store = (bytes: number): CodeStore => ({
      buckets: { find: id => ({ id, region: REGION }) },
      objects: {
        open: () => ({
          object: { bytes },
          read: () => {
            read++;
            throw new Error('read');
          },
        }),
      },
    });
    const fields = { CosBucketName: 'b', CosObjectName: 'k' };
    const wrong = refused('InvalidParameterValue.ZipFile');
    await assert.rejects(from(store(UNZIPPED_BYTES + 1), fields), wrong);
    assert.equal(read, 0);
    await assert.rejects(from(store(UNZIPPED_BYTES), fields), refused('FailedOperation.Cos'));
    assert.equal(read, 1);
  });

  test('one that comes shorter than it is said to be', async () => {
    const store: CodeStore = {
      buckets: { find: id => ({ id, region: REGION }) },
      objects: { open: () => ({ object: { bytes: 4 }, read: () => Readable.from([Buffer.from('zip')]) }) },
    };
    const fields = { CosBucketName: 'b', CosObjectName: 'k' };
    await assert.rejects(from(store, fields), refused('FailedOperation.Cos'));
  });

  test('what the store cannot explain stays what it is', async () => {
    await using house = await House.open();
    const store: CodeStore = {
      buckets: house.cos.buckets,
      objects: {
        open: () => {
          throw new TypeError('a fault');
        },
      },
    };
    const error = await from(store, { CosBucketName: NAME, CosObjectName: 'k' }).catch((error: unknown) => error);
    assert.ok(error instanceof TypeError && !(error instanceof CloudError));
  });
});
