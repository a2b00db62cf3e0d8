import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../../core/clock.ts';
import { NO_LOG } from '../../../core/log.ts';
import { FakeKernel } from './fixture.ts';
import { ControlGroup, coresOf, type Group } from './group.ts';

const MB = 1024 * 1024;
const V1 = { memory: '/m/g', pids: '/p/g', cpu: '/c/g' };
const V2 = { memory: '/u/g', pids: '/u/g', cpu: '/u/g' };

function kernelOf(version: 1 | 2): FakeKernel {
  const kernel = new FakeKernel();
  if (version === 2) {
    kernel.mount(2, '/u', ['memory', 'pids', 'cpu']);
    kernel.set('/u/cgroup.subtree_control', 'memory pids cpu');
  } else kernel.mount(1, '/m', ['memory']).mount(1, '/p', ['pids']).mount(1, '/c', ['cpu']);
  return kernel;
}

function groupOf(kernel: FakeKernel, version: 1 | 2, removed = () => {}, clock = new TurnableClock()): Group {
  const dirs = version === 1 ? V1 : V2;
  for (const dir of new Set(Object.values(dirs))) kernel.mkdir(dir);
  return new ControlGroup(version, dirs, kernel, clock, NO_LOG, removed);
}

const LIMITS = { memoryMB: 128, cpuShareMB: 1280, pids: 1024 };

test('cores by memory pass through both documented points', () => {
  assert.equal(coresOf(640), 0.5);
  assert.equal(coresOf(1280), 1);
  assert.equal(coresOf(3072), 2);
});

test('version 1: limits go to three folders, swap included', () => {
  const kernel = kernelOf(1);
  const group = groupOf(kernel, 1);
  assert.deepEqual(group.procsFiles, ['/m/g/cgroup.procs', '/p/g/cgroup.procs', '/c/g/cgroup.procs']);
  group.limit(LIMITS);
  assert.equal(kernel.read('/m/g/memory.limit_in_bytes'), String(128 * MB));
  assert.equal(kernel.read('/m/g/memory.memsw.limit_in_bytes'), String(128 * MB));
  assert.equal(kernel.read('/c/g/cpu.shares'), '1024');
  assert.equal(kernel.read('/p/g/pids.max'), '1024');
});

test('version 1: limits can be raised and lowered, in the order that the kernel takes', () => {
  const kernel = kernelOf(1);
  const group = groupOf(kernel, 1);
  for (const memoryMB of [128, 512, 64, 64, 3072]) {
    group.limit({ ...LIMITS, memoryMB });
    assert.equal(kernel.read('/m/g/memory.limit_in_bytes'), String(memoryMB * MB));
    assert.equal(kernel.read('/m/g/memory.memsw.limit_in_bytes'), String(memoryMB * MB));
  }
});

test('version 1 without swap accounting: swap is not sought', () => {
  const kernel = kernelOf(1);
  kernel.lacks.add('memory.memsw.limit_in_bytes');
  groupOf(kernel, 1).limit(LIMITS);
  assert.equal(kernel.read('/m/g/memory.swappiness'), '0');
});

test('version 2: limits, no swap, and the group dies as one', () => {
  const kernel = kernelOf(2);
  const group = groupOf(kernel, 2);
  assert.deepEqual(group.procsFiles, ['/u/g/cgroup.procs']);
  assert.equal(kernel.read('/u/g/memory.oom.group'), '1');
  group.limit({ memoryMB: 64, cpuShareMB: 3072, pids: 10 });
  assert.equal(kernel.read('/u/g/memory.max'), String(64 * MB));
  assert.equal(kernel.read('/u/g/memory.swap.max'), '0');
  assert.equal(kernel.read('/u/g/cpu.weight'), '200');
  assert.equal(kernel.read('/u/g/pids.max'), '10');
});

