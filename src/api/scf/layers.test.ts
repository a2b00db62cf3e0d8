// The actions on layers over the real control.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { scene as controlScene } from '../../control/fixture.ts';
import { refused, scene, storeOf } from './fixture.ts';
import { zipOf } from './zip.ts';

const ZipFile = (await zipOf('left.js', 'module.exports = 1')).toString('base64');
const PUBLISH = { LayerName: 'deps', CompatibleRuntimes: ['Nodejs18.15'], Content: { ZipFile } };
const REF = { LayerName: 'deps', LayerVersion: 1 };

async function server() {
  const { control, clock, runtimes } = await controlScene();
  const layerUrl = async ({ name, version }: { name: string; version: number }) => `http://here/${name}/${version}`;
  const { call } = scene({ deps: { control, clock, layerUrl, objects: storeOf('texts', Buffer.from('no zip')) } });
  const done = async (action: string, request: object) => {
    const answer = await call(action, request);
    await control.settled();
    return answer;
  };
  return { call: done, first: call, runtimes, settled: () => control.settled() };
}

type Listed = readonly Readonly<Record<string, unknown>>[];

test('a layer lives: published, polled, shown, listed, bound, unbound, deleted', async () => {
  const { call, first, runtimes, settled } = await server();
  const unpacked = Promise.withResolvers<undefined>();
  runtimes.answerLayer = () => unpacked.promise;
  const Tags = [{ Key: 'k', Value: 'v' }];
  assert.deepEqual(await first('PublishLayerVersion', { ...PUBLISH, Description: 'd', LicenseInfo: 'MIT', Tags }), {
    LayerVersion: 1,
  });
  assert.equal((await first('GetLayerVersion', REF)).Status, 'Publishing');
  unpacked.resolve(undefined);
  await settled();
  const shown = await call('GetLayerVersion', REF);
  const { CodeSha256, ...rest } = shown;
  assert.deepEqual(rest, {
    ...REF,
    CompatibleRuntimes: ['Nodejs18.15'],
    Description: 'd',
    LicenseInfo: 'MIT',
    Status: 'Active',
    AddTime: '2024-04-19 16:00:00',
    Location: 'http://here/deps/1',
  });
  assert.match(String(CodeSha256), /^[0-9a-f]{64}$/);

  assert.deepEqual(await call('PublishLayerVersion', { ...PUBLISH, CompatibleRuntimes: ['Python3.10'] }), {
    LayerVersion: 2,
  });
  const numbers = (list: unknown) => (list as Listed).map(row => row.LayerVersion);
  const { Layers, TotalCount } = await call('ListLayers', { SearchKey: 'dep' });
  assert.deepEqual([numbers(Layers), TotalCount], [[2], 1]);
  assert.deepEqual(numbers((await call('ListLayers', { CompatibleRuntime: 'Nodejs18.15' })).Layers), [1]);
  assert.deepEqual(numbers((await call('ListLayers', { Offset: 1, Limit: 1 })).Layers), []);
  const versions = async (more: object) =>
    numbers((await call('ListLayerVersions', { LayerName: 'deps', ...more })).LayerVersions);
  assert.deepEqual(await versions({}), [2, 1]);
  assert.deepEqual(await versions({ CompatibleRuntime: ['Python3.10'] }), [2]);

  const FunctionName = 'hello';
  await call('CreateFunction', { FunctionName, Code: { ZipFile }, Runtime: 'Nodejs18.15', Layers: [REF] });
  const bound = async () => (await call('GetFunction', { FunctionName })).Layers as Listed;
  assert.deepEqual(
    await bound(),
    [{ ...REF, CompatibleRuntimes: ['Nodejs18.15'], Description: 'd', LicenseInfo: 'MIT' }].map(row => ({
      ...row,
      Status: 'Active',
      AddTime: '2024-04-19 16:00:00',
      Stamp: 'default',
      Tags,
    })),
  );
  await assert.rejects(call('DeleteLayerVersion', REF), refused('ResourceInUse.LayerVersion'));

  const both = [{ LayerName: 'deps', LayerVersion: 2 }, REF];
  await call('UpdateFunctionConfiguration', { FunctionName, Layers: both });
  assert.deepEqual(numbers(await bound()), [2, 1]);
  await call('UpdateFunctionConfiguration', { FunctionName, Layers: [{ LayerName: '', LayerVersion: 0 }] });
  assert.deepEqual(await bound(), []);
  assert.deepEqual(await call('DeleteLayerVersion', REF), {});
  await assert.rejects(call('GetLayerVersion', REF), refused('ResourceNotFound.LayerVersion'));
  await call('DeleteLayerVersion', { LayerName: 'deps', LayerVersion: 2 });
  assert.equal((await call('ListLayers', {})).TotalCount, 0);
});

