import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { BLOB_ERRORS } from '../../blob/errors.ts';
import { CloudError, failer } from '../../core/errors.ts';
import { isLost, OBJECT_BYTES, receive, receivePiece, told } from './content.ts';
import { fails, inChunks, MemoryFiles, someBytes } from './testing.ts';

const MB = 1024 * 1024;
const failBlob = failer(BLOB_ERRORS);

/** Takes everything and keeps nothing. */
class Drain extends MemoryFiles {
  drained = 0;

  override async write(given: Buffer | Readable): ReturnType<MemoryFiles['write']> {
    if (Buffer.isBuffer(given)) return super.write(given);
    for await (const chunk of given) this.drained += (chunk as Buffer).length;
    return super.write(Buffer.alloc(0));
  }
}

describe('content in chunks', () => {
  for (const take of [receive, receivePiece]) {
    test(`that never ends is broken off at 5 GB: ${take.name}`, async () => {
      const files = new Drain();
      const chunk = Buffer.allocUnsafeSlow(256 * MB);
      const endless = function* () {
        for (;;) yield chunk;
      };
      const body = Readable.from(endless());
      await fails('EntityTooLarge', () => take(files, { body, bytes: undefined }));
      assert.ok(files.drained <= OBJECT_BYTES && files.drained >= OBJECT_BYTES - 2 * chunk.length);
      assert.equal(files.kept.size, 0);
      assert.equal(body.destroyed, false, 'a request that is destroyed gets no answer');
      body.destroy();
    });
  }

  test('stays with whoever gave it when a digest is wrong', async () => {
    const files = new MemoryFiles();
    const body = inChunks(someBytes(50_000), 1000);
    await fails('BadDigest', () => receive(files, { body, bytes: 50_000, md5: '00' }));
    assert.equal(files.kept.size, 0);
  });

  test('a piece is a file also when it is small', async () => {
    const files = new MemoryFiles();
    const { piece } = await receivePiece(files, { body: Buffer.from('x'), bytes: 1 });
    assert.deepEqual([...files.kept.keys()], [piece.file]);
  });
});

describe('failures below', () => {
  const failing = (error: Error) => () => told(() => Promise.reject(error));
  const coded = (code: string) => Object.assign(new Error(code), { code });

  test('are told in the words of this product', async () => {
    for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) await fails('StorageFull', failing(coded(code)));
    await fails('StorageFull', failing(Object.assign(new Error('full'), { errcode: 13 })));
    await fails('StorageFull', () => told(async () => failBlob('InternalError.System', { dir: '/data' })));
    for (const code of ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])
      await fails('IncompleteBody', failing(coded(code)));
    for (const code of ['ENOENT', 'EIO']) await fails('ObjectDamaged', failing(coded(code)));
    const lost = new CloudError('InternalError.FileDamaged', { fault: 'platform', zh: '', en: '' });
    await fails('ObjectDamaged', failing(lost));
    assert.equal(isLost(lost), true);
    await assert.rejects(failing(new TypeError('a defect')), TypeError);
  });
});
