// The whole room with real processes: many calls, many starts, changes of revision, the end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock, TurnableClock } from '../core/clock.ts';
import { DEFAULT_ASYNC_POLICY, NO_CONCURRENCY } from '../core/function.ts';
import { bench, LONG_MS, zipOf } from './testing.ts';

const HELLO = { 'index.js': 'exports.main_handler = async event => ({ pid: process.pid, n: event.n });' };

/** Processes that this one has started and that are still there. */
function children(): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ')[1]?.split(' ');
      if (Number(fields?.[1]) === process.pid) found.push(Number(name));
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

/** A server that holds on to its connections until it is opened; from then on it closes them at once. */
async function openLatch() {
  const held = new Set<Socket>();
  let opened = false;
  let changed = () => {};
  const server = createServer(socket => {
    socket.on('error', () => {});
    if (opened) return void socket.end();
    held.add(socket);
    changed();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const open = () => {
    opened = true;
    for (const socket of held) socket.end();
  };
  return {
    port: address.port,
    /** Once it holds so many. */
    async holds(count: number) {
      while (held.size < count) await new Promise<void>(resolve => (changed = resolve));
    },
    open,
    async [Symbol.asyncDispose]() {
      open();
      server.close();
    },
  };
}

const onLinux = { skip: existsSync('/proc/self/stat') ? false : 'needs /proc' };

test('50 instances that start, run and end leave no process and no room taken', onLinux, async () => {
  await using b = await bench();
  const v = await b.version(HELLO);
  const pids = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const changed = { ...v, revision: i + 1 };
    const outcome = await b.run(changed, { n: i });
    assert.equal(outcome.status, 200);
    pids.add(JSON.parse(outcome.body.toString()).pid);
    if (i % 2 === 0) b.runtime.forget(changed);
  }
  assert.equal(pids.size, 50);
  await b.runtime.close();
  assert.deepEqual(children(), []);
  assert.deepEqual(b.runtime.stats().instances, []);
  assert.equal(b.runtime.stats().usedMB, 0);
});

test('an idle instance of an older revision ends as soon as the change is told', async () => {
  await using b = await bench();
  const v = await b.version(HELLO);
  await b.run(v);
  const entry = (version: typeof v) => ({
    key: v,
    versions: new Map([[v.version, version]]),
    aliases: new Map(),
    async: DEFAULT_ASYNC_POLICY,
    concurrency: NO_CONCURRENCY,
  });
  b.runtime.changed(v, entry({ ...v, description: 'the same revision' }));
  assert.equal(b.runtime.stats().instances.length, 1);
  b.runtime.changed(v, entry({ ...v, revision: v.revision + 1 }));
  assert.deepEqual(b.runtime.stats().instances, []);
});

test('the time that a slow start takes is not taken from the call', async () => {
  const processClock = new TurnableClock();
  await using b = await bench({ processClock });
  await using latch = await openLatch();
  const source = `import net from 'node:net';
    await new Promise(done => net.connect(${latch.port}, '127.0.0.1').on('close', done).resume());
    export const main_handler = async () => 1;`;
  const v = await b.version({ 'index.mjs': source }, { initTimeoutS: 900 });
  const run = b.run(v);
  await latch.holds(1);
  await processClock.advance(v.timeoutS * 1000 + 30_000);
  processClock.resume();
  latch.open();
  assert.equal((await run).body.toString(), '1');
});

test('what a function has started ends with it', onLinux, async () => {
  await using b = await bench();
  const source =
    'exports.main_handler = async () => require("child_process").spawn("sleep", ["1000"], { stdio: "ignore" }).pid;';
  const v = await b.version({ 'index.js': source });
  const pid = Number((await b.run(v)).body.toString());
  assert.ok(existsSync(`/proc/${pid}`));
  await b.runtime.close();
  // Whoever is killed takes a moment to die.
  const dead = () =>
    !existsSync(`/proc/${pid}`) || /^\S+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const clock = new SystemClock();
  for (const end = clock.now() + LONG_MS; !dead() && clock.now() < end; ) await clock.sleep(2);
  assert.ok(dead(), 'the program lives');
});

test('64 calls at once: each its own answer, few instances', async () => {
  const processClock = new TurnableClock();
  await using b = await bench({ processClock });
  const v = await b.version(HELLO);
  await b.run(v);
  // That they are held up by something else on this machine is no reason for more instances.
  processClock.freeze();
  const outcomes = await Promise.all(Array.from({ length: 64 }, (_, n) => b.run(v, { n })));
  assert.deepEqual(
    outcomes.map(outcome => JSON.parse(outcome.body.toString()).n),
    Array.from({ length: 64 }, (_, n) => n),
  );
  assert.ok(b.runtime.stats().instances.length <= 8, String(b.runtime.stats().instances.length));
});

test('64 calls that wait run beside each other', async () => {
  await using b = await bench({ memoryMB: 128 * 12 });
  await using latch = await openLatch();
  const v = await b.version({
    'index.js': `exports.main_handler = event => new Promise(done =>
      require('net').connect(${latch.port}, '127.0.0.1').on('close', () => done(event.n)).resume());`,
  });
  void latch.holds(12).then(() => latch.open());
  const outcomes = await Promise.all(Array.from({ length: 64 }, (_, n) => b.run(v, { n }, { waitMs: 60_000 })));
  assert.deepEqual(
    outcomes.map(outcome => outcome.body.toString()),
    Array.from({ length: 64 }, (_, n) => `${n}`),
  );
  const { instances, usedMB } = b.runtime.stats();
  assert.ok(instances.length === 12, String(instances.length));
  assert.ok(usedMB <= 128 * 12);
});

test('many functions share a machine that is too small for all', async () => {
  await using b = await bench({ memoryMB: 256 });
  const versions = await Promise.all(
    Array.from({ length: 6 }, (_, i) => b.version(HELLO, { name: `f${i}`, id: `lam-${i}` })),
  );
  const outcomes = await Promise.all(versions.flatMap(v => [b.run(v), b.run(v)]));
  assert.ok(outcomes.every(outcome => outcome.status === 200));
  assert.ok(b.runtime.stats().usedMB <= 256);
});

test('a new revision runs on an instance of its own, and serves late calls of the old one', async () => {
  await using b = await bench();
  const old = await b.version({ 'index.js': 'exports.main_handler = async () => "old"' });
  const fresh = { ...(await b.version({ 'index.js': 'exports.main_handler = async () => "new"' })), revision: 2 };
  assert.equal((await b.run(old)).body.toString(), '"old"');
  assert.equal((await b.run(fresh)).body.toString(), '"new"');
  assert.equal((await b.run(old)).body.toString(), '"new"', 'the newest revision serves');
  assert.equal(b.runtime.stats().instances.length, 1);
  b.runtime.forget(old);
  assert.equal(b.runtime.stats().instances.length, 1, 'what is over already is no news');
  b.runtime.forget(fresh);
  assert.equal(b.runtime.stats().instances.length, 0);
});

test('a run that was timed out never touches another', async () => {
  const processClock = new TurnableClock();
  await using b = await bench({ processClock });
  const v = await b.version({
    'index.js': 'exports.main_handler = async event => { if (event.stuck) for (;;); return event.n; };',
  });
  await b.run(v, { n: 0 });
  const stuck = b.run(v, { stuck: true });
  const others = await Promise.all(Array.from({ length: 8 }, (_, n) => b.run(v, { n })));
  assert.deepEqual(
    others.map(outcome => outcome.body.toString()),
    ['0', '1', '2', '3', '4', '5', '6', '7'],
  );
  await processClock.advance(v.timeoutS * 1000);
  processClock.resume();
  assert.equal((await stuck).status, 433);
});

test('a clock that is turned by the user does not time out a run', async () => {
  const clock = new TurnableClock(Date.UTC(2020, 0, 1));
  await using b = await bench({ clock, processClock: new SystemClock() });
  const v = await b.version({ 'index.js': 'exports.main_handler = () => new Promise(r => setTimeout(r, 50, 1));' });
  const run = b.run(v);
  await clock.advance(3_600_000);
  assert.equal((await run).status, 200);
  const [instance] = b.runtime.stats().instances;
  assert.ok(
    instance && Math.abs(instance.startedAt - Date.UTC(2020, 0, 1, 1)) < 60_000,
    'shown by the user\u2019s clock',
  );
});

test('code is unpacked once for all runtimes over one folder', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-shared-'));
  const first = await bench({ dataDir });
  const v = await first.version(HELLO);
  assert.equal(await first.runtime.prepare(v), undefined);
  await first.runtime.close();
  const second = await bench({ dataDir });
  assert.equal((await second.run(v)).status, 200, 'the blob is not asked again');
  await second.runtime.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('prepare says what could never run', async () => {
  await using b = await bench();
  const v = await b.version(HELLO);
  assert.equal(await b.runtime.prepare(v), undefined);
  const broken = { ...v, code: await b.blob.put(Buffer.from('no zip')) };
  const reason = await b.runtime.prepare(broken);
  assert.equal(reason?.ErrorCode, 'InvalidParameterValue.ZipFile');
  assert.match(reason?.ErrorMessage ?? '', /not a valid zip.*不是有效的 zip/s);
  const web = await b.runtime.prepare({ ...v, type: 'HTTP' });
  assert.equal(web?.ErrorCode, 'InvalidParameterValue.ZipFile');
  assert.match(web?.ErrorMessage ?? '', /needs the file scf_bootstrap.*没有启动文件 scf_bootstrap|没有启动文件/s);
  assert.equal((await b.runtime.prepare({ ...v, runtime: 'Php7.4' }))?.ErrorCode, 'InvalidParameterValue.Runtime');
  assert.equal((await b.run(broken)).status, 443);
  assert.equal((await b.run({ ...v, id: 'lam-2', code: { sha256: 'f'.repeat(64), bytes: 1 } })).status, 443);
  assert.equal((await b.run({ ...v, id: 'lam-3', type: 'HTTP' })).status, 436);
  assert.equal((await b.run({ ...v, id: 'lam-4', runtime: 'Php7.4' })).status, 436);
});

test('supports and driver', async () => {
  await using b = await bench({ sandbox: 'process' });
  assert.equal(b.runtime.supports('Nodejs18.15'), 'yes');
  assert.notEqual(b.runtime.supports('Java11'), 'yes');
  assert.equal(b.runtime.driver.name, 'process');
  assert.equal(b.runtime.offers.size, 0, 'no network of its own in this sandbox');
});

test('packages with files that a program needs executable', async () => {
  await using b = await bench();
  const zip = await zipOf({
    'index.js': 'exports.main_handler = async () => require("child_process").execFileSync("./tool").toString();',
    tool: { text: '#!/bin/sh\necho ran\n', mode: 0o100755 },
  });
  const v = { ...(await b.version({})), code: await b.blob.put(zip) };
  assert.equal((await b.run(v)).body.toString(), '"ran\\n"');
});
