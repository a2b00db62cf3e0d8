// The vendor's deployment toolkit, unmodified: its host names lead here. Deploys, deploys again and removes.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { ask, deploy, sdkOf } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { gatewayClient, leadHere, MISSING, requireClient, type Verb } from './installed.ts';

const server = await startTestServer();
const scf = sdkOf(server);
const { ports } = await server.get<{ ports: { portHttp: number; portTls: number } }>('/status');
// It prints every step.
console.log = () => {};
const redirect = leadHere(ports.portTls);
after(async () => {
  redirect[Symbol.dispose]();
  await server.close();
});

interface Deployed {
  readonly serviceId: string;
  readonly subDomain: string;
  readonly environment: string;
  readonly apiList: readonly {
    readonly apiId: string;
    readonly created: boolean;
    readonly path: string;
    readonly usagePlan?: { readonly usagePlanId: string; readonly secrets: { readonly secretIds: readonly string[] } };
    readonly app?: { readonly id: string };
  }[];
  readonly customDomains?: readonly { readonly isBinded: boolean; readonly subDomain: string }[];
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

interface Component {
  readonly deploy: Verb;
  readonly remove: Verb;
}

function component(): Component {
  const { Apigw } = requireClient('tencent-component-toolkit') as {
    Apigw: new (credentials: object, region: string) => Component;
  };
  const { secretId, secretKey } = server.credentials;
  return new Apigw({ SecretId: secretId, SecretKey: secretKey }, 'ap-guangzhou');
}

const CODE = `exports.main_handler = async (event, context) =>
  ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: context.function_name + ' ' + event.path });`;

const functionOf = (name: string) => deploy(scf, name, CODE);

const triggersOf = async (FunctionName: string) =>
  ((await scf.ListTriggers({ FunctionName })).Triggers ?? []).map(one => ({
    ...one,
    desc: JSON.parse(one.TriggerDesc ?? '') as { api: Record<string, unknown>; service: Record<string, string> },
  }));

/** By the default domain, whose name nobody resolves here. */
const call = (
  deployed: Pick<Deployed, 'subDomain' | 'environment'>,
  path: string,
  headers: Record<string, string> = {},
) =>
  ask(`http://127.0.0.1:${ports.portHttp}/${deployed.environment}${path}`, {
    headers: { Host: deployed.subDomain, ...headers },
  });

const endpoint = (path: string, functionName: string, more: object = {}) => ({
  path,
  method: 'ANY',
  apiName: `api${path.replaceAll('/', '-')}`,
  function: { functionName, functionQualifier: '$DEFAULT', isIntegratedResponse: true },
  ...more,
});

test('a service is deployed, deployed again with changes, and removed', { skip: MISSING }, async () => {
  await functionOf('one');
  await functionOf('two');
  const apigw = component();
  const inputs = {
    region: 'ap-guangzhou',
    protocols: ['http', 'https'],
    serviceName: 'toolkit',
    environment: 'release',
    endpoints: [endpoint('/one', 'one'), endpoint('/two', 'two', { enableCORS: true })],
    customDomains: [
      {
        domain: 'api.example.com',
        protocols: ['http'],
        isDefaultMapping: false,
        pathMappingSet: [{ path: '/v1', environment: 'release' }],
      },
    ],
    tags: [{ key: 'team', value: 'web' }],
  };
  const first = (await apigw.deploy(structuredClone(inputs))) as Deployed;
  assert.match(first.serviceId, /^service-[a-z0-9]{8}$/);
  assert.deepEqual(
    first.apiList.map(api => [api.path, api.created]),
    [
      ['/one', true],
      ['/two', true],
    ],
  );
  assert.deepEqual(
    first.customDomains?.map(domain => [domain.subDomain, domain.isBinded]),
    [['api.example.com', true]],
  );
  assert.deepEqual(first.tags, [{ key: 'team', value: 'web' }]);
  assert.equal((await call(first, '/one/x')).body.toString(), 'one /one/x');
  assert.equal((await call(first, '/two')).headers['access-control-allow-origin'], '*');
  const own = await ask(`http://127.0.0.1:${ports.portHttp}/v1/one`, { headers: { Host: 'api.example.com' } });
  assert.equal(own.body.toString(), 'one /one');

  const [trigger] = await triggersOf('one');
  assert.equal(trigger?.Type, 'apigw');
  assert.equal(trigger?.Qualifier, '$DEFAULT');
  assert.equal(trigger?.desc.service.serviceId, first.serviceId);
  assert.equal(trigger?.desc.api.apiId, first.apiList[0]?.apiId);
  assert.equal(trigger?.desc.api.isIntegratedResponse, 'TRUE');

  const second = (await apigw.deploy({
    ...structuredClone(inputs),
    serviceId: first.serviceId,
    serviceName: 'renamed',
    endpoints: [endpoint('/one', 'two'), endpoint('/two', 'two')],
    oldState: structuredClone(first),
  })) as Deployed;
  assert.equal(second.serviceId, first.serviceId);
  assert.deepEqual(
    second.apiList.map(api => api.apiId),
    first.apiList.map(api => api.apiId),
  );
  assert.equal((await call(first, '/one')).body.toString(), 'two /one');
  assert.equal((await call(first, '/two')).headers['access-control-allow-origin'], undefined);
  assert.deepEqual(await triggersOf('one'), []);
  const names = (await triggersOf('two')).map(one => one.desc.service.serviceName);
  assert.deepEqual(names, ['renamed', 'renamed']);

  await apigw.remove({ ...structuredClone(second), created: true });
  assert.deepEqual(await triggersOf('two'), []);
  assert.equal((await call(first, '/one')).status, 404);
});

test('an API is protected by a key, deployed again and removed', { skip: MISSING }, async () => {
  await functionOf('guarded');
  const apigw = component();
  const gateway = gatewayClient(server);
  const inputs = {
    protocols: ['http'],
    serviceName: 'guarded',
    environment: 'release',
    endpoints: [
      endpoint('/secret', 'guarded', {
        usagePlan: { usagePlanName: 'plan', usagePlanDesc: 'for a test', maxRequestNum: 1000 },
        auth: { secretName: 'key' },
      }),
    ],
  };
  const first = (await apigw.deploy(structuredClone(inputs))) as Deployed;
  assert.equal((await call(first, '/secret')).status, 401);
  const [api] = first.apiList;
  const [secretId = ''] = api?.usagePlan?.secrets.secretIds ?? [];
  assert.match(secretId, /^AKID/);
  const again = (await apigw.deploy({
    ...structuredClone(inputs),
    serviceId: first.serviceId,
    oldState: structuredClone(first),
    endpoints: [
      {
        ...inputs.endpoints[0],
        usagePlan: { usagePlanId: api?.usagePlan?.usagePlanId, usagePlanName: 'plan' },
        auth: { secretName: 'key', secretIds: [secretId] },
      },
    ],
  })) as Deployed;
  const keys = (await gateway('DescribeApiKeysStatus', {})) as {
    ApiKeySet: { AccessKeyId: string; AccessKeySecret: string }[];
  };
  const key = keys.ApiKeySet.find(one => one.AccessKeyId === secretId);
  const signed = (secret: string) => {
    const date = new Date(Date.now()).toUTCString();
    const signature = createHmac('sha1', secret).update(`x-date: ${date}`).digest('base64');
    const Authorization = `hmac id="${secretId}", algorithm="hmac-sha1", headers="x-date", signature="${signature}"`;
    return { 'X-Date': date, Authorization };
  };
  assert.equal((await call(again, '/secret', signed(key?.AccessKeySecret ?? ''))).body.toString(), 'guarded /secret');
  assert.equal((await call(again, '/secret', signed('another'))).status, 401);
  await apigw.remove({ ...structuredClone(again), created: true });
  assert.deepEqual(await triggersOf('guarded'), []);
  assert.equal((await call(again, '/secret')).status, 404);
});

test('the trigger of a function is deployed and removed by the service it has made', { skip: MISSING }, async () => {
  await functionOf('mine');
  const apigw = component();
  const inputs = {
    protocols: ['http'],
    serviceName: 'mine',
    environment: 'test',
    endpoints: [endpoint('/', 'mine', { app: { name: 'app' }, authType: 'APP' })],
  };
  const first = (await apigw.deploy(structuredClone(inputs))) as Deployed;
  assert.match(first.apiList[0]?.app?.id ?? '', /^app-/);
  assert.equal((await call(first, '/')).status, 401);
  const [trigger] = await triggersOf('mine');
  assert.deepEqual([trigger?.desc.api.authType, trigger?.desc.api.authRequired], ['APP', 'TRUE']);
  await apigw.remove({ ...structuredClone(first), created: true, isRemoveTrigger: true });
  assert.deepEqual(await triggersOf('mine'), []);
});
