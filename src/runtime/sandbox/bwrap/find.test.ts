import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { featuresOf, findBwrap } from './find.ts';

const dir = await mkdtemp(join(tmpdir(), 'openscf-find-'));
after(() => rm(dir, { recursive: true }));

async function program(folder: string, answer: string, mode = 0o755): Promise<string> {
  await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, folder, 'bwrap'), `#!/bin/sh\n${answer}\n`);
  await chmod(join(dir, folder, 'bwrap'), mode);
  return join(dir, folder);
}

test('the first in the path that can be run', async () => {
  const dull = await program('dull', 'echo bubblewrap 0.9.0', 0o644);
  const eight = await program('eight', 'echo bubblewrap 0.8.0');
  const nine = await program('nine', 'echo bubblewrap 0.9.0');
  assert.deepEqual(await findBwrap(`relative:/nowhere:${dull}:${eight}:${nine}`), {
    path: join(eight, 'bwrap'),
    version: '0.8.0',
    perms: true,
    size: true,
  });
});

test('a link is resolved once', async () => {
  const real = await program('real', 'echo bubblewrap 0.6.1');
  await mkdir(join(dir, 'linked'));
  await symlink(join(real, 'bwrap'), join(dir, 'linked', 'bwrap'));
  const found = await findBwrap(join(dir, 'linked'));
  assert.ok(found && 'path' in found);
  assert.deepEqual([found.path, found.perms, found.size], [join(real, 'bwrap'), true, false]);
});

test('one that is too old is named', async () => {
  assert.deepEqual(await findBwrap(await program('old', 'echo bubblewrap 0.3.3')), { tooOld: '0.3.3' });
});

test('one that does not answer with a version is none', async () => {
  assert.equal(await findBwrap(await program('mute', 'exit 1')), undefined);
  assert.equal(await findBwrap(await program('other', 'echo something else')), undefined);
});

test('features come with versions', () => {
  assert.deepEqual(featuresOf('0.4.1'), { perms: false, size: false });
  assert.deepEqual(featuresOf('0.5.0'), { perms: true, size: false });
  assert.deepEqual(featuresOf('0.11.0'), { perms: true, size: true });
  assert.deepEqual(featuresOf('1.0.0'), { perms: true, size: true });
});
