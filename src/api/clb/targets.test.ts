import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort, START, saying } from '../../services/clb/fixture.ts';
import { wireTime } from '../times.ts';
import { type ClbScene, clbScene, refused } from './fixture.ts';

type Shown = Readonly<Record<string, unknown>>;

async function targets({ call }: ClbScene, LoadBalancerId: string, more: object = {}): Promise<readonly Shown[]> {
  const { Listeners } = await call('DescribeTargets', { LoadBalancerId, ...more });
  return (Listeners as Shown[]).flatMap(one => (one.Rules ?? [one]) as Shown[]);
}

/** The first of a list that is there. */
const first = (of: Shown | undefined, name: string): Shown => (of?.[name] as Shown[] | undefined)?.[0] ?? {};
const all = (of: Shown | undefined, name: string): readonly Shown[] => (of?.[name] ?? []) as Shown[];

const called = (FunctionName: string, more: object = {}) => ({
  FunctionTargets: [
    { Function: { FunctionNamespace: 'default', FunctionName, FunctionQualifier: '$LATEST' }, ...more },
  ],
});

describe('servers', () => {
  it('are registered, weighed, moved to another port and taken away', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { place, LoadBalancerId, ListenerId, LocationId, visit } = await rule({ HealthCheck: { HealthSwitch: 0 } });
    await using one = await saying('one');
    await using two = await saying('two');
    const EniIp = '127.0.0.1';
    await done('RegisterTargets', { ...place, Targets: [{ EniIp, Port: one.port, Weight: 30, Tag: 't' }] });
    assert.equal((await visit('/')).body, 'one');
    const [shown] = await targets(scene, LoadBalancerId);
    assert.deepEqual([shown?.LocationId, shown?.Domain, shown?.Url], [LocationId, 'a.example', '/']);
    const backend = first(shown, 'Targets');
    assert.deepEqual(
      [backend.PrivateIpAddresses, backend.Port, backend.Weight, backend.Tag, backend.RegisteredTime],
      [[EniIp], one.port, 30, 't', wireTime(START)],
    );
    const byRule = { LoadBalancerId, ListenerId, Domain: 'A.example', Url: '/' };
    await done('RegisterTargets', { ...byRule, Targets: [{ InstanceId: EniIp, Port: two.port }] });
    await done('ModifyTargetWeight', { ...place, Weight: 0, Targets: [{ EniIp, Port: one.port }] });
    const bodies = async () => (await Promise.all([visit('/'), visit('/'), visit('/')])).map(({ body }) => body);
    assert.deepEqual(await bodies(), ['two', 'two', 'two']);
    await done('ModifyTargetPort', { ...place, NewPort: one.port + 1, Targets: [{ EniIp, Port: one.port }] });
    const ports = async () => all((await targets(scene, LoadBalancerId))[0], 'Targets').map(t => [t.Port, t.Weight]);
    assert.deepEqual(await ports(), [
      [two.port, 10],
      [one.port + 1, 0],
    ]);
    await done('DeregisterTargets', { ...place, Targets: [{ EniIp, Port: two.port }] });
    assert.equal((await visit('/')).status, 502);
    await assert.rejects(
      call('DeregisterTargets', { ...place, Targets: [{ EniIp, Port: two.port }] }),
      refused('ResourceNotFound'),
    );
  });

  it('are registered at many places in one call, which tells those that failed', async () => {
    await using scene = await clbScene();
    const { done, rule } = scene;
    const { LoadBalancerId, ListenerId, LocationId, vip } = await rule();
    const Ports = [await freePort(vip)];
    const [tcp = ''] = (await done('CreateListener', { LoadBalancerId, Ports, Protocol: 'TCP' }))
      .ListenerIds as string[];
    const Targets = [
      { ListenerId, LocationId, EniIp: '127.0.0.1', Port: 1 },
      { ListenerId: tcp, EniIp: '127.0.0.1', Port: 2 },
      { ListenerId: 'lbl-00000000', EniIp: '127.0.0.1', Port: 3 },
    ];
    const answer = await done('BatchRegisterTargets', { LoadBalancerId, Targets });
    assert.deepEqual(answer.FailListenerIdSet, ['lbl-00000000']);
    assert.match(String(answer.Message), /lbl-00000000/);
    const shown = async () =>
      (await targets(scene, LoadBalancerId)).map(one => (one.Targets as Shown[]).map(t => t.Port));
    assert.deepEqual(await shown(), [[1], [2]]);
    const gone = await done('BatchDeregisterTargets', { LoadBalancerId, Targets: Targets.slice(0, 2) });
    assert.deepEqual(gone.FailListenerIdSet, []);
    assert.deepEqual(await shown(), [[], []]);
  });

  it('are found by filters, and how they are is told', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { place, LoadBalancerId, ListenerId, LocationId } = await rule({ HealthCheck: { HealthSwitch: 0 } });
    const Targets = [
      { EniIp: '127.0.0.1', Port: 1, Tag: 'x' },
      { EniIp: '127.0.0.2', Port: 2 },
    ];
    await done('RegisterTargets', { ...place, Targets });
    const found = async (Name: string, Values: readonly string[]) => {
      const rows = await targets(scene, LoadBalancerId, { Filters: [{ Name, Values }] });
      return rows.flatMap(row => (row.Targets as Shown[]).map(one => one.Port));
    };
    assert.deepEqual(await found('private-ip-address', ['127.0.0.2']), [2]);
    assert.deepEqual(await found('tag', ['x']), [1]);
    assert.deepEqual(await found('location-id', [LocationId]), [1, 2]);
    assert.deepEqual(await found('location-id', ['loc-00000000']), []);
    await assert.rejects(found('colour', ['red']), refused('InvalidParameterValue.InvalidFilter'));
    assert.equal((await targets(scene, LoadBalancerId, { Protocol: 'TCP' })).length, 0);
    const health = await call('DescribeTargetHealth', { LoadBalancerIds: [LoadBalancerId] });
    const listener = first(first(health, 'LoadBalancers'), 'Listeners');
    const seen = first(listener, 'Rules');
    assert.deepEqual([listener.ListenerId, seen.LocationId], [ListenerId, LocationId]);
    assert.deepEqual(first(seen, 'Targets'), {
      IP: '127.0.0.1',
      Port: 1,
      HealthStatus: true,
      TargetId: '127.0.0.1',
      HealthStatusDetail: 'Close',
      HealthStatusDetial: 'Close',
      TargetGroupId: '',
      Weight: 10,
    });
    const many = { LoadBalancerIds: Array.from({ length: 31 }, () => LoadBalancerId) };
    await assert.rejects(call('DescribeTargetHealth', many), refused('InvalidParameterValue.Length'));
  });

  it('are refused as documented', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { place, LoadBalancerId, ListenerId } = await rule();
    const Ports = [7001];
    const [udp] = (await done('CreateListener', { LoadBalancerId, Ports, Protocol: 'UDP' })).ListenerIds as string[];
    const target = { EniIp: '127.0.0.1', Port: 80 };
    const cases: [object, string, RegExp?][] = [
      [{ ...place, Targets: [] }, 'MissingParameter'],
      [{ ...place, Targets: Array.from({ length: 21 }, () => target) }, 'InvalidParameterValue.Length'],
      [{ ...place, Targets: [{ ...target, Weight: 101 }] }, 'InvalidParameterValue.Range'],
      [{ ...place, Targets: [{ ...target, Port: 0 }] }, 'InvalidParameterValue.Range'],
      [{ ...place, Targets: [{ Port: 80 }] }, 'MissingParameter'],
      [{ ...place, Targets: [{ ...target, InstanceId: 'ins-12345678' }] }, 'InvalidParameterValue', /not both/],
      [{ ...place, Targets: [{ InstanceId: 'ins-12345678', Port: 80 }] }, 'InvalidParameterValue', /EniIp/],
      [{ ...place, Targets: [{ EniIp: 'a b', Port: 80 }] }, 'InvalidParameter.FormatError'],
      [{ ...place, LocationId: 'loc-00000000', Targets: [target] }, 'InvalidParameter.LocationNotFound'],
      [{ LoadBalancerId, ListenerId, Targets: [target] }, 'MissingParameter', /LocationId/],
      [{ LoadBalancerId, ListenerId: udp, Targets: [target] }, 'UnsupportedOperation', /UDP/],
    ];
    for (const [request, code, words] of cases) {
      await assert.rejects(call('RegisterTargets', request), refused(code, words), JSON.stringify(request));
    }
    const weigh = { ...place, Targets: [target] };
    await assert.rejects(call('ModifyTargetWeight', weigh), refused('MissingParameter', /Weight/));
    await assert.rejects(call('ModifyTargetWeight', { ...weigh, Weight: 1 }), refused('ResourceNotFound'));
    await assert.rejects(call('ModifyTargetPort', { ...weigh, NewPort: 81 }), refused('ResourceNotFound'));
  });
});

