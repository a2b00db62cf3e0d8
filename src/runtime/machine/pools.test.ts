import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEntry } from '../../core/fixture.ts';
import type { FunctionEntry, FunctionVersion } from '../../core/function.ts';
import { VERSION } from '../testing.ts';
import { Pools } from './pools.ts';
import { rig } from './testing-machine.ts';

const version = (number: string, change: Partial<FunctionVersion> = {}): FunctionVersion => ({
  ...VERSION,
  version: number,
  ...change,
});

/** The function with these versions, and what it keeps ready. */
function entry(
  versions: FunctionVersion[],
  provisioned: Readonly<Record<string, number>> = {},
  reservedMB?: number,
): FunctionEntry {
  return anEntry({
    key: VERSION,
    versions,
    concurrency: { reservedMB, provisioned: new Map(Object.entries(provisioned)) },
  });
}

function house() {
  const it = rig();
  const pools = new Pools(it.machine, () => ({ concurrency: 1, instancePerEvent: false }));
  return {
    ...it,
    pools,
    async run(version: FunctionVersion) {
      const before = it.launcher.processes.length;
      const outcome = it.submit(pools.of(version));
      await it.ready();
      it.launcher.processes[before]?.answer();
      assert.equal((await outcome).status, 200);
    },
    /** Version numbers of those that live. */
    living: () =>
      it.launcher.processes
        .filter(process => !process.killed)
        .map(process => process.version.version)
        .sort(),
  };
}

test('one pool for each version, a new one for a new revision', async () => {
  const { pools, machine, run, living } = house();
  const one = version('1');
  await run(one);
  assert.equal(pools.of(one), pools.of(version('1')), 'whatever object names it');
  assert.notEqual(pools.of(one), pools.of(version('2')));
  const newer = version('1', { revision: 2 });
  const old = pools.of(one);
  assert.notEqual(pools.of(newer), old);
  assert.deepEqual(living(), [], 'instances of the old one end');
  assert.equal(pools.of(one).version.revision, 2, 'a late event of the old one runs on the new one');
  await machine.close();
});

test('versions that are gone, or made anew under the same name, end; the others stay', async () => {
  const { pools, machine, run, living } = house();
  await run(version('1'));
  await run(version('2'));
  await run(version('3'));
  pools.changed(VERSION, entry([version('1'), version('2', { id: 'lam-other' })]));
  assert.deepEqual(living(), ['1']);
  pools.changed({ ...VERSION, name: 'other' }, undefined);
  assert.deepEqual(living(), ['1']);
  pools.changed(VERSION, undefined);
  assert.deepEqual(living(), []);
  await machine.close();
});

test('warm instances are held to a share that has become smaller', async () => {
  const { pools, machine, run, living } = house();
  const versions = [version('1'), version('2')];
  await run(version('1'));
  await run(version('2'));
  pools.changed(VERSION, entry(versions, {}, 256));
  assert.deepEqual(living(), ['1', '2']);
  pools.changed(VERSION, entry(versions, {}, 128));
  assert.deepEqual(living(), []);
  await machine.close();
});

test('what is to be ready becomes ready, and is told', async () => {
  const { pools, machine, ready, clock, living } = house();
  const versions = [version('1'), version('2')];
  pools.changed(VERSION, entry(versions, { 1: 2 }));
  assert.deepEqual(pools.readiness(VERSION, '1'), { available: 0, busy: 0, failed: undefined });
  await ready();
  await ready();
  assert.deepEqual(living(), ['1', '1']);
  assert.deepEqual(pools.readiness(VERSION, '1'), { available: 2, busy: 0, failed: undefined });
  assert.deepEqual(pools.readiness(VERSION, '2'), { available: 0, busy: 0 });
  pools.changed(VERSION, entry(versions, { 2: 1 }));
  await ready();
  await clock.advance(600_000);
  assert.deepEqual(living(), ['2'], 'and what is no longer wanted is reaped');
  await machine.close();
});

test('those that run something are busy', async () => {
  const { pools, machine, ready, submit, clock } = house();
  pools.changed(VERSION, entry([version('1')], { 1: 2 }));
  await ready();
  await ready();
  void submit(pools.of(version('1')));
  await clock.advance(0);
  assert.deepEqual(pools.readiness(VERSION, '1'), { available: 2, busy: 1, failed: undefined });
  await machine.close();
});

test('a version that cannot serve is not made ready, and why a start failed is told', async () => {
  const { pools, machine, launcher, clock } = house();
  pools.changed(VERSION, entry([version('1', { status: 'PublishFailed' })], { 1: 1 }));
  await clock.advance(0);
  assert.equal(launcher.processes.length, 0);
  launcher.broken = 443;
  pools.changed(VERSION, entry([version('1')], { 1: 1 }));
  await clock.advance(0);
  assert.deepEqual(pools.readiness(VERSION, '1'), { available: 0, busy: 0, failed: 'broken' });
  await machine.close();
});

test('renewed instances of the same revision: idle ones end at once, busy ones with their run, ready ones come again', async () => {
  const { pools, machine, run, living, submit, ready, launcher } = house();
  const one = version('1');
  await run(one);
  pools.renew(one);
  assert.deepEqual(living(), []);
  const running = submit(pools.of(one));
  await ready();
  pools.renew(one);
  assert.deepEqual(living(), ['1'], 'it runs');
  const next = submit(pools.of(one));
  await ready();
  const [, old, fresh] = launcher.processes;
  assert.deepEqual([old?.invoked, fresh?.invoked], [['r2'], ['r3']]);
  old?.answer();
  await running;
  assert.equal(old?.killed, true);
  fresh?.answer();
  await next;

  pools.changed(VERSION, entry([one], { 1: 2 }));
  await ready();
  const before = launcher.processes.length;
  pools.renew(one);
  await ready();
  assert.deepEqual(living(), ['1', '1']);
  assert.equal(launcher.processes.length, before + 2);
  assert.equal(pools.of(one).provisioned, 2);
  pools.renew(version('2'));
  pools.renew({ ...one, revision: 0 });
  assert.equal(launcher.processes.length, before + 2, 'an older revision is over anyway');
  await machine.close();
});
