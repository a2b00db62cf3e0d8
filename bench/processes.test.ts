import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { instancesOf } from './pool.ts';
import { cpuOf, type Proc, parseStat, parseTicks, pssMB, stealPercent, treeOf } from './processes.ts';

const linux = { skip: process.platform !== 'linux' && 'needs /proc' };
const proc = (pid: number, parent: number): Proc => ({ pid, parent, ownMs: 0, goneMs: 0 });

test('a process is read whatever its name holds', () => {
  const rest = 'S 7 11 11 0 -1 4194560 900 800 0 0 150 50 30 20 20 0 1 0 100 1000 10';
  for (const name of ['node', 'a b', ') S 99 (', 'x)']) {
    assert.deepEqual(parseStat(`42 (${name}) ${rest}`), { pid: 42, parent: 7, ownMs: 2000, goneMs: 500 });
  }
});

test('a tree is a process and all below it, in whatever order they are listed', () => {
  const all = [proc(5, 4), proc(4, 2), proc(9, 1), proc(2, 1), proc(3, 2), proc(1, 0)];
  assert.deepEqual(
    treeOf(all, 2).map(one => one.pid),
    [2, 4, 3, 5],
  );
  assert.deepEqual(treeOf(all, 77), []);
});

test('the CPU of a child counts for functions, while it runs and when it has ended', linux, async () => {
  const before = await cpuOf(process.pid);
  const burn = 'while (process.cpuUsage().user < 150_000); process.send(0)';
  const child = spawn(process.execPath, ['-e', `${burn}; process.once("message", () => process.exit())`], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'message');
  const during = await cpuOf(process.pid);
  child.send(0);
  await once(child, 'exit');
  const after = await cpuOf(process.pid);
  assert.ok(before && during && after);
  assert.ok(during.functionsMs - before.functionsMs >= 50, JSON.stringify([before, during]));
  assert.ok(after.functionsMs >= during.functionsMs, JSON.stringify([during, after]));
});

test('nothing is told of a process that is not there', linux, async () => {
  assert.equal(await cpuOf(2 ** 30), undefined);
  await assert.rejects(pssMB(2 ** 30), /ENOENT/);
});

test('this process has a size', linux, async () => {
  const size = await pssMB(process.pid);
  assert.ok(size > 5 && size < 2000, String(size));
});

test('steal is its share of all time, without counting guests twice', () => {
  const before = parseTicks('cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 2 3\n');
  assert.deepEqual(before, { all: 1000, stolen: 100 });
  const after = parseTicks('cpu  150 0 100 720 0 0 0 130 99 0\n');
  assert.equal(stealPercent(before, after), 30);
  assert.equal(stealPercent(before, before), undefined);
  assert.equal(stealPercent(undefined, after), undefined);
  assert.equal(parseTicks(''), undefined);
});

const SERVER = 10;

test('an instance is its bootstrap, what is below it, and the sandbox above it alone', () => {
  const tree = [
    proc(SERVER, 1),
    // A sandbox of two processes around the bootstrap, which has a child.
    ...[proc(20, SERVER), proc(21, 20), proc(22, 21), proc(23, 22)],
    // A bootstrap without a sandbox.
    proc(30, SERVER),
    // A program of the server that is none.
    ...[proc(40, SERVER), proc(41, 40)],
  ];
  const bootstraps = new Set([22, 30]);
  assert.deepEqual(
    instancesOf(tree, SERVER, pid => bootstraps.has(pid)),
    [[20, 21, 22, 23], [30]],
  );
});

test('instances below one process of the server are told apart', () => {
  const tree = [proc(SERVER, 1), proc(15, SERVER), proc(20, 15), proc(21, 20), proc(30, 15), proc(31, 30)];
  assert.deepEqual(
    instancesOf(tree, SERVER, pid => pid === 21 || pid === 31),
    [
      [20, 21],
      [30, 31],
    ],
  );
});

test('a sandbox whose own command line names the bootstrap is one instance', () => {
  const tree = [proc(SERVER, 1), proc(20, SERVER), proc(21, 20), proc(22, 21)];
  assert.deepEqual(
    instancesOf(tree, SERVER, pid => pid !== 21),
    [[20, 21, 22]],
  );
});

test('a server without instances has none, even if its own command line names a bootstrap', () => {
  assert.deepEqual(
    instancesOf([proc(SERVER, 1), proc(20, SERVER)], SERVER, pid => pid === SERVER),
    [],
  );
});
