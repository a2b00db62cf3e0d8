import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LATEST } from '../core/function.ts';
import type { LayerRef, PublishLayer } from './control.ts';
import { creation, KEY, NOW, rejects, scene, zip } from './fixture.ts';
import { DOCUMENTED_QUOTAS } from './quotas.ts';

const { region } = KEY;
const layer = (change: Partial<PublishLayer> = {}): PublishLayer => ({
  region,
  name: 'deps',
  zip: zip('layer'),
  runtimes: ['Nodejs18.15'],
  wire: {},
  ...change,
});
const DEPS: LayerRef = { name: 'deps', version: 1 };

async function withLayers(...given: Parameters<typeof scene>) {
  const all = await scene(...given);
  const { control } = all;
  async function published(change: Partial<PublishLayer> = {}) {
    const row = await control.layers.publish(layer(change));
    await control.settled();
    return row;
  }
  const latest = async (name = KEY.name) => (await control.functions.get({ ...KEY, name })).version;
  const bind = async (...layers: LayerRef[]) => {
    await control.functions.updateConfiguration({ ...KEY, layers, wire: {} });
    await control.settled();
  };
  return { ...all, published, latest, bind };
}

describe('PublishLayerVersion', () => {
  test('is Publishing until its package has been looked at, then Active', async () => {
    const { control, runtimes, blob } = await withLayers();
    const ready = Promise.withResolvers<undefined>();
    runtimes.answerLayer = () => ready.promise;
    const row = await control.layers.publish(
      layer({ description: 'd', license: 'MIT', tags: [{ Key: 'k', Value: 'v' }], runtimes: ['Python3.10', 'Php7.4'] }),
    );
    assert.equal(row.version, 1);
    assert.equal((await control.layers.get(region, DEPS)).status, 'Publishing');
    await rejects(control.layers.delete(region, DEPS), 'FailedOperation.DeleteLayerVersion');
    ready.resolve(undefined);
    await control.settled();
    const active = await control.layers.get(region, DEPS);
    assert.deepEqual(
      [active.status, active.description, active.license, active.tags, active.runtimes, active.addTime],
      ['Active', 'd', 'MIT', [{ Key: 'k', Value: 'v' }], ['Python3.10', 'Php7.4'], NOW],
    );
    assert.ok(blob.kept.has(active.code.sha256));
  });

  test('a package that cannot be used ends in PublishFailed, with its reason, and can be deleted', async () => {
    const { control, runtimes, blob, made, published } = await withLayers();
    runtimes.answerLayer = async () => ({ ErrorCode: 'InvalidParameterValue.ZipFile', ErrorMessage: 'a bad link' });
    await published();
    const failed = await control.layers.get(region, DEPS);
    assert.deepEqual([failed.status, failed.statusReasons[0]?.ErrorMessage], ['PublishFailed', 'a bad link']);
    await rejects(control.functions.create(creation({ layers: [DEPS] })), 'InvalidParameterValue.Layers');
    await made();
    await rejects(
      control.functions.updateConfiguration({ ...KEY, layers: [DEPS], wire: {} }),
      'InvalidParameterValue.Layers',
    );
    await control.layers.delete(region, DEPS);
    assert.equal(blob.kept.size, 1, 'that of the function');
  });

  test('what looking at the package throws is a reason', async () => {
    const { control, runtimes, published } = await withLayers();
    runtimes.answerLayer = async () => {
      throw new Error('disk full');
    };
    await published();
    const { status, statusReasons } = await control.layers.get(region, DEPS);
    assert.deepEqual([status, statusReasons[0]?.ErrorCode], ['PublishFailed', 'InternalError']);
    assert.match(statusReasons[0]?.ErrorMessage ?? '', /disk full/);
  });

  test('numbers rise and are never used again while the layer lives', async () => {
    const { control, published } = await withLayers();
    for (const text of ['one', 'two', 'three']) await published({ zip: zip(text) });
    await control.layers.delete(region, { name: 'deps', version: 3 });
    assert.equal((await published()).version, 4);
    for (const version of [1, 2, 4]) await control.layers.delete(region, { name: 'deps', version });
    await rejects(control.layers.get(region, DEPS), 'ResourceNotFound.Layer');
    assert.equal((await published()).version, 1, 'a new layer of the same name');
  });

  test('two at once get two numbers, in each region its own', async () => {
    const { control } = await withLayers();
    const rows = await Promise.all([
      control.layers.publish(layer()),
      control.layers.publish(layer()),
      control.layers.publish(layer({ region: 'ap-shanghai' })),
    ]);
    assert.deepEqual(
      rows.map(row => [row.region, row.version]),
      [
        [region, 1],
        [region, 2],
        ['ap-shanghai', 1],
      ],
    );
    await control.settled();
  });

  test('a killed server takes it up at its next start', async () => {
    const killed = await withLayers();
    killed.runtimes.answerLayer = () => new Promise(() => {});
    await killed.control.layers.publish(layer());
    const { control } = await scene({ store: killed.store, blob: killed.blob });
    await control.start();
    await control.settled();
    assert.equal((await control.layers.get(region, DEPS)).status, 'Active');
  });

  test('what was found of a package says nothing of a later layer of the same name', async () => {
    const slow = await withLayers();
    const answer = Promise.withResolvers<{ ErrorCode: string; ErrorMessage: string }>();
    slow.runtimes.answerLayer = () => answer.promise;
    await slow.control.layers.publish(layer());
    const quick = await scene({ store: slow.store, blob: slow.blob });
    await quick.control.start();
    await quick.control.settled();
    await quick.control.layers.delete(region, DEPS);
    quick.runtimes.answerLayer = () => new Promise(() => {});
    await quick.control.layers.publish(layer({ zip: zip('another') }));
    answer.resolve({ ErrorCode: 'X', ErrorMessage: 'of the former one' });
    await slow.control.settled();
    assert.equal((await slow.control.layers.get(region, DEPS)).status, 'Publishing');
  });

  test('quotas: layers of a region, versions of a layer', async () => {
    const quotas = { ...DOCUMENTED_QUOTAS, layersPerRegion: 2, versionsPerLayer: 2 };
    const { control, published, blob } = await withLayers({ quotas });
    await published();
    await published({ zip: zip('2') });
    await published({ name: 'other', zip: zip('3') });
    const many = await rejects(control.layers.publish(layer({ zip: zip('4') })), 'LimitExceeded.LayerVersions');
    assert.match(many.text('en'), /deps has 2 versions/);
    await rejects(control.layers.publish(layer({ name: 'third', zip: zip('5') })), 'LimitExceeded.Layers');
    assert.equal(blob.kept.size, 3, 'packages of what was refused are dropped');
    await published({ name: 'third', region: 'ap-shanghai' });
    await control.layers.delete(region, { name: 'other', version: 1 });
    await published({ name: 'third' });
  });

  const refused: [string, Partial<PublishLayer>, string][] = [
    ['a name that begins with a digit', { name: '1a' }, 'InvalidParameterValue.LayerName'],
    ['a name that ends with a dash', { name: 'a-' }, 'InvalidParameterValue.LayerName'],
    ['an empty name', { name: '' }, 'InvalidParameterValue.LayerName'],
    ['a name of 65 letters', { name: 'a'.repeat(65) }, 'InvalidParameterValue.LayerName'],
    ['no runtime', { runtimes: [] }, 'InvalidParameterValue.CompatibleRuntimes'],
    [
      'six runtimes',
      { runtimes: ['Go1', ...'12345'].map((_, i) => `Go${i}`) },
      'InvalidParameterValue.CompatibleRuntimes',
    ],
    ['a runtime that nobody knows', { runtimes: ['Node18'] }, 'InvalidParameterValue.CompatibleRuntimes'],
    ['a runtime twice', { runtimes: ['Go1', 'Go1'] }, 'InvalidParameterValue.CompatibleRuntimes'],
    ['no content', { zip: undefined }, 'InvalidParameterValue.Content'],
    ['content that is no zip', { zip: Buffer.from('hello') }, 'InvalidParameterValue.ZipFile'],
    ['a description of 1001 characters', { description: 'x'.repeat(1001) }, 'InvalidParameterValue.Description'],
    ['a licence of more than 64 KB', { license: '证'.repeat(22_000) }, 'InvalidParameterValue.LimitExceeded'],
    [
      'content from a store of the console',
      { zip: undefined, wire: { Content: { TempCosObjectName: '/a' } } },
      'UnsupportedOperation',
    ],
  ];
  for (const [what, change, code] of refused)
    test(`refuses ${what}: ${code}`, async () => {
      const { control, store, blob } = await withLayers();
      const error = await rejects(control.layers.publish(layer(change)), code);
      assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
      assert.equal((await store.count('layerVersions')) + blob.kept.size, 0);
    });

  test('names at the edges of what is allowed', async () => {
    const { published } = await withLayers();
    for (const name of ['a', 'A_b-9', 'a'.repeat(64)]) await published({ name });
  });
});

