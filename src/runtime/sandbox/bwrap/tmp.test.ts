import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { NO_LOG } from '../../../core/log.ts';
import { folderSource, loopSource, tmpfsSource } from './tmp.ts';

const dir = await mkdtemp(join(tmpdir(), 'openscf-tmp-'));
after(() => rm(dir, { recursive: true }));

const NEW = { perms: true, size: true };
const IMAGE = { bytes: 65536, blocks: [{ at: 4096, content: Buffer.from('ext4') }] };

/** A helper that mounts nothing and tells what it was asked for. */
function helper(more: { fails?: boolean; umountFails?: string[] } = {}) {
  const asked: string[] = [];
  return {
    asked,
    async loop(image: string, at: string, bytes: number) {
      assert.equal((await stat(image)).size, bytes);
      asked.push('loop');
      if (more.fails) throw new Error('no device');
      await mkdir(join(at, 'lost+found'));
    },
    async umount() {
      asked.push('umount');
      const reason = more.umountFails?.shift();
      if (reason !== undefined) throw new Error(reason);
    },
  };
}

test('in memory it is as large as documented and for everybody', async () => {
  const slot = await tmpfsSource(NEW).take('one', 1);
  assert.deepEqual(slot.options, ['--perms', '1777', '--size', '536870912', '--tmpfs', '/tmp']);
  const old = await tmpfsSource({ perms: false, size: false }).take('one', 1);
  assert.deepEqual(old.options, ['--tmpfs', '/tmp']);
});

test('a folder is made for its owner alone and removed with what is in it', async () => {
  const slot = await folderSource(dir).take('one', undefined);
  const path = join(dir, 'one');
  assert.deepEqual(slot.options, ['--bind', path, '/tmp']);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  await writeFile(join(path, 'left'), 'x');
  await slot.entered();
  assert.ok(existsSync(join(path, 'left')));
  await slot.free();
  assert.ok(!existsSync(path));
});

test('an image is mounted, and taken away once the sandbox has it', async () => {
  const at = helper();
  const source = loopSource({ dir, image: IMAGE, helper: at, otherwise: tmpfsSource(NEW), log: NO_LOG });
  const slot = await source.take('two', undefined);
  assert.deepEqual([slot.kind, slot.options], ['loop', ['--bind', join(dir, 'two'), '/tmp']]);
  assert.equal((await stat(join(dir, 'two'))).mode & 0o7777, 0o1777);
  // The device holds the image, and what mkfs has put into it is gone.
  assert.deepEqual([await readdir(dir), await readdir(join(dir, 'two'))], [['two'], []]);
  await slot.entered();
  assert.deepEqual([await readdir(dir), at.asked], [[], ['loop', 'umount']]);
  await slot.free();
  assert.deepEqual(at.asked, ['loop', 'umount']);
});

test('an image of a sandbox that never stood is taken away as well', async () => {
  const at = helper();
  const source = loopSource({ dir, image: IMAGE, helper: at, otherwise: tmpfsSource(NEW), log: NO_LOG });
  await (await source.take('three', undefined)).free();
  assert.deepEqual([await readdir(dir), at.asked], [[], ['loop', 'umount']]);
});

test('without a device it lies in memory, and that is logged', async () => {
  const at = helper({ fails: true });
  const told: string[] = [];
  const log = { ...NO_LOG, warn: (_: object, text: string) => void told.push(text) };
  const source = loopSource({ dir, image: IMAGE, helper: at, otherwise: tmpfsSource(NEW), log });
  const slot = await source.take('four', undefined);
  assert.equal(slot.kind, 'tmpfs');
  assert.deepEqual([await readdir(dir), at.asked, told.length], [[], ['loop', 'umount'], 1]);
});

test('a helper that dies meanwhile is asked again', async () => {
  const at = helper({ umountFails: ['the mount helper has ended'] });
  const source = loopSource({ dir, image: IMAGE, helper: at, otherwise: tmpfsSource(NEW), log: NO_LOG });
  const slot = await source.take('five', undefined);
  await assert.rejects(slot.entered(), /has ended/);
  await slot.free();
  assert.deepEqual([await readdir(dir), at.asked], [[], ['loop', 'umount', 'umount']]);
});

test('what was never mounted is no trouble', async () => {
  const at = helper({ fails: true, umountFails: ['the mount helper has ended', 'umount: Invalid argument'] });
  const source = loopSource({ dir, image: IMAGE, helper: at, otherwise: tmpfsSource(NEW), log: NO_LOG });
  assert.equal((await source.take('six', undefined)).kind, 'tmpfs');
  assert.deepEqual([await readdir(dir), at.asked], [[], ['loop', 'umount', 'umount']]);
});

test('devices are looked for one after the other, whatever becomes of one', async () => {
  const at = helper();
  let looking = 0;
  let count = 0;
  const one = {
    ...at,
    async loop(image: string, path: string, bytes: number) {
      assert.equal(looking++, 0);
      await new Promise(setImmediate);
      looking--;
      if (count++ === 2) throw new Error('no device');
      await at.loop(image, path, bytes);
    },
  };
  const source = loopSource({ dir, image: IMAGE, helper: one, otherwise: tmpfsSource(NEW), log: NO_LOG });
  const slots = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(id => source.take(id, undefined)));
  assert.deepEqual(slots.map(slot => slot.kind).sort(), ['loop', 'loop', 'loop', 'loop', 'tmpfs']);
  for (const slot of slots) await slot.free();
  assert.deepEqual(await readdir(dir), []);
});
