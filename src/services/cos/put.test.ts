import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { crc64 } from '../../core/crc64.ts';
import { INLINE_BYTES } from './content.ts';
import { BUCKET, CAUSE, content, fails, HEAD, House, inChunks, md5, ref, someBytes } from './testing.ts';

const PUT = { event: 'ObjectCreated:Put' } as const;

describe('put', () => {
  test('a small object lies in its row, with its sums', async () => {
    await using house = await House.open();
    const stored = await house.put('a.txt', '[Object Content]');
    assert.equal(stored.etag, 'ee8de918d05640145b18f70f4c3aa602');
    assert.equal(stored.crc64, '16749565679157681890');
    assert.equal(stored.versionId, 'null');
    assert.equal(await house.text('a.txt'), '[Object Content]');
    assert.equal(house.files.kept.size, 0);
    assert.deepEqual(house.cos.objects.head(ref('a.txt')).headers, HEAD.headers);
  });

  for (const bytes of [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 300_000]) {
    for (const chunked of [false, true]) {
      test(`${bytes} bytes ${chunked ? 'in chunks' : 'as announced'} come back, whole and in part`, async () => {
        await using house = await House.open();
        const body = someBytes(bytes);
        const given = { body: inChunks(body, 1000), bytes: chunked ? undefined : bytes };
        const stored = await house.cos.objects.put(ref('k'), HEAD, given, PUT, CAUSE);
        assert.equal(stored.bytes, bytes);
        assert.equal(stored.etag, md5(body));
        assert.equal(stored.crc64, crc64(body));
        assert.deepEqual(await house.read('k'), body);
        assert.equal(house.files.kept.size, bytes > INLINE_BYTES ? 1 : 0);
        const opened = house.cos.objects.open(ref('k'));
        if (bytes > 2) assert.deepEqual(await buffered(opened.read(1, bytes - 1)), body.subarray(1, -1));
        await house.checkFiles();
      });
    }
  }

  test('what is not as announced is refused and not kept', async () => {
    await using house = await House.open();
    for (const bytes of [10, 100_000]) {
      const body = someBytes(bytes);
      const put = (change: object) =>
        house.cos.objects.put(ref('k'), HEAD, { ...content(body), ...change }, PUT, CAUSE);
      await fails('IncompleteBody', () => put({ bytes: bytes + 1 }));
      await fails('EntitySizeNotMatch', () => put({ bytes: bytes - 1 }));
      await fails('BadDigest', () => put({ md5: md5('other') }));
      await fails('InvalidSHA1Digest', () => put({ sha1: createHash('sha1').update('other').digest('hex') }));
      await fails('EntityTooLarge', () => put({ bytes: 5 * 1024 ** 3 + 1 }));
      await fails('NoSuchKey', () => house.cos.objects.head(ref('k')));
      await put({ md5: md5(body).toUpperCase(), sha1: createHash('sha1').update(body).digest('hex') });
      await house.remove('k');
    }
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('a connection that breaks leaves what was there', async () => {
    await using house = await House.open();
    await house.put('k', 'before');
    for (const bytes of [100, 100_000]) {
      const broken = inChunks(someBytes(bytes), 60, Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      await fails('IncompleteBody', () =>
        house.cos.objects.put(ref('k'), HEAD, { body: broken, bytes: bytes + 1 }, PUT, CAUSE),
      );
    }
    assert.equal(await house.text('k'), 'before');
    await house.checkFiles();
  });

  test('a full disk is told, and what was there stays', async () => {
    await using house = await House.open();
    await house.put('k', 'before');
    house.files.before = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    await fails('StorageFull', () => house.put('k', someBytes(100_000)));
    assert.equal(await house.text('k'), 'before');
  });

  test('the index that fails leaves no file', async () => {
    await using house = await House.open();
    const { commit } = house.index;
    house.index.commit = async () => {
      throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    };
    await fails('StorageFull', () => house.put('k', someBytes(100_000)));
    house.index.commit = commit;
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('an overwritten file goes after the commit, and not while it is read', async () => {
    await using house = await House.open();
    const [first, second] = [someBytes(100_000, 1), someBytes(100_000, 2)];
    await house.put('k', first);
    const opened = house.cos.objects.open(ref('k'));
    const stream = opened.read(0, first.length);
    await house.put('k', second);
    assert.equal(house.files.kept.size, 2, 'the reader still needs the old one');
    assert.deepEqual(await buffered(stream), first);
    assert.deepEqual(await house.read('k'), second);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('what has been opened can be read, though it is overwritten before', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(100_000, 1));
    const [file = ''] = house.files.kept.keys();
    const opened = house.cos.objects.open(ref('k'));
    await house.put('k', someBytes(100, 2));
    assert.deepEqual(await buffered(opened.read(0, 100_000)), someBytes(100_000, 1));
    await house.checkFiles();
    assert.equal(house.files.kept.has(file), false);
  });

  test('a reader that goes away lets go of the file', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(100_000));
    const stream = house.cos.objects.open(ref('k')).read(0, 100_000);
    await house.remove('k');
    await new Promise(setImmediate);
    assert.equal(house.files.kept.size, 1);
    const closed = new Promise(resolve => stream.once('close', resolve));
    stream.destroy();
    await closed;
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('keys are more than the path of the bucket in other words', async () => {
    await using house = await House.open();
    await house.put('k', 'x');
    for (const key of ['/', '//////', '.', './', '/.', '/./', '././/./']) {
      await fails('InvalidObjectName', () => house.put(key, 'x'));
      await fails('InvalidObjectName', () =>
        house.cos.objects.copy({ ...ref('k'), conditions: {} }, ref(key), {}, CAUSE),
      );
      await fails('NoSuchKey', () => house.text(key));
    }
  });

  test('keys have 1 to 850 bytes, and any of UTF-8', async () => {
    await using house = await House.open();
    await fails('InvalidObjectName', () => house.put('', 'x'));
    await fails('KeyTooLong', () => house.put('k'.repeat(851), 'x'));
    await fails('KeyTooLong', () => house.put('云'.repeat(284), 'x'));
    for (const key of ['/a', '../b', '..', '...', './a', '.a/', '/./..//', '云'.repeat(283), 'a\u0000b', 'folder/']) {
      await house.put(key, key);
      assert.equal(await house.text(key), key);
    }
    await fails('NoSuchBucket', () =>
      house.cos.objects.put({ bucket: `other-1250000000`, key: 'k' }, HEAD, content('x'), PUT, CAUSE),
    );
  });

  test('who forbids overwriting is refused, one of many alone excepted', async () => {
    await using house = await House.open();
    const put = (body: string) =>
      house.cos.objects.put(ref('k'), HEAD, content(body), { ...PUT, forbidOverwrite: true }, CAUSE);
    const bodies = Array.from({ length: 10 }, (_, i) => String(i).repeat(100));
    const results = await Promise.allSettled(bodies.map(put));
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [bodies[i]] : []));
    assert.equal(won.length, 1);
    assert.equal(await house.text('k'), won[0]);
    await fails('FileAlreadyExists', () => put('late'));
    await house.remove('k');
    await put('again');
  });

  test('concurrent writers of one key end with one whole object', async () => {
    await using house = await House.open();
    const bodies = Array.from({ length: 20 }, (_, i) => someBytes(20_000 + i, i));
    const stored = await Promise.all(bodies.map(body => house.put('k', body)));
    const last = stored.toSorted((a, b) => b.order - a.order)[0];
    assert.equal(new Set(stored.map(one => one.order)).size, 20);
    const now = await house.read('k');
    assert.equal(md5(now), last?.etag);
    assert.ok(bodies.some(body => body.equals(now)));
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('another node that writes the same key is waited out, and not for ever', async () => {
    await using house = await House.open();
    const { commit } = house.index;
    let refusals = 3;
    house.index.commit = async (...change) => (refusals-- > 0 ? undefined : commit(...change));
    await house.put('k', 'x');
    refusals = Number.POSITIVE_INFINITY;
    await fails('SlowDown', () => house.put('k', someBytes(50_000)));
    house.index.commit = commit;
    assert.equal(await house.text('k'), 'x');
    await house.checkFiles();
    assert.equal(house.index.find(BUCKET, 'k')?.files.length, 0);
  });

  test('a clock that is set back makes no older version', async () => {
    await using house = await House.open();
    const first = await house.put('k', 'first');
    house.clock.now = () => first.modifiedAt - 1_000_000;
    await house.start();
    const second = await house.put('k', 'second');
    assert.ok(second.order > first.order);
    assert.equal(await house.text('k'), 'second');
  });
});

async function buffered(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
