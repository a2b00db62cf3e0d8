import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../core/clock.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

const { region } = KEY;

test('default is there in every region without being made', async () => {
  const { control } = await scene();
  for (const any of [region, 'ap-beijing']) {
    const { total, rows } = await control.namespaces.list(any, {});
    assert.deepEqual([total, rows[0]?.namespace], [1, 'default']);
  }
  await control.namespaces.update(region, 'default', { description: 'mine' });
  assert.equal((await control.namespaces.list(region, {})).rows[0]?.description, 'mine');
  assert.equal((await control.namespaces.list(region, {})).total, 1);
});

test('is made, described and deleted', async () => {
  const { control, clock } = await scene();
  await control.namespaces.create(region, 'test', { description: 'a', wire: {} });
  await clock.advance(1000);
  await control.namespaces.update(region, 'test', { description: 'b' });
  const [row] = (await control.namespaces.list(region, { search: [{ key: 'Namespace', value: 'TES' }] })).rows;
  assert.deepEqual(row, { region, namespace: 'test', description: 'b', addTime: NOW, modTime: NOW + 1000 });
  await control.namespaces.delete(region, 'test');
  await rejects(control.namespaces.delete(region, 'test'), 'ResourceNotFound.Namespace');
  await rejects(control.namespaces.update(region, 'test', { description: '' }), 'ResourceNotFound.Namespace');
});

test('refuses what cannot be', async () => {
  const { control, made } = await scene();
  const create = (name: string, wire = {}) => control.namespaces.create(region, name, { wire });
  await rejects(create('default'), 'InvalidParameterValue.DefaultNamespace');
  await rejects(create('-x'), 'InvalidParameterValue.NamespaceInvalid');
  await rejects(create('x', { ResourceEnv: { OFFLINE: true } }), 'UnsupportedOperation');
  await rejects(control.namespaces.delete(region, 'default'), 'FailedOperation.DeleteNamespace');
  const long = { description: 'd'.repeat(1001), wire: {} };
  await rejects(control.namespaces.create(region, 'x', long), 'InvalidParameterValue.Description');
  await create('used');
  await rejects(create('used'), 'ResourceInUse.Namespace');
  await made({ namespace: 'used' });
  const error = await rejects(control.namespaces.delete(region, 'used'), 'FailedOperation.DeleteNamespace');
  assert.match(error.text('en'), /1 functions/);
});

test('five to a region, default among them', async () => {
  const { control } = await scene();
  const made = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map(name => control.namespaces.create(region, name, { wire: {} })),
  );
  assert.equal(made.filter(result => result.status === 'fulfilled').length, 4);
  await control.namespaces.create('ap-beijing', 'a', { wire: {} });
});

test('lists by name or time, searching all keys', async () => {
  const { control, clock } = await scene();
  for (const name of ['b', 'a']) {
    await clock.advance(1000);
    await control.namespaces.create(region, name, { description: `the ${name}`, wire: {} });
  }
  const names = async (query: object) =>
    (await control.namespaces.list(region, query)).rows.map(row => row.namespace).join(' ');
  assert.equal(await names({}), 'a b default');
  assert.equal(await names({ orderBy: 'Updatetime', order: 'DESC' }), 'a b default');
  assert.equal(await names({ orderBy: 'Updatetime', order: 'ASC' }), 'default b a');
  assert.equal(await names({ offset: 1, limit: 1 }), 'b');
  const search = [
    { key: 'Description', value: 'the' },
    { key: 'Namespace', value: 'b' },
  ];
  assert.equal(await names({ search }), 'b');
  await rejects(
    control.namespaces.list(region, { search: [{ key: 'Name', value: '' }] }),
    'InvalidParameterValue.SearchKey',
  );
  await rejects(control.namespaces.list(region, { orderBy: 'AddTime' }), 'InvalidParameterValue.Orderby');
});

test('default is as old as the store, whichever server tells of it', async () => {
  const { store } = await scene();
  const { control } = await scene({ store, clock: new TurnableClock(NOW + 3_600_000) });
  const [row] = (await control.namespaces.list(region, {})).rows;
  assert.deepEqual([row?.addTime, row?.modTime], [NOW, NOW]);
});
