// The actions over the real control: what one call writes the next one reads, and bad input has its documented code.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scene as controlScene, creation } from '../../control/fixture.ts';
import { anOutcome } from '../../core/fixture.ts';
import { refused, scene, storeOf } from './fixture.ts';
import { zipOf } from './zip.ts';

const FunctionName = 'hello';
const ZipFile = (await zipOf('index.py', 'def main_handler(event, context): pass\n')).toString('base64');
const CREATE = { FunctionName, Code: { ZipFile }, Runtime: 'Python3.10' };

async function server() {
  const { control, clock, runtimes } = await controlScene();
  const { call, submitted } = scene({
    outcome: anOutcome(),
    deps: { control, clock, entryFile: version => runtimes.entryFile(version) },
  });
  /** A call whose effects have come to rest. */
  const done = async (action: string, request: object) => {
    const answer = await call(action, { FunctionName, ...request });
    await control.settled();
    return answer;
  };
  return { call: done, first: call, submitted, runtimes, settled: () => control.settled() };
}

type Listed = readonly Readonly<Record<string, unknown>>[];

test('a function lives: created, shown, changed, published, aliased, invoked, deleted', async () => {
  const { call, first, submitted, runtimes, settled } = await server();
  const unpacked = Promise.withResolvers<undefined>();
  runtimes.answer = () => unpacked.promise;
  assert.deepEqual(await first('CreateFunction', CREATE), {});
  assert.equal((await first('GetFunction', { FunctionName })).Status, 'Creating');
  await assert.rejects(first('InvokeFunction', { FunctionName }), refused('FailedOperation.FunctionStatusError'));
  unpacked.resolve(undefined);
  await settled();
  const made = await call('GetFunction', { ShowCode: 'TRUE' });
  assert.deepEqual(
    [made.Status, made.Handler, made.MemorySize, made.Timeout, made.Environment],
    ['Active', 'index.main_handler', 128, 3, { Variables: [] }],
  );
  assert.equal(made.CodeInfo, 'def main_handler(event, context): pass\n');
  assert.match(String(made.FunctionId), /^lam-[a-z][a-z0-9]{7}$/);

  await call('UpdateFunctionConfiguration', { Environment: { Variables: [{ Key: 'A', Value: '1' }] }, Timeout: 5 });
  const changed = await call('GetFunction', {});
  assert.deepEqual([changed.Environment, changed.Timeout], [{ Variables: [{ Key: 'A', Value: '1' }] }, 5]);
  await call('UpdateFunctionConfiguration', {
    Environment: { Variables: [{ Key: '', Value: '' }] },
    Layers: [{ LayerName: '', LayerVersion: 0 }],
    ClsLogsetId: '',
    ClsTopicId: '',
  });
  const cleared = await call('GetFunction', {});
  assert.deepEqual([cleared.Environment, cleared.Timeout, cleared.Layers], [{ Variables: [] }, 5, []]);

  await call('UpdateFunctionCode', { CodeSource: 'Inline', ZipFile: 'x = 1\n', Publish: 'TRUE' });
  assert.equal((await call('GetFunction', { Qualifier: '1', ShowCode: 'TRUE' })).CodeInfo, 'x = 1\n');
  const versions = await call('ListVersionByFunction', {});
  assert.deepEqual((versions.FunctionVersion as string[]).toSorted(), ['$LATEST', '1']);

  const RoutingConfig = {
    AddtionVersionMatchs: [{ Version: '1', Key: 'invoke.headers.User', Method: 'exact', Expression: 'Bob' }],
  };
  await call('CreateAlias', { Name: 'prod', FunctionVersion: '$LATEST', RoutingConfig });
  const alias = await call('GetAlias', { Name: 'prod' });
  assert.deepEqual(alias.RoutingConfig, { AdditionalVersionWeights: [], ...RoutingConfig });
  assert.equal((await call('ListAliases', { Offset: '0', Limit: '20' })).TotalCount, 2);

  await call('InvokeFunction', { Qualifier: 'prod', Event: '{}' });
  assert.equal(submitted[0]?.event.qualifier, 'prod');

  await call('DeleteFunction', {});
  await assert.rejects(call('GetFunction', {}), refused('ResourceNotFound.Function'));
  await assert.rejects(call('Invoke', {}), refused('ResourceNotFound.Function'));
});

