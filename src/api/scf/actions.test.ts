import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TriggerView } from '../../control/control.ts';
import { anAlias, aVersion, KEY } from '../../core/fixture.ts';
import { type Answers, anAttempt, refused, scene } from './fixture.ts';
import { SCF_ACTIONS } from './index.ts';

const FunctionName = KEY.name;

/** What control was asked for by one call, and the answer. */
async function exchange(action: string, request: object, answers: Answers = {}) {
  const { call, asked } = scene({ answers });
  const answer = await call(action, request);
  return { answer, asked: asked.map(({ verb, args }) => [verb, ...args]) };
}

/** What control's `triggers.create` was given. */
async function created(request: object): Promise<Readonly<Record<string, unknown>>> {
  const { asked } = await exchange('CreateTrigger', { ...NAMED, ...request }, { 'triggers.create': VIEW });
  return { ...(asked[0]?.[1] as object) };
}

test('every action of the vendor SDK is served or refused by name, none twice', async () => {
  const sdk = await import('tencentcloud-sdk-nodejs-scf');
  const methods = Object.getOwnPropertyNames(sdk.scf.v20180416.Client.prototype).filter(name => /^[A-Z]/.test(name));
  const names = [...Object.keys(SCF_ACTIONS.actions), ...SCF_ACTIONS.later];
  assert.equal(methods.length, 52);
  assert.deepEqual(names.toSorted(), [...methods, 'GetDemoAddress'].toSorted());
  assert.equal(new Set(names).size, names.length);
});

test('PublishVersion answers with the version', async () => {
  const version = aVersion({ version: '3', description: 'third', memoryMB: 256, timeoutS: 9 });
  const { answer, asked } = await exchange(
    'PublishVersion',
    { FunctionName, Description: 'third' },
    { 'versions.publish': version },
  );
  assert.deepEqual(asked, [['versions.publish', KEY, { description: 'third' }]]);
  assert.deepEqual(answer, {
    FunctionVersion: '3',
    CodeSize: 10,
    MemorySize: 256,
    Description: 'third',
    Handler: 'index.main_handler',
    Timeout: 9,
    Runtime: 'Nodejs20.19',
    Namespace: 'default',
  });
});

test('ListVersionByFunction gives names and rows', async () => {
  const rows = [aVersion(), aVersion({ version: '1', status: 'Publishing' })];
  const { answer, asked } = await exchange(
    'ListVersionByFunction',
    { FunctionName, Offset: 1, Limit: 5, Order: 'DESC', OrderBy: 'ModTime' },
    { 'versions.list': { total: 9, rows } },
  );
  assert.deepEqual(asked, [['versions.list', KEY, { offset: 1, limit: 5, order: 'DESC', orderBy: 'ModTime' }]]);
  assert.deepEqual(answer.FunctionVersion, ['$LATEST', '1']);
  assert.equal(answer.TotalCount, 9);
  assert.deepEqual((answer.Versions as object[])[1], {
    Version: '1',
    Description: '',
    Status: 'Publishing',
    AddTime: '1970-01-01 08:00:00',
    ModTime: '1970-01-01 08:00:00',
  });
});

test('DeleteFunctionVersion shows control whether instances were to be killed', async () => {
  const request = { FunctionName, Qualifier: '2', ForceDelete: 'true' };
  const { asked } = await exchange('DeleteFunctionVersion', request);
  assert.deepEqual(asked, [['versions.delete', KEY, '2', request]]);
});

test('aliases are written with both kinds of routing', async () => {
  for (const action of ['CreateAlias', 'UpdateAlias']) {
    const verb = `aliases.${action.slice(0, 6).toLowerCase()}`;
    const request = { FunctionName, Name: 'prod', FunctionVersion: '1' };
    const input = { alias: 'prod', version: '1', description: undefined, routing: undefined };
    assert.deepEqual((await exchange(action, request)).asked, [[verb, KEY, input]]);
    const RoutingConfig = {
      AdditionalVersionWeights: [{ Version: '2', Weight: 0.25 }],
      AddtionVersionMatchs: [{ Version: '2', Key: 'invoke.headers.User', Method: 'exact', Expression: 'Bob' }],
    };
    const routing = {
      weights: [{ version: '2', weight: 0.25 }],
      matches: [{ version: '2', key: 'invoke.headers.User', method: 'exact', expression: 'Bob' }],
    };
    assert.deepEqual((await exchange(action, { ...request, Description: '', RoutingConfig })).asked, [
      [verb, KEY, { ...input, description: '', routing }],
    ]);
  }
});

