import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY, NOW, scene } from './fixture.ts';

test('key pairs by their id, temporary ones with their token', async () => {
  const keys = [
    { secretId: 'AKID1', secretKey: 'one' },
    { secretId: 'AKID2', secretKey: 'two', token: 't' },
  ];
  const { control } = await scene({ keys });
  assert.deepEqual(control.accounts.secretOf('AKID1'), { secretKey: 'one' });
  assert.deepEqual(control.accounts.secretOf('AKID2'), { secretKey: 'two', token: 't' });
  assert.equal(control.accounts.secretOf('__proto__'), undefined);
  assert.deepEqual([control.accounts.appId, control.accounts.uin], ['1250000000', '100000000001']);
});

test('usage and limits of a region', async () => {
  const { control, made, deps } = await scene();
  await control.namespaces.create(KEY.region, 'other', { wire: {} });
  await made({ name: 'b1' });
  await made({ name: 'a1' });
  await made({ name: 'c1', region: 'ap-tokyo' });
  assert.deepEqual(await control.accounts.usage(KEY.region), {
    namespaces: [
      { namespace: 'default', functions: ['a1', 'b1'], reservedMB: 0, provisionedMB: 0 },
      { namespace: 'other', functions: [], reservedMB: 0, provisionedMB: 0 },
    ],
    totalConcurrencyMB: 128_000,
    allocatedConcurrencyMB: 0,
    userConcurrencyLimitMB: 128_000,
  });
  assert.equal((await control.accounts.usage('ap-tokyo')).totalConcurrencyMB, 64_000);
  const limits = await control.accounts.limits(KEY.region);
  assert.deepEqual([limits.names, limits.namespaces], [['default', 'other'], deps.quotas.namespacesPerRegion]);
  assert.deepEqual([limits.triggersPerType, limits.triggersPerFunction, limits.maxMsgTtlS], [10, 110, 21600]);
});

test('calls of what is not built are counted', async () => {
  const { control, clock } = await scene();
  await control.missed.record('scf', 'ListLayers');
  await clock.advance(1000);
  await Promise.all([control.missed.record('scf', 'ListLayers'), control.missed.record('cam', 'GetRole')]);
  assert.deepEqual(await control.missed.list(), [
    { service: 'cam', action: 'GetRole', calls: 1, lastAt: NOW + 1000 },
    { service: 'scf', action: 'ListLayers', calls: 2, lastAt: NOW + 1000 },
  ]);
});