describe('lists', () => {
  const names = (listed: { readonly rows: readonly LayerRef[] }) =>
    listed.rows.map(row => `${row.name} ${row.version}`);

  async function some() {
    const all = await withLayers();
    await all.published({ name: 'beta' });
    await all.published({ name: 'alpha', runtimes: ['Python3.10'] });
    await all.published({ name: 'alpha', zip: zip('2'), runtimes: ['Nodejs18.15', 'Nodejs20.19'] });
    await all.published({ name: 'gamma', region: 'ap-shanghai' });
    return all;
  }

  test('the newest version of each layer of the region, by name and in pages', async () => {
    const { control } = await some();
    const all = await control.layers.list(region, {});
    assert.deepEqual([names(all), all.total], [['alpha 2', 'beta 1'], 2]);
    const page = await control.layers.list(region, { offset: 1, limit: 1 });
    assert.deepEqual([names(page), page.total], [['beta 1'], 2]);
    assert.deepEqual(names(await control.layers.list(region, { search: 'ALP' })), ['alpha 2']);
    assert.deepEqual(names(await control.layers.list(region, { runtime: 'Python3.10' })), ['alpha 1']);
    assert.deepEqual(names(await control.layers.list(region, { runtime: 'Go1' })), []);
    assert.deepEqual(names(await control.layers.list('ap-shanghai', { runtime: '' })), ['gamma 1']);
    await rejects(control.layers.list(region, { offset: -1 }), 'InvalidParameterValue.Offset');
  });

  test('the versions of one, the newest first', async () => {
    const { control, published } = await some();
    for (let version = 3; version <= 11; version++) await published({ name: 'alpha', zip: zip(`${version}`) });
    const versions = async (suits?: string[]) =>
      (await control.layers.versions(region, 'alpha', suits)).map(row => row.version);
    assert.deepEqual(await versions(), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await versions(['Python3.10', 'Nodejs20.19']), [2, 1]);
    await rejects(control.layers.versions(region, 'none'), 'ResourceNotFound.Layer');
    await rejects(control.layers.get(region, { name: 'alpha', version: 12 }), 'ResourceNotFound.LayerVersion');
    await rejects(control.layers.get(region, { name: 'alpha', version: 1.5 }), 'ResourceNotFound.LayerVersion');
    await rejects(control.layers.get('ap-beijing', { name: 'alpha', version: 1 }), 'ResourceNotFound.Layer');
  });

  test('gives the package back', async () => {
    const { control } = await some();
    const { stream, code } = await control.layers.code(region, { name: 'alpha', version: 2 });
    assert.deepEqual([Buffer.concat(await stream.toArray()), code.bytes], [zip('2'), zip('2').length]);
  });
});

