import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import type { SandboxSpec } from '../sandbox/driver.ts';
import { VERSION } from '../testing.ts';
import { FakeDriver, type FakeProcess } from '../testing-process.ts';
import { FORMER, SLOT_MB, Slots } from './slots.ts';

function spec(memoryMB = 128, change: Partial<SandboxSpec> = {}): SandboxSpec {
  return { command: '/bin/node', args: ['a'], env: { A: '1' }, shows: [], memoryMB, network: 'shared', ...change };
}

interface Rig extends AsyncDisposable {
  readonly clock: TurnableClock;
  readonly driver: FakeDriver;
  readonly slots: Slots;
  /** Whether events wait or instances start. */
  busy: boolean;
  /** Those that were started for it. */
  of(memoryMB: number): FakeProcess[];
  living(memoryMB: number): number;
  /** Lets all that start say so, until nothing more is started for a while. */
  fill(): Promise<void>;
}

/** Room for a tenth of `tenths` sandboxes. */
function rig(tenths: number): Rig {
  const memoryMB = (tenths / 10) * SLOT_MB;
  const clock = new TurnableClock(1_000_000);
  const driver = new FakeDriver(VERSION);
  const slots = new Slots({ driver, clock, memoryMB, busy: () => it.busy });
  const greeted = new Set<FakeProcess>();
  const it: Rig = {
    clock,
    driver,
    slots,
    busy: false,
    of: memoryMB => driver.started.filter(one => one.spec.memoryMB === memoryMB).map(one => one.process),
    living: memoryMB => it.of(memoryMB).filter(one => !one.killed && !one.closed).length,
    async fill() {
      for (let quiet = 0; quiet < 10; quiet++) {
        for (const { process } of driver.started) {
          if (greeted.has(process)) continue;
          greeted.add(process);
          process.hello();
          quiet = 0;
        }
        await clock.advance(10);
      }
    },
    async [Symbol.asyncDispose]() {
      await slots.close();
      await clock.advance(0);
      // What was taken out is the test's.
      for (const { process } of driver.started) if (!process.killed) process.kill();
    },
  };
  return it;
}

test('as many are prepared as the memory allows', async () => {
  await using it = rig(59);
  it.slots.plan([spec()]);
  await it.fill();
  assert.equal(it.slots.count, 5);
  assert.equal(it.driver.started.length, 5);
});

test('and not more than a burst can use', async () => {
  await using it = rig(10_000);
  it.slots.plan([spec()]);
  await it.fill();
  assert.equal(it.slots.count, 32);
});

test('one at a time: the next begins when the one before it waits', async () => {
  await using it = rig(30);
  it.slots.plan([spec()]);
  await it.clock.advance(29_000);
  assert.equal(it.driver.started.length, 1, 'it has not said that it waits');
  it.of(128)[0]?.hello();
  await it.clock.advance(0);
  await it.clock.advance(0);
  assert.equal(it.driver.started.length, 2);
  await it.clock.advance(29_000);
  assert.equal(it.driver.started.length, 2);
});

test('one that never waits is ended, and does not hold up the others for ever', async () => {
  await using it = rig(30);
  it.slots.plan([spec()]);
  await it.clock.advance(30_000);
  assert.equal(it.of(128)[0]?.killed, true);
  await it.clock.advance(5_000);
  await it.clock.advance(0);
  assert.equal(it.driver.started.length, 2);
});

