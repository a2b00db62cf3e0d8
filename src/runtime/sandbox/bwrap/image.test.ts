import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Image, openImage, writeImage } from './image.ts';

const dir = await mkdtemp(join(tmpdir(), 'openscf-image-'));
after(() => rm(dir, { recursive: true }));

/** undefined without mkfs.ext4. */
const made: Image | undefined = await openImage(dir).catch(() => undefined);
const withTools = { skip: made ? false : 'mkfs.ext4 is not installed' };

test('an image is small, sparse and sound', withTools, async () => {
  assert.ok(made);
  assert.ok(made.blocks.reduce((sum, { content }) => sum + content.length, 0) < 256 * 1024);
  const path = join(dir, 'one.img');
  await writeImage(made, path);
  const { size, blocks } = await stat(path);
  assert.equal(size, made.bytes);
  assert.ok(blocks * 512 < 1024 * 1024);
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  assert.match(execFileSync('e2fsck', ['-fn', path], { env, encoding: 'utf8', stdio: 'pipe' }), /11\/\d+ files/);
  await assert.rejects(writeImage(made, path), { code: 'EEXIST' });
});

test('it is made once', withTools, async () => {
  assert.deepEqual(
    (await readdir(dir)).filter(name => !name.endsWith('.img')),
    ['tmp-1.json'],
  );
  const before = await stat(join(dir, 'tmp-1.json'));
  assert.deepEqual(await openImage(dir), made);
  assert.equal((await stat(join(dir, 'tmp-1.json'))).ino, before.ino);
});

test('one that was cut short is made again', withTools, async () => {
  for (const text of ['', '{"bytes":1}', '{"bytes":574619648,"blocks":[]}']) {
    await writeFile(join(dir, 'tmp-1.json'), text);
    const again = await openImage(dir);
    assert.equal(again.bytes, made?.bytes);
    assert.deepEqual(await openImage(dir), again);
  }
});
