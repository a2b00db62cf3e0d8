// The calls that the vendor's deployment toolkit makes, field by field as they were recorded, with code in zip files: what
// it reads of each answer is there. The toolkit itself runs in test/clients.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { ask, type RawAnswer, until, zipOf } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { type Fields, type Product, taken, wireCalls } from './toolkit-wire.ts';

const server = await startTestServer();
after(() => server.close());
const call = wireCalls(server);
const { ports } = await server.get<{ ports: { portHttp: number } }>('/status');

type Answer = Record<string, unknown>;

/** What the toolkit goes on with; it fails where the toolkit would. */
async function got(product: Product, action: string, fields: Fields = {}): Promise<Answer> {
  return taken(await call(product, action, fields)) ?? assert.fail(`${action} says that something is not there`);
}

const gateway = (action: string, fields: Fields = {}) => got('apigateway', action, fields);
const scf = (action: string, fields: Fields = {}) => got('scf', action, fields);
const rows = (value: unknown) => value as Answer[];

const CODE = `exports.main_handler = async (event, context) =>
  ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: context.function_name + ' ' + event.path });`;

/** As the toolkit describes a function, but for the code, which it leaves in a bucket. */
const settingsOf = (FunctionName: string): Fields => ({
  FunctionName,
  Namespace: 'default',
  Timeout: '60',
  MemorySize: '128',
  'PublicNetConfig.PublicNetStatus': 'ENABLE',
  'PublicNetConfig.EipConfig.EipStatus': 'DISABLE',
  L5Enable: 'FALSE',
  DiskSize: '512',
});

async function zipped(code: string): Promise<Fields> {
  return { 'Code.ZipFile': (await zipOf({ 'index.js': code })).toString('base64') };
}

const shown = (FunctionName: string, Qualifier = '$LATEST'): Fields => ({
  FunctionName,
  Namespace: 'default',
  Qualifier,
  ShowCode: 'FALSE',
  ShowTriggers: 'FALSE',
});

const active = (FunctionName: string, Qualifier?: string) =>
  until(`${FunctionName} is active`, async () => {
    const answer = await scf('GetFunction', shown(FunctionName, Qualifier));
    assert.ok(!/Failed/.test(String(answer.Status)), JSON.stringify(answer.StatusReasons));
    return answer.Status === 'Active' && answer;
  });

async function create(FunctionName: string, code = CODE): Promise<void> {
  const missing = await call('scf', 'GetFunction', shown(FunctionName));
  assert.match(missing.Error?.Code ?? '', /^ResourceNotFound\.Function(Name)?$/);
  await scf('CreateFunction', {
    ...settingsOf(FunctionName),
    Type: 'Event',
    DeployMode: 'code',
    Runtime: 'Nodejs18.15',
    InstallDependency: 'FALSE',
    Handler: 'index.main_handler',
    ...(await zipped(code)),
  });
  await active(FunctionName);
}

const triggersOf = async (FunctionName: string, more: Fields = {}) =>
  rows((await scf('ListTriggers', { FunctionName, Namespace: 'default', Limit: '100', ...more })).Triggers);

/** One that is bound to one qualifier is looked for by it. */
const OF_DEFAULT = { 'Filters.0.Name': 'Qualifier', 'Filters.0.Values.0': '$DEFAULT' };

const service = (ServiceName: string, Protocol: string): Fields => ({
  ServiceName,
  ServiceDesc: 'Created By Serverless',
  Protocol,
});

const api = (ServiceId: string, path: string, more: Fields): Fields => ({
  Protocol: 'HTTP',
  ServiceId,
  ApiName: 'index',
  ApiType: 'NORMAL',
  AuthType: 'NONE',
  ApiBusinessType: 'NORMAL',
  ServiceType: 'SCF',
  'RequestConfig.Path': path,
  'RequestConfig.Method': 'ANY',
  ServiceTimeout: '15',
  ResponseType: 'HTML',
  EnableCORS: 'false',
  IsBase64Encoded: 'false',
  ...more,
});

const behind = (name: string): Fields => ({
  ServiceScfFunctionName: name,
  ServiceScfFunctionNamespace: 'default',
  ServiceScfIsIntegratedResponse: 'true',
  ServiceScfFunctionQualifier: '$DEFAULT',
});

