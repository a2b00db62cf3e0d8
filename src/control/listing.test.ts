import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListFunctions } from './control.ts';
import { KEY, rejects, scene } from './fixture.ts';

async function three() {
  const made = await scene();
  const { clock } = made;
  await made.made({ name: 'beta', description: 'The first', tags: [{ Key: 'team', Value: 'x' }] });
  await clock.advance(1000);
  await made.made({ name: 'alpha', runtime: 'Python3.9', wire: { VpcConfig: { VpcId: 'vpc-1', SubnetId: 's' } } });
  await clock.advance(1000);
  await made.made({ name: 'gamma', asyncRun: true, traced: true });
  await clock.advance(1000);
  await made.control.functions.updateConfiguration({ ...KEY, name: 'beta', memoryMB: 256, wire: {} });
  const list = (query: Partial<ListFunctions>) =>
    made.control.functions.list({ region: KEY.region, namespace: KEY.namespace, ...query });
  const names = async (query: Partial<ListFunctions>) => (await list(query)).rows.map(view => view.row.name).join(' ');
  return { ...made, list, names };
}

test('orders and pages', async () => {
  const { list, names } = await three();
  assert.equal(await names({}), 'beta gamma alpha');
  assert.equal(await names({ orderBy: 'AddTime', order: 'DESC' }), 'gamma alpha beta');
  assert.equal(await names({ orderBy: 'FunctionName', order: 'ASC' }), 'alpha beta gamma');
  assert.equal(await names({ orderBy: 'FunctionName', order: 'ASC', offset: 1, limit: 1 }), 'beta');
  assert.equal((await list({ limit: 1 })).total, 3);
});

test('searches name and description without regard to case', async () => {
  const { names } = await three();
  assert.equal(await names({ searchKey: 'ALP' }), 'alpha');
  assert.equal(await names({ description: 'the first' }), 'beta');
  assert.equal(await names({ searchKey: 'a', description: 'nothing' }), '');
});

test('filters', async () => {
  const { names } = await three();
  const filter = (name: string, ...values: string[]) =>
    names({ orderBy: 'FunctionName', order: 'ASC', filters: [{ name, values }] });
  assert.equal(await filter('Status', 'Active'), 'alpha beta gamma');
  assert.equal(await filter('Status', 'Creating', 'CreateFailed'), '');
  assert.equal(await filter('Runtime', 'Python3.9', 'Go1'), 'alpha');
  assert.equal(await filter('Type', 'Event'), 'alpha beta gamma');
  assert.equal(await filter('VpcId', 'vpc-1'), 'alpha');
  assert.equal(await filter('AsyncRunEnable', 'TRUE'), 'gamma');
  assert.equal(await filter('AsyncRunEnable', 'FALSE'), 'alpha beta');
  assert.equal(await filter('TraceEnable', 'TRUE'), 'gamma');
  assert.equal(await filter('TraceEnable', 'FALSE', 'TRUE'), 'alpha beta gamma');
  assert.equal(await filter('Role', 'any'), '');
  assert.equal(await filter('tag-team', 'x', 'y'), 'beta');
  assert.equal(await filter('tag-team', 'y'), '');
  assert.equal(await filter('Runtime', ''), 'alpha beta gamma');
});

test('refuses what the documents refuse', async () => {
  const { list } = await three();
  await rejects(list({ orderBy: 'Name' }), 'InvalidParameterValue.Orderby');
  await rejects(list({ orderBy: 'constructor' }), 'InvalidParameterValue.Orderby');
  await rejects(list({ order: 'up' }), 'InvalidParameterValue.Order');
  await rejects(list({ offset: -1 }), 'InvalidParameterValue.Offset');
  await rejects(list({ limit: 1.5 }), 'InvalidParameterValue.Limit');
  await rejects(list({ namespace: 'none' }), 'ResourceNotFound.Namespace');
  const filters = (count: number) => Array.from({ length: count }, () => ({ name: 'Type', values: ['Event'] }));
  assert.equal((await list({ filters: filters(10) })).total, 3);
  await rejects(list({ filters: filters(11) }), 'InvalidParameterValue.Filters');
  await rejects(list({ filters: [{ name: 'Colour', values: ['red'] }] }), 'InvalidParameterValue.Filters');
  await rejects(list({ filters: [{ name: 'VpcId', values: ['a', 'b'] }] }), 'InvalidParameterValue.Filters');
  const many = Array.from({ length: 21 }, (_, i) => String(i));
  await rejects(list({ filters: [{ name: 'Runtime', values: many }] }), 'InvalidParameterValue.Filters');
});
