import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { SystemIds } from '../../core/ids.ts';
import { type Files, MemoryBlob, zipOf } from '../testing.ts';
import { CodeCache } from './code.ts';
import { UNZIP_LIMITS, type UnzipLimits } from './zip.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'code-'));
});
after(() => rm(dir, { recursive: true, force: true }));

let count = 0;
async function cache(limits: Partial<UnzipLimits> = {}, name = `cache${count++}`) {
  const blob = new MemoryBlob();
  const path = join(dir, name);
  const open = () => CodeCache.open(blob, path, new SystemIds(), { ...UNZIP_LIMITS, ...limits });
  return { blob, path, open, code: await open() };
}

async function unpack(zip: Buffer, limits: Partial<UnzipLimits> = {}): Promise<string> {
  const { blob, code } = await cache(limits);
  return code.folder(await blob.put(zip));
}

async function refused(zip: Buffer, text: RegExp, limits: Partial<UnzipLimits> = {}): Promise<void> {
  const { blob, code, path } = await cache(limits);
  const stored = await blob.put(zip);
  await assert.rejects(code.folder(stored), (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.equal(error.code, 'InvalidParameterValue.ZipFile');
    assert.match(error.text('en'), text);
    assert.match(error.text('zh'), /[\u4e00-\u9fff]/);
    return true;
  });
  assert.deepEqual(await readdir(path), [], 'nothing is left of a refused package');
}

const LINK = 0o120777;
const link = (text: string) => ({ text, mode: LINK });

/** The same package with a name exchanged for one of the same length, which yazl itself would refuse. */
async function renamed(files: Files, from: string, to: string): Promise<Buffer> {
  assert.equal(from.length, to.length);
  return Buffer.from((await zipOf(files)).toString('latin1').replaceAll(from, to), 'latin1');
}

test('a package is unpacked with its modes, folders and inner links', async () => {
  const path = await unpack(
    await zipOf({
      'index.js': 'x',
      'bin/run': { text: '#!/bin/sh', mode: 0o100755 },
      'lib/deep/a.txt': 'a',
      'lib/link': link('deep/a.txt'),
      'lib/deep/up': link('../../index.js'),
      secret: { text: 's', mode: 0o100600 },
      'bin/own': { text: '#!/bin/sh', mode: 0o100700 },
    }),
  );
  assert.equal(await readFile(join(path, 'lib/link'), 'utf8'), 'a');
  assert.equal(await readlink(join(path, 'lib/deep/up')), '../../index.js');
  assert.equal((await stat(join(path, 'bin/run'))).mode & 0o777, 0o755);
  assert.equal((await stat(join(path, 'index.js'))).mode & 0o777, 0o644);
  // Instances have users of their own.
  assert.equal((await stat(join(path, 'secret'))).mode & 0o777, 0o644);
  assert.equal((await stat(join(path, 'bin/own'))).mode & 0o777, 0o755);
});

test('names that lead out of the package are refused', async () => {
  for (const name of ['../a', '/abc', 'a/..', 'c:/a', './aa', 'a//b']) {
    const plain = 'q'.repeat(name.length);
    await refused(await renamed({ [plain]: 'x' }, plain, name), /name .* not allowed/);
  }
});

test('backslashes of packers on Windows part folders', async () => {
  const path = await unpack(await renamed({ qqqq: 'x' }, 'qqqq', 'x\\ab'));
  assert.equal(await readFile(join(path, 'x/ab'), 'utf8'), 'x');
});

test('links that lead out of the package are refused', async () => {
  for (const target of ['/etc/passwd', '..', '../x', 'a/../../x', 'a/..', '']) {
    await refused(await zipOf({ 'a/b': 'x', l: link(target) }), /symbolic link l /);
  }
  await refused(await zipOf({ l: link('x'.repeat(5000)) }), /symbolic link l /);
  await refused(await zipOf({ 'a/l': link('../../x') }), /symbolic link a\/l /);
  // Through a link that is itself inside: a/l1 is the root, so a/l1/../etc is outside.
  await refused(await zipOf({ 'a/l1': link('..'), l2: link('a/l1/../etc') }), /symbolic link/);
});

test('nothing is written through a link, and nothing comes twice', async () => {
  const zip = (files: Files, from: string, to: string) => renamed(files, from, to);
  await refused(await zip({ 'd/f': 'x', qq: link('tmp') }, 'd/f', 'qq/'), /qq is in the code package more than once/);
  await refused(await zipOf({ l: link('d'), 'l/x': 'y' }), /l is in the code package more than once/);
  await refused(await zipOf({ f: 'file', 'f/x': 'y' }), /f is in the code package more than once/);
  await refused(await zip({ aa: '1', bb: '2' }, 'bb', 'aa'), /aa is in the code package more than once/);
});