const byPath = (ServiceId: string, path: string): Fields => ({
  ServiceId,
  Offset: '0',
  Limit: '100',
  'Filters.0.Name': 'ApiPath',
  'Filters.0.Values.0': path,
});

/** CreateApi, and the same payload again by ModifyApi at once. */
async function makeApi(ServiceId: string, path: string, more: Fields): Promise<string> {
  assert.deepEqual((await gateway('DescribeApisStatus', byPath(ServiceId, path))).ApiIdStatusSet, []);
  const { ApiId } = await gateway('CreateApi', api(ServiceId, path, more));
  assert.match(String(ApiId), /^api-[a-z0-9]{8}$/);
  await gateway('ModifyApi', { ApiId: String(ApiId), ...api(ServiceId, path, more) });
  return String(ApiId);
}

const release = (ServiceId: string, EnvironmentName: string) =>
  gateway('ReleaseService', { ServiceId, EnvironmentName, ReleaseDesc: 'Released by Serverless' });

/** Of one API: the trigger goes by SCF, which takes the API along, so that the gateway has nothing left to delete. */
async function removeApi(ServiceId: string, ApiId: string, parts: readonly string[]): Promise<void> {
  const detail = await gateway('DescribeApi', { ServiceId, ApiId });
  for (const part of parts) {
    const FunctionName = String(detail[`${part}FunctionName`]);
    assert.equal(detail[`${part}FunctionNamespace`], 'default');
    assert.equal(detail[`${part}FunctionQualifier`], '$DEFAULT');
    const trigger = (await triggersOf(FunctionName, OF_DEFAULT)).find(
      ({ Type, ResourceId }) => Type === 'apigw' && String(ResourceId).includes(`service/${ServiceId}/API/${ApiId}`),
    );
    await scf('DeleteTrigger', {
      Type: 'apigw',
      FunctionName,
      Namespace: 'default',
      Qualifier: '$DEFAULT',
      TriggerDesc: String(trigger?.TriggerDesc),
      TriggerName: String(trigger?.TriggerName),
    });
    const left = await triggersOf(FunctionName, OF_DEFAULT);
    assert.ok(left.every(({ ResourceId }) => !String(ResourceId).endsWith(ApiId)));
  }
  assert.equal(taken(await call('apigateway', 'DeleteApi', { ApiId, ServiceId })), null);
}

const tagsOf = (ServiceType: string, ResourcePrefix: string, id: string): Fields => ({
  Limit: '100',
  Offset: '0',
  ServiceType,
  ResourceRegion: 'ap-guangzhou',
  ResourcePrefix,
  'ResourceIds.0': id,
});

/** Attached; the tag is made where there is none. */
async function attach(ServiceType: string, ResourcePrefix: string, id: string, tag: Fields): Promise<void> {
  const known = rows((await got('tag', 'DescribeTags', tag)).Tags);
  if (known.length === 0) await got('tag', 'CreateTag', tag);
  const resource = { 'ResourceIds.0': id, ServiceType, ResourceRegion: 'ap-guangzhou', ResourcePrefix };
  await got('tag', 'AttachResourcesTag', { ...resource, ...tag });
}

