// enter, run and probe, as the drivers use them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  alive,
  asRoot,
  endAll,
  IS_ROOT,
  inNamespaces,
  NOBODY,
  onLinux,
  PROGRAM,
  probed,
  run,
  toBeEnded,
  until,
  withUnshare,
  withUserns,
} from './testing.ts';

const UID = 0x70000123;
const ids = IS_ROOT ? ['--uid', String(UID)] : [];
const folder = mkdtempSync(join(tmpdir(), 'openscf-enter-'));
after(endAll);
after(() => rmSync(folder, { recursive: true, force: true }));

/** A field of /proc/self/status of what runs inside. */
async function status(...options: string[]): Promise<(name: string) => string | undefined> {
  const { code, stdout, stderr } = await run(['enter', ...ids, ...options, '--', '/bin/cat', '/proc/self/status']);
  assert.equal(code, 0, stderr + stdout);
  const fields = new Map(
    stdout.split('\n').map(line => [line.split(':')[0] ?? '', line.split('\t').slice(1).join(' ')]),
  );
  return name => fields.get(name)?.trim();
}

const shell = (options: readonly string[], script: string) =>
  run(['enter', ...ids, ...options, '--', '/bin/sh', '-c', script]);

const NO_CAPABILITIES = '0000000000000000';