describe('binding', () => {
  test('a function is made with layers, and looked at with them', async () => {
    const { control, made, runtimes, published, latest } = await withLayers();
    await published();
    const { code } = await published({ zip: zip('2') });
    await made({ layers: [{ name: 'deps', version: 2 }, DEPS] });
    const { layers, revision } = await latest();
    assert.deepEqual(
      layers.map(({ name, version }) => [name, version]),
      [
        ['deps', 2],
        ['deps', 1],
      ],
    );
    assert.deepEqual([layers[0]?.code, revision], [code, 1]);
    assert.deepEqual(runtimes.prepared[0]?.layers, layers);
    const shown = await control.layers.bound(await latest());
    assert.deepEqual(
      shown.map(row => row.version),
      [2, 1],
    );
  });

  test('a change goes through Updating: the former layers serve until the new ones have been looked at', async () => {
    const { control, made, runtimes, published, latest } = await withLayers();
    await published();
    await made();
    const before = await latest();
    const ready = Promise.withResolvers<undefined>();
    runtimes.answer = () => ready.promise;
    await control.functions.updateConfiguration({ ...KEY, layers: [DEPS], timeoutS: 9, wire: {} });
    const during = await latest();
    assert.deepEqual([during.status, during.layers, during.timeoutS], ['Updating', [], 9]);
    await rejects(control.layers.delete(region, DEPS), 'ResourceInUse.LayerVersion');
    ready.resolve(undefined);
    await control.settled();
    const after = await latest();
    assert.deepEqual([after.status, after.layers[0]?.name, after.code], ['Active', 'deps', before.code]);
    assert.ok(after.revision > during.revision && during.revision > before.revision, 'instances notice both');
  });

  test('layers that do not go with the code leave the former ones', async () => {
    const { made, runtimes, published, latest, bind, store } = await withLayers();
    await published();
    await made();
    runtimes.answer = async () => ({ ErrorCode: 'InvalidParameterValue.Layers', ErrorMessage: '600 MB' });
    await bind(DEPS);
    const failed = await latest();
    assert.deepEqual(
      [failed.status, failed.layers, failed.statusReasons[0]?.ErrorMessage],
      ['UpdateFailed', [], '600 MB'],
    );
    assert.equal(await store.count('resources'), 0);
    runtimes.answer = async () => undefined;
    await bind(DEPS);
    assert.deepEqual([(await latest()).status, (await latest()).layers.length], ['Active', 1]);
  });

  test('the same layers again change nothing, another order does', async () => {
    const { control, made, runtimes, published, latest, bind } = await withLayers();
    await published();
    await published({ name: 'more', zip: zip('more') });
    const more = { name: 'more', version: 1 };
    await made({ layers: [DEPS, more] });
    const { length } = runtimes.prepared;
    await bind(DEPS, more);
    assert.deepEqual([(await latest()).revision, runtimes.prepared.length], [1, length]);
    await control.functions.updateConfiguration({ ...KEY, description: 'd', wire: {} });
    assert.equal((await latest()).layers.length, 2, 'what is not named stays');
    await bind(more, DEPS);
    assert.deepEqual(
      (await latest()).layers.map(one => one.name),
      ['more', 'deps'],
    );
    assert.equal((await latest()).revision, 2);
    await bind();
    assert.deepEqual([(await latest()).layers, (await latest()).revision], [[], 3]);
  });

  test('new code keeps the layers, and is looked at with them', async () => {
    const { control, made, runtimes, published, latest } = await withLayers();
    await published();
    await made({ layers: [DEPS] });
    await control.functions.updateCode({ ...KEY, zip: zip('new'), wire: {} });
    await control.settled();
    assert.equal((await latest()).layers[0]?.name, 'deps');
    assert.deepEqual(runtimes.prepared.at(-1)?.layers, (await latest()).layers);
  });

  test('a version keeps the layers that it was published with', async () => {
    const { control, made, published, latest, bind } = await withLayers();
    await published();
    await made({ layers: [DEPS] });
    await control.versions.publish(KEY, {});
    await control.settled();
    await bind();
    await rejects(control.layers.delete(region, DEPS), 'ResourceInUse.LayerVersion');
    const one = (await control.functions.get(KEY, '1')).version;
    assert.deepEqual([one.layers[0]?.version, (await latest()).layers], [1, []]);
    await control.versions.delete(KEY, '1', {});
    await control.layers.delete(region, DEPS);
  });

  test('Publish=TRUE publishes what the layers have become', async () => {
    const { control, made, published } = await withLayers();
    await published();
    await made();
    await control.functions.updateConfiguration({ ...KEY, layers: [DEPS], publish: true, wire: {} });
    await control.settled();
    const one = (await control.functions.get(KEY, '1')).version;
    assert.deepEqual([one.status, one.layers[0]?.name], ['Active', 'deps']);
  });

  test('a killed server finishes the change at its next start', async () => {
    const killed = await withLayers();
    await killed.published();
    await killed.made();
    killed.runtimes.answer = () => new Promise(() => {});
    await killed.control.functions.updateConfiguration({ ...KEY, layers: [DEPS], wire: {} });
    const { control } = await scene({ store: killed.store, blob: killed.blob });
    await control.start();
    await control.settled();
    const { version } = await control.functions.get(KEY);
    assert.deepEqual([version.status, version.layers[0]?.name], ['Active', 'deps']);
  });

  const refused: [string, readonly LayerRef[], string][] = [
    ['a layer that is not there', [{ name: 'none', version: 1 }], 'ResourceNotFound.Layer'],
    ['a version that is not there', [{ name: 'deps', version: 7 }], 'ResourceNotFound.LayerVersion'],
    ['one twice', [DEPS, DEPS], 'InvalidParameterValue.Layers'],
    ['six', [1, 2, 3, 4, 5, 6].map(version => ({ name: 'deps', version })), 'InvalidParameterValue.Layers'],
  ];
  for (const [what, layers, code] of refused)
    test(`refuses ${what}: ${code}`, async () => {
      const { control, made, published, latest, blob } = await withLayers();
      await published();
      const error = await rejects(control.functions.create(creation({ layers })), code);
      assert.doesNotMatch(error.text('zh') + error.text('en'), /\{\w+\}/);
      assert.equal(blob.kept.size, 1, 'the package of the function is not kept');
      await made();
      await rejects(control.functions.updateConfiguration({ ...KEY, layers, wire: {} }), code);
      assert.deepEqual([(await latest()).status, (await latest()).layers], ['Active', []]);
    });

  test('layers of another region are not seen', async () => {
    const { control, published } = await withLayers();
    await published({ region: 'ap-shanghai' });
    await rejects(control.functions.create(creation({ layers: [DEPS] })), 'ResourceNotFound.Layer');
  });
});