test('aliases are read and deleted by name', async () => {
  const got = await exchange('GetAlias', { FunctionName, Name: 'prod' }, { 'aliases.get': anAlias({ alias: 'prod' }) });
  assert.deepEqual(got.asked, [['aliases.get', KEY, 'prod']]);
  assert.equal(got.answer.Name, 'prod');
  const deleted = await exchange('DeleteAlias', { FunctionName, Name: 'prod' });
  assert.deepEqual(deleted, { answer: {}, asked: [['aliases.delete', KEY, 'prod']] });
});

test('ListAliases takes its page as text and as numbers', async () => {
  const answers = { 'aliases.list': { total: 1, rows: [anAlias()] } };
  const page = async (request: object) =>
    (await exchange('ListAliases', { FunctionName, ...request }, answers)).asked[0]?.[2];
  assert.deepEqual(await page({ Offset: '1', Limit: '2', FunctionVersion: '3' }), {
    offset: 1,
    limit: 2,
    version: '3',
  });
  assert.deepEqual(await page({ Offset: 1, Limit: 2 }), { offset: 1, limit: 2, version: undefined });
  assert.deepEqual(await page({ Offset: '', Limit: '' }), { offset: undefined, limit: undefined, version: undefined });
  await assert.rejects(page({ Offset: 'a' }), refused('InvalidParameterValue.Offset'));
  await assert.rejects(page({ Limit: '1.5' }), refused('InvalidParameterValue.Limit'));
});

test('namespaces', async () => {
  const create = { Namespace: 'test', Description: 'd', ResourceEnv: { OFFLINE: true } };
  assert.deepEqual((await exchange('CreateNamespace', create)).asked, [
    ['namespaces.create', KEY.region, 'test', { description: 'd', wire: create }],
  ]);
  assert.deepEqual((await exchange('UpdateNamespace', { Namespace: 'test', Description: '' })).asked, [
    ['namespaces.update', KEY.region, 'test', { description: '' }],
  ]);
  assert.deepEqual((await exchange('DeleteNamespace', { Namespace: 'test' })).asked, [
    ['namespaces.delete', KEY.region, 'test'],
  ]);
  const row = { region: KEY.region, namespace: 'test', description: 'd', addTime: 0, modTime: 0 };
  const listed = await exchange(
    'ListNamespaces',
    { Limit: 3, Orderby: 'Name', SearchKey: [{ Key: 'Namespace', Value: 'te' }] },
    { 'namespaces.list': { total: 4, rows: [row] } },
  );
  assert.deepEqual(listed.asked, [
    [
      'namespaces.list',
      KEY.region,
      { offset: undefined, limit: 3, order: undefined, orderBy: 'Name', search: [{ key: 'Namespace', value: 'te' }] },
    ],
  ]);
  assert.deepEqual(listed.answer, {
    Namespaces: [
      {
        Name: 'test',
        Description: 'd',
        Type: 'default',
        AddTime: '1970-01-01 08:00:00',
        ModTime: '1970-01-01 08:00:00',
      },
    ],
    TotalCount: 4,
  });
});

const VIEW: TriggerView = {
  trigger: {
    ...KEY,
    id: 't-1',
    type: 'timer',
    triggerName: 'tick',
    qualifier: '$DEFAULT',
    enabled: false,
    desc: {},
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
  },
  desc: '{"cron":"0 * * * * * *"}',
  summary: '',
  attribute: 'single',
  urls: [],
};
const NAMED = { FunctionName, TriggerName: 'tick', Type: 'timer' };
const REF = { ...KEY, triggerName: 'tick', type: 'timer', qualifier: undefined, desc: undefined };

test('a new trigger is on unless it is to be off', async () => {
  const on = async (request: object) => (await created(request)).enabled;
  assert.equal(await on({}), true);
  assert.equal(await on({ Enable: 'OPEN' }), true);
  assert.equal(await on({ Enable: 'CLOSE' }), false);
  for (const Enable of ['open', '1', '']) await assert.rejects(on({ Enable }), refused('InvalidParameterValue.Enable'));
  const request = {
    ...NAMED,
    TriggerDesc: '0 * * * * * *',
    Qualifier: '$DEFAULT',
    CustomArgument: 'c',
    Description: 'd',
  };
  const { asked, answer } = await exchange('CreateTrigger', request, { 'triggers.create': VIEW });
  assert.deepEqual(asked, [
    [
      'triggers.create',
      { ...REF, qualifier: '$DEFAULT', desc: '0 * * * * * *', enabled: true, customArgument: 'c', description: 'd' },
    ],
  ]);
  const info = answer.TriggerInfo as Record<string, unknown>;
  assert.deepEqual([info.Enable, info.TriggerDesc, info.TriggerName], [0, '{"cron":"0 * * * * * *"}', 'tick']);
});

test('a trigger without a TriggerDesc has an empty one', async () => {
  assert.equal((await created({})).desc, '');
});