describe('API Gateway', () => {
  test('a service with a domain of its own and tags: deployed, deployed again, removed', async () => {
    await create('one');
    await create('two');
    const made = await gateway('CreateService', service('toolkit', 'http&https'));
    const ServiceId = String(made.ServiceId);
    const OuterSubDomain = String(made.OuterSubDomain);
    assert.match(ServiceId, /^service-[a-z0-9]{8}$/);
    const one = await makeApi(ServiceId, '/one', behind('one'));
    const two = await makeApi(ServiceId, '/two', { ...behind('two'), EnableCORS: 'true' });
    await release(ServiceId, 'release');
    const ofService = { ServiceId };
    assert.deepEqual((await gateway('DescribeServiceSubDomains', ofService)).DomainSet, []);
    const SubDomain = 'api.example.com';
    await gateway('BindSubDomain', {
      ServiceId,
      SubDomain,
      NetSubDomain: OuterSubDomain,
      IsDefaultMapping: 'false',
      'PathMappingSet.0.Path': '/v1',
      'PathMappingSet.0.Environment': 'release',
      NetType: 'OUTER',
      Protocol: 'http',
      IsForcedHttps: 'false',
    });
    const resource = tagsOf('apigw', 'service', ServiceId);
    assert.deepEqual((await got('tag', 'DescribeResourceTagsByResourceIds', resource)).Tags, []);
    await attach('apigw', 'service', ServiceId, { TagKey: 'team', TagValue: 'web' });

    const at = (path: string, Host: string) => ask(`http://127.0.0.1:${ports.portHttp}${path}`, { headers: { Host } });
    assert.equal((await at('/release/one/x', OuterSubDomain)).body.toString(), 'one /one/x');
    assert.equal((await at('/v1/one', SubDomain)).body.toString(), 'one /one');
    assert.equal((await at('/release/two', OuterSubDomain)).headers['access-control-allow-origin'], '*');

    // Again, with other functions and another name.
    const detail = await gateway('DescribeService', ofService);
    assert.deepEqual(
      [detail.ServiceId, detail.ServiceName, detail.ServiceDesc, detail.Protocol, detail.OuterSubDomain],
      [ServiceId, 'toolkit', 'Created By Serverless', 'http&https', OuterSubDomain],
    );
    assert.deepEqual((await gateway('DescribeServiceUsagePlan', ofService)).ServiceUsagePlanList, []);
    assert.deepEqual((await gateway('DescribeApiUsagePlan', ofService)).ApiUsagePlanList, []);
    await gateway('ModifyService', { ServiceId, ServiceName: 'renamed', Protocol: 'http&https' });
    for (const [ApiId, path] of [
      [one, '/one'],
      [two, '/two'],
    ] as const) {
      const { Path, Method } = (await gateway('DescribeApi', { ServiceId, ApiId })).RequestConfig as Answer;
      assert.deepEqual([Path, Method], [path, 'ANY']);
      await gateway('ModifyApi', { ApiId, ...api(ServiceId, path, behind('two')) });
    }
    await release(ServiceId, 'release');
    // Compared with what is wanted, member by member: a domain that is the same is not bound anew.
    const [domain] = rows((await gateway('DescribeServiceSubDomains', ofService)).DomainSet);
    assert.deepEqual(
      [
        domain?.DomainName,
        domain?.Protocol,
        domain?.CertificateId,
        domain?.IsDefaultMapping,
        domain?.IsForcedHttps,
        domain?.NetType,
      ],
      [SubDomain, 'http', '', false, false, 'OUTER'],
    );
    const { PathMappingSet } = await gateway('DescribeServiceSubDomainMappings', { ServiceId, SubDomain });
    assert.deepEqual(PathMappingSet, [{ Path: '/v1', Environment: 'release' }]);
    const [tag] = rows((await got('tag', 'DescribeResourceTagsByResourceIds', resource)).Tags);
    assert.deepEqual([tag?.TagKey, tag?.TagValue], ['team', 'web']);
    assert.equal((await at('/release/one', OuterSubDomain)).body.toString(), 'two /one');
    assert.deepEqual(await triggersOf('one'), []);
    assert.equal((await triggersOf('two')).length, 2);

    // Gone, with all that was made for it.
    for (const ApiId of [one, two]) await removeApi(ServiceId, ApiId, ['ServiceScf']);
    assert.deepEqual(await triggersOf('two'), []);
    await gateway('UnBindSubDomain', { ServiceId, SubDomain });
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'release' });
    await got('tag', 'DetachResourcesTag', {
      'ResourceIds.0': ServiceId,
      ServiceType: 'apigw',
      ResourceRegion: 'ap-guangzhou',
      ResourcePrefix: 'service',
      TagKey: 'team',
    });
    await gateway('DeleteService', ofService);
    assert.equal(taken(await call('apigateway', 'DescribeService', ofService)), null);
    assert.equal((await at('/release/one', OuterSubDomain)).status, 404);
  });

  test('an API behind a key: made, found again, removed', async () => {
    await create('guarded');
    const made = await gateway('CreateService', service('guarded', 'http'));
    const ServiceId = String(made.ServiceId);
    const ApiId = await makeApi(ServiceId, '/secret', { ...behind('guarded'), AuthType: 'SECRET' });
    const plan = await gateway('CreateUsagePlan', {
      UsagePlanName: 'plan',
      UsagePlanDesc: 'for a test',
      MaxRequestNumPreSec: '-1',
      MaxRequestNum: '1000',
    });
    const UsagePlanId = String(plan.UsagePlanId);
    const key = await gateway('CreateApiKey', { SecretName: 'key', AccessKeyType: 'auto' });
    const AccessKeyId = String(key.AccessKeyId);
    const listing = { UsagePlanId, Limit: '100', Offset: '0' };
    assert.deepEqual((await gateway('DescribeUsagePlanSecretIds', listing)).AccessKeyList, []);
    await gateway('BindSecretIds', { UsagePlanId, 'AccessKeyIds.0': AccessKeyId });
    const plans = { ServiceId, Limit: '100' };
    assert.deepEqual((await gateway('DescribeApiUsagePlan', plans)).ApiUsagePlanList, []);
    const scope = { ServiceId, Environment: 'release', BindType: 'API', 'UsagePlanIds.0': UsagePlanId };
    await gateway('BindEnvironment', { ...scope, 'ApiIds.0': ApiId });
    await release(ServiceId, 'release');

    const visit = (headers: Fields) =>
      ask(`http://127.0.0.1:${ports.portHttp}/_apigw/${ServiceId}/release/secret`, { headers });
    assert.equal((await visit({})).status, 401);
    const date = new Date(Date.now()).toUTCString();
    const signature = createHmac('sha1', String(key.AccessKeySecret)).update(`x-date: ${date}`).digest('base64');
    const proof = `hmac id="${AccessKeyId}", algorithm="hmac-sha1", headers="x-date", signature="${signature}"`;
    assert.equal((await visit({ 'X-Date': date, Authorization: proof })).body.toString(), 'guarded /secret');

    // Again: plan and key are found by their ids, and nothing is bound twice.
    assert.equal((await gateway('DescribeUsagePlan', { UsagePlanId })).UsagePlanId, UsagePlanId);
    await gateway('ModifyUsagePlan', {
      UsagePlanId,
      UsagePlanName: 'plan',
      UsagePlanDesc: '',
      MaxRequestNumPreSec: '-1',
      MaxRequestNum: '-1',
    });
    const filter = { Limit: '1', 'Filters.0.Name': 'AccessKeyId', 'Filters.0.Values.0': AccessKeyId };
    const [found] = rows((await gateway('DescribeApiKeysStatus', filter)).ApiKeySet);
    assert.deepEqual([found?.AccessKeyId, Number(found?.Status)], [AccessKeyId, 1]);
    const [bound] = rows((await gateway('DescribeUsagePlanSecretIds', listing)).AccessKeyList);
    assert.equal(bound?.AccessKeyId, AccessKeyId);
    const [used] = rows((await gateway('DescribeApiUsagePlan', plans)).ApiUsagePlanList);
    assert.deepEqual([used?.UsagePlanId, used?.ApiId], [UsagePlanId, ApiId]);

    await gateway('UnBindSecretIds', { 'AccessKeyIds.0': AccessKeyId, UsagePlanId });
    await gateway('DisableApiKey', { AccessKeyId });
    await gateway('DeleteApiKey', { AccessKeyId });
    await gateway('UnBindEnvironment', { ...scope, 'ApiIds.0': ApiId });
    await gateway('DeleteUsagePlan', { UsagePlanId });
    assert.equal(taken(await call('apigateway', 'DescribeUsagePlan', { UsagePlanId })), null);
    await removeApi(ServiceId, ApiId, ['ServiceScf']);
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'release' });
    await gateway('DeleteService', { ServiceId });
  });

  test('an API behind an application: made, bound once, removed', async () => {
    await create('signed');
    const { ServiceId: id } = await gateway('CreateService', service('signed', 'http'));
    const ServiceId = String(id);
    const ApiId = await makeApi(ServiceId, '/', { ...behind('signed'), AuthType: 'APP' });
    const { ApiAppId: app } = await gateway('CreateApiApp', { ApiAppName: 'app', ApiAppDesc: '' });
    const ApiAppId = String(app);
    const asked = { ServiceId, 'ApiIds.0': ApiId };
    assert.deepEqual((await gateway('DescribeApiBindApiAppsStatus', asked)).ApiAppApiSet, []);
    const scope = { ApiAppId, ApiId, Environment: 'test', ServiceId };
    await gateway('BindApiApp', scope);
    await release(ServiceId, 'test');
    const [bound] = rows((await gateway('DescribeApiBindApiAppsStatus', asked)).ApiAppApiSet);
    assert.deepEqual([bound?.ApiAppId, bound?.ApiId, bound?.ServiceId], [ApiAppId, ApiId, ServiceId]);
    const [shown] = rows((await gateway('DescribeApiApp', { ApiAppId })).ApiAppSet);
    assert.deepEqual([shown?.ApiAppId, shown?.ApiAppName, shown?.ApiAppDesc], [ApiAppId, 'app', '']);
    assert.match(String(shown?.ApiAppKey), /^APID/);
    const visit = await ask(`http://127.0.0.1:${ports.portHttp}/_apigw/${ServiceId}/test/`);
    assert.equal(visit.status, 401);
    await gateway('ModifyApiApp', { ApiAppId, ApiAppName: 'app', ApiAppDesc: 'said' });
    await gateway('UnbindApiApp', scope);
    await removeApi(ServiceId, ApiId, ['ServiceScf']);
    // A service that was given stays, and is released again without the API.
    await release(ServiceId, 'test');
    await gateway('DeleteApiApp', { ApiAppId });
  });

  test('a WebSocket API: made, deployed again, removed', async () => {
    const register = `exports.main_handler = async ({ websocket: { action, secConnectionID } }) =>
      ({ errNo: 0, errMsg: 'ok', websocket: { action, secConnectionID } });`;
    for (const name of ['join', 'talk', 'leave']) await create(name, register);
    const { ServiceId: id } = await gateway('CreateService', service('sockets', 'http&https'));
    const ServiceId = String(id);
    const parts = { Transport: 'talk', Register: 'join', Cleanup: 'leave' };
    const functions = Object.fromEntries(
      Object.entries(parts).flatMap(([part, name]) => [
        [`ServiceWebsocket${part}FunctionName`, name],
        [`ServiceWebsocket${part}FunctionQualifier`, '$DEFAULT'],
        [`ServiceWebsocket${part}FunctionNamespace`, 'default'],
      ]),
    );
    const fields = { Protocol: 'WEBSOCKET', 'RequestConfig.Method': 'GET', ...functions };
    const ApiId = await makeApi(ServiceId, '/chat', fields);
    await release(ServiceId, 'release');
    const { InternalDomain, Protocol, ...detail } = await gateway('DescribeApi', { ServiceId, ApiId });
    assert.equal(Protocol, 'WEBSOCKET');
    assert.ok(String(InternalDomain).endsWith(ApiId), String(InternalDomain));
    for (const [name, value] of Object.entries(functions)) assert.equal(detail[name], value, name);
    const opens = () =>
      new Promise<boolean>(resolve => {
        const socket = new WebSocket(`ws://127.0.0.1:${ports.portHttp}/_apigw/${ServiceId}/release/chat`);
        socket.on('open', () => socket.close()).on('open', () => resolve(true));
        socket.on('error', () => resolve(false));
      });
    assert.equal(await opens(), true);
    await gateway('ModifyApi', { ApiId, ...api(ServiceId, '/chat', fields) });
    await release(ServiceId, 'release');
    assert.equal(await opens(), true);
    await removeApi(ServiceId, ApiId, [
      'ServiceWebsocketRegister',
      'ServiceWebsocketCleanup',
      'ServiceWebsocketTransport',
    ]);
    assert.equal(await opens(), false);
    await gateway('UnReleaseService', { ServiceId, EnvironmentName: 'release' });
    await gateway('DeleteService', { ServiceId });
  });
});

