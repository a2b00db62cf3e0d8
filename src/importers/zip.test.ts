import assert from 'node:assert/strict';
import { chmod, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBuffer } from 'yauzl';
import { folderWith } from './fixture.ts';
import { checkSize, zipFolder, zipNames } from './zip.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;

test('everything of a folder but version control and our own data, in order', async t => {
  const folder = await folderWith(t, {
    'index.js': '1',
    'b/c.txt': '2',
    '.env': '3',
    'node_modules/x/index.js': '4',
    'serverless.yml': '5',
    '.git/HEAD': 'no',
    '.openscf/data': 'no',
    'b/.git/HEAD': 'no',
  });
  const names = await zipNames(await zipFolder(folder), 'x');
  assert.deepEqual(names, ['.env', 'b/c.txt', 'index.js', 'node_modules/x/index.js', 'serverless.yml']);
});

test('excluded globs stay out, a folder with all below it', async t => {
  const folder = await folderWith(t, {
    'index.js': '',
    'a.log': '',
    'b/a.log': '',
    'node_modules/x/y.js': '',
    'docs/a.md': '',
    '.env': '',
    'src/t.test.js': '',
  });
  const zip = await zipFolder(folder, ['*.log', 'node_modules/**', './docs/', '.env', '**/*.test.js']);
  assert.deepEqual(await zipNames(zip, 'x'), ['b/a.log', 'index.js']);
});

test('the same files give the same bytes, whatever their times', async t => {
  const folder = await folderWith(t, { 'index.js': 'exports.x = 1' });
  const first = await zipFolder(folder);
  await utimes(join(folder, 'index.js'), 1_000_000_000, 1_000_000_000);
  assert.ok(first.equals(await zipFolder(folder)));
});

test('modes are kept, links followed, loops left', async t => {
  const folder = await folderWith(t, { 'bin/run': '#!/bin/sh\n', 'plain.txt': '' });
  await chmod(join(folder, 'bin/run'), 0o755);
  await symlink('bin/run', join(folder, 'run'));
  await symlink('..', join(folder, 'bin/up'));
  const zip = await zipFolder(folder);
  assert.deepEqual(await zipNames(zip, 'x'), ['bin/run', 'plain.txt', 'run']);
  const modes = await new Promise<Record<string, number>>((resolve, reject) => {
    fromBuffer(zip, (error, file) => {
      if (error) return reject(error);
      const found: Record<string, number> = {};
      file.on('entry', entry => {
        found[entry.fileName] = (entry.externalFileAttributes >>> 16) & 0o777;
      });
      file.on('end', () => resolve(found));
    });
  });
  assert.equal(modes['bin/run'], 0o755);
  assert.equal(modes.run, 0o755);
  assert.equal((modes['plain.txt'] ?? 0) & 0o111, 0);
});

test('nothing to deploy is refused', async t => {
  const folder = await folderWith(t, { 'a.log': '' });
  await assert.rejects(zipFolder(folder, ['*.log']), code('Project.Empty'));
});

test('a package over the limit is refused before it is sent', () => {
  assert.throws(() => checkSize(Buffer.alloc(50 * 1024 * 1024 + 1)), code('Project.TooLarge'));
  assert.equal(checkSize(Buffer.alloc(10)).length, 10);
  assert.throws(() => checkSize(Buffer.alloc(10), 9), code('Project.TooLarge'));
});

test('how large it may be is said by whoever packs', async t => {
  const folder = await folderWith(t, { 'index.js': 'exports.x = 1' });
  const { length } = await zipFolder(folder, [], 1000);
  await assert.rejects(zipFolder(folder, [], length - 1), code('Project.TooLarge'));
  assert.equal((await zipFolder(folder, [], length)).length, length);
});

test('bytes that are no zip are refused', async () => {
  await assert.rejects(zipNames(Buffer.from('hello'), 'code.zip'), code('Project.NotZip'));
  await assert.rejects(zipNames(Buffer.alloc(0), 'code.zip'), code('Project.NotZip'));
});
