import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LATEST } from '../../core/function.ts';
import type { Provision } from '../control.ts';
import { KEY, rejects, SharedBus, scene } from '../fixture.ts';
import type { Readiness } from '../needs.ts';
import { DOCUMENTED_QUOTAS } from '../quotas.ts';

const tick = () => new Promise(setImmediate);
const other = { ...KEY, name: 'other' };
const READY: Readiness = { available: 1000, busy: 0 };

/** Versions 1 to `versions` of `hello`; `readiness` is what the machine says. */
async function house(versions = 1, given: Parameters<typeof scene>[0] = {}) {
  const machine: { readiness: Readiness } = { readiness: READY };
  const asked: string[] = [];
  const made = await scene({
    instances: {
      provisionedOf(key, version) {
        asked.push(`${key.name} ${version}`);
        return machine.readiness;
      },
    },
    ...given,
  });
  await made.made();
  for (let i = 0; i < versions; i++) {
    await made.control.versions.publish(KEY, {});
    await made.control.settled();
  }
  const provision = (change: Partial<Provision> = {}) =>
    made.control.concurrency.provision({ ...KEY, version: '1', instances: 2, ...change });
  const { concurrency } = made.control;
  const entry = () => made.control.catalog.find(KEY)?.concurrency;
  return { ...made, machine, asked, provision, concurrency, entry };
}

