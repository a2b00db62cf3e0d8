import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { OPEN_FILES } from '../../core/limits.ts';
import type { Sandbox } from './driver.ts';
import { memoryReader } from './memory.ts';
import { openProcessDriver } from './process.ts';

const driver = await openProcessDriver();

const SPEC = { shows: [], memoryMB: 128, network: 'shared' } as const;

function shell(script: string): Sandbox {
  return driver.start({ ...SPEC, command: '/bin/sh', args: ['-c', script], env: { ONE: '1' } });
}

test('output keeps the order of stdout and stderr', async () => {
  const sandbox = shell('for i in 1 2 3; do echo out $i; echo err $i >&2; done');
  assert.equal(await text(sandbox.output), 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n');
  assert.deepEqual(await sandbox.exited, { code: 0, signal: null });
});

test('descriptor 3 goes both ways', async () => {
  const sandbox = shell('read line <&3; echo "got $line" >&3');
  sandbox.channel.write('hello\n');
  assert.equal(await text(sandbox.channel), 'got hello\n');
  await sandbox.exited;
});

test('the environment is what was given, the folder too, and limits hold', async () => {
  const sandbox = shell('echo $ONE $HOME $(pwd -P) $(ulimit -n) $(ulimit -c)');
  assert.equal(await text(sandbox.output), `1 / ${OPEN_FILES} 0\n`);
  await sandbox.exited;
});

test('kill ends the whole group', async () => {
  const sandbox = shell('sleep 1000 & echo $!; wait');
  const pid = await new Promise<number>(resolve =>
    sandbox.output.once('data', chunk => resolve(Number(String(chunk)))),
  );
  assert.ok(pid > 1);
  // The end of all of them is what closes the pipe that the group has shared.
  const closed = new Promise(resolve => sandbox.output.once('close', resolve));
  sandbox.kill();
  assert.deepEqual(await sandbox.exited, { code: null, signal: 'SIGKILL' });
  await closed;
  sandbox.kill();
});

test('the exit code is told', async () => {
  const sandbox = shell('exit 7');
  sandbox.output.resume();
  assert.deepEqual(await sandbox.exited, { code: 7, signal: null });
});

test('a program that is not there ends at once, and says so', async () => {
  const sandbox = driver.start({ ...SPEC, command: '/not/there', args: [], env: {} });
  assert.match(await text(sandbox.output), /\/not\/there/);
  assert.ok((await sandbox.exited).code);
});

const onLinux = { skip: existsSync('/proc/self/statm') ? false : 'needs /proc' };

test('memory is what the process alone holds, with its children', onLinux, async () => {
  const before = memoryReader(process.pid, 1);
  const first = before.read();
  assert.ok(first > 1024 * 1024);
  const held = Buffer.alloc(64 * 1024 * 1024, 1);
  assert.ok(before.read() - first > 60 * 1024 * 1024);
  assert.equal(held.length, 64 * 1024 * 1024);
  before.close();
  assert.equal(before.read(), 0);

  const sandbox = driver.start({
    command: process.execPath,
    args: [
      '-e',
      'require("child_process").spawn(process.execPath, ["-e", "global.x = Buffer.alloc(1e8, 1); console.log(1); setInterval(() => {}, 1e3)"], { stdio: "inherit" })',
    ],
    env: {},
    ...SPEC,
  });
  await new Promise(resolve => sandbox.output.once('data', resolve));
  assert.ok(sandbox.memoryBytes() > 1e8);
  sandbox.kill();
  await sandbox.exited;
  assert.equal(sandbox.memoryBytes(), 0);
});

test('a process that is gone holds nothing', onLinux, () => {
  assert.equal(memoryReader(2 ** 22 + 1).read(), 0);
});