describe('DeleteLayerVersion', () => {
  test('not while a function holds it; the refusal names the function', async () => {
    const { control, made, published, bind } = await withLayers();
    await published();
    await published({ zip: zip('2') });
    await made({ layers: [DEPS] });
    const error = await rejects(control.layers.delete(region, DEPS), 'ResourceInUse.LayerVersion');
    assert.match(error.text('en'), /default\/hello \(\$LATEST\)/);
    await control.layers.delete(region, { name: 'deps', version: 2 });
    await bind();
    await control.layers.delete(region, DEPS);
    await rejects(control.layers.delete(region, DEPS), 'ResourceNotFound.Layer');
  });

  test('its package goes when nothing else has it', async () => {
    const { control, made, published, blob } = await withLayers();
    await published({ zip: zip() });
    await published({ zip: zip() });
    await made({ zip: zip() });
    await control.layers.delete(region, DEPS);
    await control.functions.delete(KEY);
    assert.equal(blob.kept.size, 1, 'the other version has it');
    await control.layers.delete(region, { name: 'deps', version: 2 });
    assert.equal(blob.kept.size, 0);
  });

  test('one that is deleted while it is bound is either bound or gone', async () => {
    const { control, published } = await withLayers();
    await published();
    const results = await Promise.allSettled([
      control.layers.delete(region, DEPS),
      control.functions.create(creation({ layers: [DEPS] })),
    ]);
    await control.settled();
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 1);
  });
});

