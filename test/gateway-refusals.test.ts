// What the API gateway's management API refuses, with the documented code of each, in both languages.

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
  BOTH,
  bound,
  calling,
  codeOf,
  DATA,
  disabled,
  domain,
  type Fields,
  free,
  ips,
  issuer,
  mapped,
  oauth,
  other,
  PluginId,
  ReleaseVersion,
  ServiceId,
  second,
  server,
  twin,
  UsagePlanId,
  unreleased,
} from './gateway-objects.ts';

after(() => server.close());

const NO_SERVICE = 'ResourceNotFound.InvalidService';
const NO_API = 'ResourceNotFound.InvalidApi';
const NO_PLAN = 'ResourceNotFound.InvalidUsagePlan';
const NO_KEY = 'ResourceNotFound.InvalidAccessKeyId';
const NO_APP = 'ResourceNotFound.InvalidApiApp';
const NO_STRATEGY = 'ResourceNotFound.InvalidIPStrategy';
const NO_PLUGIN = 'ResourceNotFound.InvalidPlugin';
const OPTIONS = 'InvalidParameterValue.NotInOptions';
const RANGE = 'InvalidParameterValue.RangeExceeded';
const LENGTH = 'InvalidParameterValue.LengthExceeded';
const FORM = 'InvalidParameter.FormatError';
const SCF_CONFIG = 'InvalidParameterValue.InvalidScfConfig';
const GONE = { ServiceId: 'service-00000000' };
const NO = { ServiceId, ApiId: 'api-00000000' };
const release = { ServiceId, EnvironmentName: 'release', ReleaseDesc: '' };

