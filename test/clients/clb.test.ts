// The vendor's SDK and deployment toolkit, unmodified, drive load balancers: made, served, changed, deployed again, removed.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freePort } from '../../src/services/clb/fixture.ts';
import { page, type Shown } from '../balancers.ts';
import { ask, deploy, sdkOf } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { type Call, clientFor, leadHere, MISSING, requireClient, type Signing, type Verb } from './installed.ts';

const server = await startTestServer();
const scf = sdkOf(server);
const { ports } = await server.get<{ ports: { portTls: number } }>('/status');
// The toolkit prints every step.
console.log = () => {};
const redirect = leadHere(ports.portTls);
after(async () => {
  redirect[Symbol.dispose]();
  await server.close();
});

const WAYS: readonly Signing[] = [
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'POST' },
  { signMethod: 'TC3-HMAC-SHA256', reqMethod: 'GET' },
  { signMethod: 'HmacSHA256', reqMethod: 'POST' },
  { signMethod: 'HmacSHA1', reqMethod: 'GET' },
];

const rejects = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error: { code?: string }) => {
    assert.equal(error.code, code);
    return true;
  });

const first = (value: unknown): string => (value as string[])[0] ?? '';
const rows = (value: unknown) => value as readonly Shown[];

/** A call, and then the questions of a client that waits for its end. */
async function done(call: Call, action: string, input: object): Promise<Shown> {
  const answer = (await call(action, input)) as Shown;
  for (;;) {
    const { Status, LoadBalancerIds } = (await call('DescribeTaskStatus', { TaskId: answer.RequestId })) as Shown;
    assert.notEqual(Status, 1);
    assert.ok(Array.isArray(LoadBalancerIds));
    if (Status === 0) return answer;
  }
}

async function balancer(call: Call) {
  const made = await done(call, 'CreateLoadBalancer', { LoadBalancerType: 'OPEN', LoadBalancerName: 'by-client' });
  const LoadBalancerId = first(made.LoadBalancerIds);
  const { LoadBalancerSet } = (await call('DescribeLoadBalancers', { LoadBalancerIds: [LoadBalancerId] })) as Shown;
  const vip = first(rows(LoadBalancerSet)[0]?.LoadBalancerVips);
  const Port = await freePort(vip);
  const { ListenerIds } = await done(call, 'CreateListener', { LoadBalancerId, Ports: [Port], Protocol: 'HTTP' });
  const visit = async (domain: string, path: string) => {
    const { status, body } = await ask(`http://${vip}:${Port}${path}`, { headers: { Host: domain } });
    return [status, body.toString()];
  };
  return { LoadBalancerId, ListenerId: first(ListenerIds), Port, visit };
}

for (const [index, way] of WAYS.entries()) {
  test(`${way.signMethod} by ${way.reqMethod}: the life of a load balancer`, { skip: MISSING }, async () => {
    const call = clientFor(server, 'clb', 'v20180317', way);
    const FunctionName = `behind-${index}`;
    await deploy(scf, FunctionName, page(FunctionName));
    const { LoadBalancerId, ListenerId, visit } = await balancer(call);
    const ref = { LoadBalancerId, ListenerId };
    const Rules = [
      { Domain: 'a.example', Url: '/fn' },
      { Domain: 'a.example', Url: '/server', HealthCheck: { HealthSwitch: 0 }, Scheduler: 'LEAST_CONN' },
    ];
    const { LocationIds } = await done(call, 'CreateRule', { ...ref, Rules });
    const [fn = '', plain = ''] = LocationIds as string[];
    const FunctionTargets = [
      { Function: { FunctionNamespace: 'default', FunctionName, FunctionQualifier: '$LATEST' }, Weight: 10 },
    ];
    await done(call, 'RegisterFunctionTargets', { ...ref, LocationId: fn, FunctionTargets });
    assert.deepEqual(await visit('a.example', '/fn'), [200, FunctionName]);
    const Targets = [{ EniIp: '127.0.0.1', Port: 1, Weight: 50 }];
    await done(call, 'RegisterTargets', { ...ref, LocationId: plain, Targets });
    assert.equal((await visit('a.example', '/server'))[0], 502);

    const { Listeners } = (await call('DescribeTargets', { LoadBalancerId })) as Shown;
    const shown = rows(rows(Listeners)[0]?.Rules);
    assert.deepEqual(
      shown.map(({ Url, Targets, FunctionTargets }) => [Url, rows(Targets).length, rows(FunctionTargets).length]),
      [
        ['/fn', 0, 1],
        ['/server', 1, 0],
      ],
    );
    const health = (await call('DescribeTargetHealth', { LoadBalancerIds: [LoadBalancerId] })) as Shown;
    assert.equal(rows(health.LoadBalancers)[0]?.LoadBalancerId, LoadBalancerId);

    await done(call, 'ModifyFunctionTargets', {
      ...ref,
      Domain: 'a.example',
      Url: '/fn',
      FunctionTargets: FunctionTargets.map(one => ({ ...one, Weight: 0 })),
    });
    assert.equal((await visit('a.example', '/fn'))[0], 502);
    await rejects(call('RegisterFunctionTargets', { ...ref, LocationId: plain, FunctionTargets }), 'FailedOperation');
    await rejects(call('CreateRule', { ...ref, Rules: [Rules[0]] }), 'InvalidParameterValue.Duplicate');
    await rejects(call('DescribeListeners', { LoadBalancerId: 'lb-00000000' }), 'InvalidParameter.LBIdNotFound');

    const content = 'client_max_body_size 10M;\nproxy_set_header X-Vip $vip;';
    const { ConfigId: UconfigId } = (await call('SetCustomizedConfigForLoadBalancer', {
      OperationType: 'ADD',
      ConfigName: `custom-${index}`,
      ConfigContent: content,
    })) as Shown;
    const bind = { OperationType: 'BIND', UconfigId, LoadBalancerIds: [LoadBalancerId] };
    await done(call, 'SetCustomizedConfigForLoadBalancer', bind);
    const { ConfigList } = (await call('DescribeCustomizedConfigList', { ConfigType: 'CLB' })) as Shown;
    assert.ok(rows(ConfigList).some(one => one.ConfigContent === content));

    await done(call, 'DeregisterTargets', { ...ref, LocationId: plain, Targets: [{ EniIp: '127.0.0.1', Port: 1 }] });
    await done(call, 'DeleteRule', { ...ref, LocationIds: [fn] });
    assert.deepEqual((await scf.ListTriggers({ FunctionName })).Triggers, []);
    await done(call, 'DeleteListener', ref);
    await done(call, 'DeleteLoadBalancer', { LoadBalancerIds: [LoadBalancerId] });
    const { TotalCount } = (await call('DescribeLoadBalancers', { LoadBalancerIds: [LoadBalancerId] })) as Shown;
    assert.equal(TotalCount, 0);
  });
}

