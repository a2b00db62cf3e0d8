// The official SDK, unmodified, drives the API gateway from end to end, and what it has made is called.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ask, deploy, sdkOf } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { gatewayClient, MISSING, type Signing } from './installed.ts';

const server = await startTestServer();
after(() => server.close());
const scf = sdkOf(server);
const { ports } = await server.get<{ ports: { portHttp: number } }>('/status');

const WAYS: readonly Signing[] = [
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'POST' },
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'GET' },
  { signMethod: 'HmacSHA256', reqMethod: 'POST' },
  { signMethod: 'HmacSHA1', reqMethod: 'GET' },
];

interface Service {
  readonly ServiceId: string;
  readonly OuterSubDomain: string;
}

const rejects = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error: { code?: string }) => {
    assert.equal(error.code, code);
    return true;
  });

for (const [index, way] of WAYS.entries()) {
  test(`${way.signMethod} by ${way.reqMethod}: the life of a service`, { skip: MISSING }, async () => {
    const call = gatewayClient(server, way);
    const FunctionName = `behind-${index}`;
    await deploy(scf, FunctionName, 'exports.main_handler = async event => event.queryString');
    const { ServiceId, OuterSubDomain } = (await call('CreateService', {
      ServiceName: `sdk-${index}`,
      Protocol: 'http&https',
      NetTypes: ['OUTER'],
      Tags: [{ Key: 'made', Value: 'by-sdk' }],
    })) as Service;
    const visit = (path: string) =>
      ask(`http://127.0.0.1:${ports.portHttp}${path}`, { headers: { Host: OuterSubDomain } });

    const api = {
      ServiceId,
      ServiceType: 'SCF',
      ServiceTimeout: 15,
      Protocol: 'HTTP',
      ApiName: 'fn',
      AuthType: 'NONE',
      EnableCORS: false,
      RequestConfig: { Path: '/fn/{id}', Method: 'GET' },
      RequestParameters: [
        { Name: 'id', Position: 'PATH', Type: 'string', Required: true, DefaultValue: '', Desc: 'x' },
      ],
      ServiceScfFunctionName: FunctionName,
      ServiceScfFunctionNamespace: 'default',
      ServiceScfFunctionQualifier: '$LATEST',
      ServiceScfIsIntegratedResponse: false,
    };
    const { ApiId } = (await call('CreateApi', api)) as { ApiId: string };
    // What the vendor's toolkit does: the same payload again, at once.
    await call('ModifyApi', { ...api, ApiId });
    const shown = (await call('DescribeApi', { ServiceId, ApiId })) as Record<string, unknown>;
    assert.equal(shown.ServiceScfFunctionName, FunctionName);
    assert.equal(shown.ServiceMockReturnMessage, null);
    assert.deepEqual(shown.RequestParameters, [
      { Name: 'id', Position: 'PATH', Type: 'string', DefaultValue: '', Required: true, Desc: 'x' },
    ]);
    assert.equal((await visit('/release/fn/1')).status, 404);
    const release = { ServiceId, EnvironmentName: 'release', ReleaseDesc: 'first' };
    const { ReleaseVersion } = (await call('ReleaseService', release)) as { ReleaseVersion: string };
    assert.equal((await visit('/release/fn/1?a=b')).body.toString(), '{"a":"b"}');
    const service = (await call('DescribeService', { ServiceId })) as Record<string, unknown>;
    assert.deepEqual(service.AvailableEnvironments, ['release']);
    assert.deepEqual(service.Tags, [{ Key: 'made', Value: 'by-sdk' }]);

    const mock = {
      ...api,
      ServiceType: 'MOCK',
      ServiceMockReturnMessage: 'mocked',
      RequestConfig: { Path: '/mock', Method: 'GET' },
    };
    const { ApiId: mockId } = (await call('CreateApi', { ...mock, RequestParameters: [] })) as { ApiId: string };
    await call('ReleaseService', { ...release, ReleaseDesc: 'second' });
    assert.equal((await visit('/release/mock')).body.toString(), 'mocked');

    const { StrategyId } = (await call('CreateIPStrategy', {
      ServiceId,
      StrategyName: 'nobody',
      StrategyType: 'BLACK',
      StrategyData: '127.0.0.0/8\n::1',
    })) as { StrategyId: string };
    const strategy = { ServiceId, StrategyId, EnvironmentName: 'release' };
    await call('BindIPStrategy', { ...strategy, BindApiIds: [mockId] });
    assert.equal((await visit('/release/mock')).status, 403);
    assert.equal((await visit('/release/fn/1')).status, 200);
    await call('UnBindIPStrategy', { ...strategy, UnBindApiIds: [mockId] });
    assert.equal((await visit('/release/mock')).status, 200);
    await call('DeleteIPStrategy', { ServiceId, StrategyId });

    const { PluginId } = (await call('CreatePlugin', {
      PluginName: `limit${index}x`,
      PluginType: 'TrafficControl',
      PluginData: JSON.stringify({ expire_type: 'hour', expire: 1, api_rate_limit: 1 }),
    })) as { PluginId: string };
    const attached = { PluginId, ServiceId, EnvironmentName: 'release' };
    await call('AttachPlugin', { ...attached, ApiIds: [mockId] });
    assert.deepEqual([(await visit('/release/mock')).status, (await visit('/release/mock')).status], [200, 429]);
    await rejects(call('DeletePlugin', { PluginId }), 'UnsupportedOperation.ResourceAssociated');
    await call('DetachPlugin', { ...attached, ApiId: mockId });
    await call('DeletePlugin', { PluginId });
    assert.equal((await visit('/release/mock')).status, 200);

    await call('UpdateService', { ServiceId, EnvironmentName: 'release', VersionName: ReleaseVersion });
    assert.equal((await visit('/release/mock')).status, 404);
    const history = (await call('DescribeServiceEnvironmentReleaseHistory', { ServiceId })) as {
      VersionList: { VersionDesc: string }[];
    };
    assert.deepEqual(history.VersionList.map(one => one.VersionDesc).sort(), ['first', 'second']);

    await call('ModifyServiceEnvironmentStrategy', { ServiceId, Strategy: 100, EnvironmentNames: ['test'] });
    const { EnvironmentList } = (await call('DescribeServiceEnvironmentStrategy', { ServiceId })) as {
      EnvironmentList: { EnvironmentName: string; Strategy: number; Status: number }[];
    };
    assert.deepEqual(
      EnvironmentList.map(one => [one.EnvironmentName, one.Strategy, one.Status]),
      [
        ['test', 100, 0],
        ['prepub', 5000, 0],
        ['release', 5000, 1],
      ],
    );

    await rejects(call('DeleteService', { ServiceId }), 'UnsupportedOperation.UnsupportedDeleteService');
    await rejects(call('DescribeApi', { ServiceId, ApiId: 'api-00000000' }), 'ResourceNotFound.InvalidApi');
    await call('DeleteApi', { ServiceId, ApiId });
    await call('DeleteApi', { ServiceId, ApiId: mockId });
    await call('UnReleaseService', { ServiceId, EnvironmentName: 'release' });
    await call('DeleteService', { ServiceId });
    await rejects(call('DescribeService', { ServiceId }), 'ResourceNotFound.InvalidService');
    assert.deepEqual((await scf.ListTriggers({ FunctionName })).Triggers, []);
  });
}
