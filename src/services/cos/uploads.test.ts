import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../../core/crc64.ts';
import { BUCKET, CAUSE, content, fails, HEAD, House, inChunks, MB, md5, ref, someBytes } from './testing.ts';

const begin = (house: House, key = 'k') => house.cos.uploads.begin(ref(key), HEAD);
const put = (house: House, uploadId: string, number: number, body: Buffer) =>
  house.cos.uploads.putPart({ ...ref('k'), uploadId }, number, content(body));
const complete = (house: House, uploadId: string, parts: readonly { number: number; etag: string }[]) =>
  house.cos.uploads.complete({ ...ref('k'), uploadId }, parts, CAUSE);

describe('uploads', () => {
  test('parts become an object of the same files, by the formula of S3', async () => {
    await using house = await House.open();
    const { told } = house.listen();
    const { uploadId } = await begin(house);
    assert.match(uploadId, /^1713513600[0-9a-f]{64}$/);
    const bodies = [someBytes(MB, 1), someBytes(MB + 5, 2), someBytes(10, 3)];
    const parts = await Promise.all(bodies.map((body, i) => put(house, uploadId, i + 1, body)));
    assert.deepEqual(
      parts.map(({ etag, crc64 }) => ({ etag, crc64 })),
      bodies.map(body => ({ etag: md5(body), crc64: crc64(body) })),
    );
    const files = [...house.files.kept.keys()];
    const object = await complete(house, uploadId, parts);
    const whole = Buffer.concat(bodies);
    const digest = createHash('md5').update(Buffer.concat(bodies.map(body => Buffer.from(md5(body), 'hex'))));
    assert.equal(object.etag, `${digest.digest('hex')}-3`);
    assert.equal(object.crc64, crc64(whole));
    assert.equal(object.bytes, whole.length);
    assert.deepEqual([...house.files.kept.keys()], files, 'nothing was copied');
    assert.deepEqual(await house.read('k'), whole);
    assert.deepEqual(object.headers, HEAD.headers);
    assert.deepEqual(
      told.map(({ name, bytes }) => [name, bytes]),
      [['ObjectCreated:CompleteMultipartUpload', whole.length]],
    );
    await fails('NoSuchUpload', () => complete(house, uploadId, parts));
    await house.checkFiles();
  });

  test('any range of an object in parts is what lies there', async () => {
    await using house = await House.open();
    const { uploadId } = await begin(house);
    const bodies = [someBytes(MB, 1), someBytes(MB, 2), someBytes(100, 3)];
    const parts = await Promise.all(bodies.map((body, i) => put(house, uploadId, i + 1, body)));
    await complete(house, uploadId, parts);
    const whole = Buffer.concat(bodies);
    const place = fc.oneof(
      fc.nat(whole.length),
      fc.constantFrom(MB - 1, MB, MB + 1, 2 * MB - 1, 2 * MB, 2 * MB + 1, whole.length),
    );
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const chunks: Buffer[] = [];
        for await (const chunk of house.cos.objects.open(ref('k')).read(from, to)) chunks.push(chunk);
        assert.ok(Buffer.concat(chunks).equals(whole.subarray(from, to)), `${from} to ${to}`);
      }),
      { numRuns: 30 },
    );
  });

  test('a part may come again, and what is not listed goes', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(40_000));
    const { uploadId } = await begin(house);
    await put(house, uploadId, 1, someBytes(50, 1));
    const again = await put(house, uploadId, 1, someBytes(60, 2));
    await put(house, uploadId, 2, someBytes(70, 3));
    assert.equal(house.files.kept.size, 3);
    await complete(house, uploadId, [again]);
    assert.deepEqual(await house.read('k'), someBytes(60, 2));
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('lists of parts that are wrong are refused, and the upload stays', async () => {
    await using house = await House.open();
    const { uploadId } = await begin(house);
    const small = await put(house, uploadId, 1, someBytes(100));
    const large = await put(house, uploadId, 2, someBytes(MB));
    const last = await put(house, uploadId, 3, someBytes(1));
    const done = (...parts: { number: number; etag: string }[]) => complete(house, uploadId, parts);
    await fails('MalformedXML', () => done());
    await fails('InvalidPartOrder', () => done(large, small));
    await fails('InvalidPartOrder', () => done(large, large));
    await fails('InvalidPart', () => done(small, last));
    await fails('InvalidPart', () => done({ number: 4, etag: last.etag }));
    await fails('InvalidPart', () => done({ number: 2, etag: small.etag }, last));
    const tooSmall = await fails('EntityTooSmall', () => done(small, large, last));
    assert.equal(tooSmall.params.number, 1);
    assert.equal((await done(large, last)).bytes, MB + 1);
    await house.checkFiles();
  });

  test('numbers are 1 to 10000, and uploads belong to a key', async () => {
    await using house = await House.open();
    const { uploadId } = await begin(house);
    for (const number of [0, -1, 10_001, 1.5, Number.NaN])
      await fails('InvalidArgument', () => put(house, uploadId, number, someBytes(1)));
    await put(house, uploadId, 10_000, someBytes(1));
    await fails('NoSuchUpload', () => put(house, 'none', 1, someBytes(1)));
    await fails('NoSuchUpload', () => house.cos.uploads.putPart({ ...ref('other'), uploadId }, 1, content('x')));
    await fails('NoSuchUpload', () => house.cos.uploads.abort({ ...ref('other'), uploadId }));
    await fails('BadDigest', () =>
      house.cos.uploads.putPart({ ...ref('k'), uploadId }, 1, content('x', { md5: md5('y') })),
    );
    await fails('IncompleteBody', () =>
      house.cos.uploads.putPart({ ...ref('k'), uploadId }, 1, { body: inChunks(someBytes(9), 3), bytes: 10 }),
    );
    assert.deepEqual(
      house.cos.uploads.parts({ ...ref('k'), uploadId }, 0, 10).map(part => part.number),
      [10_000],
    );
    await house.cos.uploads.abort({ ...ref('k'), uploadId });
    await fails('NoSuchUpload', () => house.cos.uploads.find({ ...ref('k'), uploadId }));
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('a part that comes while the upload is ended leaves nothing', async () => {
    for (const end of ['abort', 'complete'] as const) {
      await using house = await House.open();
      const { uploadId } = await begin(house);
      const first = await put(house, uploadId, 1, someBytes(100));
      const { promise: held, resolve: go } = Promise.withResolvers<void>();
      house.files.before = verb => (verb === 'write' ? held : undefined);
      const late = put(house, uploadId, 2, someBytes(200));
      if (end === 'abort') await house.cos.uploads.abort({ ...ref('k'), uploadId });
      else await complete(house, uploadId, [first]);
      go();
      await fails('NoSuchUpload', () => late);
      await house.checkFiles();
      assert.equal(house.files.kept.size, end === 'abort' ? 0 : 1);
    }
  });

  test('of two that complete an upload one does', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const { uploadId } = await begin(house);
    const part = await put(house, uploadId, 1, someBytes(100));
    const results = await Promise.allSettled([1, 2, 3].map(() => complete(house, uploadId, [part])));
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
    await house.checkFiles();
  });

  test('a bucket with an upload is not empty', async () => {
    await using house = await House.open();
    const { uploadId } = await begin(house);
    await fails('BucketNotEmpty', () => house.cos.buckets.remove(BUCKET));
    await house.cos.uploads.abort({ ...ref('k'), uploadId });
    await house.cos.buckets.remove(BUCKET);
    await fails('NoSuchBucket', () => begin(house));
  });
});