describe('functions', () => {
  it('behind a rule are triggers, whichever side makes them', async () => {
    await using scene = await clbScene();
    const { done, made, rule, listed, control, clb } = scene;
    await made({ name: 'hello' });
    const { place, LoadBalancerId, ListenerId, LocationId, Port, visit } = await rule();
    assert.equal((await visit('/')).status, 502);
    await done('RegisterFunctionTargets', { ...place, ...called('hello', { Weight: 20 }) });
    assert.equal((await visit('/')).body, 'hello $LATEST');
    const [view] = await listed('hello');
    assert.deepEqual(
      [view?.trigger.type, view?.trigger.triggerName, view?.trigger.qualifier],
      ['clb', LocationId, '$LATEST'],
    );
    assert.equal(
      view?.trigger.resourceId,
      `qcs::clb:gz:uin/100000000001:${LoadBalancerId}/${ListenerId}/${LocationId}`,
    );
    const desc = {
      loadBalancerId: LoadBalancerId,
      loadBalanceId: LoadBalancerId,
      listenerId: ListenerId,
      locationId: LocationId,
      protocol: 'HTTP',
      port: Port,
      domain: 'a.example',
      url: '/',
      weight: 20,
      accessUrl: `http://127.0.0.1:9702/_clb/${LoadBalancerId}/${Port}/`,
    };
    assert.deepEqual(JSON.parse(view?.desc ?? ''), desc);
    assert.equal(view?.urls[0], desc.accessUrl);
    const shown = async () => (await targets(scene, LoadBalancerId)).flatMap(one => one.FunctionTargets as Shown[]);
    const wire = {
      FunctionNamespace: 'default',
      FunctionName: 'hello',
      FunctionQualifier: '$LATEST',
      FunctionQualifierType: 'VERSION',
    };
    assert.deepEqual(await shown(), [{ Function: wire, Weight: 20 }]);

    // The vendor's toolkit removes it by what ListTriggers has said.
    const ref = { region: 'ap-guangzhou', namespace: 'default', name: 'hello', type: 'clb' };
    await control.triggers.remove({ ...ref, triggerName: LocationId, qualifier: '$LATEST', desc: view?.desc ?? '' });
    assert.deepEqual(await shown(), []);
    assert.equal((await visit('/')).status, 502);
    assert.ok(clb.rules.byId('ap-guangzhou', LocationId), 'a rule that the balancer’s side has made stays');

    const created = await control.triggers.create({
      ...ref,
      triggerName: 'web',
      desc: JSON.stringify({ loadBalanceId: LoadBalancerId, port: Port, domain: 'b.example', url: '/b', weight: 5 }),
    });
    assert.equal((await visit('/b', 'b.example')).body, 'hello $LATEST');
    assert.deepEqual(
      (await shown()).map(one => one.Weight),
      [5],
    );
    const { locationId } = JSON.parse(created.desc) as { readonly locationId: string };
    await done('DeregisterFunctionTargets', { ...place, LocationId: locationId, ...called('hello') });
    assert.deepEqual(await listed('hello'), []);
    assert.ok(clb.rules.byId('ap-guangzhou', locationId));
  });

  it('change their weight, and give way to another function in one step', async () => {
    await using scene = await clbScene();
    const { call, done, made, rule, listed } = scene;
    await made({ name: 'one' });
    await made({ name: 'two' });
    const { place, visit } = await rule();
    await done('RegisterFunctionTargets', { ...place, ...called('one') });
    await done('RegisterFunctionTargets', { ...place, ...called('one', { Weight: 0 }) });
    assert.equal((await visit('/')).status, 502);
    assert.equal((JSON.parse((await listed('one'))[0]?.desc ?? '') as Shown).weight, 0);
    await assert.rejects(
      call('RegisterFunctionTargets', { ...place, ...called('two') }),
      refused('LimitExceeded', /ModifyFunctionTargets/),
    );
    await done('ModifyFunctionTargets', { ...place, ...called('two', { Weight: 10 }) });
    assert.equal((await visit('/')).body, 'two $LATEST');
    assert.deepEqual([(await listed('one')).length, (await listed('two')).length], [0, 1]);
    await assert.rejects(
      call('DeregisterFunctionTargets', { ...place, ...called('one') }),
      refused('ResourceNotFound', /one/),
    );
    await done('DeregisterFunctionTargets', { ...place, ...called('two') });
    await assert.rejects(call('ModifyFunctionTargets', { ...place, ...called('two') }), refused('ResourceNotFound'));
  });

  it('are named by version or alias, and what they say of it has to be so', async () => {
    await using scene = await clbScene();
    const { call, done, made, rule, control } = scene;
    await made({ name: 'hello' });
    const key = { region: 'ap-guangzhou', namespace: 'default', name: 'hello' };
    await control.versions.publish(key, {});
    await control.settled();
    await control.aliases.create(key, { alias: 'live', version: '1' });
    const { place, LoadBalancerId, visit } = await rule();
    const as = (FunctionQualifier: string, FunctionQualifierType: string) => ({
      ...place,
      FunctionTargets: [{ Function: { FunctionName: 'hello', FunctionQualifier, FunctionQualifierType } }],
    });
    for (const [qualifier, type] of [
      ['live', 'VERSION'],
      ['1', 'ALIAS'],
      ['9', ''],
    ] as const) {
      await assert.rejects(
        call('RegisterFunctionTargets', as(qualifier, type)),
        refused('ResourceNotFound'),
        qualifier,
      );
    }
    await done('RegisterFunctionTargets', as('live', 'ALIAS'));
    assert.equal((await visit('/')).body, 'hello live');
    const [shown] = await targets(scene, LoadBalancerId);
    assert.equal((first(shown, 'FunctionTargets').Function as Shown).FunctionQualifierType, 'ALIAS');
  });

  it('are refused as documented', async () => {
    await using scene = await clbScene();
    const { call, done, made, rule, balancer } = scene;
    await made({ name: 'hello' });
    await made({ name: 'site', wire: { Type: 'HTTP' } });
    const { place, LoadBalancerId, ListenerId, vip } = await rule();
    const others: Record<string, string> = {};
    for (const [Protocol, port] of [
      ['TCP', await freePort(vip)],
      ['UDP', 7001],
      ['QUIC', 7002],
    ] as const) {
      const { ListenerIds } = await done('CreateListener', { LoadBalancerId, Ports: [port], Protocol });
      others[Protocol] = (ListenerIds as string[])[0] ?? '';
    }
    const two = { FunctionTargets: [...called('hello').FunctionTargets, ...called('hello').FunctionTargets] };
    const cases: [object, string, RegExp?][] = [
      [{ ...place, FunctionTargets: [] }, 'MissingParameter'],
      [{ ...place, ...two }, 'LimitExceeded', /routing of an alias/],
      [{ ...place, ...called('nobody') }, 'ResourceNotFound', /nobody/],
      [{ ...place, ...called('site') }, 'InvalidParameterValue', /web function/],
      [{ ...place, ...called('hello', { Weight: 101 }) }, 'InvalidParameterValue.Range'],
      [{ ...place, LoadBalancerId: 'lb-00000000', ...called('hello') }, 'InvalidParameter.LBIdNotFound'],
      [{ ...place, ListenerId: 'lbl-00000000', ...called('hello') }, 'InvalidParameter.ListenerIdNotFound'],
      [{ ...place, LocationId: 'loc-00000000', ...called('hello') }, 'InvalidParameter.LocationNotFound'],
      [{ LoadBalancerId, ListenerId, ...called('hello') }, 'MissingParameter'],
      ...Object.values(others).map((id): [object, string] => [
        { LoadBalancerId, ListenerId: id, ...called('hello') },
        'InvalidParameter.ProtocolCheckFailed',
      ]),
    ];
    for (const [request, code, words] of cases) {
      await assert.rejects(call('RegisterFunctionTargets', request), refused(code, words), JSON.stringify(request));
    }
    const server = { ...place, Targets: [{ EniIp: '127.0.0.1', Port: 80 }] };
    await done('RegisterFunctionTargets', { ...place, ...called('hello') });
    await assert.rejects(call('RegisterTargets', server), refused('FailedOperation', /servers or one function/));
    await done('DeregisterFunctionTargets', { ...place, ...called('hello') });
    await done('RegisterTargets', server);
    await assert.rejects(
      call('RegisterFunctionTargets', { ...place, ...called('hello') }),
      refused('FailedOperation', /servers or one function/),
    );
    const full = { LoadBalancerId: await balancer({ AddressIPVersion: 'IPv6FullChain' }) };
    const Ports = [await freePort('127.0.0.1')];
    const [id] = (await done('CreateListener', { ...full, Ports, Protocol: 'HTTP' })).ListenerIds as string[];
    const ref = { ...full, ListenerId: id };
    await done('CreateRule', { ...ref, Rules: [{ Domain: 'a.example', Url: '/' }] });
    await assert.rejects(
      call('RegisterFunctionTargets', { ...ref, Domain: 'a.example', Url: '/', ...called('hello') }),
      refused('UnsupportedOperation', /IPv6FullChain/),
    );
  });

  it('go with their rules, their function takes its rules along, and new names are in their triggers', async () => {
    await using scene = await clbScene();
    const { done, made, rule, listed, control, clb } = scene;
    await made({ name: 'hello' });
    const { place, LoadBalancerId, ListenerId, LocationId, visit } = await rule();
    const ref = { LoadBalancerId, ListenerId };
    await done('RegisterFunctionTargets', { ...place, ...called('hello') });
    await done('ModifyDomain', { ...ref, Domain: 'a.example', NewDomain: 'z.example' });
    await done('ModifyRule', { ...ref, LocationId, Url: '/z' });
    const [view] = await listed('hello');
    const { domain, url } = JSON.parse(view?.desc ?? '') as Shown;
    assert.deepEqual([domain, url], ['z.example', '/z']);
    assert.equal((await visit('/z', 'z.example')).body, 'hello $LATEST');
    await done('DeleteRule', { ...ref, LocationIds: [LocationId] });
    assert.deepEqual(await listed('hello'), []);

    const { LocationIds } = await done('CreateRule', { ...ref, Rules: [{ Domain: 'a.example', Url: '/' }] });
    const [again = ''] = LocationIds as string[];
    await done('RegisterFunctionTargets', { ...place, LocationId: again, ...called('hello') });
    await control.functions.delete({ region: 'ap-guangzhou', namespace: 'default', name: 'hello' });
    await control.settled();
    assert.deepEqual(clb.rules.byId('ap-guangzhou', again)?.target, { kind: 'none' });
    assert.equal((await visit('/')).status, 502);
  });

  it('stay when a removal is refused, and a rule whose trigger is lost takes another function', async () => {
    await using scene = await clbScene();
    const { call, done, made, rule, listed, clb, control } = scene;
    await made({ name: 'hello' });
    const { place, LoadBalancerId, ListenerId, LocationId, visit } = await rule();
    await done('RegisterFunctionTargets', { ...place, ...called('hello') });
    const ref = { LoadBalancerId, ListenerId };
    const heir = { ...ref, LocationIds: [LocationId], NewDefaultServerDomain: 'nobody.example' };
    await assert.rejects(call('DeleteRule', heir), refused('InvalidParameter.LocationNotFound'));
    assert.equal((await listed('hello')).length, 1);
    assert.equal((await visit('/')).body, 'hello $LATEST');

    const [view] = await listed('hello');
    await control.triggers.detach(view?.trigger.id ?? '');
    assert.equal(clb.rules.byId('ap-guangzhou', LocationId)?.target.kind, 'function');
    assert.equal((await visit('/')).status, 502);
    await done('RegisterFunctionTargets', { ...place, ...called('hello') });
    assert.equal((await visit('/')).body, 'hello $LATEST');
  });
});