test('a trigger lives: created, listed, switched, changed, deleted', async () => {
  const { call } = await server();
  await call('CreateFunction', CREATE);
  const trigger = { TriggerName: 'tick', Type: 'timer', Qualifier: '$DEFAULT' };
  const { TriggerInfo } = await call('CreateTrigger', { ...trigger, TriggerDesc: '{"cron":"a"}', CustomArgument: 'c' });
  const made = { ...(TriggerInfo as object) } as Readonly<Record<string, unknown>>;
  assert.deepEqual(
    [made.Enable, made.TriggerDesc, made.CustomArgument, made.ResourceId],
    [1, '{"cron":"a"}', 'c', 'source/tick'],
  );
  await assert.rejects(call('CreateTrigger', { ...trigger, TriggerDesc: '{}' }), refused('ResourceInUse.Trigger'));
  const listed = async (Filters: object[]) => {
    const { TotalCount, Triggers } = await call('ListTriggers', { Filters });
    assert.equal(TotalCount, (Triggers as Listed).length);
    return Triggers as Listed;
  };
  assert.equal((await listed([{ Name: 'Qualifier', Values: [''] }])).length, 1);
  assert.equal((await listed([{ Name: 'Qualifier', Values: ['$LATEST'] }])).length, 0);
  assert.equal(((await call('GetFunction', { Qualifier: '$DEFAULT' })).Triggers as Listed)[0]?.TriggerName, 'tick');
  assert.deepEqual((await call('GetFunction', {})).Triggers, []);
  await call('UpdateTriggerStatus', { ...trigger, Enable: 'CLOSE' });
  await call('UpdateTrigger', { ...trigger, TriggerDesc: '{"cron":"b"}', CustomArgument: '' });
  const [changed] = await listed([]);
  assert.deepEqual([changed?.Enable, changed?.TriggerDesc, changed?.CustomArgument], [0, '{"cron":"b"}', '']);
  await call('DeleteTrigger', trigger);
  assert.deepEqual(await listed([]), []);
});

test('retries, namespaces and the account', async () => {
  const { call } = await server();
  await call('CreateFunction', CREATE);
  const AsyncTriggerConfig = { RetryConfig: [{ RetryNum: 0 }], MsgTTL: 60 };
  await call('UpdateFunctionEventInvokeConfig', { AsyncTriggerConfig });
  assert.deepEqual(await call('GetFunctionEventInvokeConfig', {}), {
    AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 0 }, { RetryNum: -1 }], MsgTTL: 60 },
  });
  await call('CreateNamespace', { Namespace: 'test', Description: 'd' });
  const { TotalCount, Namespaces } = await call('ListNamespaces', { Orderby: 'Name', Order: 'DESC' });
  assert.deepEqual([TotalCount, (Namespaces as Listed).map(row => row.Name)], [2, ['test', 'default']]);
  await call('CopyFunction', { NewFunctionName: 'two', TargetNamespace: 'test' });
  const { Functions } = await call('ListFunctions', { Namespace: 'test' });
  assert.deepEqual(
    (Functions as Listed).map(row => row.FunctionName),
    ['two'],
  );
  const { AccountUsage } = await call('GetAccount', {});
  assert.equal((AccountUsage as { NamespacesCount: number }).NamespacesCount, 2);
});

