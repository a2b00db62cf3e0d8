import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { benchOf, Refusal } from './fixture.ts';

const LAYER = {
  LayerName: 'deps',
  LayerVersion: 3,
  Status: 'Active',
  CompatibleRuntimes: ['Nodejs18.15', 'Nodejs20.19'],
  Description: 'shared',
};

test('layer ls shows layers, or the versions of one', async t => {
  const bench = await benchOf(t, {
    ListLayers: { Layers: [LAYER, { ...LAYER, LayerName: 'other-one', Description: '' }], TotalCount: 2 },
    ListLayerVersions: { LayerVersions: [LAYER] },
  });
  assert.equal(
    (await bench.run(['layer', 'ls'])).out,
    'deps       3  Active  Nodejs18.15,Nodejs20.19  shared\nother-one  3  Active  Nodejs18.15,Nodejs20.19\n',
  );
  assert.deepEqual(JSON.parse((await bench.run(['layer', 'ls', 'deps', '--json'])).out), [LAYER]);
  assert.deepEqual(
    bench.asked.map(one => [one.what, one.params]),
    [
      ['ListLayers', { Limit: 1000 }],
      ['ListLayerVersions', { LayerName: 'deps' }],
    ],
  );
});

test('layer ls of an empty server says what to do', async t => {
  const bench = await benchOf(t, { ListLayers: { Layers: [], TotalCount: 0 } });
  const { status, out, note } = await bench.run(['layer', 'ls']);
  assert.deepEqual([status, out], [0, '']);
  assert.match(note, /openscf layer publish/);
});

test('layer publish sends a folder and waits until the version can be bound', async t => {
  const bench = await benchOf(t, { PublishLayerVersion: { LayerVersion: 4 }, GetLayerVersion: { Status: 'Active' } });
  await mkdir(join(bench.cwd, 'deps'));
  await writeFile(join(bench.cwd, 'deps/a.js'), 'x');
  const { status, out } = await bench.run(['layer', 'publish', 'deps', '--runtime', 'Nodejs18.15', 'Nodejs20.19']);
  assert.deepEqual([status, out], [0, 'Published deps 4\n']);
  const { Content, ...rest } = bench.asked[0]?.params ?? {};
  assert.deepEqual(rest, { LayerName: 'deps', CompatibleRuntimes: ['Nodejs18.15', 'Nodejs20.19'] });
  assert.match((Content as { ZipFile: string }).ZipFile, /^UEsD/);

  const named = await bench.run([
    'layer',
    'publish',
    'deps',
    '--name',
    'x',
    '--license',
    'MIT',
    '--description',
    'd',
    '--runtime',
    'Go1',
    '--json',
  ]);
  assert.deepEqual(JSON.parse(named.out), { LayerName: 'x', LayerVersion: 4 });
  const { LayerName, LicenseInfo, Description } = bench.asked[2]?.params ?? {};
  assert.deepEqual([LayerName, LicenseInfo, Description], ['x', 'MIT', 'd']);
});

test('layer publish says what is missing and what the server refuses', async t => {
  const bench = await benchOf(t, { PublishLayerVersion: new Refusal('LimitExceeded.Layers', '20 layers') });
  await writeFile(join(bench.cwd, 'x.txt'), 'x');
  const unnamed = await bench.run(['layer', 'publish', '.']);
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.note, /--runtime/);
  const refused = await bench.run(['layer', 'publish', '.', '--name', 'a', '--runtime', 'Go1']);
  assert.equal(refused.status, 1);
  assert.match(refused.note, /LimitExceeded.Layers: 20 layers/);
  assert.match((await bench.run(['layer', 'publish', 'none', '--runtime', 'Go1'])).note, /none does not exist/);
});

test('layer rm names one version', async t => {
  const bench = await benchOf(t, { DeleteLayerVersion: {} });
  assert.equal((await bench.run(['layer', 'rm', 'deps', '2'])).out, 'Removed deps 2\n');
  assert.deepEqual(bench.asked[0]?.params, { LayerName: 'deps', LayerVersion: 2 });
  assert.match((await bench.run(['layer', 'rm', 'deps', 'all'])).note, /whole number/);
  assert.equal(bench.asked.length, 1);
  assert.equal((await bench.run(['layer', 'rm', 'deps', '2', '--lang', 'zh'])).out, '已删除 deps 2\n');
});
