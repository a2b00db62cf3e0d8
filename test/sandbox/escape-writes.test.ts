// What a function tries in order to change its code, the system or the kernel's settings, and to become somebody else.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zipOf } from '../../src/runtime/testing.ts';
import { type Attack, type Ground, ground, sandboxed } from './escape.ts';

/** Tries to make a file, in each folder. */
const WRITE = `
  const fs = require('fs');
  return event.paths.map(path => attempt(() => fs.writeFileSync(path + '/written', 'x') ?? 'written'));`;

describe('changes that are not the function’s to make', sandboxed, () => {
  let at: Ground;
  let attack: Attack;

  before(async () => {
    at = await ground();
    attack = await at.attack('attacker');
  });
  after(() => at?.[Symbol.asyncDispose]());

  test('writing anywhere but into /tmp and /dev/shm', async () => {
    const folders = ['/', '/var', '/var/user', '/opt', '/usr', '/usr/bin', '/etc', '/etc/ssl/certs', '/home/qcloud'];
    const readOnly = await attack.node<string[]>(WRITE, { paths: [...folders, '/run', '/run/openscf', '/dev'] });
    assert.deepEqual([...new Set(readOnly)], ['EROFS']);
    assert.deepEqual(await attack.node(WRITE, { paths: ['/tmp', '/dev/shm'] }), ['written', 'written']);
    assert.equal(existsSync('/tmp/written') || existsSync('/dev/shm/written'), false);
  });

  test('changing its own code, by name or by an open file', async () => {
    const found = await attack.node<string[]>(`
      const fs = require('fs');
      const file = '/var/user/index.js';
      const fd = fs.openSync(file, 'r');
      return [
        () => fs.appendFileSync(file, 'x'), () => fs.truncateSync(file), () => fs.unlinkSync(file), () => fs.chmodSync(file, 0o777),
        () => fs.renameSync(file, '/tmp/x'), () => fs.utimesSync(file, 0, 0), () => fs.openSync('/proc/self/fd/' + fd, 'r+'),
        () => fs.futimesSync(fd, 0, 0), () => fs.fchmodSync(fd, 0o777), () => fs.rmdirSync('/var/user'), () => fs.linkSync(file, '/tmp/x'),
      ].map(attempt)`);
    // Links and renames between file systems are refused as such; the last mounts are in use.
    assert.deepEqual([...new Set(found)].sort(), ['EROFS', 'EXDEV'].sort(), `${found}`);
  });

  test('settings of the kernel', async () => {
    const found = await attack.node<string[]>(`
      const fs = require('fs');
      const names = ['sys/kernel/core_pattern', 'sys/kernel/hostname', 'sys/kernel/modprobe', 'sys/vm/drop_caches', 'sys/vm/overcommit_memory',
        'sys/fs/file-max', 'sys/net/ipv4/ip_forward', 'sysrq-trigger', 'self/oom_score_adj', 'self/uid_map', 'self/gid_map', 'self/setgroups', '1/oom_score_adj'];
      return names.map(name => attempt(() => fs.writeFileSync('/proc/' + name, name.endsWith('adj') ? '-1000' : name.endsWith('map') ? '0 0 1' : '1') ?? name + ' written'))`);
    for (const reason of found) assert.match(reason, /^(?:EACCES|EROFS|EPERM|ENOENT)$/);
    assert.ok(found.includes('EACCES'));
  });

  test('programs that become root', async () => {
    const { uids, capability } = await attack.node<{ uids: string; capability: string }>(`
      const fs = require('fs');
      const { spawnSync } = require('child_process');
      const marked = fs.readdirSync('/usr/bin').filter(name => fs.statSync('/usr/bin/' + name, { throwIfNoEntry: false })?.mode & 0o4000);
      fs.copyFileSync('/usr/bin/id', '/tmp/id');
      fs.chmodSync('/tmp/id', 0o6755);
      const tried = marked.length === 0 ? '' : String(spawnSync('/usr/bin/' + (marked.includes('su') ? 'su' : marked[0]), ['-c', 'id'], { input: '\\n' }).stdout);
      return { uids: String(spawnSync('/tmp/id', ['-u']).stdout) + tried,
        capability: spawnSync('setcap', ['cap_sys_admin+ep', '/tmp/id']).error?.code ?? 'not set' };`);
    assert.equal(uids, '1000\n');
    assert.match(capability, /^(?:ENOENT|not set)$/);
  });

  test('a set-user-id file in the package', async () => {
    const version = await at.version({
      'index.js': `exports.main_handler = async () => require('fs').statSync('/var/user/tool').mode & 0o7777`,
      tool: { text: '#!/bin/sh\nid', mode: 0o106755 },
    });
    assert.equal(String((await at.run({ ...version, name: 'marked', id: 'lam-marked' })).body), String(0o755));
  });

  for (const name of ['../escaped', '/./escaped', 'a/../../../escaped', 'a\\..\\..\\escaped', 'C:\\escaped'])
    test(`a package with a file called ${name}`, async () => {
      // Makers of packages refuse such names: it is put in afterwards.
      const stand = 'x'.repeat(name.length);
      const zip = await zipOf({ 'index.js': '1', [stand]: 'x' });
      const code = await at.blob.put(Buffer.from(zip.toString('latin1').replaceAll(stand, name), 'latin1'));
      const reason = await at.runtime.prepare({ ...attack.version, code });
      assert.equal(reason?.ErrorCode, 'InvalidParameterValue.ZipFile');
      for (const folder of ['/', at.dir, join(at.dir, 'code')])
        assert.equal(existsSync(join(folder, 'escaped')), false);
    });
});
