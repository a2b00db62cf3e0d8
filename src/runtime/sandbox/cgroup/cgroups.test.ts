import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { SystemClock, TurnableClock } from '../../../core/clock.ts';
import { NO_LOG } from '../../../core/log.ts';
import { type Cgroups, openCgroups } from './cgroups.ts';
import { FakeKernel } from './fixture.ts';
import type { Group } from './group.ts';
import { locate } from './mounts.ts';
import { pidsIn, SYSTEM_TREE, tryWrite } from './tree.ts';

const MB = 1024 * 1024;
const clock = new SystemClock();

async function openIn(kernel: FakeKernel, mark = 'm'): Promise<Cgroups> {
  const opened = await openCgroups({ mark, log: NO_LOG, clock: new TurnableClock(), tree: kernel });
  assert.ok(!('missing' in opened), JSON.stringify(opened));
  return opened;
}

const separate = () =>
  new FakeKernel()
    .mount(1, '/g/memory', ['memory'], '/job')
    .mount(1, '/g/pids', ['pids'])
    .mount(1, '/g/cpu', ['cpu', 'cpuacct'])
    .mount(2, '/g/unified', []);
const unified = () => new FakeKernel().mount(2, '/g', ['memory', 'pids', 'cpu'], '/job');

for (const [name, make, version, dir] of [
  ['separate hierarchies beside an empty unified one', separate, 1, '/g/memory/job/openscf-m'],
  ['the unified hierarchy', unified, 2, '/g/job/openscf-m'],
] as const) {
  test(`${name}: groups are made, swept and removed`, async () => {
    const kernel = make();
    const cgroups = await openIn(kernel);
    assert.deepEqual([cgroups.version, cgroups.cpu, cgroups.dir], [version, true, dir]);
    const group = cgroups.create('one');
    group.limit({ memoryMB: 64, cpuShareMB: 64, pids: 8 });
    assert.ok(kernel.has(`${dir}/one`));
    assert.throws(() => cgroups.create('one'), { code: 'EEXIST' });
    assert.throws(() => cgroups.create('../one'), RangeError);
    assert.equal(await cgroups.sweep(), 0, 'what lives is not swept');

    // The server is killed and comes again, in another place.
    kernel.put(7, `${dir}/one`);
    const stale = version === 1 ? '/g/memory/openscf-m' : '/g/openscf-m';
    kernel.mkdir(stale);
    kernel.mkdir(`${stale}/two`);
    kernel.mkdir(version === 1 ? '/g/memory/job/openscf-other' : '/g/job/openscf-other');
    const next = await openIn(kernel);
    assert.equal(await next.sweep(), 2);
    assert.deepEqual(kernel.killed, [7]);
    assert.equal(kernel.has(`${dir}/one`), false);
    assert.equal(kernel.has(stale), false);
    assert.ok(kernel.has(version === 1 ? '/g/memory/job/openscf-other' : '/g/job/openscf-other'));

    next.create('three');
    kernel.put(8, `${dir}/three`);
    await next.close();
    assert.equal(kernel.has(dir), false);
    assert.deepEqual(kernel.killed, [7, 8]);
  });
}

test('a group that is removed by itself can be made again', async () => {
  const cgroups = await openIn(unified());
  await cgroups.create('one').remove();
  await cgroups.create('one').remove();
  await cgroups.close();
});

test('at the end the server is where it was', async () => {
  const kernel = unified();
  const cgroups = await openIn(kernel);
  assert.deepEqual(kernel.pids('/g/job/openscf-m-server'), [kernel.pid]);
  cgroups.create('one');
  await cgroups.close();
  assert.deepEqual(kernel.pids('/g/job'), [kernel.pid]);
  assert.deepEqual(kernel.folders('/g/job'), []);
});

test('the leaf of a killed server goes when nobody is in it', async () => {
  const kernel = new FakeKernel().mount(2, '/g', ['memory', 'pids', 'cpu']);
  kernel.mkdir('/g/openscf-m-server');
  kernel.mkdir('/g/x');
  kernel.mkdir('/g/x/openscf-m-server');
  kernel.put(7, '/g/x/openscf-m-server');
  const cgroups = await openIn(kernel);
  assert.equal(await cgroups.sweep(), 0);
  assert.deepEqual(kernel.folders('/g'), ['x', 'openscf-m']);
  assert.deepEqual(kernel.killed, []);
  assert.ok(kernel.has('/g/x/openscf-m-server'));
});

test('without the cpu controller memory and pids are limited all the same', async () => {
  const kernel = new FakeKernel().mount(1, '/g/memory', ['memory']).mount(1, '/g/pids', ['pids']);
  const cgroups = await openIn(kernel);
  assert.equal(cgroups.cpu, false);
  assert.equal(cgroups.create('one').procsFiles.length, 2);
  const second = new FakeKernel().mount(2, '/g', ['memory', 'pids']);
  assert.equal((await openIn(second)).cpu, false);
});

