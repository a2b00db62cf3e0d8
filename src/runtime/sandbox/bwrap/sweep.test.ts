import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_LOG } from '../../../core/log.ts';
import { markOf, mountsBelow, sweep, sweepProcesses } from './sweep.ts';

const MOUNTINFO = `22 27 0:20 / /proc rw,relatime - proc proc rw
40 27 7:0 / /data/tmp/one rw,nosuid - ext4 /dev/loop0 rw
41 40 7:1 / /data/tmp/one/deep rw,nosuid - ext4 /dev/loop1 rw
42 27 7:2 / /data/tmp\\040two/x rw,nosuid - ext4 /dev/loop2 rw
43 27 7:3 / /data/tmp/a\\134b\\011c rw,nosuid - ext4 /dev/loop3 rw
44 27 7:4 / /data/tmp rw,nosuid - ext4 /dev/loop4 rw
`;

test('mounts below a folder, the latest first', () => {
  assert.deepEqual(mountsBelow('/data/tmp', MOUNTINFO), ['/data/tmp/a\\b\tc', '/data/tmp/one/deep', '/data/tmp/one']);
  assert.deepEqual(mountsBelow('/data/tmp two', MOUNTINFO), ['/data/tmp two/x']);
  assert.deepEqual(mountsBelow('/dat', MOUNTINFO), []);
});

test('a folder is left empty', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-sweep-'));
  try {
    await mkdir(join(dir, 'left', 'over'), { recursive: true });
    await writeFile(join(dir, 'left', 'file'), 'x');
    await sweep(dir, () => assert.fail('nothing is mounted'), NO_LOG);
    assert.deepEqual(await readdir(dir), []);
  } finally {
    await rm(dir, { recursive: true });
  }
});

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc' };

test('processes with the mark are ended, and no others', onLinux, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'openscf-sweep-'));
  await symlink('/bin/sh', join(dir, 'bwrap'));
  const start = (mark: string, program = join(dir, 'bwrap')) => {
    const marked = ['--unsetenv', `${markOf(mark)}one`];
    return spawn(program, ['-c', 'read go', ...marked], { stdio: ['pipe', 'ignore', 'ignore'] });
  };
  const ours = start('ours');
  const others = [start('oursnot'), start('ours', '/bin/sh')];
  try {
    await Promise.all([ours, ...others].map(one => once(one, 'spawn')));
    sweepProcesses('ours', NO_LOG);
    assert.deepEqual(await once(ours, 'exit'), [null, 'SIGKILL']);
    for (const one of others) {
      one.kill('SIGTERM');
      assert.deepEqual(await once(one, 'exit'), [null, 'SIGTERM']);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});
