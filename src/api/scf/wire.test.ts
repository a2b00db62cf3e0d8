import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { FunctionView, LayerVersionView, TriggerView } from '../../control/control.ts';
import { anAlias, aVersion, KEY } from '../../core/fixture.ts';
import { DEFAULT_ASYNC_POLICY, type FunctionVersion } from '../../core/function.ts';
import {
  type Shown,
  wireAlias,
  wireFunction,
  wireLayer,
  wireLayerVersion,
  wireListed,
  wireNamespace,
  wireTrigger,
  wireTriggerInfo,
  wireVersion,
} from './wire.ts';

const AT = Date.UTC(2024, 3, 19, 8, 0, 0);
const LATER = Date.UTC(2024, 3, 19, 16, 0, 0);

function view(change: Partial<FunctionVersion> = {}, qualifier = '$LATEST') {
  const version = aVersion({ addTime: AT, modTime: LATER, ...change });
  const row = { ...KEY, id: version.id, lastVersion: 0, async: DEFAULT_ASYNC_POLICY, addTime: AT };
  return { row, version, qualifier, tags: [], reservedMB: undefined, provisionedMB: 0 };
}

function timer(change: Partial<TriggerView['trigger']> = {}): TriggerView {
  return {
    trigger: {
      ...KEY,
      id: 't-1',
      type: 'timer',
      triggerName: 'every-minute',
      qualifier: '$DEFAULT',
      enabled: true,
      desc: { cron: '0 * * * * * *' },
      customArgument: 'hello',
      description: '',
      resourceId: '',
      addTime: AT,
      modTime: LATER,
      ...change,
    },
    desc: '{"cron":"0 * * * * * *"}',
    summary: '',
    attribute: 'single',
    urls: [],
  };
}

const NOTHING: Shown = { triggers: [], layers: [], codeText: '' };

const wire = (of: FunctionView, shown: Partial<Shown> = {}) =>
  ({ ...wireFunction(of, { ...NOTHING, ...shown }) }) as Record<string, unknown>;

const LAYER: LayerVersionView = {
  region: KEY.region,
  name: 'deps',
  version: 2,
  description: 'd',
  runtimes: ['Python3.10'],
  license: 'MIT',
  tags: [{ Key: 'a', Value: 'b' }],
  code: { sha256: 'cd'.repeat(32), bytes: 5 },
  status: 'Active',
  statusReasons: [],
  addTime: AT,
};

test('a fresh function is written as the golden answer', async () => {
  const golden: unknown = JSON.parse(await readFile(new URL('golden/fresh-function.json', import.meta.url), 'utf8'));
  assert.deepEqual(JSON.parse(JSON.stringify(wireFunction(view(), NOTHING))), golden);
});

test('GetFunction has every field that the vendor SDK declares', async () => {
  const url = new URL(
    './tencentcloud/services/scf/v20180416/scf_models.d.ts',
    new URL('../', import.meta.resolve('tencentcloud-sdk-nodejs-scf')),
  );
  const models = await readFile(url, 'utf8');
  const fields = (name: string) => {
    const body = models.split(`export interface ${name} {`)[1]?.split('\n}')[0] ?? '';
    return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(match => match[1] ?? '').sort();
  };
  const written = (value: object, ...more: string[]) => [...Object.keys(value), ...more].sort();
  assert.deepEqual(written(wireFunction(view(), NOTHING), 'RequestId'), fields('GetFunctionResponse'));
  assert.deepEqual(written(wireListed(view())), fields('Function'));
  assert.deepEqual(written(wireTrigger(timer())), fields('Trigger'));
  assert.deepEqual(written(wireTriggerInfo(timer())), fields('TriggerInfo'));
  assert.deepEqual(written(wireAlias(anAlias())), fields('Alias'));
  assert.deepEqual(written(wireVersion(aVersion())), fields('FunctionVersion'));
  assert.deepEqual(written(wireLayer(LAYER)), fields('LayerVersionInfo'));
  assert.deepEqual(
    written(wireLayerVersion(LAYER, 'http://x'), 'RequestId'),
    fields('GetLayerVersionResponse'),
    'StatusReasons is not there as long as nothing has failed',
  );
  const namespace = { region: 'r', namespace: 'n', description: '', addTime: 0, modTime: 0 };
  assert.deepEqual(written(wireNamespace(namespace)), fields('Namespace'));
});

test('settings are written over their unset form, block by block', () => {
  const fn = wire(
    view({
      echoed: {
        DnsCache: 'TRUE',
        VpcConfig: { VpcId: 'vpc-1' },
        PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'ENABLE' } },
        InstanceConcurrencyConfig: { DynamicEnabled: 'FALSE', MaxConcurrency: 9 },
      },
      type: 'HTTP',
      protocol: 'WS',
      wsIdleTimeoutS: 20,
      role: 'reader',
      environment: { A: '1', B: '' },
      description: 'd',
    }),
    { codeText: 'print(1)' },
  );
  assert.equal(fn.DnsCache, 'TRUE');
  assert.deepEqual(fn.VpcConfig, { VpcId: 'vpc-1', SubnetId: '' });
  assert.deepEqual(fn.PublicNetConfig, {
    PublicNetStatus: 'ENABLE',
    EipConfig: { EipStatus: 'ENABLE', EipAddress: [] },
  });
  assert.deepEqual(fn.InstanceConcurrencyConfig, { DynamicEnabled: 'FALSE', MaxConcurrency: 9 });
  assert.equal(fn.Type, 'HTTP');
  assert.equal(fn.Role, 'reader');
  assert.equal(fn.ProtocolType, 'WS');
  assert.deepEqual(fn.ProtocolParams, { WSParams: { IdleTimeOut: 20 } });
  assert.deepEqual(fn.Environment, {
    Variables: [
      { Key: 'A', Value: '1' },
      { Key: 'B', Value: '' },
    ],
  });
  assert.equal(fn.CodeInfo, 'print(1)');
});

