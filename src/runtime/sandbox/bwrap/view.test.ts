import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bench, finish, nextLine, run, specOf, withBwrap } from './testing.ts';

const lines = (text: string) => text.split('\n').filter(line => line !== '');

test('a function sees a system and nothing else', withBwrap, async () => {
  await using at = await bench();
  const { out, exit } = await run(
    at.driver,
    'ls -A /; for d in etc dev home run var; do echo :$d; ls -A /$d; done; echo :; ls -AR /home /opt /tmp /var/user /run',
    {
      shows: [],
    },
  );
  assert.equal(exit.code, 0);
  const [root = '', etc = '', dev, home, run_, var_, rest] = out.split(/^:.*\n/m).map(lines) as unknown as string[];
  const system = readdirSync('/').filter(name => /^(?:s?bin|lib(?:32|64|x32)?|nix)$/.test(name));
  const ours = ['dev', 'etc', 'home', 'opt', 'proc', 'run', 'tmp', 'usr', 'var'];
  assert.deepEqual([...root].sort(), [...system, ...ours].sort());
  const allowed = ['alternatives', 'crypto-policies', 'group', 'host.conf', 'hosts', 'ld.so.cache', 'ld.so.conf'];
  const more = [
    'ld.so.conf.d',
    'localtime',
    'nsswitch.conf',
    'passwd',
    'pki',
    'protocols',
    'resolv.conf',
    'services',
    'ssl',
  ];
  assert.deepEqual(
    [...etc].filter(name => ![...allowed, ...more].includes(name)),
    [],
  );
  const devices = [
    'core',
    'fd',
    'full',
    'null',
    'ptmx',
    'pts',
    'random',
    'shm',
    'stderr',
    'stdin',
    'stdout',
    'tty',
    'urandom',
    'zero',
  ];
  assert.deepEqual(dev, devices);
  assert.deepEqual([home, run_, var_], [['qcloud'], ['openscf'], ['user']]);
  assert.deepEqual(rest, [
    '/home:',
    'qcloud',
    '/home/qcloud:',
    '/opt:',
    '/run:',
    'openscf',
    '/run/openscf:',
    'sandbox',
    '/tmp:',
    '/var/user:',
  ]);
});

test('the environment is what was given, and where the code will be', withBwrap, async () => {
  await using at = await bench();
  const env = { A: '1', EMPTY: '', LINES: 'x\ny', LD_PRELOAD: '/not/there.so', 中文: '值' };
  const { out } = await run(at.driver, '', { command: '/usr/bin/env', args: ['-0'], env });
  // The loader complains on the descriptor that is the function's output.
  const variables = out
    .slice(out.lastIndexOf('\n', out.indexOf('A=1')) + 1)
    .split('\0')
    .filter(one => one !== '');
  assert.deepEqual(
    variables.sort(),
    [...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'PWD=/var/user'].sort(),
  );
});

test('nobody who looks at processes sees the environment', withBwrap, async () => {
  await using at = await bench();
  const { out } = await run(at.driver, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "', {
    env: { PATH: '/usr/bin:/bin', PASSWORD: 'hunter2' },
  });
  assert.match(out, /--args/);
  assert.doesNotMatch(out, /hunter2/);
});