describe('enter', { skip: withUserns }, () => {
  test('leaves no power', async () => {
    const field = await status();
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.equal(field(set), NO_CAPABILITIES, set);
    assert.equal(field('NoNewPrivs'), '1');
    assert.equal(field('Seccomp'), '2');
    assert.equal((await status('--no-seccomp'))('Seccomp'), '0');
  });

  test('the function is uid 1000 in its own user namespace, or what is asked', async () => {
    const field = await status();
    assert.equal(field('Uid'), '1000 1000 1000 1000');
    assert.equal(field('Gid'), '1000 1000 1000 1000');
    assert.equal((await status('--as', '4711'))('Uid'), '4711 4711 4711 4711');
    const { stdout } = await shell([], 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups');
    const uid = IS_ROOT ? UID : process.getuid?.();
    const gid = IS_ROOT ? UID : process.getgid?.();
    assert.deepEqual(stdout.trim().split(/\s+/), ['1000', `${uid}`, '1', '1000', `${gid}`, '1', 'deny']);
  });

  test('outside it is the user that was given, without groups', { skip: asRoot }, async () => {
    const file = join(folder, 'owned');
    writeFileSync(file, '');
    spawnSync('chmod', ['777', folder]);
    const owner = (...options: string[]) =>
      shell(options, `rm -f ${file}; touch ${file}`).then(() =>
        spawnSync('stat', ['-c', '%u %g', file], { encoding: 'utf8' }).stdout.trim(),
      );
    assert.equal(await owner(), `${UID} ${UID}`);
    assert.equal(await owner('--gid', '4242'), `${UID} 4242`);
    assert.equal((await status())('Groups'), '');
    assert.equal((await status('--no-userns'))('Uid'), Array(4).fill(UID).join(' '));
  });

  test('nothing that root can do is left', async () => {
    const attempts = [
      'mount -t tmpfs none /mnt',
      'unshare -U true',
      'unshare -m true',
      `chown 0 ${folder}`,
      'kill -0 1',
      'cat /etc/shadow',
      'dd if=/dev/zero of=/proc/sys/kernel/hostname count=1',
    ];
    const { stdout } = await shell([], attempts.map(one => `if ${one} 2>/dev/null; then echo '${one}'; fi`).join('\n'));
    assert.equal(stdout, '');
  });

  test('limits hold, and cannot be raised again', async () => {
    const options = ['--nofile', '64', '--nproc', '20', '--data', '50000000', '--fsize', '1048576'];
    const { stdout } = await run(['enter', ...ids, ...options, '--', '/bin/cat', '/proc/self/limits']);
    const limits = new Map(stdout.split('\n').map(line => [line.slice(0, 26).trim(), line.slice(26).split(/\s+/)]));
    for (const [name, value] of [
      ['Max open files', '64'],
      ['Max processes', '20'],
      ['Max data size', '50000000'],
      ['Max file size', '1048576'],
      ['Max core file size', '0'],
    ] as const)
      assert.deepEqual(limits.get(name)?.slice(0, 2), [value, value], name);
    const { stdout: raised } = await shell(options, 'ulimit -n 65 2>/dev/null && echo raised; ulimit -n');
    assert.equal(raised, '64\n');
  });

  test('a limit of the machine that is lower stays', async () => {
    const { stdout } = await shell(['--nofile', '64'], `${PROGRAM} enter --nofile 4096 -- /bin/sh -c 'ulimit -n'`);
    // In the sandbox the program may not make another namespace.
    assert.match(stdout, /new user namespace: Operation not permitted/);
    const again = await shell(
      ['--nofile', '64'],
      `${PROGRAM} enter --no-userns --nofile 4096 -- /bin/sh -c 'ulimit -n'`,
    );
    assert.equal(again.stdout, '64\n');
  });

  test('a process limit stops a fork bomb', async () => {
    const { stdout } = await shell(
      ['--nproc', '12'],
      `trap 'kill $all' EXIT; n=0; while [ $n -lt 40 ]; do sleep 60 >&2 & all="$all $!"; n=$((n+1)); done 2>/dev/null; echo made all`,
    );
    assert.doesNotMatch(stdout, /made all/);
  });

  test('a file that grows too large is an error, not the end', async () => {
    const { stdout } = await shell(
      ['--fsize', '65536'],
      `dd if=/dev/zero of=${join(folder, 'large')}.$$ bs=128k count=1 2>/dev/null; echo code $?; rm -f ${join(folder, 'large')}.$$`,
    );
    assert.equal(stdout, 'code 1\n');
  });

  test('output of both kinds comes in order on stdout', async () => {
    const { stdout, stderr } = await shell([], 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; umask');
    assert.equal(stdout, 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n0022\n');
    assert.equal(stderr, '');
  });

  test('only descriptors 0 to 4 are handed on', () => {
    const held = openSync('/dev/null', 'r');
    const { stdout } = spawnSync(
      PROGRAM,
      ['enter', ...ids, '--', '/bin/sh', '-c', 'ls /proc/self/fd; echo three >&3'],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', held, held, held, held],
        encoding: 'utf8',
      },
    );
    closeSync(held);
    // `ls` itself opens the folder: the first number that is free.
    assert.deepEqual(stdout.trim().split('\n'), ['0', '1', '2', '3', '4', '5']);
  });

  test('its environment and folder are the caller’s', () => {
    const { stdout } = spawnSync(PROGRAM, ['enter', ...ids, '--', '/bin/sh', '-c', 'echo $ONE; pwd'], {
      env: { ONE: '1' },
      cwd: '/usr',
      encoding: 'utf8',
    });
    assert.equal(stdout, '1\n/usr\n');
  });

  test('its failures are told on the caller’s stderr, with code 125', async () => {
    const missing = await run(['enter', ...ids, '--', '/not/there']);
    assert.deepEqual(missing, {
      code: 125,
      stdout: '',
      stderr: 'openscf-sandbox: exec /not/there: No such file or directory\n',
    });
    const denied = await run(['enter', '--uid', '7', '--', '/bin/true'], IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {});
    assert.deepEqual([denied.code, denied.stderr], [125, 'openscf-sandbox: setgroups: Operation not permitted\n']);
  });

  test('it dies with the process that started it, if so asked', async () => {
    const script = `${PROGRAM} enter ${ids.join(' ')} --die-with-parent -- /bin/sh -c 'echo $$; exec sleep 60' & wait`;
    const parent = toBeEnded(spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const pid = await new Promise<number>(resolve => parent.stdout.once('data', data => resolve(Number(data))));
    assert.ok(alive(pid));
    parent.kill('SIGKILL');
    await until('its end', () => !alive(pid));
  });

  test('the exit code is the command’s', async () => {
    assert.equal((await shell([], 'exit 7')).code, 7);
  });
});

describe('what is not understood is refused', { skip: onLinux }, () => {
  for (const args of [
    [],
    ['dance'],
    ['enter'],
    ['enter', '--'],
    ['enter', '--uid', '--', 'true'],
    ['enter', '--uid', '-1', '--', 'true'],
    ['enter', '--uid', '4294967295', '--', 'true'],
    ['enter', '--uid', '99999999999999999999999', '--', 'true'],
    ['enter', '--nofile', '1k', '--', 'true'],
    ['enter', '--gid', '5', '--', 'true'],
    ['enter', '--unknown', '--', 'true'],
    ['run', '--cgroup'],
    ['run', 'true'],
    ['run', '--ns', '0', '--', 'true'],
    ['serve', '--later'],
    ['serve', '--userns', 'more'],
  ])
    test(args.join(' ') || 'nothing', async () => {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /^openscf-sandbox: usage: .*\(not understood: .*\)\n$/);
    });
});

describe('run', { skip: onLinux }, () => {
  test('becomes the command', async () => {
    assert.deepEqual(await run(['run', '--', '/bin/echo', '--', 'two']), { code: 0, stdout: '-- two\n', stderr: '' });
  });

  test('puts itself into every group it is told', async () => {
    const files = ['memory', 'pids'].map(name => join(folder, `${name}.procs`));
    for (const file of files) writeFileSync(file, '');
    const { code } = await run(['run', ...files.flatMap(file => ['--cgroup', file]), '--', '/bin/true']);
    assert.deepEqual([code, ...files.map(file => readFileSync(file, 'utf8'))], [0, '0', '0']);
  });

  test('a group that is not there is an error', async () => {
    const { code, stdout, stderr } = await run(['run', '--cgroup', '/not/there', '--', '/bin/echo', 'no']);
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(stderr, /open \/not\/there: No such file/);
  });

  test('enters the mounts of another process, in the folder where it stands', {
    skip: withUnshare(asRoot),
  }, async () => {
    const script = `mount -t tmpfs none ${folder} && echo inside > ${folder}/file && echo ready && read _`;
    const other = await inNamespaces(['-m'], ['/bin/sh', '-c', script]);
    assert.equal(await other.line(), 'ready');
    const { stdout } = await run(['run', '--ns', String(other.pid), '--', '/bin/cat', 'file'], { cwd: folder });
    await other.end();
    assert.equal(stdout, 'inside\n');
  });

  test('a process that is not there is an error', async () => {
    const { code, stderr } = await run(['run', '--ns', '2147483647', '--', '/bin/true']);
    assert.deepEqual([code, stderr], [125, 'openscf-sandbox: open user namespace: No such file or directory\n']);
  });
});

describe('probe', { skip: onLinux }, () => {
  test('names the kernel, and finds what other programs find', { skip: withUnshare(onLinux) }, () => {
    assert.equal(probed?.kernel, readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
    assert.equal(probed?.userns, spawnSync('unshare', ['-U', 'true']).status === 0);
    assert.equal(probed?.mountNs, spawnSync('unshare', IS_ROOT ? ['-m', 'true'] : ['-Urm', 'true']).status === 0);
    assert.equal(probed?.seccomp, /^Seccomp:/m.test(readFileSync('/proc/self/status', 'utf8')));
    if (!IS_ROOT) assert.deepEqual([probed?.root, probed?.loop], [false, false]);
  });

  test('leaves nothing mounted', async () => {
    // Without those of servers of other tests, which come and go meanwhile, in folders of their own.
    const mounts = () =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter(line => !line.includes(` ${join(tmpdir(), 'openscf-')}`));
    const before = mounts();
    assert.equal((await run(['probe'])).code, 0);
    assert.deepEqual(mounts(), before);
  });

  test('an ordinary user is no root', { skip: asRoot }, async () => {
    const { stdout } = await run(['probe'], { uid: NOBODY, gid: NOBODY });
    assert.partialDeepStrictEqual(JSON.parse(stdout), { root: false, loop: false, seccomp: true, pidfd: true });
  });
});