test('asynchronous settings are written as clients read them', () => {
  const version: Partial<FunctionVersion> = {
    asyncRun: true,
    traced: true,
    deadLetter: { type: 'CMQ-QUEUE', name: 'dlq', filterType: '' },
  };
  const fn = wire(view(version));
  assert.deepEqual(
    [fn.AsyncRunEnable, fn.TraceEnable, fn.DeadLetterConfig],
    ['TRUE', 'TRUE', { Type: 'CMQ-QUEUE', Name: 'dlq', FilterType: '' }],
  );
  const listed = { ...wireListed(view({ asyncRun: true })) } as Record<string, unknown>;
  assert.deepEqual([listed.AsyncRunEnable, listed.TraceEnable], ['TRUE', 'FALSE']);
});

test('a failed function says why, one asked for by an alias says which', () => {
  const reason = { ErrorCode: 'FailedOperation', ErrorMessage: 'no entry file' };
  const failed = wire(view({ status: 'CreateFailed', statusReasons: [reason] }));
  assert.deepEqual(
    [failed.Status, failed.StatusDesc, failed.StatusReasons, failed.CodeResult, failed.CodeError, failed.ErrNo],
    ['CreateFailed', 'no entry file', [reason], 'failed', 'no entry file', 1],
  );
  const aliased = wire(view({ version: '3' }, 'prod'));
  assert.deepEqual([aliased.Qualifier, aliased.FunctionVersion], ['prod', '3']);
});

test('a trigger is on or off by number, and bound when it stands for something', () => {
  assert.deepEqual(wireTrigger(timer()), {
    Type: 'timer',
    TriggerName: 'every-minute',
    TriggerDesc: '{"cron":"0 * * * * * *"}',
    Enable: 1,
    Qualifier: '$DEFAULT',
    CustomArgument: 'hello',
    Description: '',
    AvailableStatus: 'Available',
    ResourceId: '',
    BindStatus: '',
    TriggerAttribute: 'single',
    AddTime: '2024-04-19 16:00:00',
    ModTime: '2024-04-20 00:00:00',
  });
  const resourceId = 'qcs::apigw:gz:uin/1:service/service-a/API/api-b';
  const { Enable, BindStatus, ResourceId } = {
    Enable: 9,
    BindStatus: '',
    ResourceId: '',
    ...wireTrigger(timer({ enabled: false, resourceId })),
  };
  assert.deepEqual([Enable, BindStatus, ResourceId], [0, 'on', resourceId]);
});

test('an alias is written with both halves of its routing', () => {
  const routing = (alias: object) => (alias as { RoutingConfig: unknown }).RoutingConfig;
  assert.deepEqual(routing(wireAlias(anAlias())), { AdditionalVersionWeights: [], AddtionVersionMatchs: [] });
  assert.deepEqual(routing(wireAlias(anAlias({ routing: { by: 'weight', version: '2', weight: 0.1 } }))), {
    AdditionalVersionWeights: [{ Version: '2', Weight: 0.1 }],
    AddtionVersionMatchs: [],
  });
  const rule = { version: '2', key: 'User', method: 'exact', expression: 'Bob' } as const;
  assert.deepEqual(routing(wireAlias(anAlias({ routing: { by: 'match', rules: [rule] } }))), {
    AdditionalVersionWeights: [],
    AddtionVersionMatchs: [{ Version: '2', Key: 'invoke.headers.User', Method: 'exact', Expression: 'Bob' }],
  });
});

test('layers of a function are written in their order, a failed one says why', () => {
  const failed: LayerVersionView = {
    ...LAYER,
    version: 1,
    status: 'PublishFailed',
    statusReasons: [{ ErrorCode: 'X', ErrorMessage: 'no zip' }],
  };
  const { Layers } = wire(view(), { layers: [LAYER, failed] });
  assert.deepEqual(Layers, [
    {
      LayerName: 'deps',
      LayerVersion: 2,
      CompatibleRuntimes: ['Python3.10'],
      Description: 'd',
      LicenseInfo: 'MIT',
      Status: 'Active',
      AddTime: '2024-04-19 16:00:00',
      Stamp: 'default',
      Tags: [{ Key: 'a', Value: 'b' }],
    },
    { ...(Layers as object[])[0], LayerVersion: 1, Status: 'PublishFailed' },
  ]);
  const { StatusReasons, Location } = { ...wireLayerVersion(failed, 'http://x') } as Record<string, unknown>;
  assert.deepEqual([StatusReasons, Location], [failed.statusReasons, 'http://x']);
});

test('a note stands where the reasons of a failure would stand', () => {
  const noted = wire(view(), { note: 'it runs on another version' });
  assert.deepEqual([noted.StatusDesc, noted.StatusReasons, noted.Status], ['it runs on another version', [], 'Active']);
  const reason = { ErrorCode: 'X', ErrorMessage: 'why' };
  assert.equal(wire(view({ status: 'CreateFailed', statusReasons: [reason] }), { note: 'n' }).StatusDesc, 'why');
});
