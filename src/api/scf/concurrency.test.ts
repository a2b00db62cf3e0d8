import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scene as controlScene, creation } from '../../control/fixture.ts';
import { KEY } from '../../core/fixture.ts';
import { type Answers, refused, scene } from './fixture.ts';

const FunctionName = KEY.name;

async function exchange(action: string, request: object, answers: Answers = {}) {
  const { call, asked } = scene({ answers });
  const answer = await call(action, request);
  return { answer, asked: asked.map(({ verb, args }) => [verb, ...args]) };
}

test('each request in control’s words', async () => {
  const key = { ...KEY, namespace: 'n' };
  const named = { FunctionName, Namespace: 'n' };
  const cases: readonly (readonly [action: string, request: object, asked: readonly unknown[], answers?: Answers])[] = [
    ['PutReservedConcurrencyConfig', { ...named, ReservedConcurrencyMem: 0 }, ['concurrency.reserve', key, 0]],
    ['GetReservedConcurrencyConfig', named, ['concurrency.reserved', key]],
    ['DeleteReservedConcurrencyConfig', named, ['concurrency.unreserve', key]],
    ['DeleteProvisionedConcurrencyConfig', { ...named, Qualifier: '3' }, ['concurrency.unprovision', key, '3']],
    [
      'GetProvisionedConcurrencyConfig',
      { ...named, Qualifier: '' },
      ['concurrency.provisioned', key, undefined],
      { 'concurrency.provisioned': { unallocated: 0, versions: [] } },
    ],
    ['PutTotalConcurrencyConfig', { TotalConcurrencyMem: 9 }, ['concurrency.setQuota', KEY.region, 'default', 9]],
    [
      'PutTotalConcurrencyConfig',
      { TotalConcurrencyMem: 9, Namespace: 'n' },
      ['concurrency.setQuota', KEY.region, 'n', 9],
    ],
  ];
  for (const [action, request, expected, answers] of cases) {
    const { asked } = await exchange(action, request, answers);
    assert.deepEqual(asked, [expected], action);
  }
});

test('PutProvisionedConcurrencyConfig with everything it can have', async () => {
  const tracked = {
    FunctionName,
    Qualifier: '1',
    VersionProvisionedConcurrencyNum: 0,
    ProvisionedType: 'ConcurrencyUtilizationTracking',
    TrackingTarget: 0.7,
    MinCapacity: 1,
    MaxCapacity: 9,
  };
  const { asked } = await exchange('PutProvisionedConcurrencyConfig', tracked);
  const type = 'ConcurrencyUtilizationTracking';
  assert.deepEqual(asked, [
    [
      'concurrency.provision',
      { ...KEY, version: '1', instances: 0, type, target: 0.7, min: 1, max: 9, schedule: undefined },
    ],
  ]);
  const scheduled = {
    FunctionName,
    Qualifier: '1',
    VersionProvisionedConcurrencyNum: 2,
    ProvisionedType: '',
    TriggerActions: [
      {
        TriggerName: 'timer-1',
        ProvisionedType: 'Default',
        TriggerProvisionedConcurrencyNum: 1,
        TriggerCronConfig: '30 42 15 20 12 * 2024',
      },
    ],
  };
  const [[, input] = []] = (await exchange('PutProvisionedConcurrencyConfig', scheduled)).asked;
  const { type: none, schedule } = { ...(input as { type: unknown; schedule: unknown }) };
  assert.deepEqual(
    [none, schedule],
    [undefined, [{ name: 'timer-1', instances: 1, cron: '30 42 15 20 12 * 2024', type: 'Default' }]],
  );
});

