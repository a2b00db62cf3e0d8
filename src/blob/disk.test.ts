import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import { blobContract, read } from './blob.contract.ts';
import { openDiskBlob } from './disk.ts';
import { failingAt, faultyDisk } from './testing-disk.ts';

const makeDir = () => mkdtempSync(join(tmpdir(), 'openscf-blob-'));

blobContract('disk', async () => {
  const dir = makeDir();
  return { blob: await openDiskBlob(dir), drop: async () => rmSync(dir, { recursive: true }) };
});

const HELLO = Buffer.from('hello');
const HASH = createHash('sha256').update(HELLO).digest('hex');

describe('disk blob', () => {
  let dir: string;
  beforeEach(() => {
    dir = makeDir();
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Every file below the folder. */
  const files = () =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => entry.name);
  const path = () => join(dir, HASH.slice(0, 2), HASH);
  const refused = (code: string, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, code);
    assert.match(error.text('en'), text);
    assert.ok(error.text('zh').includes(dir) && !error.text('zh').includes('{'));
    return true;
  };

  test('content lies under its hash, for its owner alone', async () => {
    const blob = await openDiskBlob(dir);
    await blob.put(HELLO);
    assert.deepEqual(files(), [HASH]);
    assert.ok(existsSync(path()));
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    assert.deepEqual(await read(await openDiskBlob(dir), HASH), HELLO);
  });

  test('what a crash left is swept when it is opened, content stays', async () => {
    await (await openDiskBlob(dir)).put(HELLO);
    writeFileSync(join(dir, 'unfinished', '0'), 'half of someth');
    writeFileSync(join(dir, 'unfinished', '77'), '');
    const blob = await openDiskBlob(dir);
    assert.deepEqual(files(), [HASH]);
    await blob.put(HELLO);
  });

  test('damaged content fails at its end; putting it again heals it', async () => {
    const blob = await openDiskBlob(dir);
    await blob.put(HELLO);
    for (const damage of ['hellO', 'hell', 'hello!', '']) {
      writeFileSync(path(), damage);
      await assert.rejects(read(blob, HASH), refused('InternalError.BlobDamaged', new RegExp(HASH)));
    }
    await blob.put(HELLO);
    assert.deepEqual(await read(blob, HASH), HELLO);
  });

  test('deleting while someone reads lets the reader finish', async () => {
    const blob = await openDiskBlob(dir);
    const { sha256 } = await blob.put(Buffer.alloc(1 << 20, 1));
    const stream = await blob.get(sha256);
    await blob.delete(sha256);
    let bytes = 0;
    for await (const chunk of stream ?? []) bytes += (chunk as Buffer).length;
    assert.equal(bytes, 1 << 20);
  });

  const failing = (...fault: Parameters<typeof failingAt>) => faultyDisk(failingAt(...fault));

  // One open, one sync and one mkdir happen while the folder is opened.
  const places = [
    ['open', 1],
    ['write', 0],
    ['sync', 1],
    ['close', 1],
    ['mkdir', 1],
    ['rename', 0],
  ] as const;
  for (const [place, spared] of places) {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      test(`${code} at ${place}: a clear error, and nothing half-written remains`, async () => {
        const blob = await openDiskBlob(dir, failing(place, code, spared));
        for (const content of [HELLO, Readable.from([HELLO])]) {
          await assert.rejects(blob.put(content), refused('InternalError.System', /disk .* is full.*free some space/));
        }
        const source = Readable.from([HELLO]);
        await assert.rejects(blob.put(source));
        assert.ok(source.destroyed, 'the source is let go');
        assert.deepEqual(files(), []);
        assert.equal(await blob.get(HASH), undefined);
      });
    }
  }

  test('a disk that fills up in the middle of a stream', async () => {
    const blob = await openDiskBlob(dir, failing('write', 'ENOSPC', 2));
    const source = Readable.from([HELLO, HELLO, HELLO, HELLO]);
    await assert.rejects(blob.put(source), refused('InternalError.System', /full/));
    assert.ok(source.destroyed, 'the source is let go');
    assert.deepEqual(files(), []);
  });

  test('no right to write is told from a full disk', async () => {
    const blob = await openDiskBlob(dir, failing('open', 'EACCES', 1));
    await assert.rejects(blob.put(HELLO), refused('InternalError.BlobUnwritable', /may write/));
  });

  test('a folder that cannot be made is refused at once', async () => {
    writeFileSync(join(dir, 'file'), '');
    await assert.rejects(openDiskBlob(join(dir, 'file', 'blobs')), error => {
      assert.ok(error instanceof CloudError);
      return error.code === 'InternalError.BlobUnwritable';
    });
  });
});