test('a cpu hierarchy that may not be written is left out', async () => {
  const kernel = separate();
  kernel.closed.add('/g/cpu');
  assert.equal((await openIn(kernel)).cpu, false);
});

test('why there are none is said in both languages', async () => {
  const open = (tree: FakeKernel) => openCgroups({ mark: 'm', log: NO_LOG, clock, tree });
  for (const [kernel, en] of [
    [new FakeKernel(), /not mounted/],
    [new FakeKernel().mount(1, '/g/cpu', ['cpu']), /not mounted/],
  ] as const) {
    const result = await open(kernel);
    assert.ok('missing' in result);
    assert.match(result.missing.en, en);
    assert.match(result.missing.zh, /控制组/);
  }
  const denied = separate();
  denied.closed.add('/g/memory/job');
  const result = await open(denied);
  assert.ok('missing' in result);
  assert.match(result.missing.en, /in \/g\/memory\/job \(EACCES\)/);
  await assert.rejects(openCgroups({ mark: 'a/b', log: NO_LOG, clock, tree: denied }), RangeError);
});

test('half a group is not left behind', async () => {
  const kernel = separate();
  const cgroups = await openIn(kernel);
  kernel.closed.add('/g/pids/openscf-m');
  assert.throws(() => cgroups.create('one'), { code: 'EACCES' });
  assert.deepEqual(kernel.folders('/g/memory/job/openscf-m'), []);
});

// From here on the real kernel, where this process may.

const mark = `test-${process.pid}`;
const opened = await openCgroups({ mark, log: NO_LOG, clock });
const real = 'missing' in opened ? undefined : opened;
const options = { skip: 'missing' in opened ? opened.missing.en : false, timeout: 60_000 };
const dir = mkdtempSync(join(tmpdir(), 'openscf-cgroup-'));
let count = 0;

after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await real?.close();
  assert.deepEqual(leftovers(), [], 'no group stays');
});

function leftovers(): string[] {
  if (!existsSync('/proc/self/mountinfo')) return [];
  const { v1, v2 } = locate(SYSTEM_TREE.read('/proc/self/mountinfo'), SYSTEM_TREE.read('/proc/self/cgroup'));
  return [...v1.values(), ...(v2 ? [v2] : [])]
    .flatMap(place => [`${place.own}/openscf-${mark}`, `${place.own}/openscf-${mark}-server`])
    .filter(existsSync);
}

async function withGroup(work: (group: Group, cgroups: Cgroups) => Promise<void>): Promise<void> {
  if (!real) return;
  const group = real.create(`g${count++}`);
  try {
    await work(group, real);
  } finally {
    group.kill();
    await group.remove();
  }
  for (const file of group.procsFiles) assert.equal(existsSync(file), false);
}

function keepsPeak(group: Group): boolean {
  const dir = group.procsFiles[0]?.replace('/cgroup.procs', '');
  return real?.version === 1 || tryWrite(SYSTEM_TREE, `${dir}/memory.peak`, '0');
}

async function emptied(group: Group): Promise<void> {
  const folders = group.procsFiles.map(file => file.replace('/cgroup.procs', ''));
  while (folders.some(folder => pidsIn(SYSTEM_TREE, folder).length > 0)) await clock.sleep(5);
}