test('devices are refused', async () => {
  await refused(await zipOf({ dev: { text: '', mode: 0o020666 } }), /dev in the code package is not a file/);
});

test('what is no zip is refused', async () => {
  await refused(Buffer.from('hello'), /not a valid zip/);
  await refused(Buffer.alloc(0), /not a valid zip/);
  const zip = await zipOf({ 'index.js': 'x'.repeat(1000) });
  await refused(zip.subarray(0, zip.length - 30), /not a valid zip/);
});

test('encrypted files and unknown methods are refused', async () => {
  const zip = await zipOf({ f: 'x' });
  const central = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  const encrypted = Buffer.from(zip);
  encrypted.writeUInt16LE(encrypted.readUInt16LE(central + 8) | 1, central + 8);
  await refused(encrypted, /f in the code package is encrypted/);
  const method = Buffer.from(zip);
  method.writeUInt16LE(12, central + 10);
  await refused(method, /f in the code package is compressed in a way/);
});

test('packages that grow too much are refused before anything is written', async () => {
  const zip = await zipOf({ zeros: '\0'.repeat(200_000) });
  await refused(zip, /larger than 0.1 MB/, { bytes: 0.1 * 1024 * 1024 });
  await refused(zip, /more than 20 times/, { ratio: 20, ratioFromBytes: 1000 });
  await refused(await zipOf({ a: '', b: '', c: '' }), /more than 2 files/, { files: 2 });
});

test('a size that is told too small is found out', async () => {
  const zip = Buffer.from(await zipOf({ zeros: '\0'.repeat(200_000) }));
  const central = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  zip.writeUInt32LE(10, central + 24);
  await refused(zip, /not a valid zip/);
});

test('any damage gives a refusal or a folder, never another error', async () => {
  const zip = await zipOf({ 'index.js': 'exports.x = 1', 'a/b': 'y'.repeat(300), l: link('a/b') });
  const { blob, code, path } = await cache();
  await fc.assert(
    fc.asyncProperty(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const broken = Buffer.from(zip);
      broken[at] = (broken[at] ?? 0) ^ change;
      try {
        await code.folder(await blob.put(broken));
      } catch (error) {
        assert.ok(error instanceof CloudError, String(error));
      }
    }),
    { numRuns: 150 },
  );
  assert.ok((await readdir(path)).every(name => /^[0-9a-f]{64}$/.test(name)));
});

test('a package is unpacked once, also when asked for at the same time', async () => {
  const { blob, code } = await cache();
  const stored = await blob.put(await zipOf({ f: 'x' }));
  let reads = 0;
  const get = blob.get.bind(blob);
  blob.get = sha256 => {
    reads++;
    return get(sha256);
  };
  const paths = await Promise.all([code.folder(stored), code.folder(stored), code.folder(stored)]);
  await code.folder(stored);
  assert.equal(new Set(paths).size, 1);
  assert.equal(reads, 1);
});

test('after a restart the folder is used again and leftovers are swept', async () => {
  const { blob, code, open, path } = await cache();
  const stored = await blob.put(await zipOf({ f: 'x' }));
  const folder = await code.folder(stored);
  await mkdir(join(path, '.unpacking-left/tree'), { recursive: true });
  await writeFile(join(path, '.unpacking-left/zip'), 'half');
  const again = await open();
  assert.deepEqual(await readdir(path), [stored.sha256]);
  blob.contents.clear();
  assert.equal(await again.folder(stored), folder);
});

test('folders of packages that are not in use are removed, others stay', async () => {
  const { blob, code, path } = await cache();
  const kept = await blob.put(await zipOf({ f: 'kept' }));
  const gone = await blob.put(await zipOf({ f: 'gone' }));
  await Promise.all([code.folder(kept), code.folder(gone)]);
  await code.sweep(new Set([kept.sha256]));
  assert.deepEqual(await readdir(path), [kept.sha256]);
});

test('a failed package can be asked for again', async () => {
  const { blob, code } = await cache();
  const zip = await zipOf({ f: 'x' });
  const stored = await blob.put(zip);
  blob.contents.clear();
  await assert.rejects(code.folder(stored), /not in the store/);
  await blob.put(zip);
  assert.equal(await readFile(join(await code.folder(stored), 'f'), 'utf8'), 'x');
});

test('a hash that is none never becomes a path', async () => {
  const { code } = await cache();
  await assert.rejects(code.folder({ sha256: '../../etc', bytes: 1 }), /not in the store/);
});
