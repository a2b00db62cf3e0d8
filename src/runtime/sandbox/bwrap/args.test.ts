import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxSpec } from '../driver.ts';
import { bwrapOptions, enterCommand, type Layout, within } from './args.ts';

const layout: Layout = {
  root: {
    links: [['/bin', 'usr/bin']],
    shown: ['/usr', '/etc/ssl/certs'],
    made: [['/data/sandbox/etc/hosts', '/etc/hosts']],
  },
  program: '/app/openscf-sandbox',
  dataDir: '/data',
  features: { perms: true, size: true },
};
const spec: SandboxSpec = {
  command: '/usr/bin/node',
  args: ['boot.cjs'],
  env: { NAME: 'a value' },
  shows: [],
  memoryMB: 128,
  network: 'shared',
};

const text = (more: Partial<SandboxSpec> = {}, at: Partial<Layout> = {}) =>
  bwrapOptions({ ...layout, ...at }, { ...spec, ...more }, ['--tmpfs', '/tmp']).join(' ');

/** That they come in this order. */
function inOrder(whole: string, ...parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const at = whole.indexOf(part, from);
    assert.ok(at >= 0, `${part} is missing, or too early, in ${whole}`);
    from = at + part.length;
  }
}

test('namespaces are new, but for the network unless asked for', () => {
  for (const name of ['pid', 'ipc', 'uts', 'cgroup-try']) assert.match(text(), new RegExp(`--unshare-${name}`));
  assert.doesNotMatch(text(), /--unshare-(?:net|user)/);
  assert.match(text({ network: 'own' }), /--unshare-net/);
});

test('folders on the way are readable by all, and the root is closed last', () => {
  inOrder(
    text(),
    '--dir /etc --dir /etc/ssl --dir /run',
    '--ro-bind-try /usr /usr',
    '--symlink usr/bin /bin',
    '--ro-bind /data/sandbox/etc/hosts /etc/hosts',
    '--tmpfs /tmp',
    '--ro-bind /app/openscf-sandbox /run/openscf/sandbox',
    '--remount-ro /',
  );
  assert.match(text(), /--dev \/dev .*--tmpfs \/dev\/shm --remount-ro \/dev /);
});

test('what is shown already is not shown twice', () => {
  const shows = text({ shows: ['/usr/lib/node', '/app/lib', '/app/lib/node', '/app/lib', '/application'] });
  assert.equal(shows.match(/--ro-bind \/app\/lib /g)?.length, 1);
  assert.match(shows, /--ro-bind \/application \/application/);
  assert.doesNotMatch(shows, /\/usr\/lib\/node |\/app\/lib\/node /);
});

test('the data folder stays covered below what is shown, but for what is asked for by name', () => {
  const whole = text({ shows: ['/srv', '/srv/data/runtimes/node'] }, { dataDir: '/srv/data' });
  inOrder(
    whole,
    '--ro-bind /srv /srv',
    '--tmpfs /srv/data',
    '--ro-bind /srv/data/runtimes/node /srv/data/runtimes/node',
    '--remount-ro /srv/data',
  );
  inOrder(text({}, { dataDir: '/usr/openscf' }), '--ro-bind-try /usr /usr', '--tmpfs /usr/openscf');
  inOrder(text({ shows: ['/data'] }), '--ro-bind /data /data', '--tmpfs /data');
  assert.doesNotMatch(text({ shows: ['/data/runtimes/node'] }), /--tmpfs \/data/);
});

test('a function that is known beforehand is there from the start', () => {
  const assignment = { codeDir: '/data/code/1', optDir: '/data/opt/1', memoryMB: 128 };
  inOrder(text({ assignment }), '--ro-bind /data/code/1 /var/user --ro-bind /data/opt/1 /opt', '--remount-ro /');
  assert.doesNotMatch(text({ assignment: { ...assignment, optDir: undefined } }), /\/opt\/1/);
});

test('the environment is told as it is', () => {
  const options = bwrapOptions(layout, { ...spec, env: { A: '', B: 'x\ny --bind / /' } }, []);
  assert.deepEqual(options.slice(-6), ['--setenv', 'A', '', '--setenv', 'B', 'x\ny --bind / /']);
});

test('an old bubblewrap is asked for nothing that it does not know', () => {
  assert.doesNotMatch(text({}, { features: { perms: false, size: false } }), /--perms|--size|\/dev\/shm/);
  assert.doesNotMatch(text({}, { features: { perms: true, size: false } }), /--size/);
});

test('the last step takes the user and the limits', () => {
  assert.deepEqual(enterCommand(spec, { uid: 70000, dataBytes: undefined, nproc: true }), [
    ...['/run/openscf/sandbox', 'enter', '--uid', '70000', '--gid', '70000', '--as', '1000', '--nofile', '1024'],
    ...['--fsize', '536870912', '--nproc', '1024', '--', '/usr/bin/node', 'boot.cjs'],
  ]);
  assert.deepEqual(enterCommand(spec, { uid: undefined, dataBytes: 4096, nproc: false }), [
    ...['/run/openscf/sandbox', 'enter', '--as', '1000', '--nofile', '1024'],
    ...['--fsize', '536870912', '--data', '4096', '--', '/usr/bin/node', 'boot.cjs'],
  ]);
});

test('the port of a web function is for the last step', () => {
  const command = enterCommand({ ...spec, web: 9000 }, { uid: undefined, dataBytes: undefined, nproc: false });
  assert.deepEqual(command.slice(-5), ['--web', '9000', '--', '/usr/bin/node', 'boot.cjs']);
});

test('a folder holds itself and what is below, not its neighbours', () => {
  assert.ok(within('/a/b', '/a/b'));
  assert.ok(within('/a/b/c', '/a/b'));
  assert.ok(within('/a', '/'));
  assert.ok(!within('/a/bc', '/a/b'));
  assert.ok(!within('/a', '/a/b'));
});
