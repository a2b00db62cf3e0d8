import assert from 'node:assert/strict';
import { lstatSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeRoot } from './root.ts';

const dir = await mkdtemp(join(tmpdir(), 'openscf-root-'));
after(() => rm(dir, { recursive: true }));
const etcDir = join(dir, 'etc');

test('the files that are made are for everybody, whatever the umask', async () => {
  const before = process.umask(0o077);
  try {
    const { made } = await makeRoot({ dir: etcDir, hosts: ['127.0.0.1 scf.tencentcloudapi.com'], caFile: '/ca.crt' });
    assert.deepEqual(
      made.map(([, path]) => path),
      ['/etc/passwd', '/etc/group', '/etc/nsswitch.conf', '/etc/host.conf', '/etc/hosts', '/etc/openscf/ca.crt'],
    );
    assert.equal(made.at(-1)?.[0], '/ca.crt');
    assert.equal((await stat(etcDir)).mode & 0o777, 0o755);
    for (const [source] of made.slice(0, -1)) assert.equal((await stat(source)).mode & 0o777, 0o644);
  } finally {
    process.umask(before);
  }
});

test('they know the user, the host and the names that are given', async () => {
  const { made } = await makeRoot({
    dir: etcDir,
    hosts: ['127.0.0.1 one.example', '127.0.0.1 two.example'],
    caFile: undefined,
  });
  assert.ok(!made.some(([, path]) => path.includes('openscf')));
  assert.match(await readFile(join(etcDir, 'passwd'), 'utf8'), /^qcloud:x:1000:1000::\/home\/qcloud:/m);
  const hosts = await readFile(join(etcDir, 'hosts'), 'utf8');
  assert.match(
    hosts,
    /^127\.0\.0\.1 localhost\n::1 localhost\n127\.0\.0\.1 scf\n127.* one\.example\n127.* two\.example\n$/,
  );
});

test('the system is shown as it is', { skip: process.platform !== 'linux' && 'needs Linux' }, async () => {
  const { links, shown } = await makeRoot({ dir: etcDir, hosts: [], caFile: undefined });
  assert.ok(shown.includes('/usr'));
  for (const [path, target] of links) assert.equal(readlinkSync(path), target);
  for (const path of shown) assert.ok(path === '/etc/resolv.conf' || !lstatSync(path).isSymbolicLink(), path);
  const all = [...shown, ...links.map(([path]) => path)];
  for (const path of [
    '/',
    '/etc',
    '/root',
    '/home',
    '/var',
    '/run',
    '/sys',
    '/etc/shadow',
    '/etc/ssl',
    '/etc/ssl/private',
  ])
    assert.ok(!all.includes(path), path);
});
