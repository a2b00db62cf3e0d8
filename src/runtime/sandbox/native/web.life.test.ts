// The program of a web function has a process above it: its beginning, its end, its signals, and what keeps them apart.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { alive, endAll, onLinux, PROGRAM, run, toBeEnded, until } from './testing.ts';
import { inside, PYTHON, start, WAYS, withPython } from './testing-web.ts';

after(endAll);

const PORT = 9000;
const PLAIN = ['--no-userns'];
const shell = (script: string, options: readonly string[] = PLAIN) => start(PORT, options, ['/bin/sh', '-c', script]);

async function printed(script: string, options?: readonly string[]): Promise<string> {
  const program = shell(script, options);
  const out = text(program.stdout);
  await program.ended;
  return out;
}

const stateOf = (pid: number) => /\) (.)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
const childOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim());

for (const [name, options] of WAYS)
  describe(`${name}:`, { skip: onLinux }, () => {
    test('its end is the program’s', async () => {
      assert.deepEqual(await shell('exit 7', options).ended, { code: 7, signal: null, stderr: '' });
      for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const) {
        const { code, signal: its } = await shell(`kill -${signal.slice(3)} $$`, options).ended;
        assert.deepEqual([code, its], [null, signal]);
      }
    });

    test('SIGTERM reaches the program, which decides', async () => {
      const program = shell(`trap 'echo heard; exit 9' TERM; echo up; while :; do sleep 0.02; done`, options);
      program.stdout.once('data', () => program.signal('SIGTERM'));
      assert.equal(await text(program.stdout), 'up\nheard\n');
      assert.equal((await program.ended).code, 9);
    });

    test('it cannot look into the process above it, nor speak in its place', async () => {
      const attempts = [
        'cat /proc/$PPID/environ',
        'readlink /proc/$PPID/fd/3',
        'readlink /proc/$PPID/cwd',
        'echo listen 1 4 any > /proc/$PPID/fd/3',
        ': > /proc/$PPID/mem',
        'readlink /proc/$PPID/exe',
      ];
      // Root's own files are another matter.
      if (options.includes('--uid')) attempts.push('echo 0 > /proc/$PPID/oom_score_adj');
      const script = attempts.map(one => `if ( ${one} ) >/dev/null 2>&1; then echo '${one}'; fi`).join('\n');
      assert.equal(await printed(`${script}; echo done`, options), 'done\n');
    });

    test('descriptors 3 and 4 are not the program’s', async () => {
      // The shell's `ls` opens the folder itself.
      assert.equal(await printed('ls /proc/self/fd', options), '0\n1\n2\n3\n');
      assert.equal(await printed('echo x >&3', options).then(out => /bad file descriptor/i.test(out)), true);
    });

    test('a command that is not there is told as without it', async () => {
      const program = start(PORT, options, ['/not/there']);
      assert.deepEqual(await program.ended, {
        code: 125,
        signal: null,
        stderr: 'openscf-sandbox: exec /not/there: No such file or directory\n',
      });
      assert.deepEqual(program.lines, []);
    });
  });

