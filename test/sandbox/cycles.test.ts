// Sandboxes that start and end, many times and in every way: nothing of them is left. OPENSCF_CYCLES says how many.

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock } from '../../src/core/clock.ts';
import type { FunctionVersion } from '../../src/core/function.ts';
import { SystemIds } from '../../src/core/ids.ts';
import { NO_LOG } from '../../src/core/log.ts';
import { SLOT_MB } from '../../src/runtime/machine/slots.ts';
import { openBwrapDriver } from '../../src/runtime/sandbox/bwrap.ts';
import type { Assignment, Exit, Sandbox, SandboxDriver, SandboxSpec } from '../../src/runtime/sandbox/driver.ts';
import { descendants, ground, sandboxed, until } from './escape.ts';
import { markOf, openDescriptors, parentGroups, traces, tree, type Whose } from './traces.ts';

const CYCLES = Number(process.env.OPENSCF_CYCLES ?? 200);
/** At once: as many as a small machine has cores, and as many again that wait. */
const LANES = 4;
const clock = new SystemClock();
const word = `cycles${process.pid}`;

interface Way {
  readonly script: string;
  readonly spec?: Partial<SandboxSpec>;
  /** Whether the function comes with the start. */
  readonly early?: true;
  /** How it is ended; nothing: it ends by itself. */
  readonly end?: (sandbox: Sandbox, round: number) => Promise<void>;
  readonly exit: (exit: Exit) => boolean;
}

const killed = ({ signal, error }: Exit) => signal === 'SIGKILL' || error !== undefined;
const over = ({ code }: Exit) => code === 0;

const WAYS: Readonly<Record<string, Way>> = {
  'the function from the start': { script: 'cat /var/user/one > /tmp/copy', early: true, exit: over },
  'the function later': { script: 'cat /var/user/one /opt/one > /tmp/copy', exit: over },
  'a network of its own': { script: 'cat /var/user/one', spec: { network: 'own' }, exit: over },
  'killed while it starts': {
    script: 'sleep 1000',
    exit: killed,
    async end(sandbox, round) {
      for (let turn = 0; turn < (round * 7) % 150; turn++) await new Promise(setImmediate);
      sandbox.kill();
    },
  },
  'killed while it starts, some ms later': {
    script: 'sleep 1000',
    spec: { network: 'own' },
    exit: killed,
    async end(sandbox, round) {
      await clock.sleep(round % 40);
      sandbox.kill();
    },
  },
  'killed while its function is brought in': {
    script: 'sleep 1000',
    exit: killed,
    async end(sandbox, round) {
      const coming = sandbox.assign(assignment()).catch(() => {});
      await clock.sleep(round % 30);
      sandbox.kill();
      await coming;
    },
  },
  'killed while it runs, with daemons': {
    script: `for i in 1 2 3; do setsid sh -c 'trap "" HUP TERM; sleep 1000 # ${word}' & done; echo up; sleep 1000`,
    exit: killed,
    async end(sandbox) {
      await sandbox.assign(assignment());
      sandbox.channel.write('\n');
      await new Promise(resolve => sandbox.output.once('data', resolve));
      sandbox.kill();
    },
  },
  'it crashes, and leaves a daemon': {
    script: `setsid sleep 1000 & echo full > /tmp/file; kill -SEGV $$`,
    exit: exit => exit.signal === 'SIGSEGV',
  },
  'its program is not there': { script: '', spec: { command: '/not/there' }, exit: exit => exit.error !== undefined },
  'its code is not there': {
    script: 'sleep 1000',
    exit: killed,
    async end(sandbox) {
      await assert.rejects(sandbox.assign({ ...assignment(), codeDir: '/not/there' }));
      sandbox.kill();
    },
  },
};

let codeDir = '';
const assignment = (): Assignment => ({ codeDir, optDir: codeDir, memoryMB: 64 });

async function cycle(driver: SandboxDriver, [name, way]: readonly [string, Way], round: number): Promise<void> {
  const sandbox = driver.start({
    command: '/bin/sh',
    args: ['-c', `read go <&3; ${way.script}`, word],
    env: { PATH: '/usr/bin:/bin' },
    shows: [],
    memoryMB: 64,
    network: 'shared',
    ...(way.early && { assignment: assignment() }),
    ...way.spec,
  });
  let output = '';
  sandbox.channel.on('error', () => {}).resume();
  sandbox.output
    .on('error', () => {})
    .on('data', chunk => {
      output += chunk;
    });
  try {
    if (way.end) await way.end(sandbox, round);
    else {
      await sandbox.assign(assignment()).catch(() => {});
      sandbox.channel.write('\n');
    }
    const exit = await sandbox.exited;
    assert.ok(way.exit(exit), `${name}, round ${round}: ${JSON.stringify(exit)} ${exit.error ?? ''} ${output}`);
  } finally {
    sandbox.kill();
    await sandbox.exited;
    sandbox.close();
  }
}