test('an update keeps what it does not name and clears what it names empty', async () => {
  const { asked } = await exchange('UpdateTrigger', NAMED);
  const kept = { ...REF, enabled: undefined, customArgument: undefined, description: undefined };
  assert.deepEqual(asked, [['triggers.update', kept]]);
  const cleared = await exchange('UpdateTrigger', { ...NAMED, Enable: 'CLOSE', CustomArgument: '', Description: '' });
  assert.deepEqual(cleared.asked, [
    ['triggers.update', { ...REF, enabled: false, customArgument: '', description: '' }],
  ]);
  await assert.rejects(exchange('UpdateTrigger', { ...NAMED, Enable: '' }), refused('InvalidParameterValue.Enable'));
});

test('a trigger is switched and removed by its name, type, qualifier and description', async () => {
  const request = { ...NAMED, Qualifier: '2', TriggerDesc: '{"event":"x"}' };
  const ref = { ...REF, qualifier: '2', desc: '{"event":"x"}' };
  assert.deepEqual((await exchange('UpdateTriggerStatus', { ...request, Enable: 'OPEN' })).asked, [
    ['triggers.setEnabled', ref, true],
  ]);
  assert.deepEqual((await exchange('DeleteTrigger', request)).asked, [['triggers.remove', ref]]);
  await assert.rejects(
    exchange('UpdateTriggerStatus', { ...request, Enable: 'ON' }),
    refused('InvalidParameterValue.Enable'),
  );
});

test('ListTriggers passes its filters', async () => {
  const { asked, answer } = await exchange(
    'ListTriggers',
    { FunctionName, Limit: 100, Filters: [{ Name: 'Qualifier', Values: [''] }] },
    { 'triggers.query': { total: 1, rows: [VIEW] } },
  );
  assert.deepEqual(asked, [
    [
      'triggers.query',
      {
        ...KEY,
        offset: undefined,
        limit: 100,
        order: undefined,
        orderBy: undefined,
        filters: [{ name: 'Qualifier', values: [''] }],
      },
    ],
  ]);
  assert.equal(answer.TotalCount, 1);
  assert.equal((answer.Triggers as { BoundResources: string }[])[0]?.BoundResources, '');
});

test('GetRequestStatus has one row per attempt, its memory in MB', async () => {
  const rows = [
    anAttempt({ status: 430, retMsg: '{"errorCode":-1}' }),
    anAttempt({ retryNum: 1 }),
    anAttempt({ retryNum: 2, status: 202 }),
  ];
  const { asked, answer } = await exchange(
    'GetRequestStatus',
    { FunctionName, FunctionRequestId: 'run-1', StartTime: '2024-04-19 15:00:00', EndTime: '2024-04-19 17:00:00' },
    { 'logs.requestStatus': { total: 3, rows } },
  );
  const at = (hour: number) => Date.UTC(2024, 3, 19, hour);
  assert.deepEqual(asked, [['logs.requestStatus', { ...KEY, requestId: 'run-1', startTime: at(7), endTime: at(9) }]]);
  assert.equal(answer.TotalCount, 3);
  const data = answer.Data as Record<string, unknown>[];
  assert.deepEqual(
    data.map(row => [row.RetCode, row.RetryNum]),
    [
      [-1, 0],
      [0, 1],
      [1, 2],
    ],
  );
  assert.deepEqual(data[1], {
    FunctionName,
    RequestId: 'run-1',
    RetMsg: '"hi"',
    RetCode: 0,
    StartTime: '2024-04-19 16:00:01',
    Duration: 12.25,
    MemUsage: 3,
    RetryNum: 1,
  });
  await assert.rejects(
    exchange('GetRequestStatus', { FunctionName, FunctionRequestId: 'a', StartTime: '2024-04-19' }),
    refused('InvalidParameterValue.DateTime'),
  );
});

