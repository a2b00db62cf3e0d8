import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST } from '../core/function.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

async function published(count: number) {
  const made = await scene();
  await made.made();
  for (let i = 0; i < count; i++) {
    await made.clock.advance(1000);
    await made.control.versions.publish(KEY, { description: `v${i + 1}` });
    await made.control.settled();
  }
  return made;
}

test('a version is a snapshot that later changes do not touch', async () => {
  const { control } = await published(1);
  await control.functions.updateConfiguration({ ...KEY, memoryMB: 512, wire: {} });
  const { version } = await control.functions.get(KEY, '1');
  assert.deepEqual(
    [version.memoryMB, version.description, version.status, version.addTime],
    [128, 'v1', 'Active', NOW + 1000],
  );
});

test('answers Publishing with the number it has', async () => {
  const { control, made, runtimes } = await scene();
  await made();
  const ready = Promise.withResolvers<undefined>();
  runtimes.answer = () => ready.promise;
  const version = await control.versions.publish(KEY, {});
  assert.deepEqual([version.version, version.status, version.description], ['1', 'Publishing', '']);
  await rejects(control.versions.delete(KEY, '1', {}), 'FailedOperation.FunctionVersionStatusNotActive');
  await rejects(control.functions.delete(KEY), 'FailedOperation.DeleteFunction');
  ready.resolve(undefined);
  await control.settled();
});

test('numbers are never used again, nor twice at once', async () => {
  const { control } = await published(2);
  await control.versions.delete(KEY, '2', {});
  const both = await Promise.all([control.versions.publish(KEY, {}), control.versions.publish(KEY, {})]);
  assert.deepEqual(
    both.map(version => version.version),
    ['3', '4'],
  );
  await control.settled();
});

test('lists $LATEST and the published ones, newest first unless told otherwise', async () => {
  const { control } = await published(2);
  const names = async (paging: object) => (await control.versions.list(KEY, paging)).rows.map(row => row.version);
  assert.deepEqual(await names({}), ['2', '1', LATEST]);
  assert.deepEqual(await names({ order: 'ASC', orderBy: 'AddTime' }), [LATEST, '1', '2']);
  assert.deepEqual(await names({ order: 'asc', offset: 1, limit: 1 }), ['1']);
  assert.equal((await control.versions.list(KEY, { limit: 1 })).total, 3);
  await rejects(control.versions.list(KEY, { orderBy: 'Name' }), 'InvalidParameterValue.OrderBy');
  await rejects(control.versions.list({ ...KEY, name: 'none' }, {}), 'ResourceNotFound.Function');
});

test('an alias keeps the versions it uses', async () => {
  const { control } = await published(2);
  await control.aliases.create(KEY, {
    alias: 'prod',
    version: '1',
    routing: { weights: [{ version: '2', weight: 0.1 }] },
  });
  const error = await rejects(control.versions.delete(KEY, '2', {}), 'UnsupportedOperation.AliasBind');
  assert.match(error.text('en'), /prod/);
  await rejects(control.functions.delete(KEY, '1'), 'UnsupportedOperation.AliasBind');
  await control.aliases.update(KEY, { alias: 'prod', version: '1' });
  await control.functions.delete(KEY, '2');
  await rejects(control.functions.get(KEY, '2'), 'ResourceNotFound.Qualifier');
});

test('what is no published version is not deleted', async () => {
  const { control } = await published(1);
  await control.aliases.create(KEY, { alias: 'prod', version: '1' });
  await rejects(control.versions.delete(KEY, LATEST, {}), 'InvalidParameterValue.Qualifier');
  await rejects(control.versions.delete(KEY, 'prod', {}), 'InvalidParameterValue.Qualifier');
  await rejects(control.versions.delete(KEY, '9', {}), 'ResourceNotFound.Version');
  await rejects(control.versions.delete(KEY, '1', { ForceDelete: 'true' }), 'UnsupportedOperation');
});

test('its triggers go with a version', async () => {
  const { control, timer } = await published(1);
  await control.start();
  await control.triggers.create({ ...KEY, type: 'timer', triggerName: 'one', desc: '{}', qualifier: '1' });
  await control.triggers.create({ ...KEY, type: 'timer', triggerName: 'latest', desc: '{}' });
  await control.versions.delete(KEY, '1', {});
  assert.deepEqual([...timer.on], ['latest']);
  assert.ok(timer.did.includes('unbind one'));
  assert.equal((await control.triggers.query(KEY)).total, 1);
});

test('there may be so many and no more', async () => {
  const quotas = { ...(await scene()).deps.quotas, versionsPerFunction: 1 };
  const { control, made } = await scene({ quotas });
  await made();
  await control.versions.publish(KEY, {});
  await control.settled();
  await rejects(control.versions.publish(KEY, {}), 'LimitExceeded');
  await rejects(
    control.functions.updateConfiguration({ ...KEY, memoryMB: 256, publish: true, wire: {} }),
    'LimitExceeded',
  );
  assert.equal((await control.functions.get(KEY)).version.memoryMB, 128, 'the settings are not changed either');
});