test('over the real control: what is put is what is got', async () => {
  const readiness = { available: 0, busy: 0 };
  const { control, clock } = await controlScene({ instances: { provisionedOf: () => readiness } });
  const { call } = scene({ deps: { control, clock } });
  await control.functions.create(creation());
  await control.settled();
  await control.versions.publish(KEY, {});
  await control.settled();
  await control.start();

  const reserved = async () => (await call('GetReservedConcurrencyConfig', { FunctionName })).ReservedMem;
  assert.equal(await reserved(), null);
  await call('PutReservedConcurrencyConfig', { FunctionName, ReservedConcurrencyMem: 1024 });
  assert.equal(await reserved(), 1024);

  const TriggerActions = [
    {
      TriggerName: 'evening',
      TriggerProvisionedConcurrencyNum: 4,
      TriggerCronConfig: '0 0 18 * * * *',
      ProvisionedType: 'Default',
    },
  ];
  const put = { FunctionName, Qualifier: '1', VersionProvisionedConcurrencyNum: 2, TriggerActions };
  assert.deepEqual(await call('PutProvisionedConcurrencyConfig', put), {});
  const got = () => call('GetProvisionedConcurrencyConfig', { FunctionName });
  const wire = {
    Qualifier: '1',
    AllocatedProvisionedConcurrencyNum: 2,
    AvailableProvisionedConcurrencyNum: 0,
    Status: 'InProgress',
    StatusReason: '已就绪 0 个，共 2 个。 0 of 2 instances are ready.',
    TriggerActions,
  };
  assert.deepEqual(await got(), { UnallocatedConcurrencyNum: 896, Allocated: [wire] });
  await assert.rejects(call('PutProvisionedConcurrencyConfig', put), refused('FailedOperation.ProvisionedInProgress'));
  readiness.available = 4;
  await clock.advance(2 * 3_600_000);
  const done = { AvailableProvisionedConcurrencyNum: 4, Status: 'Done', StatusReason: '' };
  assert.deepEqual(await got(), {
    UnallocatedConcurrencyNum: 896,
    Allocated: [{ ...wire, AllocatedProvisionedConcurrencyNum: 4, ...done }],
  });

  const { Functions } = await call('ListFunctions', {});
  const [listed] = Functions as readonly Record<string, unknown>[];
  assert.deepEqual([listed?.TotalProvisionedConcurrencyMem, listed?.ReservedConcurrencyMem], [512, 1024]);
  await call('PutTotalConcurrencyConfig', { TotalConcurrencyMem: 64_000 });
  const { AccountUsage } = await call('GetAccount', {});
  assert.deepEqual(AccountUsage, {
    NamespacesCount: 1,
    Namespace: [
      {
        Namespace: 'default',
        Functions: [FunctionName],
        FunctionsCount: 1,
        TotalConcurrencyMem: 64_000,
        TotalAllocatedConcurrencyMem: 1024,
        TotalAllocatedProvisionedMem: 512,
      },
    ],
    TotalConcurrencyMem: 64_000,
    TotalAllocatedConcurrencyMem: 1024,
    UserConcurrencyMemLimit: 128_000,
  });

  await call('DeleteProvisionedConcurrencyConfig', { FunctionName, Qualifier: '1' });
  await call('DeleteReservedConcurrencyConfig', { FunctionName });
  assert.equal(await reserved(), null);
  assert.deepEqual(await got(), { UnallocatedConcurrencyNum: 400, Allocated: [] });
});

const BAD: readonly (readonly [action: string, fields: object, code: string])[] = [
  ['PutReservedConcurrencyConfig', { ReservedConcurrencyMem: -1 }, 'InvalidParameterValue'],
  [
    'PutReservedConcurrencyConfig',
    { ReservedConcurrencyMem: 115_201 },
    'LimitExceeded.FunctionReservedConcurrencyMemory',
  ],
  ['PutReservedConcurrencyConfig', { FunctionName: 'none', ReservedConcurrencyMem: 1 }, 'ResourceNotFound.Function'],
  ['GetReservedConcurrencyConfig', { FunctionName: 'none' }, 'ResourceNotFound.Function'],
  ['DeleteReservedConcurrencyConfig', { Namespace: 'none' }, 'ResourceNotFound.Function'],
  ['PutProvisionedConcurrencyConfig', { Qualifier: '$LATEST' }, 'InvalidParameterValue.Qualifier'],
  ['PutProvisionedConcurrencyConfig', { Qualifier: '9' }, 'ResourceNotFound.Qualifier'],
  ['PutProvisionedConcurrencyConfig', { ProvisionedType: 'Dynamic' }, 'InvalidParameterValue'],
  [
    'PutProvisionedConcurrencyConfig',
    { VersionProvisionedConcurrencyNum: 901 },
    'LimitExceeded.FunctionProvisionedConcurrencyMemory',
  ],
  ['GetProvisionedConcurrencyConfig', { Qualifier: '9' }, 'ResourceNotFound.Qualifier'],
  ['DeleteProvisionedConcurrencyConfig', { Qualifier: '9' }, 'ResourceNotFound.Qualifier'],
  ['PutTotalConcurrencyConfig', { TotalConcurrencyMem: 12_799 }, 'LimitExceeded.TotalConcurrencyMemory'],
  ['PutTotalConcurrencyConfig', { TotalConcurrencyMem: 128_001 }, 'LimitExceeded.UserTotalConcurrencyMemory'],
  ['PutTotalConcurrencyConfig', { TotalConcurrencyMem: 1, Namespace: 'none' }, 'ResourceNotFound.Namespace'],
];

test('each bad field is refused with its documented code', async t => {
  const { control } = await controlScene();
  await control.functions.create(creation());
  await control.settled();
  await control.versions.publish(KEY, {});
  await control.settled();
  const { call } = scene({ deps: { control } });
  const good: Readonly<Record<string, object>> = {
    PutProvisionedConcurrencyConfig: { Qualifier: '1', VersionProvisionedConcurrencyNum: 1 },
  };
  for (const [action, fields, code] of BAD)
    await t.test(`${action} ${JSON.stringify(fields)}: ${code}`, () =>
      assert.rejects(call(action, { FunctionName, ...good[action], ...fields }), refused(code)),
    );
});