test('GetFunctionLogs renders each attempt, its memory in bytes', async () => {
  const statuses = [200, 202, 499, 433];
  const rows = statuses.map(status => anAttempt({ status }));
  const { asked, answer } = await exchange(
    'GetFunctionLogs',
    {
      FunctionName,
      Offset: 0,
      Limit: 10,
      Order: 'desc',
      OrderBy: 'start_time',
      Filter: { RetCode: 'not0' },
      Qualifier: '',
      FunctionRequestId: '',
      EndTime: '2024-04-19 17:00:00',
    },
    { 'logs.functionLogs': { total: 40, rows } },
  );
  assert.deepEqual(asked, [
    [
      'logs.functionLogs',
      {
        region: KEY.region,
        namespace: 'default',
        functionName: FunctionName,
        qualifier: undefined,
        requestId: undefined,
        retCode: 'not0',
        startTime: undefined,
        endTime: Date.UTC(2024, 3, 19, 9),
        offset: 0,
        limit: 10,
        order: 'desc',
        orderBy: 'start_time',
      },
    ],
  ]);
  assert.equal(answer.TotalCount, 40);
  assert.deepEqual(answer.SearchContext, { Offset: '', Limit: 0, Keyword: '', Type: '' });
  const data = answer.Data as Record<string, unknown>[];
  assert.deepEqual(
    data.map(row => [row.RetCode, row.InvokeFinished]),
    [
      [0, 1],
      [2, 0],
      [3, 1],
      [1, 1],
    ],
  );
  assert.deepEqual(data[0], {
    FunctionName,
    RequestId: 'run-1',
    RetMsg: '"hi"',
    RetCode: 0,
    InvokeFinished: 1,
    StartTime: '2024-04-19 16:00:01',
    Duration: 12.25,
    BillDuration: 13,
    MemUsage: 3 * 1024 * 1024,
    Log: '<hello>',
    Level: '',
    Source: '',
    RetryNum: 0,
  });
});

test('retries: entry 0 is the number, entry 1 stands for until MsgTTL', async () => {
  const read = await exchange(
    'GetFunctionEventInvokeConfig',
    { FunctionName, Qualifier: '' },
    { 'functions.asyncPolicy': { retryNum: 1, msgTtlS: 600 } },
  );
  assert.deepEqual(read.asked, [['functions.asyncPolicy', KEY, undefined]]);
  assert.deepEqual(read.answer, {
    AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 1 }, { RetryNum: -1 }], MsgTTL: 600 },
  });
  const update = (RetryConfig: object[]) =>
    exchange('UpdateFunctionEventInvokeConfig', { FunctionName, AsyncTriggerConfig: { RetryConfig, MsgTTL: 21600 } });
  for (const RetryConfig of [[{ RetryNum: 2 }], [{ RetryNum: 2 }, { RetryNum: -1 }]]) {
    assert.deepEqual((await update(RetryConfig)).asked, [
      ['functions.setAsyncPolicy', KEY, { retryNum: 2, msgTtlS: 21600 }],
    ]);
  }
  const wrong = refused('InvalidParameterValue.AsyncTriggerConfig');
  await assert.rejects(update([]), wrong);
  await assert.rejects(update([{ RetryNum: 2 }, { RetryNum: 5 }]), wrong);
  await assert.rejects(update([{ RetryNum: 2 }, { RetryNum: -1 }, { RetryNum: -1 }]), wrong);
});

test('GetAccount', async () => {
  const usage = {
    namespaces: [{ namespace: 'default', functions: ['a', 'b'], reservedMB: 1024, provisionedMB: 640 }],
    totalConcurrencyMB: 128_000,
    allocatedConcurrencyMB: 1024,
    userConcurrencyLimitMB: 128_000,
  };
  const limits = {
    namespaces: 5,
    names: ['default'],
    functionsPerNamespace: 50,
    triggersPerType: 10,
    triggersPerFunction: 110,
    timeoutS: 900,
    initTimeoutS: 300,
    retryNum: 2,
    minMsgTtlS: 60,
    maxMsgTtlS: 21600,
  };
  const { answer, asked } = await exchange('GetAccount', {}, { 'accounts.usage': usage, 'accounts.limits': limits });
  assert.deepEqual(asked, [
    ['accounts.usage', KEY.region],
    ['accounts.limits', KEY.region],
  ]);
  assert.deepEqual(answer, {
    AccountUsage: {
      NamespacesCount: 1,
      Namespace: [
        {
          Namespace: 'default',
          Functions: ['a', 'b'],
          FunctionsCount: 2,
          TotalConcurrencyMem: 128_000,
          TotalAllocatedConcurrencyMem: 1024,
          TotalAllocatedProvisionedMem: 640,
        },
      ],
      TotalConcurrencyMem: 128_000,
      TotalAllocatedConcurrencyMem: 1024,
      UserConcurrencyMemLimit: 128_000,
    },
    AccountLimit: {
      NamespacesCount: 5,
      Namespace: [
        {
          Namespace: 'default',
          FunctionsCount: 50,
          Trigger: {
            Cos: 10,
            Timer: 10,
            Cmq: 10,
            Ckafka: 10,
            Apigw: 10,
            Cls: 10,
            Clb: 10,
            Mps: 10,
            Cm: 10,
            Vod: 10,
            Eb: 10,
            Total: 110,
          },
          ConcurrentExecutions: 1000,
          TimeoutLimit: 900,
          TestModelLimit: 20,
          InitTimeoutLimit: 300,
          RetryNumLimit: 2,
          MinMsgTTL: 60,
          MaxMsgTTL: 21600,
        },
      ],
    },
  });
});
