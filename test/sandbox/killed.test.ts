// A server that is killed with instances in every state: they die with it, and the next one on the same folder
// removes what is left.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SystemClock } from '../../src/core/clock.ts';
import { deploy, invoke, sdkOf } from '../fixture.ts';
import { type Program, startProgram } from '../program.ts';
import { descendants, sandboxed, until } from './escape.ts';
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

/** When a process began; undefined when it is gone, or waits to be reaped. */
function beganAt(pid: number): string | undefined {
  try {
    const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? undefined : rest[18];
  } catch {
    return undefined;
  }
}

/**
 * A bubblewrap that was killed with its server before it had begun to die with its parent waits, empty, for the next
 * start: so do its mount and its group.
 */
const BWRAP = /^\S*(?:bwrap|linux-\w+) /;
function isEmptyBwrap(pid: number): boolean {
  try {
    return BWRAP.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
  } catch {
    return true;
  }
}

/** Processes of functions, or of interpreters that wait for one. */
const running = (whose: Whose) =>
  traces(whose).filter(one => one.startsWith('process') && !BWRAP.test(one.replace(/^process \d+ /, '')));

describe('a server that is killed', sandboxed, () => {
  let dataDir: string;
  /** What the server keeps for sandboxes when it is stopped as it should be. */
  let clean: string[];
  const flags = ['--sandbox', 'bwrap', '--warm', '60', '--memory', '4096'];
  const whose = () => ({ dataDir, mark: markOf(dataDir), word });

  /** Not ended yet. */
  const alive = new Set<Program>();
  async function start(flags: readonly string[]): Promise<Program> {
    const program = await startProgram({ dataDir, flags });
    alive.add(program);
    return program;
  }
  async function stop(program: Program): Promise<void> {
    alive.delete(program);
    await program.stop();
  }
  /** And waits for the end of all that ran in its sandboxes. */
  async function kill(program: Program): Promise<void> {
    alive.delete(program);
    const below = descendants(program.pid).map(pid => ({ pid, began: beganAt(pid) }));
    process.kill(program.pid, 'SIGKILL');
    const left = () => [
      ...running(whose()),
      ...below.filter(({ pid, began }) => began !== undefined && beganAt(pid) === began && !isEmptyBwrap(pid)),
    ];
    await until(() => beganAt(program.pid) === undefined && left().length === 0, 'the end of all that ran', 20_000);
  }

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'openscf-killed-'));
    const first = await start(flags);
    for (const [name, { code, more }] of Object.entries(FUNCTIONS))
      await deploy(sdkFor(first), name, `exports.main_handler = async () => { ${code} }`, {
        Timeout: 600,
        MemorySize: 128,
        ...more,
      });
    await stop(first);
    clean = tree(join(dataDir, 'sandbox'));
  });
  after(async () => {
    // After a failure one may still run.
    for (const program of alive) await kill(program);
    assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
    await rm(dataDir, { recursive: true });
  });

  test('while instances idle, wait, spin, listen and have daemons, and others are prepared', async () => {
    const first = await start(flags);
    const sdk = sdkFor(first);
    assert.equal((await invoke(sdk, 'idle')).RetMsg, '1');
    for (const name of Object.keys(FUNCTIONS)) if (name !== 'idle') void invoke(sdk, name).catch(() => {});
    await until(() => traces(whose()).some(one => one.includes(`# ${word}`)), 'the daemon runs', 30_000);
    // The helper, and of each sandbox two of bubblewrap and the interpreter at least.
    assert.ok(descendants(first.pid).length > 3 * Object.keys(FUNCTIONS).length);
    await kill(first);

    const second = await start(flags);
    assert.equal((await invoke(sdkFor(second), 'idle')).RetMsg, '1');
    await stop(second);
    assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
    assert.deepEqual(tree(join(dataDir, 'sandbox')), clean);
  });

  for (const ms of [0, 5, 15, 40, 80, 150, 300])
    test(`${ms} ms after ten instances began to start`, async () => {
      const first = await start(flags);
      const sdk = sdkFor(first);
      for (let i = 0; i < 10; i++) void invoke(sdk, 'waits').catch(() => {});
      await clock.sleep(ms);
      await kill(first);
      const second = await start(['--sandbox', 'bwrap', '--warm', '0']);
      // Of its own it has none yet.
      await until(() => traces(whose()).length === 0, `the sweep leaves nothing: ${traces(whose())}`);
      assert.equal((await invoke(sdkFor(second), 'idle')).RetMsg, '1');
      await stop(second);
      assert.deepEqual([...traces(whose()), ...parentGroups(markOf(dataDir))], []);
      assert.deepEqual(tree(join(dataDir, 'sandbox')), clean);
    });
});
