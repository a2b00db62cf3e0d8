// What requests to the API gateway's management API must hold, how much there may be of everything, and where it is.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  AccessKeyId,
  ApiAppId,
  ApiId,
  api,
  appScope,
  ask,
  attached,
  codeOf,
  DATA,
  domain,
  type Fields,
  ips,
  PluginId,
  ServiceId,
  server,
  UsagePlanId,
} from './gateway-objects.ts';

after(() => server.close());

const NO_SERVICE = 'ResourceNotFound.InvalidService';
const NO_PLAN = 'ResourceNotFound.InvalidUsagePlan';
const NO_KEY = 'ResourceNotFound.InvalidAccessKeyId';
const NO_APP = 'ResourceNotFound.InvalidApiApp';
const NO_STRATEGY = 'ResourceNotFound.InvalidIPStrategy';
const NO_PLUGIN = 'ResourceNotFound.InvalidPlugin';
const release = { ServiceId, EnvironmentName: 'release', ReleaseDesc: '' };

/** What each action wants at least; what it wants is missing in turn. */
const REQUIRED: Readonly<Record<string, Fields>> = {
  CreateService: { ServiceName: 's', Protocol: 'http' },
  DescribeService: { ServiceId },
  DeleteService: { ServiceId },
  CreateApi: {
    ServiceId,
    ServiceType: 'MOCK',
    ServiceTimeout: 15,
    Protocol: 'HTTP',
    RequestConfig: { Path: '/x', Method: 'GET' },
  },
  DescribeApi: { ServiceId, ApiId },
  DeleteApi: { ServiceId, ApiId },
  ReleaseService: { ServiceId, EnvironmentName: 'release' },
  UnReleaseService: { ServiceId, EnvironmentName: 'release' },
  CreateApiKey: { SecretName: 'k' },
  DeleteApiKey: { AccessKeyId },
  CreateUsagePlan: { UsagePlanName: 'p' },
  BindSecretIds: { UsagePlanId, AccessKeyIds: [AccessKeyId] },
  BindEnvironment: { ServiceId, UsagePlanIds: [UsagePlanId], BindType: 'SERVICE', Environment: 'release' },
  BindSubDomain: domain('c.example.com'),
  CreateApiApp: { ApiAppName: 'a' },
  BindApiApp: appScope,
  CreateIPStrategy: { ServiceId, StrategyName: 's', StrategyType: 'WHITE', StrategyData: '1.1.1.1' },
  BindIPStrategy: { ...ips, BindApiIds: [ApiId] },
  CreatePlugin: { PluginName: 'rule', PluginType: 'IPControl', PluginData: DATA },
  AttachPlugin: attached,
};

describe('the shape of requests', () => {
  for (const [action, whole] of Object.entries(REQUIRED)) {
    test(`${action} says what is missing, and what is of the wrong type`, async () => {
      for (const name of Object.keys(whole)) {
        const { [name]: _, ...rest } = whole;
        const missing = (await ask(action, rest)).Error;
        assert.equal(missing?.Code, 'MissingParameter', name);
        assert.match(missing?.Message ?? '', new RegExp(name));
        const wrong = (await ask(action, { ...whole, [name]: typeof whole[name] === 'number' ? 'seven' : 7 })).Error;
        assert.match(wrong?.Code ?? '', /^InvalidParameter(Value)?$/, name);
        assert.match(wrong?.Message ?? '', new RegExp(name));
      }
    });
  }
});

test('what is made in one region is not there in another', async () => {
  for (const [action, fields, code] of [
    ['DescribeService', { ServiceId }, NO_SERVICE],
    ['DescribeApi', { ServiceId, ApiId }, NO_SERVICE],
    ['ReleaseService', release, NO_SERVICE],
    ['DescribeUsagePlan', { UsagePlanId }, NO_PLAN],
    ['DescribeApiKey', { AccessKeyId }, NO_KEY],
    ['DescribeApiApp', { ApiAppId }, NO_APP],
    ['DescribePlugin', { PluginId }, NO_PLUGIN],
    ['DescribeIPStrategy', ips, NO_STRATEGY],
    ['DescribeServiceSubDomains', { ServiceId }, NO_SERVICE],
  ] as const)
    assert.equal(codeOf(await ask(action, fields, 'en-US', 'ap-shanghai')), code, action);
});