test(`${CYCLES} sandboxes start and end in ${Object.keys(WAYS).length} ways`, {
  ...sandboxed,
  timeout: 1_800_000,
}, async t => {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-cycles-'));
  const mark = markOf(dataDir);
  codeDir = join(dataDir, 'code');
  await mkdir(codeDir);
  await chmod(dataDir, 0o755);
  await writeFile(join(codeDir, 'one'), '1');
  const deps = { dataDir, mark, clock, ids: new SystemIds(), log: NO_LOG, hosts: [], caFile: undefined };
  const driver = await openBwrapDriver({ ...deps, ports: () => [{ port: 9700, targetPort: 9 }] });
  assert.ok(!('missing' in driver));
  const ways = Object.entries(WAYS);
  const whose = { dataDir, mark, word };
  try {
    await seenWhileItLives(driver, whose);
    // The first of each kind opens what stays open.
    for (const way of ways) await cycle(driver, way, 1);
    await until(() => traces(whose).length === 0, 'nothing is left of the first');
    const before = { files: tree(dataDir), processes: descendants(), open: openDescriptors(), helper: helperFiles() };
    const began = clock.now();
    let next = 0;
    const lane = async () => {
      for (let round = next++; round < CYCLES; round = next++) {
        const way = ways[round % ways.length];
        if (way) await cycle(driver, way, round);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    t.diagnostic(`${CYCLES} cycles in ${((clock.now() - began) / 1000).toFixed(1)} s`);
    await until(() => traces(whose).length === 0, `all is gone: ${traces(whose).slice(0, 5).join('; ')}`);
    await until(() => openDescriptors().length <= before.open.length, 'descriptors are closed');
    assert.deepEqual(descendants(), before.processes);
    assert.deepEqual(helperFiles(), before.helper);
    assert.deepEqual(tree(dataDir), before.files);
  } finally {
    await driver.close();
    assert.deepEqual([...traces(whose), ...parentGroups(mark)], []);
    assert.deepEqual(descendants(), []);
    await rm(dataDir, { recursive: true });
  }
});

/** What is looked for afterwards can be seen at all. */
async function seenWhileItLives(driver: SandboxDriver, whose: Whose): Promise<void> {
  const way = { script: `echo up; sleep 1000`, exit: killed };
  await cycle(driver, ['seen', { ...way, end: seen }], 0);
  async function seen(sandbox: Sandbox): Promise<void> {
    await sandbox.assign(assignment());
    sandbox.channel.write('\n');
    await new Promise(resolve => sandbox.output.once('data', resolve));
    const found = traces(whose);
    assert.ok(found.filter(one => one.startsWith('process')).length >= 2, found.join('\n'));
    assert.equal(
      parentGroups(whose.mark).length > 0,
      found.some(one => one.startsWith('group')),
    );
    assert.ok(openDescriptors().some(one => one.includes(`${whose.dataDir}/sandbox/turns`)));
    sandbox.kill();
  }
}

/** What the mount helper has open: it lives as long as the server. */
function helperFiles(): string[] {
  return descendants().flatMap(pid => openDescriptors(pid));
}

const ENDS: Readonly<Record<string, { readonly script: string; readonly status: number }>> = {
  'not needed any more': { script: `require('fs').writeFileSync('/tmp/file', 'x'); return 1`, status: 200 },
  'not needed any more, with a daemon': {
    script: `require('child_process').spawn('setsid', ['sleep', '1000', '${word}'], { detached: true, stdio: 'ignore' }); return 1`,
    status: 200,
  },
  exits: { script: 'process.exit(1)', status: 439 },
  'is killed': {
    script: `process.kill(0, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1e6))`,
    status: 439,
  },
  'runs too long': { script: 'for (;;);', status: 433 },
  'takes too much memory': { script: 'for (const held = []; ; ) held.push(Buffer.alloc(2 ** 20, 1))', status: 434 },
};

const WARM_MB = 5 * SLOT_MB;
const same = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other);

/** What is seen twice: the last one that is prepared may still be on its way. */
async function steady<T extends object>(look: () => T): Promise<T> {
  for (let last = look(); ; ) {
    await clock.sleep(200);
    const now = look();
    if (same(now, last)) return now;
    last = now;
  }
}

test(`instances of functions in prepared sandboxes end in ${Object.keys(ENDS).length} ways`, {
  ...sandboxed,
  timeout: 1_800_000,
}, async t => {
  const count = Math.ceil(CYCLES / 4);
  const deployed: FunctionVersion[] = [];
  const at = await ground({ warmMB: WARM_MB, deployed: () => deployed });
  const running = () => at.runtime.stats().instances.length;
  const whose = { dataDir: at.dir, mark: markOf(at.dir), word };
  const ends = Object.values(ENDS);
  let left: string[];
  try {
    const one = await at.attack('one', { memoryMB: 128 });
    const round = async (number: number) => {
      const { script, status } = ends[number % ends.length] ?? { script: '', status: 0 };
      const version = { ...one.version, name: `f${number}`, id: `lam-${number}`, timeoutS: status === 433 ? 1 : 30 };
      const outcome = await at.run(version, { script });
      assert.equal(outcome.status, status, `${outcome.errorMessage} ${outcome.log}`);
      at.runtime.forget(version);
    };
    for (let number = 0; number < ends.length; number++) await round(number);
    // The mount helper stays.
    await until(() => running() === 0 && descendants().length === 1, 'the first have ended');
    // From here on as many sandboxes are prepared as there is room for.
    const prepared = Math.floor(WARM_MB / SLOT_MB);
    const settled = () => running() === 0 && at.runtime.stats().prepared === prepared;
    deployed.push(one.version);
    at.runtime.warm();
    await until(settled, 'they are prepared');
    const all = () => ({
      files: tree(at.dir).length,
      open: openDescriptors().length,
      processes: descendants().length,
      traces: traces(whose).length,
    });
    const before = await steady(all);
    const began = clock.now();
    let next = 0;
    const lane = async () => {
      for (let number = next++; number < count; number = next++) await round(number);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    t.diagnostic(`${count} instances in ${((clock.now() - began) / 1000).toFixed(1)} s`);
    await until(settled, 'all have ended, and what they took is prepared again');
    await until(() => same(all(), before), `as before: ${JSON.stringify([all(), before])}`);
    // Closed while some live and some are prepared.
    await at.run(one.version, { script: 'return 1' });
  } finally {
    await at.runtime.close();
    left = [...traces(whose), ...parentGroups(whose.mark), ...descendants().map(String)];
    await rm(at.dir, { recursive: true });
  }
  assert.deepEqual(left, []);
});