/** One bad field at a time; the rest of the request is good. */
const BAD: readonly (readonly [action: string, fields: object, code: string])[] = [
  ['CreateFunction', { FunctionName: '1st' }, 'InvalidParameterValue.FunctionName'],
  ['CreateFunction', { Namespace: 'nowhere' }, 'ResourceNotFound.Namespace'],
  ['CreateFunction', { FunctionName: 'there' }, 'ResourceInUse.Function'],
  ['CreateFunction', { Code: {} }, 'MissingParameter.Code'],
  ['CreateFunction', { Code: { ZipFile: 'UEs' } }, 'InvalidParameterValue.ZipFileBase64BinasciiError'],
  ['CreateFunction', { Code: { ZipFile: 'aGVsbG8=' } }, 'InvalidParameterValue.ZipFile'],
  ['CreateFunction', { Code: { DemoId: 'none' } }, 'ResourceNotFound.Demo'],
  ['CreateFunction', { Code: { CosBucketName: 'b', CosObjectName: '/a' } }, 'ResourceNotFound.Cos'],
  ['CreateFunction', { Code: { CosBucketName: 'b' } }, 'InvalidParameterValue.CosObjectName'],
  ['CreateFunction', { Code: { CosBucketName: 'texts', CosObjectName: '/a.txt' } }, 'InvalidParameterValue.ZipFile'],
  ['CreateFunction', { Code: { TempCosObjectName: '/a' } }, 'UnsupportedOperation'],
  ['CreateFunction', { Code: {}, CodeSource: 'TempCos' }, 'UnsupportedOperation'],
  ['CreateFunction', { Code: {}, CodeSource: 'Cos' }, 'MissingParameter.Code'],
  ['CreateFunction', { Code: { ImageConfig: { ImageType: 'personal', ImageUri: 'a/b' } } }, 'UnsupportedOperation'],
  ['CreateFunction', { CodeSource: 'Demo' }, 'InvalidParameterValue.CodeSource'],
  ['CreateFunction', { Handler: 'no-method' }, 'InvalidParameterValue.Handler'],
  ['CreateFunction', { Description: 'x'.repeat(1001) }, 'InvalidParameterValue.Description'],
  ['CreateFunction', { MemorySize: 100 }, 'InvalidParameterValue.MemorySize'],
  ['CreateFunction', { Timeout: 901 }, 'LimitExceeded.Timeout'],
  ['CreateFunction', { InitTimeout: 2 }, 'LimitExceeded.InitTimeout'],
  ['CreateFunction', { Runtime: 'Cobol' }, 'InvalidParameterValue.Runtime'],
  ['CreateFunction', { Type: 'Batch' }, 'InvalidParameterValue.Type'],
  ['CreateFunction', { Role: 'admin' }, 'ResourceNotFound.Role'],
  ['UpdateFunctionConfiguration', { Role: 'admin' }, 'ResourceNotFound.Role'],
  ['CreateFunction', { Layers: [{ LayerName: 'a', LayerVersion: 1 }] }, 'ResourceNotFound.Layer'],
  ['CreateFunction', { ClsTopicId: 'topic' }, 'UnsupportedOperation'],
  ['CreateFunction', { AsyncRunEnable: 'TRUE', Type: 'HTTP' }, 'InvalidParameterValue'],
  ['CreateFunction', { AsyncRunEnable: 'TRUE', Timeout: 86_401 }, 'LimitExceeded.Timeout'],
  ['CreateFunction', { DeadLetterConfig: { Type: 'CMQ', Name: 'dlq' } }, 'InvalidParameterValue.DeadLetterConfig'],
  ['UpdateFunctionConfiguration', { AsyncRunEnable: 'TRUE' }, 'InvalidParameterValue'],
  ['UpdateFunctionConfiguration', { DeadLetterConfig: { Type: 'topic' } }, 'InvalidParameterValue.DeadLetterConfig'],
  ['ListAsyncEvents', { Limit: 101 }, 'InvalidParameterValue.Limit'],
  ['ListAsyncEvents', { Limit: -1 }, 'InvalidParameterValue.Limit'],
  ['ListAsyncEvents', { Offset: -1 }, 'InvalidParameterValue.Offset'],
  ['ListAsyncEvents', { Order: 'up' }, 'InvalidParameterValue.Order'],
  ['ListAsyncEvents', { Orderby: 'Status' }, 'InvalidParameterValue.Orderby'],
  ['ListAsyncEvents', { Status: ['WAITING'] }, 'InvalidParameterValue.Status'],
  ['ListAsyncEvents', { Qualifier: 'none' }, 'ResourceNotFound.Qualifier'],
  ['ListAsyncEvents', { FunctionName: 'none' }, 'ResourceNotFound.Function'],
  ['ListAsyncEvents', { StartTimeInterval: { Start: '2024-04-19 00:00:00' } }, 'InvalidParameterValue.DateTime'],
  ['ListAsyncEvents', { EndTimeInterval: { Start: 'now', End: 'then' } }, 'InvalidParameterValue.DateTime'],
  [
    'ListAsyncEvents',
    { StartTimeInterval: { Start: '2024-04-19 00:00:00', End: '2024-04-19 00:00:00.000' } },
    'InvalidParameterValue.DateTime',
  ],
  ['GetAsyncEventStatus', { InvokeRequestId: 'none' }, 'ResourceNotFound.AsyncEvent'],
  ['TerminateAsyncEvent', { InvokeRequestId: 'none' }, 'ResourceNotFound.AsyncEvent'],
  ['TerminateAsyncEvent', { InvokeRequestId: 'none', FunctionName: 'none' }, 'ResourceNotFound.Function'],
  ['CreateFunction', { DnsCache: 'yes' }, 'InvalidParameterValue'],
  ['CreateFunction', { PublicNetConfig: { PublicNetStatus: 'ON' } }, 'InvalidParameterValue.PublicNetConfig'],
  ['CreateFunction', { Environment: { Variables: [{ Key: '1', Value: '' }] } }, 'InvalidParameterValue.Environment'],
  ['CreateFunction', { Environment: { Variables: [{ Key: 'A' }, { Key: '' }] } }, 'InvalidParameterValue.Environment'],
  [
    'CreateFunction',
    { Environment: { Variables: [{ Key: 'SCF_A', Value: '1' }] } },
    'InvalidParameterValue.EnvironmentSystemProtect',
  ],
  [
    'CreateFunction',
    { Environment: { Variables: [{ Key: 'A', Value: 'x'.repeat(4096) }] } },
    'InvalidParameterValue.EnvironmentExceededLimit',
  ],
  ['UpdateFunctionCode', {}, 'MissingParameter.Code'],
  ['UpdateFunctionCode', { CosBucketName: 'b', CosObjectName: '/a' }, 'ResourceNotFound.Cos'],
  ['UpdateFunctionConfiguration', { IgnoreSysLog: true }, 'UnsupportedOperation'],
  ['GetFunction', { Qualifier: '9' }, 'ResourceNotFound.Qualifier'],
  ['ListFunctions', { Limit: -1 }, 'InvalidParameterValue.Limit'],
  ['ListFunctions', { Offset: -1 }, 'InvalidParameterValue.Offset'],
  ['ListFunctions', { Order: 'up' }, 'InvalidParameterValue.Order'],
  ['ListFunctions', { Orderby: 'Size' }, 'InvalidParameterValue.Orderby'],
  ['ListFunctions', { Filters: [{ Name: 'Colour', Values: ['red'] }] }, 'InvalidParameterValue.Filters'],
  ['ListVersionByFunction', { OrderBy: 'Size' }, 'InvalidParameterValue.OrderBy'],
  ['DeleteFunctionVersion', { Qualifier: '9' }, 'ResourceNotFound.Version'],
  ['CreateAlias', { Name: '1', FunctionVersion: '$LATEST' }, 'InvalidParameterValue.Name'],
  ['CreateAlias', { Name: '$DEFAULT', FunctionVersion: '$LATEST' }, 'ResourceInUse.Alias'],
  ['GetAlias', { Name: 'none' }, 'ResourceNotFound.Alias'],
  ['DeleteAlias', { Name: '$DEFAULT' }, 'FailedOperation.DeleteAlias'],
  ['CreateNamespace', { Namespace: 'default' }, 'InvalidParameterValue.DefaultNamespace'],
  ['CreateNamespace', { Namespace: '-' }, 'InvalidParameterValue.NamespaceInvalid'],
  ['DeleteNamespace', { Namespace: 'default' }, 'FailedOperation.DeleteNamespace'],
  ['ListNamespaces', { SearchKey: [{ Key: 'Colour', Value: 'red' }] }, 'InvalidParameterValue.SearchKey'],
  ['CreateTrigger', { TriggerName: 't', Type: 'timer', Enable: 'ON' }, 'InvalidParameterValue.Enable'],
  ['DeleteTrigger', { TriggerName: 't', Type: 'timer' }, 'ResourceNotFound.Trigger'],
  ['GetFunctionLogs', { Offset: 9_990, Limit: 20 }, 'LimitExceeded.Offset'],
  ['GetFunctionLogs', { Filter: { RetCode: 'is1' } }, 'InvalidParameterValue.Status'],
  ['GetFunctionLogs', { StartTime: '2024-04-19 00:00:00' }, 'InvalidParameterValue.StartTimeOrEndTime'],
  ['GetFunctionLogs', { StartTime: 'yesterday' }, 'InvalidParameterValue.DateTime'],
  [
    'GetFunctionLogs',
    { StartTime: '2024-04-17 00:00:00', EndTime: '2024-04-19 00:00:00' },
    'InvalidParameterValue.DateTime',
  ],
  ['GetRequestStatus', { FunctionRequestId: 'a', FunctionName: 'none' }, 'ResourceNotFound.Function'],
  [
    'UpdateFunctionEventInvokeConfig',
    { AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 3 }], MsgTTL: 60 } },
    'LimitExceeded.RetryNum',
  ],
  [
    'UpdateFunctionEventInvokeConfig',
    { AsyncTriggerConfig: { RetryConfig: [{ RetryNum: -1 }], MsgTTL: 60 } },
    'LimitExceeded.RetryNum',
  ],
  ...[59, 21_601].map(
    MsgTTL =>
      [
        'UpdateFunctionEventInvokeConfig',
        { AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 2 }], MsgTTL } },
        'LimitExceeded.MsgTTL',
      ] as const,
  ),
  [
    'UpdateFunctionEventInvokeConfig',
    { AsyncTriggerConfig: { RetryConfig: [], MsgTTL: 60 } },
    'InvalidParameterValue.AsyncTriggerConfig',
  ],
  ['GetFunctionEventInvokeConfig', { Qualifier: '9' }, 'ResourceNotFound.Qualifier'],
  ['GetFunctionEventInvokeConfig', { FunctionName: 'none' }, 'ResourceNotFound.Function'],
];

test('each bad field is refused with its documented code', async t => {
  const { control } = await controlScene();
  await control.functions.create(creation({ name: 'there' }));
  await control.settled();
  const objects = storeOf('texts', Buffer.from('no zip'));
  const { call } = scene({ deps: { control, objects } });
  for (const [action, fields, code] of BAD) {
    await t.test(`${action} ${JSON.stringify(fields).slice(0, 80)}: ${code}`, async () => {
      const good = action === 'CreateFunction' ? CREATE : { FunctionName: 'there' };
      await assert.rejects(call(action, { ...good, ...fields }), refused(code));
    });
  }
});
