import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../../core/crc64.ts';
import { BUCKET, CAUSE, content, fails, HEAD, House, inChunks, md5, ref, someBytes } from './testing.ts';

const append = (house: House, position: number, body: Buffer | string, key = 'log') =>
  house.cos.objects.append(ref(key), position, HEAD, content(body), CAUSE);

describe('append', () => {
  test('begins an object and goes on where it ends', async () => {
    await using house = await House.open();
    const { told } = house.listen();
    const first = await append(house, 0, 'one ');
    assert.equal(first.chunkMd5, md5('one '));
    assert.equal(first.object.etag, md5('one '));
    assert.equal(first.object.appendable, true);
    const second = await append(house, 4, 'two');
    assert.equal(second.chunkMd5, md5('two'));
    assert.equal(second.object.bytes, 7);
    assert.equal(second.object.crc64, crc64(Buffer.from('one two')));
    assert.match(second.object.etag, /^[0-9a-f]{32}-2$/);
    assert.equal(await house.text('log'), 'one two');
    assert.deepEqual(second.object.headers, HEAD.headers);
    assert.deepEqual(
      told.map(({ name }) => name),
      ['ObjectCreated:AppendObject', 'ObjectCreated:AppendObject'],
    );
  });

  test('whose object is gone before it is answered gives its file back once', async () => {
    await using house = await House.open();
    const rule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:ObjectCreated:*', prefix: '', suffix: '' };
    using _ = house.cos.notices.listen(rule, () => house.remove('log').then(() => undefined));
    const { object } = await append(house, 0, someBytes(20_000));
    assert.equal(object.pieces.length, 1);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
    assert.deepEqual(
      house.log.lines.filter(({ level }) => level !== 'info'),
      [],
    );
  });

  test('that cannot be written together leaves nothing open', async () => {
    await using house = await House.open();
    await append(house, 0, someBytes(20_000));
    const opened: Readable[] = [];
    const { files } = house;
    const [read, write] = [files.read.bind(files), files.write.bind(files)];
    files.read = (...run) => {
      const stream = read(...run);
      opened.push(stream);
      return stream;
    };
    files.write = async (given, options) => {
      if (Buffer.isBuffer(given)) return write(given, options);
      await once(given, 'readable');
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await fails('StorageFull', () => append(house, 20_000, someBytes(20_000, 2)));
    await new Promise(setImmediate);
    assert.deepEqual(
      opened.map(({ destroyed }) => destroyed),
      [true],
    );
  });

  test('elsewhere than at the end it is refused, before the content is taken', async () => {
    await using house = await House.open();
    await append(house, 0, 'one');
    const body = inChunks(Buffer.from('x'), 1, new Error('it was read'));
    const wrong = await fails('AppendPositionErr', () =>
      house.cos.objects.append(ref('log'), 2, HEAD, { body, bytes: 1 }, CAUSE),
    );
    assert.equal(wrong.params.bytes, 3);
    await fails('AppendPositionErr', () => append(house, 1, 'x', 'new'));
    await house.put('plain', 'x');
    await fails('ObjectNotAppendable', () => append(house, 1, 'y', 'plain'));
  });

  test('it is the version null where versions are kept, and takes the place of none that was put', async () => {
    await using house = await House.open();
    await append(house, 0, 'one');
    const old = await house.put('plain', 'old');
    assert.equal(old.versionId, 'null');
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    for (const [key, position] of [
      ['log', 3],
      ['new', 0],
      ['new', 4],
    ] as const)
      assert.equal((await append(house, position, ' two', key)).object.versionId, 'null');
    assert.deepEqual([await house.text('log'), await house.text('new')], ['one two', ' two two']);
    await fails('ObjectNotAppendable', () => append(house, 3, 'x', 'plain'));

    // A put makes a version of its own, and leaves the appended object behind it.
    const put = await house.put('log', 'put');
    await fails('ObjectNotAppendable', () => append(house, 3, 'x'));
    assert.deepEqual([await house.text('log', 'null'), await house.text('log', put.versionId)], ['one two', 'put']);

    for (const key of ['new', 'plain']) await house.cos.objects.remove(ref(key), CAUSE);
    await append(house, 0, 'again', 'new');
    assert.equal(await house.text('new'), 'again');
    await fails('InvalidBucketState', () => append(house, 0, 'x', 'plain'));
    assert.equal(await house.text('plain', 'null'), 'old');
    await house.checkFiles();
  });

  test('while versions are suspended it makes and prolongs the version null, and leaves the others', async () => {
    await using house = await House.open();
    await append(house, 0, 'one');
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const named = await house.put('named', 'plain');
    await house.cos.buckets.setVersioning(BUCKET, 'Suspended');
    assert.equal((await append(house, 3, ' two')).object.versionId, 'null');
    assert.equal(await house.text('log'), 'one two');
    await fails('ObjectNotAppendable', () => append(house, 5, 'x', 'named'));
    await house.cos.objects.remove(ref('named'), CAUSE);
    // Behind a marker there is nothing to append to.
    await fails('AppendPositionErr', () => append(house, 5, 'x', 'named'));
    assert.equal((await append(house, 0, 'new', 'named')).object.versionId, 'null');
    assert.equal(await house.text('named'), 'new');
    assert.equal(await house.text('named', named.versionId), 'plain');
    await house.checkFiles();
  });

  test('of many at one place one gets it, and no file is left of the others', async () => {
    await using house = await House.open();
    await append(house, 0, someBytes(20_000));
    const bodies = Array.from({ length: 8 }, (_, i) => someBytes(30_000, i + 2));
    const results = await Promise.allSettled(bodies.map(body => append(house, 20_000, body)));
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [bodies[i] ?? Buffer.alloc(0)] : []));
    assert.equal(won.length, 1);
    assert.deepEqual(await house.read('log'), Buffer.concat([someBytes(20_000), ...won]));
    await house.checkFiles();
  });

  test('any run of lengths comes back, in few files', async () => {
    const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(0, 16_000, 16_384, 16_385, 40_000, 100_000)), {
      minLength: 1,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(lengths, async given => {
        await using house = await House.open();
        let whole = Buffer.alloc(0);
        for (const [i, length] of given.entries()) {
          const body = someBytes(length, i);
          const { object } = await append(house, whole.length, body);
          whole = Buffer.concat([whole, body]);
          assert.equal(object.crc64, crc64(whole));
          assert.equal(object.bytes, whole.length);
          // Each run is longer than all that follow it.
          assert.ok(object.pieces.length <= 1 + Math.log2(Math.max(2, whole.length)), String(object.pieces.length));
        }
        assert.ok((await house.read('log')).equals(whole));
        await house.checkFiles();
      }),
      { numRuns: 40 },
    );
  });

  test('a thousand small pieces are written some ten times each, not a thousand', async () => {
    await using house = await House.open();
    const piece = someBytes(1000);
    for (let i = 0; i < 1000; i++) await append(house, i * 1000, piece);
    assert.ok(house.files.written < 1_000_000 * 12, String(house.files.written));
    assert.equal((await house.read('log')).length, 1_000_000);
    await house.checkFiles();
  });

  test('damage is not copied as if it were content', async () => {
    await using house = await House.open();
    await append(house, 0, someBytes(20_000));
    const [file] = house.files.kept.keys();
    house.files.kept.set(file ?? '', someBytes(20_000, 7));
    await fails('ObjectDamaged', () => append(house, 20_000, someBytes(30_000)));
    await house.checkFiles();
    assert.equal(house.files.kept.size, 1);
  });

  test('put makes it a plain object again', async () => {
    await using house = await House.open();
    await append(house, 0, 'one');
    await house.put('log', 'plain');
    await fails('ObjectNotAppendable', () => append(house, 5, 'x'));
    await house.remove('log');
    assert.equal((await append(house, 0, 'new')).object.etag, md5('new'));
  });
});
