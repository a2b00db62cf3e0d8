import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxSpec } from '../driver.ts';
import { commandOf, dataBytes } from './launch.ts';

const SPEC: SandboxSpec = {
  command: '/usr/bin/node',
  args: ['boot.cjs', '--', 'x'],
  env: {},
  shows: [],
  memoryMB: 64,
  network: 'shared',
};
const PROGRAM = { program: '/opt/sandbox', prefix: [], seccomp: true };

test('our program, once: without groups the data segment is limited', () => {
  const command = commandOf(PROGRAM, SPEC, { identity: undefined, procsFiles: [] });
  assert.deepEqual(command, [
    ...['/opt/sandbox', 'enter', '--no-userns', '--die-with-parent', '--nofile', '1024', '--fsize', '536870912'],
    ...['--data', String(dataBytes(64)), '--', '/usr/bin/node', 'boot.cjs', '--', 'x'],
  ]);
});

test('our program, twice: it joins the groups first', () => {
  const command = commandOf(PROGRAM, SPEC, { identity: { uid: 7, gid: 8 }, procsFiles: ['/g/a', '/g/b'] });
  assert.deepEqual(command, [
    ...['/opt/sandbox', 'run', '--cgroup', '/g/a', '--cgroup', '/g/b', '--'],
    ...['/opt/sandbox', 'enter', '--no-userns', '--die-with-parent', '--nofile', '1024', '--fsize', '536870912'],
    ...['--uid', '7', '--gid', '8', '--nproc', '1024', '--', '/usr/bin/node', 'boot.cjs', '--', 'x'],
  ]);
});

test('without the filter it is said so', () => {
  const command = commandOf({ ...PROGRAM, seccomp: false }, SPEC, { identity: undefined, procsFiles: [] });
  assert.ok(command.indexOf('--no-seccomp') < command.indexOf('--'));
});

test('the port of a web function is for our program, and a shell has no means to give one', () => {
  const limits = { identity: undefined, procsFiles: [] };
  const command = commandOf(PROGRAM, { ...SPEC, web: 9000 }, limits);
  assert.deepEqual(command.slice(-7), ['--web', '9000', '--', '/usr/bin/node', 'boot.cjs', '--', 'x']);
  const launch = { program: undefined, prefix: [], seccomp: false };
  assert.throws(() => commandOf(launch, { ...SPEC, web: 9000 }, limits), { code: 'UnsupportedOperation' });
});

test('a shell where there is no program', () => {
  const launch = { program: undefined, prefix: ['setpriv', '--'], seccomp: false };
  const [shell, flag, script, ...rest] = commandOf(launch, SPEC, { identity: undefined, procsFiles: [] });
  assert.deepEqual([shell, flag], ['/bin/sh', '-c']);
  assert.match(script ?? '', /ulimit -n 1024.*ulimit -f 1048576.*exec "\$@" 2>&1$/);
  assert.deepEqual(rest, ['sh', 'setpriv', '--', '/usr/bin/node', 'boot.cjs', '--', 'x']);
});

test('the last resort leaves engines their reservations', () => {
  assert.equal(dataBytes(64), (128 + 1024) * 1024 * 1024);
  assert.ok(dataBytes(3072) > 3072 * 1024 * 1024 * 2);
});