describe('reserved', () => {
  test('set, read, changed, deleted; the catalog has it at once', async () => {
    const { concurrency, entry } = await house();
    assert.equal(await concurrency.reserved(KEY), undefined);
    await concurrency.reserve(KEY, 1024);
    assert.equal(await concurrency.reserved(KEY), 1024);
    assert.equal(entry()?.reservedMB, 1024);
    assert.equal(concurrency.reservedMB(KEY.region), 1024);
    await concurrency.reserve(KEY, 256);
    assert.equal(concurrency.reservedMB(KEY.region), 256);
    await concurrency.unreserve(KEY);
    assert.equal(await concurrency.reserved(KEY), undefined);
    assert.equal(concurrency.reservedMB(KEY.region), 0);
    await concurrency.unreserve(KEY);
  });

  test('none is not 0 MB', async () => {
    const { concurrency, entry } = await house();
    await concurrency.reserve(KEY, 0);
    assert.equal(await concurrency.reserved(KEY), 0);
    assert.equal(entry()?.reservedMB, 0);
  });

  test('all of a region together leave 12800 MB to the others', async () => {
    const { concurrency, made } = await house();
    await made({ name: 'other' });
    await made({ name: 'far', region: 'ap-tokyo' });
    await concurrency.reserve({ ...KEY, name: 'far', region: 'ap-tokyo' }, 64_000 - 12_800);
    await concurrency.reserve(other, 100_000);
    const error = await rejects(concurrency.reserve(KEY, 15_201), 'LimitExceeded.FunctionReservedConcurrencyMemory');
    assert.match(error.text('en'), /15201 MB for itself, and 15200 MB can be given away \(of the 128000 MB/);
    assert.equal(await concurrency.reserved(KEY), undefined);
    await concurrency.reserve(KEY, 15_200);
    assert.equal(concurrency.reservedMB(KEY.region), 115_200);
    await concurrency.reserve(KEY, 15_200);
    await concurrency.unreserve(other);
    await concurrency.reserve(KEY, 115_200);
  });

  test('two at once do not both get the last of it', async () => {
    const { concurrency, made } = await house();
    await made({ name: 'other' });
    const both = await Promise.allSettled([concurrency.reserve(KEY, 60_000), concurrency.reserve(other, 60_000)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(concurrency.reservedMB(KEY.region), 60_000);
  });

  test('what is no number of MB, and functions that are not there', async () => {
    const { concurrency, made, runtimes, control } = await house();
    for (const value of [-1, 1.5, Number.NaN]) await rejects(concurrency.reserve(KEY, value), 'InvalidParameterValue');
    await rejects(concurrency.reserve(other, 1), 'ResourceNotFound.Function');
    await rejects(concurrency.reserved(other), 'ResourceNotFound.Function');
    await rejects(concurrency.unreserve(other), 'ResourceNotFound.Function');
    await rejects(concurrency.reserved({ ...KEY, name: '1' }), 'InvalidParameterValue.FunctionName');
    await rejects(concurrency.reserved({ ...KEY, namespace: '-' }), 'InvalidParameterValue.NamespaceInvalid');
    runtimes.answer = async () => ({ ErrorCode: 'X', ErrorMessage: 'x' });
    await made({ name: 'broken' });
    await control.settled();
    await rejects(concurrency.reserve({ ...KEY, name: 'broken' }, 1), 'FailedOperation.FunctionStatusError');
    assert.equal(await concurrency.reserved({ ...KEY, name: 'broken' }), undefined);
  });
});

describe('the quota of a region', () => {
  test('at least what is given away and 12800 MB, at most what the account may have', async () => {
    const { concurrency } = await house();
    await concurrency.reserve(KEY, 1_000);
    const low = await rejects(
      concurrency.setQuota(KEY.region, 'default', 13_799),
      'LimitExceeded.TotalConcurrencyMemory',
    );
    assert.match(low.text('en'), /13800 MB/);
    await concurrency.setQuota(KEY.region, 'default', 13_800);
    assert.equal(concurrency.quotaMB(KEY.region), 13_800);
    await rejects(concurrency.reserve(KEY, 1_001), 'LimitExceeded.FunctionReservedConcurrencyMemory');
    await rejects(concurrency.setQuota(KEY.region, 'default', 128_001), 'LimitExceeded.UserTotalConcurrencyMemory');
    await concurrency.setQuota(KEY.region, 'default', 128_000);
    await rejects(concurrency.setQuota(KEY.region, 'default', -1), 'InvalidParameterValue');
  });

  test('what is given away while the quota is lowered fits into what is left', async () => {
    const { concurrency } = await house();
    const both = await Promise.allSettled([
      concurrency.setQuota(KEY.region, 'default', 20_000),
      concurrency.reserve(KEY, 50_000),
    ]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
    const ownMB = concurrency.reservedMB(KEY.region);
    assert.ok(ownMB + 12_800 <= concurrency.quotaMB(KEY.region), `${ownMB} MB`);
  });

  test('more where the account may have more', async () => {
    const { concurrency } = await house(0, { quotas: { ...DOCUMENTED_QUOTAS, concurrencyMB: () => 300_000 } });
    assert.equal(concurrency.quotaMB('ap-tokyo'), 300_000);
    await concurrency.setQuota('ap-tokyo', 'default', 200_000);
    assert.equal(concurrency.quotaMB('ap-tokyo'), 200_000);
  });

  test('is the whole region’s, not a namespace’s', async () => {
    const { concurrency, control } = await house(0);
    await control.namespaces.create(KEY.region, 'part', { wire: {} });
    await rejects(concurrency.setQuota(KEY.region, 'part', 50_000), 'UnsupportedOperation');
    await rejects(concurrency.setQuota(KEY.region, 'nowhere', 50_000), 'ResourceNotFound.Namespace');
    assert.equal(concurrency.quotaMB(KEY.region), 128_000);
  });

  test('shows in what the account uses', async () => {
    const { concurrency, control, provision } = await house(2);
    await concurrency.reserve(KEY, 2_048);
    await provision({ instances: 3 });
    await provision({ version: '2', instances: 1 });
    await concurrency.setQuota(KEY.region, 'default', 100_000);
    const usage = await control.accounts.usage(KEY.region);
    assert.deepEqual(
      [usage.totalConcurrencyMB, usage.allocatedConcurrencyMB, usage.userConcurrencyLimitMB],
      [100_000, 2_048, 128_000],
    );
    assert.deepEqual(usage.namespaces, [
      { namespace: 'default', functions: ['hello'], reservedMB: 2_048, provisionedMB: 4 * 128 },
    ]);
    const { rows } = await control.functions.list({ region: KEY.region, namespace: 'default' });
    assert.deepEqual([rows[0]?.reservedMB, rows[0]?.provisionedMB], [2_048, 512]);
    assert.equal((await control.functions.get(KEY)).provisionedMB, 512);
  });
});

describe('provisioned', () => {
  test('set, read, deleted; the catalog has it at once', async () => {
    const { concurrency, provision, entry } = await house(2);
    assert.deepEqual(await concurrency.provisioned(KEY), { unallocated: 900, versions: [] });
    await provision({ version: '2', instances: 5 });
    await provision({ instances: 2 });
    assert.deepEqual([...(entry()?.provisioned ?? [])].sort(), [
      ['1', 2],
      ['2', 5],
    ]);
    const all = await concurrency.provisioned(KEY);
    assert.equal(all.unallocated, 893);
    assert.deepEqual(all.versions, [
      { version: '1', wanted: 2, available: 2, status: 'Done', reason: '', schedule: [] },
      { version: '2', wanted: 5, available: 5, status: 'Done', reason: '', schedule: [] },
    ]);
    const one = await concurrency.provisioned(KEY, '2');
    assert.deepEqual([one.unallocated, one.versions.map(({ version }) => version)], [893, ['2']]);
    await concurrency.unprovision(KEY, '2');
    assert.deepEqual([...(entry()?.provisioned ?? [])], [['1', 2]]);
    await concurrency.unprovision(KEY, '2');
  });

  test('none but published versions', async () => {
    const { concurrency, provision, control } = await house();
    await control.aliases.create(KEY, { alias: 'prod', version: '1' });
    for (const version of [LATEST, 'prod', '', '01']) {
      await rejects(provision({ version }), 'InvalidParameterValue.Qualifier');
      await rejects(concurrency.unprovision(KEY, version), 'InvalidParameterValue.Qualifier');
      await rejects(concurrency.provisioned(KEY, version), 'InvalidParameterValue.Qualifier');
    }
    await rejects(provision({ version: '2' }), 'ResourceNotFound.Qualifier');
    await rejects(provision({ name: 'other' }), 'ResourceNotFound.Function');
    await rejects(concurrency.provisioned(KEY, '2'), 'ResourceNotFound.Qualifier');
  });

  test('a version that is not there yet has to wait', async () => {
    const { control, provision, runtimes, concurrency } = await house(0);
    const unpacked = Promise.withResolvers<undefined>();
    runtimes.answer = () => unpacked.promise;
    await control.versions.publish(KEY, {});
    await rejects(provision(), 'FailedOperation.FunctionVersionStatusNotActive');
    unpacked.resolve(undefined);
    await control.settled();
    await provision();
    assert.equal((await concurrency.provisioned(KEY)).versions.length, 1);
  });

  test('one version within the quota, all versions together as well', async () => {
    const { concurrency, provision } = await house(2);
    const alone = await rejects(provision({ instances: 901 }), 'LimitExceeded.FunctionProvisionedConcurrencyMemory');
    assert.match(alone.text('en'), /901 instances of 128 MB ready; 115200 MB are allowed, that is 900/);
    await provision({ instances: 900 });
    const both = await rejects(
      provision({ version: '2', instances: 1 }),
      'LimitExceeded.FunctionTotalProvisionedConcurrencyNum',
    );
    assert.match(both.text('en'), /1 are asked for version 2, 0 can be given/);
    await provision({ version: '2', instances: 0 });
    await provision({ instances: 850 });
    await provision({ version: '2', instances: 50 });
    assert.equal((await concurrency.provisioned(KEY)).unallocated, 0);
  });

  test('it is MB that count', async () => {
    const { concurrency, provision, control } = await house(1);
    await control.functions.updateConfiguration({ ...KEY, memoryMB: 1024, wire: {} });
    await control.versions.publish(KEY, {});
    await control.settled();
    await rejects(provision({ version: '2', instances: 113 }), 'LimitExceeded.FunctionProvisionedConcurrencyMemory');
    await provision({ version: '2', instances: 112 });
    assert.equal((await concurrency.provisioned(KEY, '1')).unallocated, 4);
    assert.equal((await concurrency.provisioned(KEY, '2')).unallocated, 0);
    await rejects(provision({ instances: 5 }), 'LimitExceeded.FunctionTotalProvisionedConcurrencyNum');
    await provision({ instances: 4 });
  });

  test('what it may become counts as well', async () => {
    const { provision } = await house(2);
    const schedule = [{ name: 'noon', instances: 901, cron: '0 0 12 * * * *' }];
    await rejects(provision({ instances: 0, schedule }), 'LimitExceeded.FunctionProvisionedConcurrencyMemory');
    const tracking = { type: 'ConcurrencyUtilizationTracking', instances: 0, target: 0.5, min: 1 };
    await rejects(provision({ ...tracking, max: 901 }), 'LimitExceeded.FunctionProvisionedConcurrencyMemory');
    await provision({ ...tracking, max: 900 });
    await rejects(provision({ version: '2' }), 'LimitExceeded.FunctionTotalProvisionedConcurrencyNum');
  });

  test('no change before the former one is done; it can be deleted', async () => {
    const { concurrency, provision, machine } = await house(2);
    machine.readiness = { available: 1, busy: 0 };
    await provision({ instances: 3 });
    const [one] = (await concurrency.provisioned(KEY)).versions;
    assert.deepEqual([one?.status, one?.available, one?.wanted], ['InProgress', 1, 3]);
    const busy = await rejects(provision({ instances: 1 }), 'FailedOperation.ProvisionedInProgress');
    assert.match(busy.text('en'), /1 of 3 are ready/);
    await provision({ version: '2', instances: 1 });
    await concurrency.unprovision(KEY, '1');
    await provision({ instances: 2 });
    machine.readiness = { available: 2, busy: 0 };
    await provision({ instances: 4 });
    machine.readiness = { available: 2, busy: 0, failed: 'no room' };
    const [failed] = (await concurrency.provisioned(KEY, '1')).versions;
    assert.deepEqual([failed?.status, failed?.reason], ['Failed', 'no room']);
    await provision({ instances: 1 });
  });

  test('where no machine keeps instances ready, that is what its state says', async () => {
    const { concurrency, provision } = await house(1, { instances: undefined });
    await provision({ instances: 1 });
    const [one] = (await concurrency.provisioned(KEY)).versions;
    assert.deepEqual([one?.status, one?.available], ['Failed', 0]);
    assert.match(one?.reason ?? '', /cannot keep instances ready/);
  });

  test('as many as are wanted are shown, though more may still be there', async () => {
    const { concurrency, provision, machine } = await house();
    machine.readiness = { available: 7, busy: 0 };
    await provision({ instances: 2 });
    assert.equal((await concurrency.provisioned(KEY)).versions[0]?.available, 2);
  });

  const tracking = { type: 'ConcurrencyUtilizationTracking', instances: 0, target: 0.5, min: 1, max: 2 } as const;
  const at = (cron: string, name = 'a') => ({ schedule: [{ name, instances: 1, cron }] });
  const BAD: readonly (readonly [change: Partial<Provision>, code: string, says: RegExp])[] = [
    [{ instances: -1 }, 'InvalidParameterValue', /VersionProvisionedConcurrencyNum/],
    [{ instances: 1.5 }, 'InvalidParameterValue', /VersionProvisionedConcurrencyNum/],
    [{ type: 'Static' }, 'InvalidParameterValue', /ProvisionedType.*Default or Concurrency/],
    [{ ...tracking, instances: 1 }, 'InvalidParameterValue', /VersionProvisionedConcurrencyNum.*use 0/],
    [{ ...tracking, target: 0 }, 'InvalidParameterValue', /TrackingTarget/],
    [{ ...tracking, target: 1 }, 'InvalidParameterValue', /TrackingTarget/],
    [{ ...tracking, target: undefined }, 'InvalidParameterValue', /TrackingTarget/],
    [{ ...tracking, min: 0 }, 'InvalidParameterValue', /MinCapacity/],
    [{ ...tracking, min: 3 }, 'InvalidParameterValue', /MaxCapacity.*at least 3/],
    [{ ...tracking, max: undefined }, 'InvalidParameterValue', /MaxCapacity/],
    [{ ...tracking, ...at('0 0 0 * * * *') }, 'UnsupportedOperation', /TriggerActions/],
    [at('0 0 * * *'), 'InvalidParameterValue', /TriggerCronConfig.*seven/],
    [at('* * * * * *'), 'InvalidParameterValue', /TriggerCronConfig.*seven/],
    [at('0 0 24 * * * *'), 'InvalidParameterValue', /TriggerCronConfig.*24 is not valid for the hour/],
    [at('0 0 0 * * * *', '1st'), 'InvalidParameterValue', /TriggerName/],
    [at('0 0 0 * * * *', ''), 'InvalidParameterValue', /TriggerName/],
    [
      { schedule: [...at('0 0 0 * * * *').schedule, ...at('0 0 1 * * * *').schedule] },
      'InvalidParameterValue',
      /TriggerName.*twice/,
    ],
    [
      { schedule: [{ name: 'a', instances: -1, cron: '0 0 0 * * * *' }] },
      'InvalidParameterValue',
      /TriggerProvisionedConcurrencyNum/,
    ],
    [
      { schedule: [{ name: 'a', instances: 1, cron: '0 0 0 * * * *', type: tracking.type }] },
      'InvalidParameterValue',
      /TriggerActions\.ProvisionedType/,
    ],
  ];
  test('what does not make sense is refused, and nothing is kept', async t => {
    const { provision, entry } = await house();
    for (const [change, code, says] of BAD)
      await t.test(JSON.stringify(change), async () => {
        const error = await rejects(provision(change), code);
        assert.match(error.text('en'), says);
        assert.doesNotMatch(error.text('en') + error.text('zh'), /\{\w+\}/);
        assert.equal(entry()?.provisioned.size, 0);
      });
  });

  test('clients may send what belongs to tracking with a static number', async () => {
    const { provision, entry } = await house();
    await provision({ type: 'Default', instances: 2, target: 0.5, min: 1, max: 2 });
    assert.equal(entry()?.provisioned.get('1'), 2);
  });
});

describe('what goes, and what stays', () => {
  test('a version takes its instances with it, a function all it had', async () => {
    const { concurrency, provision, control, store, entry, made } = await house(2);
    await concurrency.reserve(KEY, 1024);
    await provision();
    await provision({ version: '2' });
    await control.versions.delete(KEY, '1', {});
    assert.deepEqual([...(entry()?.provisioned ?? [])], [['2', 2]]);
    await control.functions.delete(KEY);
    assert.deepEqual([await store.count('reserved'), await store.count('provisioned')], [0, 0]);
    assert.equal(concurrency.reservedMB(KEY.region), 0);
    await made();
    assert.equal(entry()?.reservedMB, undefined);
  });

  test('another server on the same store finds it, and hears of changes', async () => {
    const bus = new SharedBus();
    const { concurrency, provision, control, store, deps } = await house(1, { bus });
    await concurrency.reserve(KEY, 1024);
    await provision();
    await concurrency.setQuota(KEY.region, 'default', 50_000);
    const ids = { ...deps.ids, uuid: () => 'second', bytes: deps.ids.bytes.bind(deps.ids), fraction: () => 0 };
    const second = await scene({ store, bus, ids });
    const there = second.control;
    assert.deepEqual(there.catalog.find(KEY)?.concurrency, control.catalog.find(KEY)?.concurrency);
    assert.deepEqual([there.concurrency.quotaMB(KEY.region), there.concurrency.reservedMB(KEY.region)], [50_000, 1024]);
    await concurrency.reserve(KEY, 512);
    await concurrency.setQuota(KEY.region, 'default', 60_000);
    for (let i = 0; i < 10; i++) await tick();
    assert.deepEqual([there.concurrency.quotaMB(KEY.region), there.concurrency.reservedMB(KEY.region)], [60_000, 512]);
  });

  test('nothing is kept for what another server has just deleted', async () => {
    const { provision, concurrency, store } = await house(2);
    await store.remove('versions', { ...KEY, version: '1' });
    await rejects(provision(), 'ResourceNotFound.Qualifier');
    await store.remove('functions', KEY);
    await rejects(concurrency.reserve(KEY, 1), 'ResourceNotFound.Function');
    assert.deepEqual([await store.count('reserved'), await store.count('provisioned')], [0, 0]);
  });

  test('every change is told', async () => {
    const bus = new SharedBus();
    const { concurrency, provision } = await house(1, { bus });
    const before = bus.published;
    await concurrency.reserve(KEY, 1024);
    await concurrency.unreserve(KEY);
    await concurrency.unreserve(KEY);
    await provision();
    await concurrency.unprovision(KEY, '1');
    assert.equal(bus.published - before, 4);
  });
});