test('after the first few the cores are left alone for a multiple of what one takes', async () => {
  await using it = rig(40);
  it.slots.plan([spec()]);
  const startedAt: number[] = [];
  for (let i = 0; i < 400; i++) {
    await it.clock.advance(1);
    if (it.driver.started.length > startedAt.length) startedAt.push(it.clock.now());
    // Each takes 10 ms.
    if (it.clock.now() === (startedAt.at(-1) ?? 0) + 10) it.driver.started.at(-1)?.process.hello();
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = startedAt;
  assert.ok(second - first < 15, `${second - first}`);
  assert.ok(third - second >= 50, `${third - second}`);
  assert.ok(fourth - third >= 50, `${fourth - third}`);
});

test('none is prepared while events wait or instances start', async () => {
  await using it = rig(20);
  it.busy = true;
  it.slots.plan([spec()]);
  await it.clock.advance(10_000);
  assert.equal(it.driver.started.length, 0);
  it.busy = false;
  await it.clock.advance(20);
  assert.equal(it.driver.started.length, 1);
});

test('one that waits is taken before one that still loads, and another takes its place', async () => {
  await using it = rig(20);
  it.slots.plan([spec()]);
  await it.clock.advance(0);
  const [first] = it.of(128);
  first?.hello();
  await it.clock.advance(0);
  await it.clock.advance(0);
  const second = it.of(128)[1];
  assert.ok(second);
  assert.equal(it.slots.take(spec()), first);
  assert.equal(it.slots.take(spec()), second, 'one that loads is still sooner than a new one');
  assert.equal(it.slots.take(spec()), undefined);
  second.hello();
  await it.fill();
  assert.equal(it.slots.count, 2);
  assert.equal(it.driver.started.length, 4);
  assert.deepEqual([first?.killed, second.killed], [false, false], 'what was taken is the taker\u2019s');
});

test('the order does not count: a loaded one is found behind one that loads', async () => {
  await using it = rig(20);
  it.slots.plan([spec()]);
  await it.clock.advance(0);
  const [first] = it.of(128);
  first?.hello();
  await it.clock.advance(0);
  await it.clock.advance(0);
  assert.equal(it.slots.take(spec()), first);
  it.of(128)[1]?.hello();
  await it.clock.advance(100);
  const third = it.of(128)[2];
  assert.ok(third);
  assert.equal(it.slots.take(spec()), it.of(128)[1]);
  assert.equal(it.slots.take(spec()), third);
});

test('what the bootstrap said first is there for whoever takes it', async () => {
  await using it = rig(10);
  it.slots.plan([spec()]);
  await it.fill();
  const taken = it.slots.take(spec());
  const heard: Buffer[] = [];
  taken?.channel.on('data', chunk => heard.push(chunk));
  it.of(128)[0]?.ready();
  await it.clock.advance(0);
  assert.deepEqual(Buffer.concat(heard), Buffer.from([0, 0, 0, 0, 22, 0, 0, 0, 0, 16]));
});

test('also when it was taken before it had said anything', async () => {
  await using it = rig(10);
  it.slots.plan([spec()]);
  await it.clock.advance(0);
  const taken = it.slots.take(spec());
  const heard: Buffer[] = [];
  taken?.channel.on('data', chunk => heard.push(chunk));
  await it.clock.advance(0);
  it.of(128)[0]?.hello();
  await it.clock.advance(0);
  it.of(128)[0]?.ready();
  await it.clock.advance(0);
  assert.deepEqual(Buffer.concat(heard), Buffer.from([0, 0, 0, 0, 22, 0, 0, 0, 0, 16]));
});

test('another kind is nobody\u2019s substitute', async () => {
  await using it = rig(10);
  it.slots.plan([spec()]);
  await it.fill();
  const others = [spec(256), spec(128, { env: { A: '2' } }), spec(128, { command: '/bin/python' })];
  for (const other of [...others, spec(128, { args: [] }), spec(128, { network: 'own' })]) {
    assert.equal(it.slots.take(other), undefined);
  }
  assert.ok(it.slots.take(spec()));
});

test('one that dies while it waits is freed and replaced, not at once', async () => {
  await using it = rig(20);
  it.slots.plan([spec()]);
  await it.fill();
  const [first] = it.of(128);
  first?.die(1);
  await it.clock.advance(0);
  assert.equal(first?.closed, true);
  assert.equal(it.slots.count, 1);
  await it.clock.advance(4999);
  assert.equal(it.driver.started.length, 2);
  await it.clock.advance(1);
  assert.equal(it.driver.started.length, 3);
  await it.fill();
  assert.equal(it.slots.count, 2);
});

test('one that dies before it waits is not tried again in a loop', async () => {
  await using it = rig(20);
  it.slots.plan([spec()]);
  for (let i = 0; i < 3; i++) {
    await it.clock.advance(0);
    assert.equal(it.driver.started.length, i + 1);
    it.of(128)[i]?.die(1);
    await it.clock.advance(4999);
    assert.equal(it.driver.started.length, i + 1);
    await it.clock.advance(1);
  }
  assert.ok(it.of(128).every((process, index) => process.closed === index < 3));
});

test('that its channel has ended does not mean that it waits', async () => {
  await using it = rig(20);
  it.slots.plan([spec()]);
  await it.clock.advance(0);
  const [first] = it.of(128);
  // The end is read before the exit is told.
  first?.channel.push(null);
  await it.clock.advance(100);
  assert.equal(it.driver.started.length, 1);
  first?.die(1);
  await it.clock.advance(0);
  await it.clock.advance(0);
  assert.equal(it.driver.started.length, 1);
});

test('a start that throws is tried again later', async () => {
  await using it = rig(10);
  it.driver.broken = true;
  it.slots.plan([spec()]);
  await it.clock.advance(4999);
  assert.equal(it.driver.tries, 1);
  it.driver.broken = false;
  await it.clock.advance(1);
  assert.equal(it.driver.tries, 2);
  await it.fill();
  assert.equal(it.slots.count, 1);
});

test('several kinds share the memory evenly, the one that lacks most comes first', async () => {
  await using it = rig(65);
  it.slots.plan([spec(128), spec(256), spec(512)]);
  await it.fill();
  assert.deepEqual([it.living(128), it.living(256), it.living(512)], [2, 2, 2]);
  assert.deepEqual(
    it.driver.started.map(one => one.spec.memoryMB),
    [128, 256, 512, 128, 256, 512],
  );
  for (let i = 0; i < 2; i++) it.slots.take(spec(512));
  it.slots.take(spec(128));
  await it.clock.advance(20);
  assert.equal(it.driver.started.at(-1)?.spec.memoryMB, 512);
});

test('when more kinds come, those there are give up what is over their share', async () => {
  await using it = rig(60);
  it.slots.plan([spec(128)]);
  await it.fill();
  assert.equal(it.living(128), 6);
  it.slots.plan([spec(128), spec(256)]);
  await it.clock.advance(0);
  assert.equal(it.living(128), 3);
  await it.fill();
  assert.deepEqual([it.living(128), it.living(256)], [3, 3]);
  assert.equal(it.slots.count, 6);
  assert.equal(it.of(128).filter(process => process.closed).length, 3, 'their descriptors are free');
});

test('kinds that nobody wants any more end, but for the last few, also while they load, and do not hold up the others', async () => {
  await using it = rig(60);
  const former = Array.from({ length: FORMER }, (_, n) => spec(1000 + n));
  it.slots.plan([spec(128)]);
  await it.clock.advance(0);
  it.of(128)[0]?.hello();
  await it.clock.advance(0);
  await it.clock.advance(0);
  assert.equal(it.driver.started.length, 2);
  it.slots.plan([spec(128), ...former]);
  it.slots.plan([spec(256)]);
  await it.clock.advance(0);
  assert.ok(it.of(128).every(process => process.killed && process.closed));
  assert.equal(it.slots.take(spec(128)), undefined);
  await it.fill();
  assert.ok(it.living(256) > 0);
  assert.ok(it.living(1000) > 0, 'it was wanted last');
});

test('a kind whose only function is deleted and made again is there', async () => {
  await using it = rig(30);
  it.slots.plan([spec(128)]);
  await it.fill();
  it.slots.plan([]);
  it.slots.plan([spec(128)]);
  assert.ok(it.slots.take(spec(128)));
  assert.ok(it.of(128).every(process => !process.killed));
});

test('a new kind does not wait for the rest of the others', async () => {
  await using it = rig(200);
  it.slots.plan([spec(128)]);
  for (let i = 0; i < 3; i++) {
    await it.clock.advance(200);
    it.of(128).at(-1)?.hello();
    await it.clock.advance(0);
    await it.clock.advance(0);
  }
  const before = it.driver.started.length;
  it.slots.plan([spec(128), spec(256)]);
  await it.clock.advance(20);
  assert.equal(it.driver.started.length, before + 1);
  assert.equal(it.driver.started.at(-1)?.spec.memoryMB, 256);
});

test('the most wanted kinds are prepared where there is not room for all, none where there is none', async () => {
  await using it = rig(20);
  it.slots.plan([spec(128), spec(256), spec(512)]);
  await it.fill();
  assert.deepEqual([it.living(128), it.living(256), it.living(512)], [1, 1, 0]);
  await using nothing = rig(9);
  nothing.slots.plan([spec(128)]);
  await nothing.fill();
  assert.equal(nothing.driver.tries, 0);
});

test('a driver that must know the function first prepares nothing', async () => {
  await using it = rig(100);
  it.driver.lateAssign = false;
  it.slots.plan([spec()]);
  await it.fill();
  assert.equal(it.driver.tries, 0);
});

test('close leaves none, and none comes after it', async () => {
  const it = rig(30);
  it.slots.plan([spec()]);
  await it.clock.advance(0);
  it.of(128)[0]?.hello();
  await it.clock.advance(0);
  await it.clock.advance(0);
  await it.slots.close();
  await it.clock.advance(60_000);
  assert.equal(it.driver.started.length, 2);
  assert.ok(it.of(128).every(process => process.killed && process.closed));
  it.slots.plan([spec(256)]);
  await it.clock.advance(60_000);
  assert.equal(it.driver.started.length, 2);
});