test('a kernel without swap or cpu shares is limited in the rest', () => {
  const kernel = kernelOf(2);
  kernel.lacks.add('memory.swap.max');
  kernel.mkdir('/u/g');
  const dirs = { ...V2, cpu: undefined };
  new ControlGroup(2, dirs, kernel, new TurnableClock(), NO_LOG, () => {}).limit(LIMITS);
  assert.equal(kernel.read('/u/g/memory.max'), String(128 * MB));
  assert.equal(kernel.read('/u/g/cpu.weight'), '100');
});

test('a limit that cannot be set is an error', () => {
  const kernel = kernelOf(2);
  const group = groupOf(kernel, 2);
  kernel.closed.add('/u/g');
  assert.throws(() => group.limit(LIMITS), { code: 'EACCES' });
});

for (const version of [1, 2] as const) {
  const dir = version === 1 ? '/m/g' : '/u/g';
  const [usage, peak] =
    version === 1 ? ['memory.usage_in_bytes', 'memory.max_usage_in_bytes'] : ['memory.current', 'memory.peak'];
  const hold = (kernel: FakeKernel, usedMB: number, cacheMB: number, peakMB: number) => {
    kernel.set(`${dir}/${usage}`, `${usedMB * MB}\n`);
    kernel.set(`${dir}/${peak}`, `${peakMB * MB}\n`);
    const prefix = version === 1 ? 'total_' : '';
    kernel.set(
      `${dir}/memory.stat`,
      // A longer name that ends alike stands first.
      `x_${prefix}inactive_file 7\n${prefix}inactive_file ${(cacheMB * MB) / 4}\n${prefix}active_file ${(cacheMB * MB * 3) / 4}\n`,
    );
  };

  test(`version ${version}: the page cache does not count`, () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    assert.equal(group.usedBytes(), 0);
    hold(kernel, 100, 60, 100);
    assert.equal(group.usedBytes(), 40 * MB);
    hold(kernel, 10, 20, 100);
    assert.equal(group.usedBytes(), 0);
  });

  test(`version ${version}: the peak leaves out the cache, and is never below what was seen`, () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    hold(kernel, 100, 60, 120);
    assert.equal(group.peakBytes(), 60 * MB);
    hold(kernel, 90, 10, 120);
    assert.equal(group.usedBytes(), 80 * MB);
    hold(kernel, 20, 10, 120);
    assert.equal(group.peakBytes(), 80 * MB);
    group.resetPeak();
    assert.equal(kernel.read(`${dir}/${peak}`), '0');
    hold(kernel, 20, 10, 25);
    assert.equal(group.peakBytes(), 15 * MB);
  });

  test(`version ${version}: what is read often is opened once`, () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    let opened = 0;
    const open = kernel.open.bind(kernel);
    kernel.open = (path, mode) => {
      opened++;
      return open(path, mode);
    };
    hold(kernel, 100, 60, 100);
    group.peakBytes();
    const first = opened;
    for (let i = 0; i < 10; i++) {
      group.usedBytes();
      group.peakBytes();
      group.resetPeak();
    }
    assert.equal(opened, first);
  });

  test(`version ${version}: a kill for memory is told, once removed too`, async () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    assert.equal(group.oomKilled(), false);
    kernel.put(7, dir);
    const name = version === 1 ? 'memory.oom_control' : 'memory.events';
    kernel.set(`${dir}/${name}`, 'oom 2\noom_kill 1\noom_group_kill 0\n');
    assert.equal(group.oomKilled(), true);
    // Version 2 does so by itself.
    assert.deepEqual(kernel.killed, version === 1 ? [7] : []);
    await group.remove();
    assert.equal(group.oomKilled(), true);
  });

  test(`version ${version}: refused processes are told`, () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    assert.equal(group.pidsDenied(), false);
    kernel.set(`${version === 1 ? '/p/g' : '/u/g'}/pids.events`, 'max 3\n');
    assert.equal(group.pidsDenied(), true);
  });

  test(`version ${version}: removing closes every file, kills what is left, and is done once`, async () => {
    const kernel = kernelOf(version);
    let removed = 0;
    const clock = new TurnableClock(0);
    const group = groupOf(kernel, version, () => removed++, clock);
    group.peakBytes();
    group.pidsDenied();
    group.oomKilled();
    assert.ok(kernel.openFiles.size >= 4);
    kernel.put(7, dir);
    kernel.busy.set(dir, 3);
    const both = Promise.all([group.remove(), group.remove()]);
    await clock.advance(100);
    await both;
    assert.equal(removed, 1);
    assert.equal(kernel.openFiles.size, 0);
    assert.deepEqual(kernel.killed, [7]);
    for (const each of new Set(Object.values(version === 1 ? V1 : V2))) assert.equal(kernel.has(each), false);
    assert.equal(group.usedBytes(), 0);
    assert.equal(group.peakBytes(), 0);
    group.resetPeak();
    assert.equal(kernel.openFiles.size, 0);
  });

  test(`version ${version}: a group that stays busy is given up with a line in the log`, async () => {
    const kernel = kernelOf(version);
    const clock = new TurnableClock(0);
    const lines: string[] = [];
    for (const each of new Set(Object.values(version === 1 ? V1 : V2))) kernel.mkdir(each);
    const log = { ...NO_LOG, warn: (_: object, text: string) => void lines.push(text) };
    const group = new ControlGroup(version, version === 1 ? V1 : V2, kernel, clock, log, () => {});
    kernel.busy.set(dir, 1000);
    const removing = group.remove();
    await clock.advance(10_000);
    await removing;
    assert.deepEqual(lines, ['a control group cannot be removed']);
  });

  test(`version ${version}: what forks while it is killed is killed as well`, () => {
    const kernel = kernelOf(version);
    const group = groupOf(kernel, version);
    const pidsDir = version === 1 ? '/p/g' : '/u/g';
    kernel.lacks.add('cgroup.kill');
    kernel.put(7, dir);
    kernel.put(kernel.pid, dir);
    let next = 8;
    kernel.onKill = () => {
      // A fork that was under way; the next one is refused.
      if (next < 10) kernel.put(next++, dir);
      assert.equal(kernel.read(`${pidsDir}/pids.max`), '0');
    };
    group.kill();
    assert.deepEqual(kernel.killed, [7, 8, 9]);
    assert.deepEqual(kernel.pids(dir), [kernel.pid]);
  });
}

