// Layers with the vendor's Node.js SDK, unmodified: published, bound, seen by functions, kept over a restart, deleted.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { scf } from 'tencentcloud-sdk-nodejs-scf';
import { type Callable, deploy, invoke, type Scf, settled, until, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

let server = await startTestServer();
after(() => server.close());

function client({ endpoint, credentials }: Callable, reqMethod: 'POST' | 'GET' = 'POST'): Scf {
  return new scf.v20180416.Client({
    credential: { ...credentials },
    region: 'ap-guangzhou',
    profile: { httpProfile: { endpoint: endpoint.replace('http://', ''), protocol: 'http://', reqMethod } },
  });
}

/** Publishes and polls as the vendor's layer component does. */
async function publish(sdk: Scf, LayerName: string, files: Readonly<Record<string, string>>): Promise<number> {
  const ZipFile = (await zipOf(files)).toString('base64');
  const CompatibleRuntimes = ['Nodejs18.15', 'Python3.10'];
  const { LayerVersion = 0 } = await sdk.PublishLayerVersion({ LayerName, CompatibleRuntimes, Content: { ZipFile } });
  const { Status } = await until(`${LayerName} is published`, async () => {
    const answer = await sdk.GetLayerVersion({ LayerName, LayerVersion });
    return answer.Status !== 'Publishing' && answer;
  });
  assert.equal(Status, 'Active');
  return LayerVersion;
}

async function bind(sdk: Scf, FunctionName: string, Layers: { LayerName: string; LayerVersion: number }[]) {
  await sdk.UpdateFunctionConfiguration({ FunctionName, Layers });
  const { Status, StatusReasons, Layers: bound } = await settled(sdk, FunctionName);
  assert.equal(Status, 'Active', JSON.stringify(StatusReasons));
  return bound?.map(layer => `${layer.LayerName} ${layer.LayerVersion}`);
}

const NODE = 'exports.main_handler = async () => [require("shared").from, require("other")];';

test('what layers hold is found by a function, later ones first, also after a restart', async () => {
  const sdk = client(server);
  const shared = {
    'node_modules/shared/index.js': 'exports.from = "one";',
    'node_modules/other.js': 'module.exports = 1',
  };
  assert.equal(await publish(sdk, 'deps', shared), 1);
  await publish(sdk, 'patch', { 'node_modules/shared/index.js': 'exports.from = "two";' });
  const [deps, patch] = ['deps', 'patch'].map(LayerName => ({ LayerName, LayerVersion: 1 }));
  assert.ok(deps && patch);

  await deploy(sdk, 'bound', NODE, { Layers: [deps] });
  assert.equal((await invoke(sdk, 'bound')).RetMsg, '["one",1]');
  assert.deepEqual(await bind(sdk, 'bound', [deps, patch]), ['deps 1', 'patch 1']);
  assert.equal((await invoke(sdk, 'bound')).RetMsg, '["two",1]', 'the later layer covers the earlier one');
  await sdk.PublishVersion({ FunctionName: 'bound' });
  await settled(sdk, 'bound', '1');
  assert.deepEqual(await bind(sdk, 'bound', [patch, deps]), ['patch 1', 'deps 1']);
  assert.equal((await invoke(sdk, 'bound')).RetMsg, '["one",1]');

  server = await server.restart();
  const again = client(server);
  assert.equal((await invoke(again, 'bound')).RetMsg, '["one",1]');
  const version = await again.Invoke({ FunctionName: 'bound', Qualifier: '1' });
  assert.equal(version.Result?.RetMsg, '["two",1]', 'a version keeps its layers');

  assert.deepEqual(await bind(again, 'bound', [{ LayerName: '', LayerVersion: 0 }]), []);
  const unbound = await invoke(again, 'bound');
  assert.equal(unbound.InvokeResult, 1);
  assert.match(unbound.RetMsg, /Cannot find module 'shared'/);
});

test('the files stand under /opt, where nothing can be written', async t => {
  const { driver } = await server.get<{ driver: string }>('/status');
  if (driver !== 'bwrap') return t.skip(`the driver ${driver} has no /opt of its own`);
  const sdk = client(server);
  await publish(sdk, 'files', { 'data/a.txt': 'below' });
  await publish(sdk, 'files', { 'data/b.txt': 'above' });
  const code = `const fs = require('fs');
    exports.main_handler = async () => {
      const failed = path => { try { fs.writeFileSync(path, 'x'); } catch (error) { return error.code; } };
      const read = ['a', 'b'].map(name => fs.readFileSync('/opt/data/' + name + '.txt', 'utf8'));
      return [...read, failed('/opt/data/a.txt'), failed('/opt/new')];
    };`;
  const Layers = [1, 2].map(LayerVersion => ({ LayerName: 'files', LayerVersion }));
  await deploy(sdk, 'reader', code, { Layers });
  assert.equal((await invoke(sdk, 'reader')).RetMsg, '["below","above","EROFS","EROFS"]');
});

test('a Python function imports from a layer', async () => {
  const sdk = client(server);
  await publish(sdk, 'py', { 'shared_lib/__init__.py': 'ANSWER = 42\n' });
  const code = 'import shared_lib\n\ndef main_handler(event, context):\n    return shared_lib.ANSWER\n';
  await deploy(sdk, 'pyfn', code, { Runtime: 'Python3.10', Layers: [{ LayerName: 'py', LayerVersion: 1 }] });
  assert.equal((await invoke(sdk, 'pyfn')).RetMsg, '42');
});

for (const method of ['POST', 'GET'] as const)
  test(`the life of a layer by ${method}: shown, listed, downloaded, refused while in use, deleted`, async () => {
    const sdk = client(server, method);
    const LayerName = `life-${method}`;
    await publish(sdk, LayerName, { 'a.txt': 'one' });
    assert.equal(await publish(sdk, LayerName, { 'a.txt': 'two' }), 2);
    const one = { LayerName, LayerVersion: 1 };

    const shown = await sdk.GetLayerVersion(one);
    assert.deepEqual(
      [shown.LayerName, shown.LayerVersion, shown.Status, shown.CompatibleRuntimes],
      [LayerName, 1, 'Active', ['Nodejs18.15', 'Python3.10']],
    );
    const response = await fetch(shown.Location ?? '');
    const zip = Buffer.from(await response.arrayBuffer());
    assert.equal(createHash('sha256').update(zip).digest('hex'), shown.CodeSha256);

    const { Layers, TotalCount } = await sdk.ListLayers({ SearchKey: LayerName, CompatibleRuntime: 'Python3.10' });
    assert.deepEqual([Layers?.map(layer => layer.LayerVersion), TotalCount], [[2], 1]);
    const { LayerVersions } = await sdk.ListLayerVersions({ LayerName, CompatibleRuntime: ['Nodejs18.15'] });
    assert.deepEqual(
      LayerVersions?.map(layer => layer.LayerVersion),
      [2, 1],
    );

    const FunctionName = `uses-${method}`;
    await deploy(sdk, FunctionName, 'exports.main_handler = async () => 1;', { Layers: [one] });
    const fn = await sdk.GetFunction({ FunctionName });
    assert.deepEqual(
      fn.Layers?.map(layer => [layer.LayerName, layer.LayerVersion, layer.Status, layer.Stamp]),
      [[LayerName, 1, 'Active', 'default']],
    );
    await assert.rejects(sdk.DeleteLayerVersion(one), { code: 'ResourceInUse.LayerVersion' });
    assert.deepEqual(await bind(sdk, FunctionName, [{ LayerName: '', LayerVersion: 0 }]), []);
    await sdk.DeleteLayerVersion(one);
    await assert.rejects(sdk.GetLayerVersion(one), { code: 'ResourceNotFound.LayerVersion' });
    await sdk.DeleteLayerVersion({ LayerName, LayerVersion: 2 });
    await assert.rejects(sdk.ListLayerVersions({ LayerName }), { code: 'ResourceNotFound.Layer' });
    assert.equal((await fetch(shown.Location ?? '')).status, 404, 'the package is gone with it');
  });

test('a package that cannot be unpacked ends in PublishFailed', async () => {
  const sdk = client(server);
  const ZipFile = (await zipOf({ 'a.txt': 'x' })).subarray(0, -10).toString('base64');
  await sdk.PublishLayerVersion({ LayerName: 'broken', CompatibleRuntimes: ['Go1'], Content: { ZipFile } });
  const Ref = { LayerName: 'broken', LayerVersion: 1 };
  const failed = await until('it has failed', async () => {
    const answer = await sdk.GetLayerVersion(Ref);
    return answer.Status !== 'Publishing' && answer;
  });
  assert.equal(failed.Status, 'PublishFailed');
  const { StatusReasons } = failed as { StatusReasons?: { ErrorMessage: string }[] };
  assert.match(StatusReasons?.[0]?.ErrorMessage ?? '', /not a valid zip/);
  const Code = { ZipFile: (await zipOf({ 'index.js': '' })).toString('base64') };
  await assert.rejects(sdk.CreateFunction({ FunctionName: 'never', Runtime: 'Nodejs18.15', Code, Layers: [Ref] }), {
    code: 'InvalidParameterValue.Layers',
  });
  await sdk.DeleteLayerVersion(Ref);
});
