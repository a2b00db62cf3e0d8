import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aVersion, KEY } from '../../core/fixture.ts';
import { DEFAULT_ASYNC_POLICY } from '../../core/function.ts';
import { refused, scene, storeOf } from './fixture.ts';
import { zipOf } from './zip.ts';

const FunctionName = KEY.name;
const zip = await zipOf('index.js', 'x');
const ZipFile = zip.toString('base64');

/** The one thing that an action asked of control. */
async function asked(action: string, request: object, answers = {}): Promise<[string, ...unknown[]]> {
  const { call, asked } = scene({ answers });
  assert.deepEqual(await call(action, { FunctionName, ...request }), {});
  assert.equal(asked.length, 1);
  return [asked[0]?.verb ?? '', ...(asked[0]?.args ?? [])];
}

const argument = async (action: string, request: object) =>
  (await asked(action, request))[1] as Readonly<Record<string, unknown>>;

test('CreateFunction hands over the zip and every setting', async () => {
  const [verb, input] = await asked('CreateFunction', {
    Code: { ZipFile, CosObjectName: '' },
    CodeSource: 'ZipFile',
    Handler: 'index.main',
    Description: 'd',
    MemorySize: 256,
    Timeout: 7,
    InitTimeout: 70,
    Runtime: 'Nodejs20.19',
    Namespace: 'prod',
    Environment: { Variables: [{ Key: 'A', Value: '1' }, { Key: 'B' }, { Key: '__proto__', Value: 'x' }] },
    Tags: [{ Key: 'k', Value: 'v' }],
    Role: 'reader',
    Layers: [
      { LayerName: 'deps', LayerVersion: 2 },
      { LayerName: '', LayerVersion: 0 },
    ],
    VpcConfig: { VpcId: 'vpc-1' },
    DeployMode: 'code',
  });
  assert.equal(verb, 'functions.create');
  const { wire, environment, ...rest } = input as { wire: object; environment: object };
  assert.deepEqual(rest, {
    region: KEY.region,
    namespace: 'prod',
    name: KEY.name,
    zip,
    handler: 'index.main',
    description: 'd',
    memoryMB: 256,
    timeoutS: 7,
    initTimeoutS: 70,
    runtime: 'Nodejs20.19',
    layers: [{ name: 'deps', version: 2 }],
    role: 'reader',
    tags: [{ Key: 'k', Value: 'v' }],
    asyncRun: undefined,
    traced: undefined,
    deadLetter: undefined,
  });
  assert.deepEqual(Object.entries(environment), [
    ['A', '1'],
    ['B', ''],
    ['__proto__', 'x'],
  ]);
  assert.deepEqual('Code' in wire || 'CodeSource' in wire || 'DeployMode' in wire, false);
  assert.deepEqual((wire as { VpcConfig: object }).VpcConfig, { VpcId: 'vpc-1' });
});

test('an object becomes the code, in both forms, and control sees no more of it', async () => {
  const code = { CosBucketName: 'b', CosObjectName: '/a.zip', CosBucketRegion: '' };
  for (const [action, request] of [
    ['CreateFunction', { Code: code, CodeSource: 'Cos' }],
    ['UpdateFunctionCode', { Code: code }],
    ['UpdateFunctionCode', { ...code, ZipFile: '', CodeSource: 'Cos' }],
  ] as const) {
    const { call, asked } = scene({ deps: { objects: storeOf('b', zip) } });
    await call(action, { FunctionName, ...request });
    const input = asked[0]?.args[0] as { zip: Buffer; wire: object };
    assert.deepEqual(input.zip, zip);
    assert.doesNotMatch(JSON.stringify(input.wire), /Cos|Code/);
  }
});

test('a template of DemoId becomes the code', async () => {
  const { call, asked } = scene({ deps: { templates: async id => (id === 'hello' ? zip : undefined) } });
  await call('CreateFunction', { FunctionName, Code: { DemoId: 'hello' }, CodeSource: 'Demo' });
  const input = asked[0]?.args[0] as { zip: Buffer; wire: object };
  assert.equal(input.zip, zip);
  assert.equal('Code' in input.wire, false);
  await assert.rejects(
    call('CreateFunction', { FunctionName, Code: { DemoId: 'other' } }),
    refused('ResourceNotFound.Demo'),
  );
});

test('switches are "TRUE" or "FALSE"', async () => {
  const create = ['InstallDependency', 'AsyncRunEnable', 'TraceEnable', 'AutoCreateClsTopic', 'DnsCache'];
  for (const field of create) {
    const { call, asked } = scene();
    const request = { FunctionName, Code: { ZipFile }, [field]: 'true' };
    await assert.rejects(call('CreateFunction', request), refused('InvalidParameterValue'), field);
    await call('CreateFunction', { ...request, [field]: 'FALSE' });
    await call('CreateFunction', { ...request, [field]: '' });
    assert.equal(asked.length, 2, field);
  }
  const { call } = scene();
  await assert.rejects(
    call('UpdateFunctionCode', { FunctionName, ZipFile, Publish: 'yes' }),
    refused('InvalidParameterValue'),
  );
  for (const field of ['Publish', 'L5Enable', 'DnsCache', 'AsyncRunEnable', 'TraceEnable']) {
    await assert.rejects(
      call('UpdateFunctionConfiguration', { FunctionName, [field]: '1' }),
      refused('InvalidParameterValue'),
      field,
    );
  }
  await assert.rejects(call('GetFunction', { FunctionName, ShowCode: 'on' }), refused('InvalidParameterValue'));
});