test('a function is a user without power in its own namespace', withBwrap, async () => {
  await using at = await bench();
  const { out } = await run(
    at.driver,
    'id; whoami; hostname; echo $HOME; grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status; cat /proc/self/uid_map; ulimit -n; ulimit -c; umask',
    { env: { PATH: '/usr/bin:/bin', HOME: '/home/qcloud' } },
  );
  const [id, name, host, home, ...status] = lines(out);
  assert.equal(id, 'uid=1000(qcloud) gid=1000(qcloud) groups=1000(qcloud)');
  assert.deepEqual([name, host, home], ['qcloud', 'scf', '/home/qcloud']);
  for (const one of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'])
    assert.ok(status.includes(`Cap${one}:\t0000000000000000`), `${status}`);
  assert.deepEqual(status.slice(5, 7), ['NoNewPrivs:\t1', 'Seccomp:\t2']);
  assert.match(status[7] ?? '', /^ +1000 +\d+ +1$/);
  assert.deepEqual(status.slice(8), ['1024', '0', '0022']);
});

test('only /tmp and /dev/shm can be written to', withBwrap, async () => {
  await using at = await bench();
  const codeDir = await at.folder({ 'index.js': '1' });
  const optDir = await at.folder({ lib: '1' });
  const places = [
    '/',
    '/etc',
    '/usr',
    '/usr/bin',
    '/var',
    '/var/user',
    '/opt',
    '/home/qcloud',
    '/run/openscf',
    '/dev',
    '/proc',
  ];
  const script = `for d in ${places.join(' ')} /tmp /dev/shm; do (echo x > $d/new) 2>/dev/null && echo $d; done; (echo x >> /var/user/index.js) 2>&1; rm -f /opt/lib 2>&1; cat /var/user/index.js /opt/lib /tmp/new`;
  const { out } = await run(at.driver, script, {}, { codeDir, optDir, memoryMB: 256 });
  assert.match(out, /^\/tmp\n\/dev\/shm\n/);
  assert.match(out, /index\.js: Read-only file system/);
  assert.match(out, /'?\/opt\/lib'?: Read-only file system\n11x\n$/);
});

test('what is beside cannot be reached by any way round', withBwrap, async () => {
  await using at = await bench();
  await writeFile(join(at.dir, 'secret'), 'hunter2');
  const codeDir = await at.folder({ 'index.js': 'mine' });
  const other = await at.folder({ 'index.js': 'hunter2' });
  const sandbox = await run(
    at.driver,
    [
      ...[
        at.dir,
        other,
        '/proc/1/root',
        '/proc/1/cwd',
        '/proc/1/fd',
        '/proc/self/root/..',
        '/var/user/..',
        '/var/user/../../..',
      ].map(path => `ls ${path} 2>&1; cat ${path}/secret ${path}/index.js ${path}${at.dir}/secret 2>&1`),
      'cat /proc/1/environ /proc/1/mem /proc/kcore /etc/shadow 2>&1',
      'kill -9 1; echo still here',
      'mount -t tmpfs none /tmp 2>&1; unshare -Ur true 2>&1; chroot / true 2>&1',
      'mknod /tmp/null c 1 3 2>&1',
    ].join('; '),
    {},
    { codeDir, optDir: undefined, memoryMB: 256 },
  );
  assert.doesNotMatch(sandbox.out, /hunter2|secret\n/);
  assert.match(sandbox.out, /still here\n/);
  assert.match(sandbox.out, /\/proc\/1\/environ: Permission denied/);
  assert.match(sandbox.out, /'?\/proc\/1\/root'?: Permission denied/);
  assert.match(sandbox.out, /mount: .*(?:permission denied|must be superuser)/);
  assert.match(sandbox.out, /unshare: .*Operation not permitted/);
  assert.match(sandbox.out, /mknod: .*Operation not permitted/);
});

test('a data folder below something that is shown is covered', withBwrap, async () => {
  await using outer = await bench();
  const folder = await outer.folder({ 'boot.js': 'boot' });
  const dataDir = join(folder, 'data');
  await mkdir(join(dataDir, 'runtimes'), { recursive: true });
  await writeFile(join(dataDir, 'secret'), 'hunter2');
  await writeFile(join(dataDir, 'runtimes', 'node'), 'node');
  await chmod(dataDir, 0o755);
  await using at = await bench({}, { dataDir });
  const look = `cat ${folder}/boot.js ${dataDir}/runtimes/node; ls ${dataDir}; touch ${dataDir}/new 2>&1`;
  const { out } = await run(at.driver, look, { shows: [folder, join(dataDir, 'runtimes')] });
  assert.match(out, /^bootnoderuntimes\ntouch: .*Read-only file system\n$/);
});

test('two sandboxes see nothing of each other', withBwrap, async () => {
  await using at = await bench();
  const hold = 'echo hunter2 > /tmp/left; echo hunter2 > /dev/shm/left; echo up; sleep 1000';
  const one = at.driver.start(specOf(hold));
  assert.equal(await nextLine(one), 'up');
  const { out } = await run(at.driver, 'ls -A /tmp /dev/shm; ps ax | grep -c "[s]leep"');
  assert.deepEqual(lines(out), ['/dev/shm:', '/tmp:', '0']);
  await finish(one, async () => one.kill());
  const after = await run(at.driver, 'ls -A /tmp /dev/shm');
  assert.deepEqual(lines(after.out), ['/dev/shm:', '/tmp:']);
});

test('names and the authority that are given are there', withBwrap, async () => {
  await using outer = await bench();
  const caFile = join(await outer.folder({ 'ca.crt': 'the authority' }), 'ca.crt');
  await using at = await bench({}, { hosts: ['127.0.0.1 scf.tencentcloudapi.com'], caFile });
  const { out } = await run(at.driver, 'cat /etc/openscf/ca.crt; getent hosts scf.tencentcloudapi.com scf');
  assert.match(out, /^the authority127\.0\.0\.1 +scf\.tencentcloudapi\.com\n127\.0\.0\.1 +scf\n$/);
});