test('the market names the region that it means', async () => {
  const { RequestId: _, ...here } = await ask('DescribeService', { ServiceId });
  const asked = { ServiceId, ApiRegion: 'ap-guangzhou' };
  const { RequestId: __, ...there } = await ask('DescribeServiceForApiApp', asked, 'en-US', 'ap-shanghai');
  assert.deepEqual(there, here);
});

describe('limits', () => {
  const region = 'ap-beijing';
  const there = (action: string, fields: Fields) => ask(action, fields, 'en-US', region);

  /** As many at once as there may be, and one more; gives the answers to the first. */
  async function fill(action: string, limit: number, fields: (index: number) => Fields, code: string) {
    const answers = await Promise.all(Array.from({ length: limit }, (_, index) => there(action, fields(index))));
    assert.deepEqual(answers.map(codeOf), Array(limit).fill('done'), action);
    assert.equal(codeOf(await there(action, fields(limit))), code);
    return answers.map(answer => (answer.Result ?? answer) as Readonly<Record<string, string>>);
  }

  test('are those of the documents', async () => {
    const service = { ServiceName: 's', Protocol: 'http' };
    const services = await fill('CreateService', 50, () => service, 'LimitExceeded.ServiceCountLimitExceeded');
    const { ServiceId, OuterSubDomain } = services[0] ?? {};
    const path = (index: number) => ({ ...api(`/${index}`), ServiceId });
    await fill('CreateApi', 200, path, 'LimitExceeded.ApiCountLimitExceeded');
    const host = (index: number) => ({ ...domain(`d${index}.example.net`), ServiceId, NetSubDomain: OuterSubDomain });
    await fill('BindSubDomain', 5, host, 'LimitExceeded.ExceededDomainLimit');
    const key = (index: number) => ({
      SecretName: 'k',
      AccessKeyType: 'manual',
      AccessKeyId: `key_${index}`,
      AccessKeySecret: 'long_enough_1',
    });
    await fill('CreateApiKey', 400, key, 'LimitExceeded.ApiKeyCountLimitExceeded');
    const plan = () => ({ UsagePlanName: 'p' });
    const plans = await fill('CreateUsagePlan', 200, plan, 'LimitExceeded.UsagePlanLimitExceeded');
    const id = (index: number) => plans[index]?.UsagePlanId;
    const keys = (index: number) => ({ UsagePlanId: id(0), AccessKeyIds: [`key_${index}`] });
    await fill('BindSecretIds', 50, keys, 'LimitExceeded.ApiKeyLimitExceeded');
    const share = (index: number) => ({ UsagePlanId: id(index + 1), AccessKeyIds: ['key_99'] });
    await fill('BindSecretIds', 10, share, 'LimitExceeded.UsagePlanLimitExceeded');
  });
});

test('what may not have its tags is not made', async () => {
  const Tags = [{ Key: '', Value: 'v' }];
  const made: readonly (readonly [create: string, fields: Fields, list: string])[] = [
    ['CreateService', { ServiceName: 'tagged', Protocol: 'http' }, 'DescribeServicesStatus'],
    ['CreateUsagePlan', { UsagePlanName: 'tagged' }, 'DescribeUsagePlansStatus'],
    ['CreatePlugin', { PluginName: 'tagged', PluginType: 'IPControl', PluginData: DATA }, 'DescribePlugins'],
    ['CreateApiKey', { SecretName: 'tagged' }, 'DescribeApiKeysStatus'],
  ];
  for (const [create, fields, list] of made) {
    const before = await ask(list, {});
    assert.match(codeOf(await ask(create, { ...fields, Tags })), /^InvalidParameter/, create);
    assert.deepEqual((await ask(list, {})).Result, before.Result, create);
    assert.equal(codeOf(before), 'done', list);
  }
});
