// A server that is killed with instances in every state: they die with it, and the next one on the same folder
// removes what is left.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SystemClock } from '../../src/core/clock.ts';
import { deploy, invoke, sdkOf } from '../fixture.ts';
import { type Program, startProgram } from '../program.ts';
import { sandboxed, until } from './escape.ts';
import { markOf, parentGroups, traces, tree, type Whose } from './traces.ts';

const clock = new SystemClock();
const word = `killed${process.pid}`;
const APART = { PublicNetConfig: { PublicNetStatus: 'DISABLE', EipConfig: { EipStatus: 'DISABLE' } } };

const FUNCTIONS = {
  idle: { code: 'return 1', more: {} },
  waits: { code: 'await new Promise(done => setTimeout(done, 600_000))', more: {} },
  spins: { code: 'for (;;);', more: {} },
  apart: { code: 'await new Promise(done => setTimeout(done, 600_000))', more: APART },
  daemon: {
    code: `const { spawn } = require('child_process');
      spawn('setsid', ['sh', '-c', 'trap "" HUP TERM INT; while :; do sleep 1000; done # ${word}'], { detached: true, stdio: 'ignore' });
      require('fs').writeFileSync('/tmp/file', Buffer.alloc(2 ** 20));
      await new Promise(done => setTimeout(done, 600_000))`,
    more: {},
  },
};

const sdkFor = (program: Program) => sdkOf({ endpoint: program.endpoint, credentials: program });

/** Waits until it has been reaped. */
async function kill({ pid }: Program): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  }, 'the end of the server');
}

/**
 * Processes of functions, or of interpreters that wait for one. A bubblewrap that was killed with its server before it
 * had begun to die with its parent waits, empty, for the next start: so do its mount and its group.
 */
const running = (whose: Whose) =>
  traces(whose).filter(one => /^process \d+ /.test(one) && !/^process \d+ \S*(?:bwrap|linux-\w+) /.test(one));

describe('a server that is killed', sandboxed, () => {
  let dataDir: string;
  const flags = ['--sandbox', 'bwrap', '--warm', '60', '--memory', '4096'];
  const whose = () => ({ dataDir, mark: markOf(dataDir), word });

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'openscf-killed-'));
  });
  after(async () => {
    assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
    await rm(dataDir, { recursive: true });
  });

  test('while instances idle, wait, spin, listen and have daemons, and others are prepared', async () => {
    const first = await startProgram({ dataDir, flags });
    const sdk = sdkFor(first);
    for (const [name, { code, more }] of Object.entries(FUNCTIONS))
      await deploy(sdk, name, `exports.main_handler = async () => { ${code} }`, {
        Timeout: 600,
        MemorySize: 128,
        ...more,
      });
    assert.equal((await invoke(sdk, 'idle')).RetMsg, '1');
    for (const name of Object.keys(FUNCTIONS)) if (name !== 'idle') void invoke(sdk, name).catch(() => {});
    await until(() => traces(whose()).some(one => one.includes(`# ${word}`)), 'the daemon runs', 30_000);
    assert.ok(running(whose()).length >= Object.keys(FUNCTIONS).length, running(whose()).join('\n'));
    await kill(first);
    await until(() => running(whose()).length === 0, 'the end of all that ran', 20_000);

    const second = await startProgram({ dataDir, flags });
    assert.equal((await invoke(sdkFor(second), 'idle')).RetMsg, '1');
    await second.stop();
    assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
  });

  for (const ms of [0, 5, 15, 40, 80, 150, 300])
    test(`${ms} ms after ten instances began to start`, async () => {
      const first = await startProgram({ dataDir, flags });
      const sdk = sdkFor(first);
      for (let i = 0; i < 10; i++) void invoke(sdk, 'waits').catch(() => {});
      await clock.sleep(ms);
      await kill(first);
      await until(() => running(whose()).length === 0, 'the end of all that ran', 20_000);
      const second = await startProgram({ dataDir, flags: ['--sandbox', 'bwrap', '--warm', '0'] });
      // Of its own it has none yet.
      await until(() => traces(whose()).length === 0, `the sweep leaves nothing: ${traces(whose())}`);
      assert.equal((await invoke(sdkFor(second), 'idle')).RetMsg, '1');
      const files = tree(join(dataDir, 'sandbox', 'etc'));
      await second.stop();
      assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
      assert.deepEqual(
        tree(join(dataDir, 'sandbox'))
          .filter(path => !path.startsWith('etc/'))
          .sort(),
        ['etc', 'tmp', 'tmp-1.json', 'turns'],
      );
      assert.ok(files.length > 0);
    });
});