describe('the filter of functions', { skip: withPython }, () => {
  test('holds for the program; bind, listen and connect are asked about', async () => {
    const script = (word: string) => `import ctypes; libc = ctypes.CDLL(None, use_errno=True)
${word} = [(libc.syscall(nr, 0, 0, 0, 0, 0, 0), ctypes.get_errno()) for nr in ${process.arch === 'x64' ? '[272, 310, 438, 101, 425]' : '[97, 270, 438, 117, 425]'}]
tell(${word})`;
    const program = inside(PORT);
    // unshare, process_vm_readv, pidfd_getfd, ptrace, io_uring_setup
    assert.deepEqual(await program.ask(script('found')), [...Array(4).fill([-1, 1]), [-1, 38]]);
    const status = (pid: number, field: string) =>
      new RegExp(`^${field}:\\t(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    assert.equal(status(childOf(program.pid), 'Seccomp_filters'), '2');
    assert.equal(status(program.pid, 'Seccomp_filters'), '1', 'the process above it has one of its own');
    for (const pid of [program.pid, childOf(program.pid)]) {
      assert.equal(status(pid, 'NoNewPrivs'), '1');
      assert.match(status(pid, 'CapPrm') ?? '', /^0+$/);
    }
    await program.end();
  });
});

describe('life', { skip: onLinux }, () => {
  test('a signal of the program to its own group is heard once', async () => {
    const program = shell(`trap 'echo heard' TERM; kill -TERM 0; sleep 0.2; echo end`);
    assert.equal(await text(program.stdout), 'heard\nend\n');
    assert.equal((await program.ended).code, 0);
  });

  test('other signals to the process above change nothing', async () => {
    const program = shell('echo up; sleep 0.3; exit 4');
    program.stdout.once('data', () => {
      for (const name of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGALRM', 'SIGPIPE', 'SIGWINCH'] as const)
        program.signal(name);
    });
    assert.equal((await program.ended).code, 4);
  });

  test('it goes on after a stop, as after the sleep of the whole machine', async () => {
    const program = shell('echo up; read line; echo end; exit 4');
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'up');
    // It waits for the program, or will: a stop is seen by whoever is stopped, in whatever call.
    for (let round = 0; round < 3; round++) {
      await until('it waits', () => stateOf(program.pid) === 'S');
      program.signal('SIGSTOP');
      await until('its stop', () => stateOf(program.pid) === 'T');
      program.signal('SIGCONT');
      await until('it is awake', () => stateOf(program.pid) !== 'T');
    }
    program.stdin.write('\n');
    assert.equal((await lines.next()).value, 'end');
    assert.deepEqual(await program.ended, { code: 4, signal: null, stderr: '' });
  });

  test('what the program was told to ignore and block is as it was', async () => {
    const masks = (out: string) => out.match(/^Sig(?:Blk|Ign):.*$/gm);
    const with3 = await printed('cat /proc/self/status');
    const without = await run(['enter', ...PLAIN, '--', '/bin/sh', '-c', 'cat /proc/self/status']);
    assert.deepEqual(masks(with3), masks(without.stdout));
    assert.equal(masks(with3)?.length, 2);
  });

  test('it dies with the process above it, and that with the one that started it', async () => {
    const program = shell('echo $$; exec sleep 60');
    const pid = Number(await new Promise(resolve => program.stdout.once('data', resolve)));
    program.signal('SIGKILL');
    await until('its end', () => !alive(pid));
    const script = `${PROGRAM} enter --no-userns --die-with-parent --web ${PORT} -- /bin/sh -c 'echo $$; exec sleep 60' 3>&1 & wait`;
    const parent = toBeEnded(spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const inner = Number(await new Promise(resolve => parent.stdout.once('data', resolve)));
    parent.kill('SIGKILL');
    await until('the end of both', () => !alive(inner));
  });

  test('nobody stands between where no port is asked for', async () => {
    const { stdout } = await run(['enter', ...PLAIN, '--', '/bin/sh', '-c', 'echo $PPID']);
    assert.equal(stdout, `${process.pid}\n`);
    assert.notEqual(await printed('echo $PPID'), `${process.pid}\n`);
  });

  test('a server that no longer listens to the channel is no reason to stop', { skip: withPython }, async () => {
    const script = `import socket
for _ in range(3000):
    one = socket.socket(); one.bind(('', ${PORT})); one.listen(); one.close()
print('done')`;
    const channel = toBeEnded(spawn('/bin/sh', ['-c', 'exec sleep 60'], { stdio: ['pipe', 'ignore', 'ignore'] }));
    const child = toBeEnded(
      spawn(PROGRAM, ['enter', ...PLAIN, '--web', `${PORT}`, '--', PYTHON, '-c', script], {
        stdio: ['ignore', 'pipe', 'inherit', channel.stdin],
      }),
    );
    assert.ok(child.stdout);
    assert.equal(await text(child.stdout), 'done\n');
    channel.kill('SIGKILL');
  });
});

describe('where it cannot be done', { skip: onLinux }, () => {
  const nested = (options: string, inner: string) =>
    run(['enter', ...PLAIN, ...options.split(' ').filter(Boolean), '--', '/bin/sh', '-c', inner]);
  const again = `${PROGRAM} enter --no-userns --web ${PORT} -- /bin/echo ran 3>&1; echo $?`;

  test('the channel is told why, nothing runs, and the code is 126', async () => {
    const { stdout } = await nested('', again);
    assert.equal(stdout, 'nolisten pidfd_getfd: Operation not permitted\n126\n');
  });

  test('one listener is all that the kernel gives', async () => {
    // Two of them, one inside the other, without the filter that would refuse more.
    const script = `exec 3>&1; ${PROGRAM} enter --no-userns --no-seccomp --web ${PORT} -- /bin/echo ran; echo $?`;
    const out = await printed(script, ['--no-userns', '--no-seccomp']);
    assert.match(out, /^nolisten seccomp user notification: .*busy\n126\n$/);
  });

  test('without a channel nothing is begun', async () => {
    const { code, stdout, stderr } = await run(['enter', ...PLAIN, '--web', `${PORT}`, '--', '/bin/echo', 'ran']);
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(stderr, /^openscf-sandbox: descriptor 3: Bad file descriptor\n$/);
  });

  for (const port of ['0', '65536', 'x', ''])
    test(`no port: ${port}`, async () => {
      const { code, stderr } = await run(['enter', '--web', port, '--', '/bin/true']);
      assert.equal(code, 125);
      assert.match(stderr, /not understood: --web/);
    });
});