test('a version that cannot be used says why', async () => {
  const { call, runtimes } = await server();
  const reason = { ErrorCode: 'InvalidParameterValue.ZipFile', ErrorMessage: 'a link leads out' };
  runtimes.answerLayer = async () => reason;
  await call('PublishLayerVersion', PUBLISH);
  const { Status, StatusReasons } = await call('GetLayerVersion', REF);
  assert.deepEqual([Status, StatusReasons], ['PublishFailed', [reason]]);
});

test('an object becomes a version, as the vendor’s toolkit publishes them', async () => {
  const { control, clock } = await controlScene();
  const content = await zipOf('left.js', 'module.exports = 1');
  const { call } = scene({ deps: { control, clock, objects: storeOf('layers', content) } });
  const Content = { CosBucketName: 'layers', CosObjectName: 'deps.zip' };
  assert.deepEqual(await call('PublishLayerVersion', { ...PUBLISH, Content }), { LayerVersion: 1 });
  await control.settled();
  const { Status, CodeSha256 } = await call('GetLayerVersion', REF);
  assert.deepEqual([Status, CodeSha256], ['Active', createHash('sha256').update(content).digest('hex')]);
});

test('without downloads the location is empty', async () => {
  const { control, clock } = await controlScene();
  const { call } = scene({ deps: { control, clock } });
  await call('PublishLayerVersion', PUBLISH);
  await control.settled();
  assert.equal((await call('GetLayerVersion', REF)).Location, '');
});

/** One bad field at a time; the rest of the request is good. */
const BAD: readonly (readonly [fields: object, code: string])[] = [
  [{ LayerName: 'a-' }, 'InvalidParameterValue.LayerName'],
  [{ CompatibleRuntimes: [] }, 'InvalidParameterValue.CompatibleRuntimes'],
  [{ CompatibleRuntimes: ['Cobol1'] }, 'InvalidParameterValue.CompatibleRuntimes'],
  [{ Content: {} }, 'InvalidParameterValue.Content'],
  [{ Content: { ZipFile: 'UEs' } }, 'InvalidParameterValue.ZipFileBase64BinasciiError'],
  [{ Content: { ZipFile: 'aGVsbG8=' } }, 'InvalidParameterValue.ZipFile'],
  [{ Content: { ZipFile, CosObjectName: '/a' } }, 'InvalidParameterValue.Code'],
  [{ Content: { CosBucketName: 'b', CosObjectName: '/a' } }, 'ResourceNotFound.Cos'],
  [{ Content: { CosBucketName: 'texts', CosObjectName: '/a' } }, 'InvalidParameterValue.ZipFile'],
  [{ Content: { TempCosObjectName: '/a' } }, 'UnsupportedOperation'],
  [{ Content: { DemoId: 'none' } }, 'ResourceNotFound.Demo'],
  [{ Content: { ImageConfig: { ImageUri: 'a/b' } } }, 'InvalidParameterValue.Content'],
  [{ LicenseInfo: 'x'.repeat(65_537) }, 'InvalidParameterValue.LimitExceeded'],
];
for (const [fields, code] of BAD)
  test(`PublishLayerVersion ${JSON.stringify(fields).slice(0, 60)}: ${code}`, async () => {
    const { call } = await server();
    await assert.rejects(call('PublishLayerVersion', { ...PUBLISH, ...fields }), refused(code));
    assert.equal((await call('ListLayers', {})).TotalCount, 0);
  });