interface Toolkit {
  readonly deployTrigger: (info: object, inputs: object) => Promise<readonly Shown[]>;
}

test('the toolkit brings triggers, keeps equal ones, and removes those that went away', { skip: MISSING }, async () => {
  const call = clientFor(server, 'clb', 'v20180317');
  await deploy(scf, 'tool', page('tool'));
  const { LoadBalancerId, ListenerId, Port, visit } = await balancer(call);
  const { Scf, Clb } = requireClient('tencent-component-toolkit') as {
    Scf: new (credentials: object, region: string) => Toolkit;
    Clb: new (
      credentials: object,
      region: string,
    ) => Readonly<Record<'createRule' | 'bindTrigger' | 'deleteRule', Verb>>;
  };
  const { secretId, secretKey } = server.credentials;
  const keys = [{ SecretId: secretId, SecretKey: secretKey }, 'ap-guangzhou'] as const;
  const event = (domain: string, url: string) => ({
    clb: { parameters: { loadBalanceId: LoadBalancerId, protocol: 'HTTP', port: Port, domain, url, weight: 20 } },
  });
  const info = { FunctionName: 'tool', Namespace: 'default' };
  // Of a new instance each: it keeps what it has read of listeners.
  const bring = (...events: readonly object[]) =>
    new Scf(...keys).deployTrigger(info, { name: 'tool', namespace: 'default', events });
  const listed = async () =>
    ((await scf.ListTriggers({ FunctionName: 'tool' })).Triggers ?? [])
      .map(one => ({ ...one, desc: JSON.parse(one.TriggerDesc ?? '') as Shown }))
      .sort((a, b) => (String(a.desc.url) < String(b.desc.url) ? -1 : 1));

  await bring(event('t.example', '/a'), event('t.example', '/b'));
  assert.deepEqual(await visit('t.example', '/a'), [200, 'tool']);
  const before = await listed();
  assert.deepEqual(
    before.map(({ Type, Qualifier, desc }) => [Type, Qualifier, desc.url, desc.weight]),
    [
      ['clb', '$DEFAULT', '/a', 20],
      ['clb', '$DEFAULT', '/b', 20],
    ],
  );
  const tail = `:${LoadBalancerId}/${ListenerId}/${before[0]?.desc.locationId}`;
  assert.ok(before[0]?.ResourceId?.endsWith(tail), before[0]?.ResourceId);

  await bring(event('t.example', '/a'), event('t.example', '/c'));
  const after = await listed();
  assert.deepEqual(
    after.map(({ desc }) => desc.url),
    ['/a', '/c'],
  );
  assert.equal(after[0]?.desc.locationId, before[0]?.desc.locationId);
  assert.deepEqual(await visit('t.example', '/c'), [200, 'tool']);
  assert.equal((await visit('t.example', '/b'))[0], 502);

  const clb = new Clb(...keys);
  const rule = { loadBalanceId: LoadBalancerId, protocol: 'HTTP', port: Port, domain: 'd.example', url: '/d' };
  const made = (await clb.createRule(rule)) as Record<'listenerId' | 'locationId', string>;
  const place = { loadBalanceId: LoadBalancerId, ...made };
  assert.equal(
    await clb.bindTrigger({ ...place, functionName: 'tool', namespace: 'default', qualifier: '$LATEST' }),
    true,
  );
  assert.deepEqual(await visit('d.example', '/d'), [200, 'tool']);
  assert.equal(await clb.deleteRule(place), true);
  assert.equal((await listed()).length, 2);
});
