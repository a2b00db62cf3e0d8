import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_ALIAS, LATEST } from '../core/function.ts';
import type { RoutingInput } from './control.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

async function withVersions() {
  const made = await scene();
  await made.made();
  for (const _ of ['1', '2']) {
    await made.control.versions.publish(KEY, {});
    await made.control.settled();
  }
  return made;
}

test('is made, changed, shown and deleted', async () => {
  const { control, clock } = await withVersions();
  await control.aliases.create(KEY, { alias: 'prod', version: '1', description: 'live' });
  await clock.advance(1000);
  const weights = [{ version: '2', weight: 0.25 }];
  await control.aliases.update(KEY, { alias: 'prod', version: '1', routing: { weights, matches: [] } });
  assert.deepEqual(await control.aliases.get(KEY, 'prod'), {
    ...KEY,
    alias: 'prod',
    version: '1',
    description: 'live',
    routing: { by: 'weight', version: '2', weight: 0.25 },
    addTime: NOW,
    modTime: NOW + 1000,
  });
  await control.aliases.update(KEY, { alias: 'prod', version: '2', description: '' });
  const { routing, version, description } = await control.aliases.get(KEY, 'prod');
  assert.deepEqual([routing, version, description], [{ by: 'none' }, '2', '']);
  await control.aliases.delete(KEY, 'prod');
  const error = await rejects(control.aliases.get(KEY, 'prod'), 'ResourceNotFound.Alias');
  assert.match(error.text('zh'), /未找到指定的/);
});

test('the text that deploy tools look for stands in the message for a missing function as well', async () => {
  const { control } = await scene();
  const error = await rejects(control.aliases.get(KEY, 'prod'), 'ResourceNotFound.Function');
  assert.match(error.text('zh'), /未找到指定的Function，请检查后重试。/);
});

test('rules lose their prefix and keep their order', async () => {
  const { control } = await withVersions();
  const matches = [
    { version: '2', key: 'invoke.headers.User', method: 'exact', expression: 'Bob' },
    { version: '2', key: 'invoke.headers.Age', method: 'range', expression: '[1,9]' },
  ];
  const alias = await control.aliases.create(KEY, { alias: 'rules', version: '1', routing: { matches } });
  assert.deepEqual(alias.routing, {
    by: 'match',
    rules: [
      { version: '2', key: 'User', method: 'exact', expression: 'Bob' },
      { version: '2', key: 'Age', method: 'range', expression: '[1,9]' },
    ],
  });
});

const rule = { version: '2', key: 'invoke.headers.a', method: 'exact', expression: 'x' };
const refused: [string, RoutingInput, string][] = [
  ['both halves', { weights: [{ version: '2', weight: 0 }], matches: [rule] }, 'InvalidParameterValue.RoutingConfig'],
  [
    'two extra versions by weight',
    {
      weights: [
        { version: '2', weight: 0 },
        { version: LATEST, weight: 0 },
      ],
    },
    'InvalidParameterValue.AdditionalVersionWeights',
  ],
  [
    'the main version again',
    { weights: [{ version: '1', weight: 0.5 }] },
    'InvalidParameterValue.AdditionalVersionWeights',
  ],
  ['a weight above 1', { weights: [{ version: '2', weight: 1.1 }] }, 'InvalidParameterValue.AdditionalVersionWeights'],
  [
    'a weight that is no number',
    { weights: [{ version: '2', weight: Number.NaN }] },
    'InvalidParameterValue.AdditionalVersionWeights',
  ],
  ['a version that is not there', { weights: [{ version: '9', weight: 0.5 }] }, 'ResourceNotFound.Qualifier'],
  ['a rule for the main version', { matches: [{ ...rule, version: '1' }] }, 'InvalidParameterValue.RoutingConfig'],
  ['rules for two versions', { matches: [rule, { ...rule, version: LATEST }] }, 'InvalidParameterValue.RoutingConfig'],
  ['a rule on something else', { matches: [{ ...rule, key: 'a' }] }, 'InvalidParameterValue.RoutingConfig'],
  ['a rule on nothing', { matches: [{ ...rule, key: 'invoke.headers.' }] }, 'InvalidParameterValue.RoutingConfig'],
  ['an unknown method', { matches: [{ ...rule, method: 'like' }] }, 'InvalidParameterValue.RoutingConfig'],
  [
    'a half-open range',
    { matches: [{ ...rule, method: 'range', expression: '[1,2)' }] },
    'InvalidParameterValue.RoutingConfig',
  ],
];
for (const [what, routing, code] of refused)
  test(`refuses ${what}`, async () => {
    const { control } = await withVersions();
    await rejects(control.aliases.create(KEY, { alias: 'a', version: '1', routing }), code);
    assert.equal((await control.aliases.list(KEY, {})).total, 1);
  });

test('names are checked, and unique per function', async () => {
  const { control } = await withVersions();
  await rejects(control.aliases.create(KEY, { alias: '1a', version: '1' }), 'InvalidParameterValue.Name');
  await rejects(control.aliases.create(KEY, { alias: DEFAULT_ALIAS, version: '1' }), 'ResourceInUse.Alias');
  await rejects(control.aliases.create(KEY, { alias: 'a', version: '9' }), 'ResourceNotFound.Qualifier');
  const both = await Promise.allSettled([
    control.aliases.create(KEY, { alias: 'a', version: '1' }),
    control.aliases.create(KEY, { alias: 'a', version: '2' }),
  ]);
  assert.deepEqual(
    both.map(result => result.status),
    ['fulfilled', 'rejected'],
  );
  await rejects(control.aliases.update(KEY, { alias: 'none', version: '1' }), 'ResourceNotFound.Alias');
});

test('$DEFAULT can be pointed elsewhere and split, not deleted', async () => {
  const { control } = await withVersions();
  const routing = { weights: [{ version: '1', weight: 0.5 }] };
  await control.aliases.update(KEY, { alias: DEFAULT_ALIAS, version: LATEST, routing });
  assert.equal(control.catalog.find(KEY)?.aliases.get(DEFAULT_ALIAS)?.routing.by, 'weight');
  await rejects(control.aliases.delete(KEY, DEFAULT_ALIAS), 'FailedOperation.DeleteAlias');
  await rejects(control.aliases.delete(KEY, 'none'), 'ResourceNotFound.Alias');
});

test('lists with paging, and by version', async () => {
  const { control } = await withVersions();
  await control.aliases.create(KEY, { alias: 'b', version: '1' });
  await control.aliases.create(KEY, {
    alias: 'a',
    version: LATEST,
    routing: { weights: [{ version: '1', weight: 0 }] },
  });
  const names = async (query: object) => (await control.aliases.list(KEY, query)).rows.map(row => row.alias);
  assert.deepEqual(await names({}), [DEFAULT_ALIAS, 'a', 'b']);
  assert.deepEqual(await names({ version: '1' }), ['a', 'b']);
  assert.deepEqual(await names({ version: '2' }), []);
  assert.deepEqual(await names({ offset: 1, limit: 1 }), ['a']);
});

test('its triggers go with an alias', async () => {
  const { control, timer } = await withVersions();
  await control.start();
  await control.aliases.create(KEY, { alias: 'prod', version: '1' });
  await control.triggers.create({ ...KEY, type: 'timer', triggerName: 't', desc: '{}', qualifier: 'prod' });
  await control.aliases.delete(KEY, 'prod');
  assert.deepEqual(timer.did, ['bind t', 'listen t', 'stop t', 'unbind t']);
});