describe('a function', () => {
  const urlsOf = async () =>
    rows(
      (
        await scf('ListTriggers', {
          FunctionName: 'site',
          Namespace: 'default',
          Limit: '1000',
          'Filters.0.Name': 'Type',
          'Filters.0.Values.0': 'http',
          'Filters.1.Name': 'Qualifier',
          'Filters.1.Values.0': '',
        })
      ).Triggers,
    );
  const url = (TriggerName: string, desc: object): Fields => ({
    FunctionName: 'site',
    Namespace: 'default',
    Type: 'http',
    Qualifier: '$DEFAULT',
    TriggerName,
    TriggerDesc: JSON.stringify({
      AuthType: 'NONE',
      NetConfig: { EnableIntranet: false, EnableExtranet: true },
      ...desc,
    }),
    Enable: 'OPEN',
  });
  const alias: Fields = { FunctionName: 'site', Namespace: 'default', Name: 'live' };

  test('with a version, an alias, tags and a URL: deployed, deployed again, removed', async () => {
    await create('site');
    const { FunctionVersion } = await scf('PublishVersion', {
      FunctionName: 'site',
      Namespace: 'default',
      Description: 'Published by Serverless Component',
    });
    assert.equal(FunctionVersion, '1');
    await active('site', '1');
    // It looks for these words, and takes anything else for a failure of its own.
    const missing: RawAnswer = await call('scf', 'GetAlias', alias);
    assert.match(missing.Error?.Message ?? '', /未找到指定的/);
    await scf('CreateAlias', { ...alias, FunctionVersion: '1', Description: 'Created by Serverless' });
    const { RoutingConfig } = await scf('GetAlias', { FunctionName: 'site', Namespace: 'default', Name: '$DEFAULT' });
    assert.deepEqual((RoutingConfig as Answer).AdditionalVersionWeights, []);
    const resource = tagsOf('scf', 'namespace', 'default/function/site');
    assert.deepEqual((await got('tag', 'DescribeResourceTagsByResourceIds', resource)).Tags, []);
    await attach('scf', 'namespace', 'default/function/site', { TagKey: 'team', TagValue: 'web' });
    await active('site');
    assert.deepEqual(await triggersOf('site', { Offset: '0' }), []);
    assert.deepEqual(await urlsOf(), []);
    const { TriggerInfo } = await scf('CreateTrigger', url('url-trigger', {}));
    const name = String((TriggerInfo as Answer).TriggerName);

    await scf('UpdateFunctionCode', {
      Handler: 'index.main_handler',
      FunctionName: 'site',
      ...(await zipped(CODE.replace('function_name', 'function_version'))),
      Namespace: 'default',
      InstallDependency: 'FALSE',
    });
    await active('site');
    await scf('UpdateFunctionConfiguration', {
      ...settingsOf('site'),
      'Environment.Variables.0.Key': '',
      'Environment.Variables.0.Value': '',
    });
    const function_ = await active('site');
    assert.deepEqual(function_.Tags, [{ Key: 'team', Value: 'web' }]);
    const [tag] = rows((await got('tag', 'DescribeResourceTagsByResourceIds', resource)).Tags);
    assert.deepEqual([tag?.TagKey, tag?.TagValue], ['team', 'web']);
    await scf('UpdateAlias', { ...alias, FunctionVersion: '1', Description: 'Configured by Serverless Component' });
    const [listed] = await triggersOf('site', { Offset: '0' });
    assert.deepEqual(
      [listed?.Type, listed?.Qualifier, listed?.TriggerName, listed?.Enable],
      ['http', '$DEFAULT', name, 1],
    );
    const [there] = await urlsOf();
    const CorsConfig = { Enable: true, Origins: ['https://a.example'], Methods: ['GET'], MaxAge: 10 };
    await scf('UpdateTrigger', url(String(there?.TriggerName), { CorsConfig }));
    const [changed] = await urlsOf();
    const desc = JSON.parse(String(changed?.TriggerDesc)) as { NetConfig: Fields; CorsConfig: object };
    assert.partialDeepStrictEqual(desc.CorsConfig, CorsConfig);
    const answer = await ask(`${desc.NetConfig.ExtranetHTTPUrl}/x`, { headers: { Origin: 'https://a.example' } });
    assert.deepEqual(
      [answer.body.toString(), answer.headers['access-control-allow-origin']],
      ['$LATEST /x', 'https://a.example'],
    );

    await scf('DeleteFunction', { FunctionName: 'site', Namespace: 'default' });
    const gone = await call('scf', 'GetFunction', shown('site'));
    assert.match(gone.Error?.Code ?? '', /^ResourceNotFound\.Function(Name)?$/);
    assert.equal((await ask(`${desc.NetConfig.ExtranetHTTPUrl}/x`)).status, 404);
  });
});
