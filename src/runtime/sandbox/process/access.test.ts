import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Access, impassable } from './access.ts';

const root = mkdtempSync(join(tmpdir(), 'openscf-access-'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true, force: true }));

// Only root gives files to groups it is not in.
const options = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const GID = 0x70000001;

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function dataFolder(name: string, mode = 0o700): string {
  const dir = join(root, name);
  mkdirSync(join(dir, 'code', 'abc'), { recursive: true });
  mkdirSync(join(dir, 'blobs'));
  writeFileSync(join(dir, 'openscf.db'), 'rows', { mode: 0o644 });
  chmodSync(dir, mode);
  return dir;
}

function opened(dir: string): Access {
  const access = Access.open(dir, GID);
  assert.ok(!('blocked' in access));
  return access;
}

test('the group passes to what is admitted, and everything else is closed', options, () => {
  const dir = dataFolder('one');
  symlinkSync('/etc', join(dir, 'link'));
  const linked = modeOf('/etc');
  const access = opened(dir);
  access.admit(join(dir, 'code', 'abc'));
  access.admit(join(dir, 'code', 'abc'));
  assert.equal(modeOf(dir), '710');
  assert.equal(modeOf(join(dir, 'code')), '710');
  assert.equal(modeOf(join(dir, 'code', 'abc')), '755');
  assert.equal(modeOf(join(dir, 'blobs')), '700');
  assert.equal(modeOf(join(dir, 'openscf.db')), '600');
  assert.equal(modeOf('/etc'), linked, 'what a link names is somebody else');
  for (const each of [dir, join(dir, 'code')]) assert.equal(statSync(each).gid, GID);
  assert.throws(() => access.admit(join(root, 'other')), /not in the data folder/);
  assert.throws(() => access.admit(dir), /not in the data folder/);
});

test('a folder that everybody may enter stays as it was, its entries do not', options, () => {
  const dir = dataFolder('two', 0o755);
  opened(dir);
  assert.equal(modeOf(dir), '755');
  assert.equal(modeOf(join(dir, 'openscf.db')), '600');
});

test('a closed folder on the way is named', options, () => {
  const closed = join(root, 'closed');
  mkdirSync(join(closed, 'a', 'data'), { recursive: true });
  chmodSync(closed, 0o700);
  assert.deepEqual(Access.open(join(closed, 'a', 'data'), GID), { blocked: closed });
  assert.equal(impassable(join(closed, 'a')), closed);
  assert.equal(impassable(root), undefined);
});

test('what a program needs must be open to others, link and target', options, () => {
  const dir = dataFolder('three');
  const access = opened(dir);
  assert.equal(access.blockerOf('/bin/sh'), undefined);
  const closed = join(root, 'home');
  mkdirSync(closed, { mode: 0o700 });
  writeFileSync(join(closed, 'node'), '', { mode: 0o755 });
  assert.equal(access.blockerOf(join(closed, 'node')), closed);
  symlinkSync(join(closed, 'node'), join(root, 'node'));
  assert.equal(access.blockerOf(join(root, 'node')), closed);
  const secret = join(root, 'secret');
  writeFileSync(secret, '', { mode: 0o600 });
  assert.equal(access.blockerOf(secret), secret);
  const folder = join(root, 'unlisted');
  mkdirSync(folder, { mode: 0o711 });
  assert.equal(access.blockerOf(folder), folder);
  // An interpreter that was fetched into the data folder.
  mkdirSync(join(dir, 'runtimes', 'node'), { recursive: true });
  chmodSync(join(dir, 'runtimes'), 0o700);
  assert.equal(access.blockerOf(join(dir, 'runtimes', 'node')), undefined);
  assert.equal(modeOf(join(dir, 'runtimes')), '710');
  assert.equal(access.blockerOf('/not/there'), undefined);
});
