// A signal for the function's own process, which is neither of bubblewrap's two.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { innerOf } from './inner.ts';
import { bench, finish, leftovers, nextLine, processesWith, specOf, until, withBwrap } from './testing.ts';
import type { BwrapChoices } from './workshop.ts';

const WAYS: readonly (readonly [name: string, BwrapChoices])[] = [
  ['with all that this machine has', {}],
  ['without control groups', { cgroups: false }],
];

const FUNCTION = { codeDir: '/usr', optDir: undefined, memoryMB: 256 };

for (const [name, choices] of WAYS) {
  test(`${name}: unhandled it ends the function, and the sandbox with it`, withBwrap, async () => {
    await using at = await bench(choices);
    const word = `41${process.pid}`;
    const sandbox = at.driver.start(specOf(`setsid sleep ${word} & echo up; while :; do sleep 0.1; done`));
    assert.equal(await nextLine(sandbox), 'up');
    // What it printed may be heard of before it is known to stand.
    await sandbox.assign(FUNCTION);
    let sent = false;
    const { exit } = await finish(sandbox, async () => {
      sent = sandbox.signal('SIGTERM');
      await sandbox.exited;
    });
    assert.deepEqual([sent, exit], [true, { code: null, signal: 'SIGTERM' }]);
    assert.equal(sandbox.signal('SIGTERM'), false, 'it is gone');
    await until(() => processesWith(word).length === 0, 'the end of all');
  });

  test(`${name}: a handler decides, and what the function started hears nothing`, withBwrap, async () => {
    await using at = await bench(choices);
    const word = `42${process.pid}`;
    const child = `sh -c 'trap "echo child" TERM; while :; do sleep 0.02; done' ${word} &`;
    // An orphan becomes a child of the first process inside, as the function is one.
    const orphan = `sh -c 'sh -c "trap \\"echo orphan\\" TERM; while :; do sleep 0.02; done" ${word} &';`;
    const sandbox = at.driver.start(
      specOf(`${child} ${orphan} trap 'echo handled; exit 9' TERM; sleep 0.1; echo up; while :; do sleep 0.02; done`),
    );
    assert.equal(await nextLine(sandbox), 'up');
    // What it printed may be heard of before it is known to stand.
    await sandbox.assign(FUNCTION);
    const { out, exit } = await finish(sandbox, async () => {
      assert.equal(sandbox.signal('SIGTERM'), true);
      await sandbox.exited;
    });
    assert.deepEqual([out, exit], ['handled\n', { code: 9, signal: null }]);
    // Those that are still dying hold its /tmp.
    const left = () => leftovers(at.dir, at.mark).filter(one => !one.includes(at.mark));
    await until(() => processesWith(word).length === 0 && left().length === 0, 'the end of all');
  });
}

test('before it stands there is nobody to hear it', withBwrap, async () => {
  await using at = await bench();
  const sandbox = at.driver.start(specOf('echo ran'));
  assert.equal(sandbox.signal('SIGTERM'), false);
  assert.equal((await finish(sandbox)).out, 'ran\n');
});

test('of several children it is the second process of the namespace, with or without a list of them', async t => {
  const proc = await mkdtemp(join(tmpdir(), 'openscf-proc-'));
  t.after(() => rm(proc, { recursive: true }));
  const status = async (pid: number, parent: number, inside: number) => {
    await mkdir(join(proc, `${pid}`), { recursive: true });
    await writeFile(join(proc, `${pid}`, 'status'), `Name:\tx\nPPid:\t${parent}\nNSpid:\t${pid}\t7\t${inside}\n`);
  };
  await status(100, 1, 1);
  await status(90, 100, 12);
  await status(101, 100, 2);
  await status(200, 199, 2);
  await mkdir(join(proc, 'self'));
  assert.equal(innerOf(100, proc), 101, 'a kernel without the list');
  await mkdir(join(proc, '100', 'task', '100'), { recursive: true });
  const list = (text: string) => writeFile(join(proc, '100', 'task', '100', 'children'), text);
  await list('90 101 102 ');
  assert.equal(innerOf(100, proc), 101);
  await list('90 102 ');
  assert.equal(innerOf(100, proc), undefined, 'it has ended, what it left has not');
  await list('');
  assert.equal(innerOf(100, proc), undefined);
});
