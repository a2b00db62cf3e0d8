// Triggers of load balancers over the real server: both sides agree, and the calls of the vendor's toolkit make them.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { runIn } from '../src/cli/fixture.ts';
import { freePort } from '../src/services/clb/fixture.ts';
import { balancersOf, functionOf, only, page, type Shown } from './balancers.ts';
import { ask, deploy, sdkOf, until, zipOf } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const { client, clb, balancer } = balancersOf(server);

before(() => deploy(sdk, 'page', page('function')));

describe('a trigger', () => {
  const visible = { FunctionName: 'page', Type: 'clb', Qualifier: '$LATEST' } as const;

  test('made by CreateTrigger stands in the API of balancers, in the list, and behind its access path', async () => {
    const { LoadBalancerId, Port, visit } = await balancer();
    const { TriggerInfo } = await sdk.CreateTrigger({
      ...visible,
      TriggerName: 'web',
      TriggerDesc: JSON.stringify({ loadBalanceId: LoadBalancerId, port: Port, domain: 'clb.example', url: '/hi' }),
      Enable: 'OPEN',
    });
    const desc = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as Record<string, string>;
    assert.equal(TriggerInfo?.TriggerName, desc.locationId);
    assert.equal((await visit('clb.example', '/hi')).body.toString(), 'function');
    assert.equal((await ask(desc.accessUrl ?? '')).body.toString(), 'function');
    const run = await runIn(process.cwd(), ['--data', server.dataDir, '--endpoint', server.endpoint, 'ls']);
    assert.ok(run.out.includes(desc.accessUrl ?? '?'), run.out);

    const { Triggers: [listed] = [] } = await sdk.ListTriggers({ FunctionName: 'page' });
    const key = `${LoadBalancerId}/${desc.listenerId}/${desc.locationId}`;
    assert.equal(listed?.ResourceId, `qcs::clb:gz:uin/100000000001:${key}`);
    assert.deepEqual([listed?.Type, listed?.Enable, listed?.TriggerDesc], ['clb', 1, TriggerInfo?.TriggerDesc]);
    const { Listeners } = await client.cloud('clb', 'DescribeTargets', { LoadBalancerId });
    type Ruled = { Rules: { LocationId: string; FunctionTargets: { Function: Shown }[] }[] };
    const shown = (Listeners as Ruled[])[0]?.Rules[0];
    assert.equal(shown?.LocationId, desc.locationId);
    assert.equal(shown?.FunctionTargets[0]?.Function.FunctionName, 'page');

    for (const [Enable, status] of [
      ['CLOSE', 502],
      ['OPEN', 200],
    ] as const) {
      await sdk.UpdateTriggerStatus({ ...visible, TriggerName: 'web', Enable });
      assert.equal((await visit('clb.example', '/hi')).status, status);
    }
    await sdk.UpdateTrigger({ ...visible, TriggerName: 'web', TriggerDesc: '{"weight":0}' });
    assert.equal((await visit('clb.example', '/hi')).status, 502);
    await assert.rejects(
      sdk.UpdateTrigger({ ...visible, TriggerName: 'web', TriggerDesc: '{"domain":"other.example"}' }),
      { code: 'InvalidParameterValue.TriggerDesc' },
    );
    await sdk.DeleteTrigger({
      ...visible,
      TriggerName: desc.locationId ?? '',
      TriggerDesc: TriggerInfo?.TriggerDesc ?? '',
    });
    assert.equal((await visit('clb.example', '/hi')).status, 404, 'its rule was made for it');
    assert.deepEqual((await sdk.ListTriggers({ FunctionName: 'page' })).Triggers, []);
  });

  test('goes with its rule, listener or balancer, and leaves the rule when the function goes', async () => {
    await deploy(sdk, 'passing', page('passing'));
    const triggers = async () => (await sdk.ListTriggers({ FunctionName: 'passing' })).TotalCount;
    for (const drop of ['DeleteRule', 'DeleteListener', 'DeleteLoadBalancer']) {
      const { ref, LoadBalancerId, rule } = await balancer();
      const place = await rule('a.example');
      await clb('RegisterFunctionTargets', { ...place, ...functionOf('passing') });
      assert.equal(await triggers(), 1);
      await clb(drop, { ...ref, LocationIds: [place.LocationId], LoadBalancerIds: [LoadBalancerId] });
      assert.equal(await triggers(), 0, drop);
    }
    const { rule, visit } = await balancer();
    const place = await rule('a.example');
    await clb('RegisterFunctionTargets', { ...place, ...functionOf('passing') });
    assert.equal((await visit('a.example')).status, 200);
    await sdk.DeleteFunction({ FunctionName: 'passing' });
    assert.equal((await visit('a.example')).status, 502);
    await clb('RegisterFunctionTargets', { ...place, ...functionOf('page') });
    assert.equal((await visit('a.example')).body.toString(), 'function');
    await clb('DeregisterFunctionTargets', { ...place, ...functionOf('page') });
  });

  test('and all around it outlives a start of the server', async () => {
    const first = await startTestServer();
    let open = first;
    try {
      await deploy(sdkOf(first), 'kept', page('kept'));
      const { TriggerInfo } = await sdkOf(first).CreateTrigger({
        FunctionName: 'kept',
        TriggerName: 'web',
        Type: 'clb',
        TriggerDesc: JSON.stringify({ port: await freePort('127.0.0.1'), domain: 'kept.example' }),
        Enable: 'OPEN',
      });
      open = await first.restart();
      const { Triggers: [listed] = [] } = await sdkOf(open).ListTriggers({ FunctionName: 'kept' });
      assert.equal(listed?.TriggerName, TriggerInfo?.TriggerName);
      const { functions } = await open.get<{ functions: { triggers: { urls: string[] }[] }[] }>('/urls');
      const urls = functions[0]?.triggers[0]?.urls ?? [];
      assert.equal(urls.length, 2);
      for (const url of urls) assert.equal((await ask(url)).body.toString(), 'kept', url);
    } finally {
      await open.close();
    }
  });
});