test('version 1: sampling finds the kill and ends the group', () => {
  const kernel = kernelOf(1);
  const group = groupOf(kernel, 1);
  kernel.put(7, '/m/g');
  kernel.put(8, '/p/g');
  kernel.set('/m/g/memory.oom_control', 'oom_kill 1\n');
  group.usedBytes();
  assert.deepEqual(kernel.killed, [7, 8]);
});

test('version 2 before Linux 6.12: samples stand for the peak of a run', () => {
  const kernel = kernelOf(2);
  kernel.lacks.add('memory.peak reset');
  const group = groupOf(kernel, 2);
  kernel.set('/u/g/memory.peak', String(900 * MB));
  group.resetPeak();
  kernel.set('/u/g/memory.current', String(30 * MB));
  group.usedBytes();
  kernel.set('/u/g/memory.current', String(20 * MB));
  assert.equal(group.peakBytes(), 30 * MB);
});

test('version 2 before Linux 5.19: no peak file', () => {
  const kernel = kernelOf(2);
  kernel.lacks.add('memory.peak');
  const group = groupOf(kernel, 2);
  group.resetPeak();
  kernel.set('/u/g/memory.current', String(20 * MB));
  assert.equal(group.peakBytes(), 20 * MB);
});

test('groups below the group end with it', async () => {
  const kernel = kernelOf(1);
  const group = groupOf(kernel, 1);
  kernel.mkdir('/m/g/below');
  kernel.put(9, '/m/g/below');
  group.kill();
  assert.deepEqual(kernel.killed, [9]);
  await group.remove();
  assert.equal(kernel.has('/m/g'), false);
});