describe('CopyFunction', () => {
  test('takes the layers along, unless only the code is asked for', async () => {
    const { control, made, published, latest } = await withLayers();
    await published();
    await made({ layers: [DEPS] });
    await control.functions.copy({ from: KEY, to: { ...KEY, name: 'whole' } });
    await control.functions.copy({ from: KEY, to: { ...KEY, name: 'bare' }, copyConfiguration: false });
    await control.settled();
    assert.deepEqual((await latest('whole')).layers, (await latest()).layers);
    assert.deepEqual((await latest('bare')).layers, []);
  });

  test('to another region only where the same layers are', async () => {
    const { control, made, published } = await withLayers();
    await published();
    await made({ layers: [DEPS] });
    const to = { ...KEY, region: 'ap-shanghai' };
    const error = await rejects(control.functions.copy({ from: KEY, to }), 'FailedOperation.CopyFailed');
    assert.match(error.text('en'), /ap-shanghai has no version 1 of the layer deps/);
    await published({ region: 'ap-shanghai', zip: zip('different') });
    await rejects(control.functions.copy({ from: KEY, to }), 'FailedOperation.CopyFailed');
    await control.layers.delete('ap-shanghai', DEPS);
    await published({ region: 'ap-shanghai' });
    await control.functions.copy({ from: KEY, to });
    await control.settled();
    assert.equal((await control.functions.get(to, LATEST)).version.layers.length, 1);
  });
});