/** As the vendor's toolkit sends it: all in one form, signed with HMAC-SHA1. */
async function v1(given: TestServer, version: string, action: string, params: Shown): Promise<Shown> {
  const { host } = new URL(given.endpoint);
  const { secretId, secretKey } = given.credentials;
  const pairs = new Map<string, string>([
    ['Action', action],
    ['Version', version],
    ['Region', 'ap-guangzhou'],
    ['SecretId', secretId],
    ['Timestamp', String(Math.floor(Date.now() / 1000))],
    ['Nonce', '1'],
  ]);
  const flatten = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) pairs.set(name, String(value));
    else for (const [key, one] of Object.entries(value)) flatten(name === '' ? key : `${name}.${key}`, one);
  };
  flatten('', params);
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
  const source = `POST${host}/?${sorted.map(([name, value]) => `${name}=${value}`).join('&')}`;
  pairs.set('Signature', createHmac('sha1', secretKey).update(source).digest('base64'));
  const response = await fetch(given.endpoint, { method: 'POST', body: new URLSearchParams([...pairs]) });
  const { Response } = (await response.json()) as { Response: Shown };
  return Response;
}

test('the recorded calls of the deployment toolkit, with zip code', async () => {
  const { LoadBalancerId, visit } = await balancer();
  const call = async (action: string, params: Shown, version = '2018-04-16'): Promise<Shown> => {
    const answer = await v1(server, version, action, params);
    const { Code } = (answer.Error ?? {}) as { Code?: string };
    return { ...answer, Code };
  };
  const balance = (action: string, params: Shown) => call(action, params, '2018-03-17');
  const task = async ({ RequestId }: Shown) => {
    const { Status } = await balance('DescribeTaskStatus', { TaskId: RequestId });
    assert.equal(Status, 0);
  };
  const fn = { FunctionName: 'recorded', Namespace: 'default' };
  const activeAgain = () =>
    until('the function is active', async () => {
      const { Status } = await v1(server, '2018-04-16', 'GetFunction', fn);
      return Status === 'Active';
    });
  const code = async (text: string) => (await zipOf({ 'index.js': page(text) })).toString('base64');

  assert.equal((await call('GetFunction', fn)).Code, 'ResourceNotFound.Function');
  const Code = { ZipFile: await code('one') };
  const config = { ...fn, Runtime: 'Nodejs18.15', Handler: 'index.main_handler', MemorySize: 128, Timeout: 60 };
  assert.equal((await call('CreateFunction', { ...config, Code })).Code, undefined);
  await activeAgain();
  assert.equal((await call('GetAlias', { ...fn, Name: '$DEFAULT' })).Name, '$DEFAULT');
  assert.equal((await call('ListTriggers', { ...fn, Limit: 100 })).TotalCount, 0);
  const { Listeners } = await balance('DescribeListeners', { LoadBalancerId });
  const [{ ListenerId, Rules } = {}] = Listeners as Shown[];
  assert.deepEqual(Rules, []);
  const made = await balance('CreateRule', { LoadBalancerId, ListenerId, Rules: [{ Domain: 'r.example', Url: '/r' }] });
  await task(made);
  const LocationId = only(made.LocationIds);
  const FunctionTargets = [
    { Weight: 10, Function: { FunctionName: 'recorded', FunctionNamespace: 'default', FunctionQualifier: '$DEFAULT' } },
  ];
  await task(await balance('RegisterFunctionTargets', { LoadBalancerId, ListenerId, LocationId, FunctionTargets }));
  assert.equal((await visit('r.example', '/r')).body.toString(), 'one');

  assert.equal((await call('GetFunction', fn)).Status, 'Active');
  assert.equal((await call('UpdateFunctionCode', { ...fn, ZipFile: await code('two') })).Code, undefined);
  await activeAgain();
  assert.equal((await call('UpdateFunctionConfiguration', { ...fn, Timeout: 61 })).Code, undefined);
  await activeAgain();
  const { Triggers } = await call('ListTriggers', { ...fn, Limit: 100 });
  const [trigger] = Triggers as Shown[];
  // By what stands behind the last colon it knows its rule again, and keeps it.
  const resource = String(trigger?.ResourceId);
  assert.equal(resource.slice(resource.lastIndexOf(':') + 1), `${LoadBalancerId}/${ListenerId}/${LocationId}`);
  const again = (await balance('DescribeListeners', { LoadBalancerId })).Listeners as { Rules: Shown[] }[];
  assert.deepEqual([again[0]?.Rules[0]?.Domain, again[0]?.Rules[0]?.Url], ['r.example', '/r']);
  assert.equal((await visit('r.example', '/r')).body.toString(), 'two');

  const { TriggerName, TriggerDesc, Qualifier } = trigger ?? {};
  const gone = await call('DeleteTrigger', { ...fn, Type: 'clb', TriggerName, TriggerDesc, Qualifier });
  assert.equal(gone.Code, undefined);
  assert.equal((await visit('r.example', '/r')).status, 502);
  assert.equal((await call('DeleteFunction', fn)).Code, undefined);
  assert.equal((await call('GetFunction', fn)).Code, 'ResourceNotFound.Function');
  assert.equal(
    (await balance('DescribeListeners', { LoadBalancerId: 'lb-00000000' })).Code,
    'InvalidParameter.LBIdNotFound',
  );
});
