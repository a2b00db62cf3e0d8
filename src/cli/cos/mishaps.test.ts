// What goes wrong on this machine while files go up and down: names, disks, readers that leave.

import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BUCKET, MB, someBytes } from '../../services/cos/testing.ts';
import { filesIn } from './folder.ts';
import { openStall } from './testing.ts';

test('a file in the place of a folder is told, and nothing else happens to it', async t => {
  const stall = await openStall(t);
  await stall.house.put('in/a', 'x');
  await stall.file('plain', 'kept');
  for (const args of [
    ['cp', 'cos://pictures/in/a', 'plain/'],
    ['cp', '-r', 'cos://pictures/in', 'plain'],
  ]) {
    const { status, note } = await stall.run(args);
    assert.equal(status, 1);
    assert.match(note, /plain\/a cannot be written: /);
  }
  assert.equal(String(await stall.read('plain')), 'kept');
});

test('the longest names come back', async t => {
  const stall = await openStall(t);
  const name = '照'.repeat(85);
  await stall.file(name, 'x');
  await stall.cos('cp', name, 'cos://pictures/');
  await rm(join(stall.cwd, name));
  await stall.cos('cp', `cos://pictures/${name}`, '.');
  assert.equal(String(await stall.read(name)), 'x');
});

test('what cannot be written is called by its own name', async t => {
  const stall = await openStall(t);
  await stall.house.put('a', 'x');
  await mkdir(join(stall.cwd, 'n'));
  const name = 'n'.repeat(300);
  const { status, note } = await stall.run(['cp', 'cos://pictures/a', `n/${name}`]);
  assert.equal(status, 1);
  assert.match(note, new RegExp(`/n/${name} cannot be written: ENAMETOOLONG`));
  assert.deepEqual(await readdir(join(stall.cwd, 'n')), []);
});

test('a file whose name is no UTF-8 is named as one that failed, and the others go on', {
  skip: process.platform === 'linux' ? false : 'names are Unicode here',
}, async t => {
  const stall = await openStall(t);
  await mkdir(join(stall.cwd, 'tree'));
  await stall.file('tree/a', 'x');
  await writeFile(Buffer.concat([Buffer.from(join(stall.cwd, 'tree/')), Buffer.from([0xd6, 0xd0])]), 'x');
  const { status, note } = await stall.run(['cp', '-r', 'tree', 'cos://pictures']);
  assert.equal(status, 1);
  assert.match(note, /cannot be read: ENOENT.*\n1 copied, 1 B, 1 failed\n$/);
});

test('a folder that is gone before it is its turn is named, and the others go on', async t => {
  const stall = await openStall(t);
  await mkdir(join(stall.cwd, 'tree/b'), { recursive: true });
  for (const name of ['a', 'c']) await stall.file(`tree/${name}`, 'x');
  const found: [string, boolean][] = [];
  for await (const file of filesIn(join(stall.cwd, 'tree'))) {
    await rm(join(stall.cwd, 'tree/b'), { recursive: true, force: true });
    found.push([file.name, 'bytes' in file]);
  }
  assert.deepEqual(found, [
    ['a', true],
    ['b/', false],
    ['c', true],
  ]);
});

test('where nobody reads on, or nobody can, a folder is broken off with nothing half done', async t => {
  const ends = [
    { code: 'EPIPE', status: 141, note: /^$/ },
    { code: 'ENOSPC', status: 1, note: /^error: The output cannot be written: no room\n$/ },
  ];
  for (const { code, status, note } of ends) {
    const stall = await openStall(t);
    await mkdir(join(stall.cwd, 'tree'));
    await stall.file('tree/big', someBytes(4 * MB));
    let lost: ((error: NodeJS.ErrnoException) => void) | undefined;
    stall.before = request => {
      if (request.url?.includes('partNumber=3')) lost?.(Object.assign(new Error('no room'), { code }));
      return undefined;
    };
    const onLost = (work: typeof lost) => {
      lost = work;
    };
    const run = await stall.run(['cp', '-r', 'tree', 'cos://pictures', '--part-size', '1'], { onLost });
    assert.equal(run.status, status);
    assert.match(run.note, note);
    const query = { bucket: BUCKET, prefix: '', delimiter: '', afterKey: '', afterUploadId: '', limit: 10 };
    assert.deepEqual(stall.house.cos.uploads.list(query).entries, []);
    assert.equal(await stall.cos('ls', 'cos://pictures'), '');
  }
});

test('a folder that is not there cannot be read', async t => {
  const stall = await openStall(t);
  const { status, note } = await stall.run(['cp', '-r', 'nowhere', 'cos://pictures']);
  assert.equal(status, 1);
  assert.match(note, /nowhere cannot be read: ENOENT/);
});

test('a URL lives no longer than there are dates', async t => {
  const stall = await openStall(t);
  for (const time of ['999999999d', '99999999999']) {
    const { status, note } = await stall.run(['presign', 'cos://pictures/a', '--expires', time]);
    assert.equal(status, 1);
    assert.match(note, /^error: --expires is a number of seconds/);
  }
  await stall.cos('presign', 'cos://pictures/a', '--expires', '9999999999');
});

test('commands that help can be pasted into a shell, whatever the key', async t => {
  const stall = await openStall(t);
  await stall.house.put("it's $(a) b", 'x');
  const { note } = await stall.run(['cp', "cos://pictures/it's $(a) b", '-', '--version-id', 'MTIz']);
  assert.match(note, / ls --versions 'cos:\/\/pictures-\d+\/it'\\''s \$\(a\) b' lists them/);
});
