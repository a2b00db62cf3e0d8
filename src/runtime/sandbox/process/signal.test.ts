// A signal for the function's own process, in all the ways in which one is launched.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { SystemClock } from '../../../core/clock.ts';
import { SystemIds } from '../../../core/ids.ts';
import { NO_LOG } from '../../../core/log.ts';
import { openProcessDriver } from '../process.ts';
import { sendSignal } from '../signal.ts';
import type { Choices } from './ground.ts';

const WAYS: readonly (readonly [name: string, Choices])[] = [
  ['everything', {}],
  ['no control groups', { cgroups: false }],
  ['neither groups nor users', { cgroups: false, ownUid: false }],
  ['a shell alone', { program: false }],
];

for (const [at, [name, choices]] of WAYS.entries()) {
  test(`${name}: unhandled it ends the function, handled the function decides`, async t => {
    const dataDir = await mkdtemp(join(tmpdir(), 'openscf-signal-'));
    const mark = `signal-${process.pid}-${at}`;
    const deps = { dataDir, mark, clock: new SystemClock(), ids: new SystemIds(), log: NO_LOG };
    const driver = await openProcessDriver(deps, choices);
    t.after(async () => {
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    const signalled = async (script: string) => {
      const args = ['-c', `${script} echo up; while :; do sleep 0.02; done`];
      const sandbox = driver.start({ command: '/bin/sh', args, env: {}, shows: [], memoryMB: 128, network: 'shared' });
      let sent = false;
      sandbox.output.once('data', () => {
        sent = sandbox.signal('SIGTERM');
      });
      const out = await text(sandbox.output);
      const exit = await sandbox.exited;
      assert.deepEqual([sent, sandbox.signal('SIGTERM')], [true, false]);
      sandbox.close();
      return { out, exit };
    };
    assert.deepEqual(await signalled(''), { out: 'up\n', exit: { code: null, signal: 'SIGTERM' } });
    const child = `sh -c 'trap "echo child" TERM; while :; do sleep 0.02; done' & sleep 0.05;`;
    assert.deepEqual(await signalled(`${child} trap 'echo handled; exit 9' TERM;`), {
      out: 'up\nhandled\n',
      exit: { code: 9, signal: null },
    });
  });
}

test('one that is gone hears nothing', () => {
  assert.equal(sendSignal(2 ** 22 + 1, 'SIGTERM'), false);
  assert.equal(sendSignal(process.pid, 'SIGCONT'), true);
});
