import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import yazl from 'yazl';
import { openDiskBlob } from '../blob/disk.ts';
import { createControl } from './create.ts';
import { entryText } from './entry.ts';
import { creation, KEY, scene, throws, zip } from './fixture.ts';
import { checkZip, checkZipBytes } from './packages.ts';

function zipOf(files: Record<string, string>): Promise<Buffer> {
  const archive = new yazl.ZipFile();
  for (const [name, text] of Object.entries(files)) archive.addBuffer(Buffer.from(text), name);
  archive.end();
  return buffer(archive.outputStream);
}

test('the text of the entry file', async () => {
  const packed = await zipOf({
    'lib/index.py': 'no',
    'index.py': 'print("你好")',
    'big.py': 'x'.repeat(1024 * 1024 + 1),
  });
  assert.equal(await entryText(Readable.from([packed]), 'index.py'), 'print("你好")');
  assert.equal(await entryText(Readable.from([packed]), 'none.py'), '');
  assert.equal(await entryText(Readable.from([packed]), 'big.py'), '', 'too large to show');
});

test('is shown for the runtimes that have one', async () => {
  const { control, made } = await scene();
  await made({ zip: await zipOf({ 'index.py': 'main' }) });
  assert.equal(await control.functions.entryText(KEY), 'main');
  await made({ name: 'gopher', runtime: 'Go1', zip: await zipOf({ main: 'ELF' }) });
  assert.equal(await control.functions.entryText({ ...KEY, name: 'gopher' }), '');
});

test('is not looked for in what is larger than a request can bring', async () => {
  const { control, made } = await scene();
  await made({ zip: await zipOf({ 'index.py': 'main' }) });
  const padding = Buffer.alloc(50 * 1024 * 1024);
  await control.functions.updateCode({ ...KEY, zip: Buffer.concat([zip(), padding]), wire: {} });
  await control.settled();
  assert.equal(await control.functions.entryText(KEY), '');
});

test('what is a zip at first sight', async () => {
  checkZip(zip());
  checkZip(await zipOf({}));
  throws(() => checkZip(undefined), 'MissingParameter.Code');
  throws(() => checkZip(Buffer.alloc(0)), 'MissingParameter.Code');
  throws(() => checkZip(Buffer.from('PK')), 'InvalidParameterValue.ZipFile');
  checkZipBytes(50, 50);
  throws(() => checkZipBytes(51, 50), 'InvalidParameterValue.ZipFile');
});

test('a blob store that will not delete keeps nobody from deleting a function', async () => {
  const { control, made, blob } = await scene();
  await made();
  blob.delete = async () => {
    throw new Error('EROFS');
  };
  await control.functions.delete(KEY);
  assert.equal(control.catalog.find(KEY), undefined);
});

test('the same package deployed and deleted at once is never lost', async () => {
  const { control, made, blob } = await scene();
  await made({ name: 'first' });
  const other = { ...KEY, name: 'second' };
  await Promise.all([
    control.functions.delete({ ...KEY, name: 'first' }),
    made(other),
    made({ name: 'third', zip: zip('third') }),
  ]);
  const { code } = (await control.functions.get(other)).version;
  assert.ok(blob.kept.has(code.sha256));
});

test('packages on a disk: kept, given back, and gone with the function', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'control-'));
  try {
    const { deps } = await scene();
    const control = await createControl({ ...deps, blob: await openDiskBlob(dir) });
    await control.functions.create(creation());
    await control.settled();
    const { stream } = await control.functions.code(KEY);
    assert.deepEqual(await buffer(stream), zip());
    await control.functions.delete(KEY);
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile());
    assert.deepEqual(files, []);
  } finally {
    await rm(dir, { recursive: true });
  }
});