test('one empty variable clears the environment, none keeps it', async () => {
  const environmentFor = async (Environment?: object) =>
    (await argument('UpdateFunctionConfiguration', Environment ? { Environment } : {})).environment;
  assert.equal(await environmentFor(), undefined);
  assert.equal(await environmentFor({}), undefined);
  assert.deepEqual(await environmentFor({ Variables: [{ Key: '', Value: '' }] }), {});
  assert.deepEqual(await environmentFor({ Variables: [] }), {});
  assert.deepEqual(await environmentFor({ Variables: [{ Key: 'A', Value: '' }] }), { A: '' });
  // Beside others an empty name is a mistake, which control refuses.
  const mixed = {
    Variables: [
      { Key: 'A', Value: '1' },
      { Key: '', Value: '' },
    ],
  };
  assert.deepEqual(await environmentFor(mixed), { A: '1', '': '' });
});

test('an empty name or version 0 unbinds all layers, none keeps them', async () => {
  const layersFor = async (Layers?: object[]) =>
    (await argument('UpdateFunctionConfiguration', Layers ? { Layers } : {})).layers;
  assert.equal(await layersFor(), undefined);
  assert.deepEqual(await layersFor([]), []);
  assert.deepEqual(await layersFor([{ LayerName: '', LayerVersion: 0 }]), []);
  assert.deepEqual(await layersFor([{ LayerName: 'deps', LayerVersion: 0 }]), []);
  assert.deepEqual(
    await layersFor([
      { LayerName: 'b', LayerVersion: 1 },
      { LayerName: 'a', LayerVersion: 2 },
    ]),
    [
      { name: 'b', version: 1 },
      { name: 'a', version: 2 },
    ],
  );
});

test('asynchronous settings: switches by their words, a dead letter target with what is left out as empty', async () => {
  const settings = async (action: string, request: object) => {
    const { asyncRun, traced, deadLetter } = await argument(action, request);
    return { asyncRun, traced, deadLetter };
  };
  const on = { AsyncRunEnable: 'TRUE', TraceEnable: 'TRUE', DeadLetterConfig: { Type: 'topic', Name: 'dlq' } };
  for (const action of ['CreateFunction', 'UpdateFunctionConfiguration'])
    assert.deepEqual(await settings(action, { ...on, Code: { ZipFile } }), {
      asyncRun: true,
      traced: true,
      deadLetter: { type: 'topic', name: 'dlq', filterType: '' },
    });
  const off = { AsyncRunEnable: 'FALSE', TraceEnable: '', DeadLetterConfig: {} };
  assert.deepEqual(await settings('UpdateFunctionConfiguration', off), {
    asyncRun: false,
    traced: undefined,
    deadLetter: { type: '', name: '', filterType: '' },
  });
});

test('settings that are not given are not sent; those that are, are', async () => {
  const { wire, ...input } = await argument('UpdateFunctionConfiguration', {
    Publish: 'TRUE',
    Timeout: 9,
    ClsLogsetId: '',
    Layers: [{ LayerName: '', LayerVersion: 0 }],
    IgnoreSysLog: false,
  });
  assert.deepEqual(input, {
    ...KEY,
    publish: true,
    timeoutS: 9,
    description: undefined,
    memoryMB: undefined,
    initTimeoutS: undefined,
    runtime: undefined,
    environment: undefined,
    layers: [],
    role: undefined,
    asyncRun: undefined,
    traced: undefined,
    deadLetter: undefined,
  });
  assert.deepEqual(wire, {
    FunctionName,
    Publish: 'TRUE',
    Timeout: 9,
    ClsLogsetId: '',
    Layers: [{ LayerName: '', LayerVersion: 0 }],
    IgnoreSysLog: false,
  });
});

test('UpdateFunctionCode takes the new form and the flat one', async () => {
  const expected = {
    ...KEY,
    zip,
    handler: 'a.b',
    publish: true,
    wire: { FunctionName, Handler: 'a.b', Publish: 'TRUE' },
  };
  const common = { Handler: 'a.b', Publish: 'TRUE' };
  assert.deepEqual(await argument('UpdateFunctionCode', { ...common, Code: { ZipFile } }), expected);
  assert.deepEqual(await argument('UpdateFunctionCode', { ...common, ZipFile, CodeSource: 'ZipFile' }), expected);
  const plain = await argument('UpdateFunctionCode', { ZipFile });
  assert.deepEqual([plain.handler, plain.publish], [undefined, undefined]);
});

const VIEW = {
  version: aVersion(),
  row: { ...KEY, id: 'lam-a', lastVersion: 0, async: DEFAULT_ASYNC_POLICY, addTime: 0 },
  tags: [],
  qualifier: '$LATEST',
};