describe('parts that are copied', () => {
  const copy = (house: House, uploadId: string, number: number, key: string, range?: { from: number; to: number }) =>
    house.cos.uploads.copyPart({ ...ref('k'), uploadId }, number, { ...ref(key), conditions: {} }, range);

  test('come from a file, a row, an object in parts, whole or in part', async () => {
    await using house = await House.open();
    const [small, large] = [someBytes(100, 1), someBytes(2 * MB, 2)];
    await house.put('small', small);
    await house.put('large', large);
    const { uploadId } = await begin(house);
    const { written } = house.files;
    const parts = [
      await copy(house, uploadId, 1, 'large'),
      await copy(house, uploadId, 2, 'large', { from: 1, to: MB + 1 }),
      await copy(house, uploadId, 3, 'small', { from: 5, to: 50 }),
    ];
    assert.equal(house.files.written - written, MB + 45, 'a whole file is linked');
    const bodies = [large, large.subarray(1, MB + 1), small.subarray(5, 50)];
    assert.deepEqual(
      parts.map(part => part.etag),
      bodies.map(md5),
    );
    const object = await complete(house, uploadId, parts);
    assert.equal(object.crc64, crc64(Buffer.concat(bodies)));
    await house.remove('large');
    assert.deepEqual(await house.read('k'), Buffer.concat(bodies));
    const second = await begin(house);
    const of = await copy(house, second.uploadId, 1, 'k', { from: 2 * MB - 3, to: 3 * MB + 20 });
    assert.equal(of.etag, md5(Buffer.concat(bodies).subarray(2 * MB - 3, 3 * MB + 20)));
    await house.cos.uploads.abort({ ...ref('k'), uploadId: second.uploadId });
    await house.checkFiles();
  });

  test('that find no room leave their source to be removed', async () => {
    await using house = await House.open();
    await house.put('large', someBytes(2 * MB));
    const { uploadId } = await begin(house);
    house.files.before = verb => {
      if (verb === 'write') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await fails('StorageFull', () => copy(house, uploadId, 1, 'large', { from: 1, to: MB }));
    house.files.before = () => undefined;
    await house.remove('large');
    await house.checkFiles();
  });

  test('are refused where there is nothing to copy', async () => {
    await using house = await House.open();
    await house.put('small', 'small');
    const { uploadId } = await begin(house);
    await fails('NoSuchKey', () => copy(house, uploadId, 1, 'none'));
    for (const range of [
      { from: 0, to: 6 },
      { from: 3, to: 3 },
      { from: -1, to: 2 },
    ])
      await fails('InvalidArgument', () => copy(house, uploadId, 1, 'small', range));
    await fails('PreconditionFailed', () =>
      house.cos.uploads.copyPart(
        { ...ref('k'), uploadId },
        1,
        { ...ref('small'), conditions: { match: ['other'] } },
        undefined,
      ),
    );
    await house.cos.uploads.abort({ ...ref('k'), uploadId });
    await house.checkFiles();
  });
});