type Case = readonly [action: string, fields: Fields, code: string];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  services: [
    ['CreateService', { ServiceName: 's'.repeat(51), Protocol: 'http' }, LENGTH],
    ['CreateService', { ServiceName: '', Protocol: 'http' }, 'MissingParameter'],
    ['CreateService', { ServiceName: 's', Protocol: 'tcp' }, OPTIONS],
    ['CreateService', { ServiceName: 's', Protocol: 'http', NetTypes: ['FAR'] }, OPTIONS],
    ['CreateService', { ServiceName: 's', Protocol: 'http', IpVersion: 'IPv6' }, OPTIONS],
    ['CreateService', { ServiceName: 's', Protocol: 'http', ServiceDesc: 'd'.repeat(201) }, LENGTH],
    [
      'CreateService',
      { ServiceName: 's', Protocol: 'http', Tags: [{ Key: '', Value: '' }] },
      'InvalidParameterValue.TagKeyEmpty',
    ],
    ['DescribeService', GONE, NO_SERVICE],
    ['DescribeServiceForApiApp', { ...GONE, ApiRegion: 'ap-guangzhou' }, NO_SERVICE],
    ['DescribeServiceForApiApp', { ServiceId, ApiRegion: 'ap-shanghai' }, NO_SERVICE],
    ['DescribeServicesStatus', { Limit: 101 }, RANGE],
    ['DescribeServicesStatus', { Offset: -1 }, RANGE],
    ['DescribeServicesStatus', { Filters: [{ Name: 'Colour', Values: ['red'] }] }, OPTIONS],
    [
      'DescribeServicesStatus',
      { Filters: [{ Name: 'NotUsagePlanId', Values: [UsagePlanId] }] },
      'InvalidParameterValue.InvalidFilterNotUsagePlanId',
    ],
    ['ModifyService', { ...GONE, ServiceName: 'x' }, NO_SERVICE],
    ['ModifyService', { ServiceId, Protocol: 'ws' }, OPTIONS],
    ['ModifyService', { ServiceId: BOTH.ServiceId, NetTypes: ['OUTER'] }, 'UnsupportedOperation.ReduceNetTypes'],
    ['DeleteService', GONE, NO_SERVICE],
    ['DeleteService', { ServiceId }, 'UnsupportedOperation.UnsupportedDeleteService'],
    ['DeleteService', { ServiceId, SkipVerification: 1 }, 'UnsupportedOperation'],
  ],
  APIs: [
    ['CreateApi', { ...api('/x'), ...GONE }, NO_SERVICE],
    ['CreateApi', api('/there'), 'FailedOperation.ApiError'],
    ['CreateApi', api('/x', { RequestConfig: { Path: '/x', Method: 'FETCH' } }), 'InvalidParameterValue.InvalidMethod'],
    ['CreateApi', api('x'), 'InvalidParameterValue.InvalidApiRequestConfig'],
    ['CreateApi', api('/{a}/{a}'), 'InvalidParameterValue.InvalidApiRequestConfig'],
    [
      'CreateApi',
      api('/x', { RequestParameters: [{ Name: 'item', Position: 'PATH' }] }),
      'InvalidParameterValue.InvalidApiRequestConfig',
    ],
    [
      'CreateApi',
      api('/x', { RequestParameters: [{ Name: '', Position: 'QUERY' }] }),
      'InvalidParameterValue.InvalidRequestParameters',
    ],
    ['CreateApi', api('/x', { RequestParameters: [{ Name: 'id', Position: 'COOKIE' }] }), OPTIONS],
    ['CreateApi', api('/x', { ApiName: 'n'.repeat(61) }), LENGTH],
    ['CreateApi', api('/x', { ServiceTimeout: 0 }), RANGE],
    ['CreateApi', api('/x', { ServiceTimeout: 1801 }), RANGE],
    ['CreateApi', api('/x', { Protocol: 'TCP' }), OPTIONS],
    ['CreateApi', api('/x', { AuthType: 'PASSWORD' }), OPTIONS],
    ['CreateApi', api('/x', { AuthType: 'EIAM' }), 'UnsupportedOperation'],
    ['CreateApi', api('/x', { ApiType: 'ODD' }), 'InvalidParameterValue.InvalidApiType'],
    ['CreateApi', api('/x', { ServiceType: 'FTP' }), 'InvalidParameterValue.InvalidServiceType'],
    ['CreateApi', api('/x', { ServiceType: 'TSF' }), 'UnsupportedOperation'],
    ['CreateApi', api('/x', { ConstantParameters: [{ Name: 'a' }] }), 'UnsupportedOperation'],
    [
      'CreateApi',
      api('/x', { ServiceMockReturnMessage: undefined }),
      'InvalidParameterValue.InvalidServiceMockReturnMessage',
    ],
    ['CreateApi', api('/x', { ServiceType: 'HTTP' }), 'InvalidParameterValue.InvalidServiceConfig'],
    [
      'CreateApi',
      api('/x', { ServiceType: 'HTTP', ServiceConfig: { Url: 'ftp://a', Path: '/', Method: 'GET' } }),
      'InvalidParameterValue.InvalidUrl',
    ],
    [
      'CreateApi',
      api('/x', { ServiceType: 'HTTP', ServiceConfig: { Url: 'http://a', Path: 'a', Method: 'GET' } }),
      'InvalidParameterValue.InvalidServiceConfig',
    ],
    ['CreateApi', calling('/x', { ServiceScfFunctionName: '' }), SCF_CONFIG],
    ['CreateApi', calling('/x', { ServiceScfFunctionType: 'HTTP' }), SCF_CONFIG],
    ['CreateApi', calling('/x', { ServiceScfFunctionName: 'nobody' }), 'FailedOperation.ScfError'],
    ['CreateApi', calling('/x', { ServiceScfFunctionQualifier: '7' }), 'FailedOperation.ScfError'],
    ['CreateApi', calling('/x', { Protocol: 'WEBSOCKET' }), SCF_CONFIG],
    ['CreateApi', calling('/x', { Protocol: 'WEBSOCKET', ServiceScfFunctionType: 'HTTP' }), SCF_CONFIG],
    [
      'CreateApi',
      api('/x', { Protocol: 'WEBSOCKET', RequestConfig: { Path: '/x', Method: 'POST' } }),
      'InvalidParameterValue.InvalidWSMethod',
    ],
    ['CreateApi', oauth('/x', { ApiBusinessType: 'ODD' }), 'InvalidParameterValue.InvalidApiBusinessType'],
    ['CreateApi', oauth('/x', {}), 'MissingParameter'],
    ['CreateApi', oauth('/x', { AuthRelationApiId: ApiId }), 'ResourceNotFound.InvalidOauthApi'],
    [
      'CreateApi',
      oauth('/x', { ApiBusinessType: 'OAUTH', OauthConfig: { PublicKey: 'no', TokenLocation: 'header' } }),
      'InvalidParameterValue.InvalidPublicKey',
    ],
    ['ModifyApi', { ...api('/x'), ...NO }, NO_API],
    ['ModifyApi', { ...api('/later'), ApiId }, 'FailedOperation.ApiError'],
    [
      'ModifyApi',
      { ...calling('/there', { Protocol: 'WEBSOCKET', ServiceWebsocketTransportFunctionName: 'event' }), ApiId },
      'UnsupportedOperation.ModifyProtocol',
    ],
    ['ModifyApi', { ...api('/issuer'), ApiId: issuer }, 'UnsupportedOperation.ResourceAssociated'],
    [
      'ModifyApi',
      {
        ...calling('/there', {
          IsBase64Encoded: true,
          IsBase64Trigger: true,
          Base64EncodedTriggerRules: [{ Name: 'Cookie', Value: ['a'] }],
        }),
        ApiId,
      },
      OPTIONS,
    ],
    ['ModifyApiIncrement', { ServiceId, ApiId, BusinessType: 'NORMAL' }, 'UnsupportedOperation'],
    [
      'ModifyApiIncrement',
      { ServiceId, ApiId: issuer, BusinessType: 'OAUTH', PublicKey: '{}' },
      'InvalidParameterValue.InvalidPublicKey',
    ],
    ['DescribeApi', NO, NO_API],
    ['DescribeApi', { ...GONE, ApiId }, NO_SERVICE],
    ['DescribeApiForApiApp', { ...NO, ApiRegion: 'ap-guangzhou' }, NO_API],
    ['DescribeApisStatus', GONE, NO_SERVICE],
    ['DescribeApisStatus', { ServiceId, Limit: 0 }, RANGE],
    [
      'DescribeApisStatus',
      { ServiceId, Filters: [{ Name: 'Environment', Values: ['release'] }] },
      'InvalidParameterValue.InvalidFilterNotUsagePlanId',
    ],
    ['DeleteApi', NO, NO_API],
    ['DeleteApi', { ServiceId, ApiId }, 'FailedOperation.ApiBindEnvironment'],
    ['DeleteApi', { ServiceId, ApiId: issuer }, 'UnsupportedOperation.ResourceAssociated'],
  ],
  releases: [
    ['ReleaseService', { ...release, ...GONE }, NO_SERVICE],
    ['ReleaseService', { ...release, EnvironmentName: 'prod' }, OPTIONS],
    ['ReleaseService', { ...release, ApiIds: ['api-00000000'] }, NO_API],
    ['UnReleaseService', { ...GONE, EnvironmentName: 'release' }, NO_SERVICE],
    ['UnReleaseService', { ServiceId, EnvironmentName: 'prod' }, OPTIONS],
    [
      'UpdateService',
      { ServiceId, EnvironmentName: 'release', VersionName: 'no' },
      'InvalidParameterValue.InvalidVersion',
    ],
    ['UpdateService', { ServiceId, EnvironmentName: 'prod', VersionName: ReleaseVersion }, OPTIONS],
    ['DescribeServiceEnvironmentList', GONE, NO_SERVICE],
    ['DescribeServiceEnvironmentReleaseHistory', GONE, NO_SERVICE],
    ['DescribeServiceReleaseVersion', GONE, NO_SERVICE],
    ['DescribeServiceEnvironmentStrategy', GONE, NO_SERVICE],
    ['DescribeApiEnvironmentStrategy', { ...GONE, EnvironmentNames: ['release'] }, NO_SERVICE],
    ['ModifyServiceEnvironmentStrategy', { ServiceId, Strategy: 5001, EnvironmentNames: ['release'] }, RANGE],
    ['ModifyServiceEnvironmentStrategy', { ServiceId, Strategy: 1, EnvironmentNames: ['prod'] }, OPTIONS],
    ['ModifyApiEnvironmentStrategy', { ServiceId, Strategy: 0, EnvironmentName: 'release', ApiIds: [ApiId] }, RANGE],
    [
      'ModifyApiEnvironmentStrategy',
      { ServiceId, Strategy: 1, EnvironmentName: 'release', ApiIds: ['api-00000000'] },
      NO_API,
    ],
    ['DescribeLogSearch', { ...GONE, StartTime: '2020-01-01 00:00:00', EndTime: '2020-01-02 00:00:00' }, NO_SERVICE],
    [
      'DescribeLogSearch',
      { ServiceId, StartTime: 'yesterday', EndTime: '2020-01-02 00:00:00' },
      'InvalidParameterValue.InvalidTime',
    ],
  ],
  keys: [
    ['CreateApiKey', { SecretName: 'k'.repeat(51) }, LENGTH],
    ['CreateApiKey', { SecretName: 'k', AccessKeyType: 'found' }, OPTIONS],
    ['CreateApiKey', { SecretName: 'k', AccessKeyType: 'manual', AccessKeySecret: 'long_enough_1' }, FORM],
    [
      'CreateApiKey',
      { SecretName: 'k', AccessKeyType: 'manual', AccessKeyId: 'a-b-c-d', AccessKeySecret: 'long_enough_1' },
      FORM,
    ],
    [
      'CreateApiKey',
      { SecretName: 'k', AccessKeyType: 'manual', AccessKeyId: 'abcde', AccessKeySecret: 'short' },
      FORM,
    ],
    [
      'CreateApiKey',
      { SecretName: 'k', AccessKeyType: 'manual', AccessKeyId, AccessKeySecret: 'long_enough_1' },
      'FailedOperation.AccessKeyExist',
    ],
    ['UpdateApiKey', { AccessKeyId: 'nobody' }, NO_KEY],
    ['UpdateApiKey', { AccessKeyId, AccessKeySecret: 'short' }, FORM],
    ['EnableApiKey', { AccessKeyId: 'nobody' }, NO_KEY],
    ['DisableApiKey', { AccessKeyId: 'nobody' }, NO_KEY],
    ['DescribeApiKey', { AccessKeyId: 'nobody' }, NO_KEY],
    ['DescribeApiKeysStatus', { Limit: 1000 }, RANGE],
    ['DescribeApiKeysStatus', { Filters: [{ Name: 'Colour', Values: [] }] }, OPTIONS],
    ['DeleteApiKey', { AccessKeyId: 'nobody' }, NO_KEY],
    ['DeleteApiKey', { AccessKeyId }, 'UnsupportedOperation.InvalidStatus'],
  ],
  'usage plans': [
    ['CreateUsagePlan', { UsagePlanName: 'p'.repeat(51) }, LENGTH],
    ['CreateUsagePlan', { UsagePlanName: 'p', MaxRequestNum: 0 }, RANGE],
    ['CreateUsagePlan', { UsagePlanName: 'p', MaxRequestNum: 100_000_000 }, RANGE],
    ['CreateUsagePlan', { UsagePlanName: 'p', MaxRequestNumPreSec: 2001 }, RANGE],
    ['ModifyUsagePlan', { UsagePlanId: 'usagePlan-00000000' }, NO_PLAN],
    ['ModifyUsagePlan', { UsagePlanId, MaxRequestNumPreSec: -2 }, RANGE],
    ['DescribeUsagePlan', { UsagePlanId: 'usagePlan-00000000' }, NO_PLAN],
    ['DescribeUsagePlansStatus', { Limit: 101 }, RANGE],
    ['DescribeUsagePlanSecretIds', { UsagePlanId: 'usagePlan-00000000' }, NO_PLAN],
    ['DescribeUsagePlanEnvironments', { UsagePlanId: 'usagePlan-00000000', BindType: 'API' }, NO_PLAN],
    ['DescribeUsagePlanEnvironments', { UsagePlanId, BindType: 'ALL' }, OPTIONS],
    ['DescribeApiUsagePlan', GONE, NO_SERVICE],
    ['DescribeServiceUsagePlan', GONE, NO_SERVICE],
    ['BindSecretIds', { UsagePlanId: 'usagePlan-00000000', AccessKeyIds: [AccessKeyId] }, NO_PLAN],
    ['BindSecretIds', { UsagePlanId, AccessKeyIds: ['nobody'] }, NO_KEY],
    ['BindSecretIds', { UsagePlanId, AccessKeyIds: [disabled] }, 'UnsupportedOperation.UnsupportedBindApiKey'],
    ['UnBindSecretIds', { UsagePlanId, AccessKeyIds: [AccessKeyId] }, NO_KEY],
    ['BindEnvironment', bound, 'UnsupportedOperation.AlreadyBindUsagePlan'],
    ['BindEnvironment', { ...bound, UsagePlanIds: ['usagePlan-00000000'] }, NO_PLAN],
    ['BindEnvironment', { ...bound, BindType: 'ALL' }, OPTIONS],
    ['BindEnvironment', { ...bound, Environment: 'prod' }, OPTIONS],
    ['BindEnvironment', { ...bound, ApiIds: [] }, 'MissingParameter'],
    ['BindEnvironment', { ...bound, ApiIds: ['api-00000000'] }, NO_API],
    ['BindEnvironment', { ...bound, ...GONE }, NO_SERVICE],
    ['UnBindEnvironment', { ...bound, UsagePlanIds: [free] }, 'UnsupportedOperation.NoUsagePlanEnv'],
    [
      'DemoteServiceUsagePlan',
      { ServiceId, UsagePlanId: free, Environment: 'release' },
      'UnsupportedOperation.NoUsagePlanEnv',
    ],
    ['DeleteUsagePlan', { UsagePlanId }, 'UnsupportedOperation.UsagePlanInUse'],
    ['DeleteUsagePlan', { UsagePlanId: 'usagePlan-00000000' }, NO_PLAN],
  ],
  applications: [
    ['CreateApiApp', { ApiAppName: 'a'.repeat(51) }, LENGTH],
    ['DescribeApiApp', { ApiAppId: 'app-00000000' }, NO_APP],
    ['DescribeApiAppsStatus', { Limit: 101 }, RANGE],
    ['DescribeApiAppBindApisStatus', { ApiAppId: 'app-00000000' }, NO_APP],
    ['DescribeApiBindApiAppsStatus', { ...GONE, ApiIds: [ApiId] }, NO_SERVICE],
    ['DescribeApiBindApiAppsStatus', { ServiceId, ApiIds: ['api-00000000'] }, NO_API],
    ['ModifyApiApp', { ApiAppId: 'app-00000000' }, NO_APP],
    ['UpdateApiAppKey', { ApiAppId: 'app-00000000', ApiAppKey: 'APIDabcdefgh' }, NO_APP],
    ['BindApiApp', { ...appScope, ApiAppId: 'app-00000000' }, NO_APP],
    ['BindApiApp', { ...appScope, ApiId: 'api-00000000' }, NO_API],
    ['BindApiApp', { ...appScope, Environment: 'prod' }, OPTIONS],
    ['BindApiApp', appScope, 'UnsupportedOperation.ResourceAssociated'],
    ['UnbindApiApp', { ...appScope, Environment: 'test' }, 'UnsupportedOperation.ResourceUnassociated'],
    ['DeleteApiApp', { ApiAppId: 'app-00000000' }, NO_APP],
    ['DeleteApiApp', { ApiAppId }, 'UnsupportedOperation.ResourceAssociated'],
  ],
  'IP strategies': [
    ['CreateIPStrategy', { ...GONE, StrategyName: 's', StrategyType: 'WHITE', StrategyData: '1.1.1.1' }, NO_SERVICE],
    ['CreateIPStrategy', { ServiceId, StrategyName: 's', StrategyType: 'GREY', StrategyData: '1.1.1.1' }, OPTIONS],
    [
      'CreateIPStrategy',
      { ServiceId, StrategyName: 's', StrategyType: 'WHITE', StrategyData: '1.1.1.1/40' },
      'InvalidParameterValue.InvalidIPAddress',
    ],
    [
      'CreateIPStrategy',
      { ServiceId, StrategyName: 's'.repeat(51), StrategyType: 'WHITE', StrategyData: '1.1.1.1' },
      LENGTH,
    ],
    ['ModifyIPStrategy', { ...ips, StrategyData: 'here' }, 'InvalidParameterValue.InvalidIPAddress'],
    ['ModifyIPStrategy', { ...ips, StrategyId: 'IPStrategy-00000000', StrategyData: '1.1.1.1' }, NO_STRATEGY],
    ['DescribeIPStrategy', { ...ips, StrategyId: 'IPStrategy-00000000' }, NO_STRATEGY],
    ['DescribeIPStrategy', { ...ips, ServiceId: other.ServiceId }, NO_STRATEGY],
    ['DescribeIPStrategysStatus', GONE, NO_SERVICE],
    ['DescribeIPStrategyApisStatus', { ...ips, StrategyId: 'IPStrategy-00000000' }, NO_STRATEGY],
    ['BindIPStrategy', { ...ips, StrategyId: second, BindApiIds: [ApiId] }, 'UnsupportedOperation.ResourceAssociated'],
    ['BindIPStrategy', { ...ips, BindApiIds: ['api-00000000'] }, NO_API],
    ['BindIPStrategy', { ...ips, EnvironmentName: 'prod', BindApiIds: [ApiId] }, OPTIONS],
    ['UnBindIPStrategy', { ...ips, UnBindApiIds: [unreleased] }, 'UnsupportedOperation.ResourceUnassociated'],
    ['DeleteIPStrategy', ips, 'UnsupportedOperation.ResourceAssociated'],
    ['DeleteIPStrategy', { ...ips, StrategyId: 'IPStrategy-00000000' }, NO_STRATEGY],
  ],
  plugins: [
    ['CreatePlugin', { PluginName: '1', PluginType: 'IPControl', PluginData: DATA }, FORM],
    ['CreatePlugin', { PluginName: 'rule', PluginType: 'Cache', PluginData: DATA }, OPTIONS],
    ['CreatePlugin', { PluginName: 'rule', PluginType: 'ProxyCache', PluginData: DATA }, 'UnsupportedOperation.Plugin'],
    [
      'CreatePlugin',
      { PluginName: 'rule', PluginType: 'IPControl', PluginData: '{' },
      'InvalidParameterValue.InvalidPluginData',
    ],
    [
      'CreatePlugin',
      { PluginName: 'rule', PluginType: 'Cors', PluginData: '[]' },
      'InvalidParameterValue.InvalidPluginData',
    ],
    ['ModifyPlugin', { PluginId: 'plugin-00000000' }, NO_PLUGIN],
    ['ModifyPlugin', { PluginId, PluginData: '{}' }, 'InvalidParameterValue.InvalidPluginData'],
    ['DescribePlugin', { PluginId: 'plugin-00000000' }, NO_PLUGIN],
    ['DescribePlugins', { Limit: 101 }, RANGE],
    ['DescribePluginApis', { PluginId: 'plugin-00000000' }, NO_PLUGIN],
    ['DescribeAllPluginApis', { ...GONE, PluginId, EnvironmentName: 'release' }, NO_SERVICE],
    ['DescribePluginsByApi', { ...NO, EnvironmentName: 'release' }, NO_API],
    ['AttachPlugin', { ...attached, PluginId: 'plugin-00000000' }, NO_PLUGIN],
    ['AttachPlugin', { ...attached, ApiIds: [unreleased] }, 'UnsupportedOperation.AttachPlugin'],
    ['AttachPlugin', { ...attached, PluginId: twin }, 'UnsupportedOperation.ResourceAssociated'],
    ['AttachPlugin', { ...attached, EnvironmentName: 'prod' }, OPTIONS],
    [
      'DetachPlugin',
      { PluginId: twin, ServiceId, EnvironmentName: 'release', ApiId },
      'UnsupportedOperation.ResourceUnassociated',
    ],
    ['DeletePlugin', { PluginId }, 'UnsupportedOperation.ResourceAssociated'],
    ['DeletePlugin', { PluginId: 'plugin-00000000' }, NO_PLUGIN],
  ],
  domains: [
    ['BindSubDomain', domain('mine.example.com'), 'FailedOperation.DomainAlreadyBindService'],
    [
      'BindSubDomain',
      domain('mine.example.com', { ServiceId: other.ServiceId, NetSubDomain: other.OuterSubDomain }),
      'FailedOperation.DomainAlreadyBindOtherService',
    ],
    ['BindSubDomain', domain('no_dots'), 'FailedOperation.SubDomainFormatError'],
    ['BindSubDomain', domain('x.tencentcloudapi.com'), 'FailedOperation.DomainInBlackList'],
    ['BindSubDomain', domain('b.example.com', GONE), NO_SERVICE],
    [
      'BindSubDomain',
      domain('b.example.com', { NetSubDomain: other.OuterSubDomain }),
      'FailedOperation.NetSubDomainError',
    ],
    ['BindSubDomain', domain('b.example.com', { Protocol: 'ftp' }), OPTIONS],
    ['BindSubDomain', domain('b.example.com', { NetType: 'FAR' }), OPTIONS],
    ['BindSubDomain', domain('b.example.com', { IsForcedHttps: true }), 'UnsupportedOperation.ForceHttps'],
    ['BindSubDomain', domain('b.example.com', { CertificateId: 'none' }), 'FailedOperation.CertificateIdError'],
    ['BindSubDomain', domain('b.example.com', mapped()), 'FailedOperation.PathMappingSetError'],
    ['BindSubDomain', domain('b.example.com', mapped('v1')), 'FailedOperation.PathMappingSetError'],
    ['BindSubDomain', domain('b.example.com', mapped('/a', '/a')), 'FailedOperation.PathMappingSetError'],
    [
      'BindSubDomain',
      domain('b.example.com', mapped('/a', '/b', '/c', '/d')),
      'LimitExceeded.ExceededDefineMappingLimit',
    ],
    ['ModifySubDomain', domain('b.example.com'), 'FailedOperation.DomainNotBindService'],
    ['ModifySubDomain', domain('mine.example.com', mapped('v1')), 'FailedOperation.PathMappingSetError'],
    ['DescribeServiceSubDomains', GONE, NO_SERVICE],
    [
      'DescribeServiceSubDomainMappings',
      { ServiceId, SubDomain: 'b.example.com' },
      'FailedOperation.DomainNotBindService',
    ],
    [
      'DeleteServiceSubDomainMapping',
      { ServiceId, SubDomain: 'b.example.com', Environment: 'release' },
      'FailedOperation.DomainNotBindService',
    ],
    ['UnBindSubDomain', { ServiceId, SubDomain: 'b.example.com' }, 'FailedOperation.DomainNotBindService'],
  ],
};

/** A place in a sentence into which nothing was put. */
const UNFILLED = /undefined|\{(?!a\}|item\})\w+\}/;

for (const [noun, cases] of Object.entries(CASES)) {
  describe(noun, () => {
    cases.forEach(([action, fields, code], index) => {
      test(`${index + 1}. ${action}: ${code}`, async () => {
        const zh = await ask(action, fields, 'zh-CN');
        const en = await ask(action, fields, 'en-US');
        assert.deepEqual([codeOf(zh), codeOf(en)], [code, code], JSON.stringify([zh.Error, en.Error]));
        assert.match(zh.Error?.Message ?? '', /\p{Script=Han}/u);
        assert.doesNotMatch(en.Error?.Message ?? '', /\p{Script=Han}/u);
        for (const answer of [zh, en]) assert.doesNotMatch(answer.Error?.Message ?? '', UNFILLED);
      });
    });
  });
}