test('inline code is packed under the entry file of the handler that will be', async () => {
  const { call, asked } = scene({
    answers: { 'functions.get': VIEW },
    deps: { entryFile: version => `${version.handler.split('.')[0]}.js` },
  });
  await call('UpdateFunctionCode', { FunctionName, CodeSource: 'Inline', ZipFile: 'new', Handler: 'app.main' });
  await call('UpdateFunctionCode', { FunctionName, CodeSource: 'Inline', Code: { ZipFile: 'new' } });
  const zips = asked
    .filter(({ verb }) => verb === 'functions.updateCode')
    .map(({ args }) => args[0] as { zip: Buffer; wire: object });
  assert.deepEqual(
    zips.map(({ zip }) => zip),
    [await zipOf('app.js', 'new'), await zipOf('index.js', 'new')],
  );
  assert.deepEqual(zips[1]?.wire, { FunctionName });
  await assert.rejects(
    call('UpdateFunctionCode', { FunctionName, CodeSource: 'Inline' }),
    refused('MissingParameter.Code'),
  );
});

test('GetFunction asks for one qualifier, its triggers and, on request, its text', async () => {
  const answers = {
    'functions.get': { ...VIEW, qualifier: 'prod' },
    'triggers.query': { total: 0, rows: [] },
    'functions.entryText': 'print(1)',
  };
  const { call, asked } = scene({ answers });
  const shown = await call('GetFunction', { FunctionName, Qualifier: 'prod', ShowCode: 'TRUE', ShowTriggers: 'TRUE' });
  assert.deepEqual([shown.CodeInfo, shown.Qualifier], ['print(1)', 'prod']);
  assert.deepEqual(asked, [
    { verb: 'functions.get', args: [KEY, 'prod'] },
    { verb: 'triggers.query', args: [{ ...KEY, filters: [{ name: 'Qualifier', values: ['prod'] }], limit: 110 }] },
    { verb: 'functions.entryText', args: [KEY, 'prod'] },
  ]);
  const bare = scene({ answers });
  assert.equal((await bare.call('GetFunction', { FunctionName, Namespace: '', Qualifier: '' })).CodeInfo, '');
  assert.deepEqual(bare.asked[0], { verb: 'functions.get', args: [KEY, '$LATEST'] });
  assert.equal(bare.asked.length, 2);
});

test('ListFunctions passes its page and filters', async () => {
  const { call, asked } = scene({ answers: { 'functions.list': { total: 7, rows: [VIEW] } } });
  const listed = await call('ListFunctions', {
    Offset: 1,
    Limit: 2,
    Order: 'ASC',
    Orderby: 'ModTime',
    SearchKey: 'h',
    Description: 'd',
    Filters: [{ Name: 'Status', Values: ['Active'] }],
  });
  assert.equal(listed.TotalCount, 7);
  assert.equal((listed.Functions as { FunctionName: string }[])[0]?.FunctionName, KEY.name);
  assert.deepEqual(asked[0]?.args, [
    {
      region: KEY.region,
      namespace: 'default',
      offset: 1,
      limit: 2,
      order: 'ASC',
      orderBy: 'ModTime',
      searchKey: 'h',
      description: 'd',
      filters: [{ name: 'Status', values: ['Active'] }],
    },
  ]);
});

test('a copy goes to the default namespace and the same region unless told otherwise', async () => {
  const near = await argument('CopyFunction', { Namespace: 'prod', NewFunctionName: 'two' });
  assert.deepEqual(near.from, { ...KEY, namespace: 'prod' });
  assert.deepEqual(near.to, { ...KEY, name: 'two' });
  const far = await argument('CopyFunction', {
    NewFunctionName: 'two',
    TargetNamespace: 'test',
    TargetRegion: 'ap-beijing',
    Override: true,
    CopyConfiguration: false,
    Description: 'copy',
  });
  assert.deepEqual(far, {
    from: KEY,
    to: { region: 'ap-beijing', namespace: 'test', name: 'two' },
    override: true,
    copyConfiguration: false,
    description: 'copy',
  });
});

test('DeleteFunction removes all of it, or one version', async () => {
  assert.deepEqual(await asked('DeleteFunction', {}), ['functions.delete', KEY, undefined]);
  assert.deepEqual(await asked('DeleteFunction', { Qualifier: '' }), ['functions.delete', KEY, undefined]);
  assert.deepEqual(await asked('DeleteFunction', { Qualifier: '2' }), ['functions.delete', KEY, '2']);
});

test('GetFunctionAddress gives an address where there is one', async () => {
  const answers = { 'functions.get': VIEW };
  const { call } = scene({ answers, deps: { codeUrl: async version => `http://x/${version.version}` } });
  assert.deepEqual(await call('GetFunctionAddress', { FunctionName }), {
    Url: 'http://x/$LATEST',
    CodeSha256: VIEW.version.code.sha256,
  });
  await assert.rejects(
    scene({ answers }).call('GetFunctionAddress', { FunctionName }),
    refused('UnsupportedOperation'),
  );
});