/** Not one that is dead and waits to be asked for its end. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** A shell that joins the group before it does anything else. */
function joined(group: Group, script: string): ChildProcess {
  const joins = group.procsFiles.map(file => `echo 0 > '${file}'`).join(' && ');
  return spawn('/bin/sh', ['-c', `${joins} && { ${script}; }`], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
}

function node(group: Group, code: string): ChildProcess {
  return joined(group, `exec '${process.execPath}' -e '${code}'`);
}

async function said(child: ChildProcess, word: string): Promise<void> {
  if (!child.stdout) throw new Error('no output');
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if (String(chunk).includes(word)) return;
  throw new Error(`${word} was not said`);
}

const LIMITS = { memoryMB: 512, cpuShareMB: 128, pids: 64 };

test('more memory than the limit ends the group, and nobody else', options, () =>
  withGroup(async group => {
    group.limit({ ...LIMITS, memoryMB: 64 });
    // The second process holds little: it must go as well.
    const child = joined(
      group,
      `sleep 1000 & exec '${process.execPath}' -e 'Buffer.alloc(1e8, 1); console.log("got it")'`,
    );
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    assert.equal(group.oomKilled(), true);
    // The pipe closes with the last one.
    assert.equal(await text(child.stdout ?? process.stdin), '');
    await emptied(group);
  }),
);

test('a group that has ended otherwise was not ended for memory', options, () =>
  withGroup(async group => {
    group.limit(LIMITS);
    const child = joined(group, 'kill -9 $$');
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    assert.equal(group.oomKilled(), false);
    assert.equal(group.pidsDenied(), false);
  }),
);

test('forking without end is stopped, and the group dies whole', options, () =>
  withGroup(async group => {
    group.limit({ ...LIMITS, pids: 20 });
    // Each in a session of its own, at most 200.
    const child = joined(
      group,
      'i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done 2>/dev/null; echo done; wait',
    );
    child.stdout?.resume();
    while (!group.pidsDenied()) await clock.sleep(5);
    const folder = group.procsFiles[0]?.replace('/cgroup.procs', '') ?? '';
    const pids = pidsIn(SYSTEM_TREE, folder);
    assert.ok(pids.length > 1 && pids.length <= 20, String(pids.length));
    group.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await emptied(group);
    assert.deepEqual(pids.filter(runs), []);
  }),
);

test('used memory follows the function, and the peak each run', options, () =>
  withGroup(async group => {
    group.limit(LIMITS);
    const child = node(
      group,
      `let held; process.stdin.on("data", d => { held = +d ? Buffer.alloc(+d, 1) : undefined; if (!held) gc(); console.log("ok"); }); require("v8").setFlagsFromString("--expose-gc"); globalThis.gc = require("vm").runInNewContext("gc"); console.log("ready")`,
    );
    await said(child, 'ready');
    const before = group.usedBytes();
    assert.ok(before > 5 * MB && before < 150 * MB, String(before / MB));
    const ask = async (bytes: number) => {
      child.stdin?.write(String(bytes));
      await said(child, 'ok');
    };
    await ask(50 * MB);
    const grown = (group.usedBytes() - before) / MB;
    assert.ok(grown > 45 && grown < 55, `${grown} MB for 50`);
    await ask(0);
    const low = group.usedBytes();
    assert.ok(group.peakBytes() >= before + 45 * MB, 'the peak stays');
    group.resetPeak();
    assert.ok(group.peakBytes() < low + 10 * MB, `${group.peakBytes() / MB} after the reset, ${low / MB} used`);
    // Nobody reads while it is high. Kernels that cannot begin a peak anew have nothing to tell then.
    if (!keepsPeak(group)) return;
    await ask(80 * MB);
    await ask(0);
    assert.ok(group.peakBytes() > before + 70 * MB, `${group.peakBytes() / MB}`);
    const leaving = once(child, 'exit');
    group.kill();
    await leaving;
  }),
);

test('files that are read do not count; files in a tmpfs do', options, () =>
  withGroup(async group => {
    group.limit(LIMITS);
    const path = join(dir, 'large');
    const child = node(
      group,
      `const fs = require("fs"); console.log("ready"); process.stdin.once("data", () => { const fd = fs.openSync("${path}", "w+"); const mb = Buffer.alloc(1048576, 1); for (let i = 0; i < 200; i++) fs.writeSync(fd, mb); fs.fsyncSync(fd); for (let i = 0; i < 200; i++) fs.readSync(fd, mb, 0, 1048576, i * 1048576); console.log("ok"); process.stdin.once("data", () => { fs.writeFileSync("/dev/shm/openscf-${process.pid}", Buffer.alloc(30 * 1048576, 1)); console.log("ok"); }); })`,
    );
    await said(child, 'ready');
    group.resetPeak();
    const before = group.usedBytes();
    child.stdin?.write('1');
    await said(child, 'ok');
    const grown = (group.usedBytes() - before) / MB;
    assert.ok(grown < 20, `${grown} MB more after 200 MB of files`);
    assert.ok((group.peakBytes() - before) / MB < 20, `peak ${group.peakBytes() / MB}`);
    if (!existsSync('/dev/shm')) return;
    const shm = `/dev/shm/openscf-${process.pid}`;
    try {
      child.stdin?.write('1');
      await said(child, 'ok');
      const leaving = once(child, 'exit');
      group.kill();
      await leaving;
      const held = group.usedBytes() / MB;
      assert.ok(held > 28, `${held} MB held by the tmpfs`);
    } finally {
      rmSync(shm, { force: true });
    }
  }),
);

test('what a killed server has left is found and ended', options, async () => {
  if (!real) return;
  const kept = real.create(`g${count++}`);
  const lost = real.create(`g${count++}`);
  const child = joined(lost, 'echo in; sleep 1000');
  await said(child, 'in');
  const gone = once(child, 'exit');
  // A second server of the same mark knows none of them.
  const next = await openCgroups({ mark, log: NO_LOG, clock });
  assert.ok(!('missing' in next));
  assert.equal(await next.sweep(), 2);
  assert.equal((await gone)[1], 'SIGKILL');
  assert.equal(existsSync(kept.procsFiles[0] ?? ''), false);
  assert.equal(await next.sweep(), 0);
  await Promise.all([kept.remove(), lost.remove()]);
});
