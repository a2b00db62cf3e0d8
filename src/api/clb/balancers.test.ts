import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { START } from '../../services/clb/fixture.ts';
import { wireTime } from '../times.ts';
import { type ClbScene, clbScene, refused } from './fixture.ts';

type Shown = Readonly<Record<string, unknown>>;
const set = (answer: Shown, name = 'LoadBalancerSet') => answer[name] as readonly Shown[];

describe('CreateLoadBalancer', () => {
  it('makes one with an address of its own, and shows it with what it was given', async () => {
    await using scene = await clbScene();
    const { call, done, clb } = scene;
    const answer = await done('CreateLoadBalancer', {
      LoadBalancerType: 'OPEN',
      Forward: 1,
      LoadBalancerName: 'web',
      VpcId: 'vpc-1',
      ProjectId: 7,
      MasterZoneId: 'ap-guangzhou-3',
      InternetAccessible: { InternetChargeType: 'TRAFFIC_POSTPAID_BY_HOUR', InternetMaxBandwidthOut: 10 },
      Tags: [{ TagKey: 'team', TagValue: 'a' }],
    });
    const [id] = answer.LoadBalancerIds as string[];
    assert.match(id ?? '', /^lb-[a-z0-9]{8}$/);
    assert.equal(typeof answer.DealName, 'string');
    const [one] = set(await call('DescribeLoadBalancers', { LoadBalancerIds: [id] }));
    const { LoadBalancerVips, CreateTime, Tags, NetworkAttributes, MasterZone } = one ?? {};
    assert.deepEqual(LoadBalancerVips, [clb.balancers.list('ap-guangzhou')[0]?.vip]);
    assert.deepEqual([CreateTime, Tags], [wireTime(START), [{ TagKey: 'team', TagValue: 'a' }]]);
    assert.deepEqual([one?.LoadBalancerName, one?.LoadBalancerType, one?.Forward, one?.Status], ['web', 'OPEN', 1, 1]);
    assert.deepEqual([one?.VpcId, one?.ProjectId, one?.AddressIPVersion], ['vpc-1', 7, 'ipv4']);
    assert.equal((MasterZone as Shown).Zone, 'ap-guangzhou-3');
    assert.equal((NetworkAttributes as Shown).InternetMaxBandwidthOut, 10);
  });

  it('makes several at once, the same one for the same token, and tells its task by the order as well', async () => {
    await using scene = await clbScene();
    const { call, done } = scene;
    const many = await done('CreateLoadBalancer', { LoadBalancerType: 'INTERNAL', Number: 3, LoadBalancerName: 'x' });
    assert.equal((many.LoadBalancerIds as string[]).length, 3);
    const { Status, LoadBalancerIds } = await call('DescribeTaskStatus', { DealName: many.DealName });
    assert.deepEqual([Status, LoadBalancerIds], [0, many.LoadBalancerIds]);
    const token = { LoadBalancerType: 'OPEN', ClientToken: 'once' };
    const [first, second] = await Promise.all([call('CreateLoadBalancer', token), call('CreateLoadBalancer', token)]);
    assert.deepEqual(first.LoadBalancerIds, second.LoadBalancerIds);
    assert.equal((await call('DescribeLoadBalancers')).TotalCount, 4);
  });

  it('knows the address versions and refuses what there is not', async () => {
    await using scene = await clbScene();
    const { call, balancer } = scene;
    const shown = async (AddressIPVersion: string) => {
      const id = await balancer({ AddressIPVersion });
      const [one] = set(await call('DescribeLoadBalancers', { LoadBalancerIds: [id] }));
      return [one?.AddressIPVersion, one?.IPv6Mode];
    };
    assert.deepEqual(await shown('IPV6'), ['ipv6', 'IPv6Nat64']);
    assert.deepEqual(await shown('IPv6FullChain'), ['ipv6', 'IPv6FullChain']);
    const open = { LoadBalancerType: 'OPEN' };
    const cases: [object, string, RegExp?][] = [
      [{}, 'MissingParameter'],
      [{ LoadBalancerType: 'BOTH' }, 'InvalidParameterValue'],
      [{ ...open, Forward: 0 }, 'InvalidParameterValue'],
      [{ ...open, AddressIPVersion: 'IPV5' }, 'InvalidParameterValue', /AddressIPVersion/],
      [{ ...open, LoadBalancerName: 'x'.repeat(81) }, 'InvalidParameterValue.Length', /LoadBalancerName/],
      [{ ...open, Vip: '10.0.0.1' }, 'InvalidParameter.FormatError', /clb\.vips/],
      [{ ...open, Vip: '127.0.0.2', Number: 2 }, 'InvalidParameterValue', /only one/],
      [{ ...open, DynamicVip: true }, 'UnsupportedOperation', /DynamicVip/],
      [{ ...open, Tags: [{ TagKey: '', TagValue: 'a' }] }, 'InvalidParameterValue.TagKeyEmpty'],
    ];
    for (const [request, code, words] of cases) {
      await assert.rejects(call('CreateLoadBalancer', request), refused(code, words), JSON.stringify(request));
    }
    assert.equal((await call('DescribeLoadBalancers')).TotalCount, 2);
  });

  it('is refused with ResourceInsufficient when all addresses are given out, and leaves none behind', async () => {
    await using scene = await clbScene();
    const { call } = scene;
    const limit = Number(set(await call('DescribeQuota'), 'QuotaSet')[0]?.QuotaLimit);
    assert.ok(limit > 200);
    for (let left = limit - 1; left > 0; left -= 20) {
      await call('CreateLoadBalancer', { LoadBalancerType: 'OPEN', Number: Math.min(20, left) });
    }
    const two = { LoadBalancerType: 'OPEN', Number: 2 };
    await assert.rejects(call('CreateLoadBalancer', two, { requestId: 'full' }), refused('ResourceInsufficient'));
    assert.equal((await call('DescribeLoadBalancers')).TotalCount, limit - 1);
  });
});

describe('DescribeLoadBalancers', () => {
  it('finds by each filter, in order and by pages', async () => {
    await using scene = await clbScene();
    const { call, balancer, rule, made, done, clb, stand } = scene;
    const first = await balancer({ LoadBalancerName: 'alpha', VpcId: 'vpc-1', Tags: [{ TagKey: 'k', TagValue: 'v' }] });
    await stand.clock.advance(1000);
    const second = await balancer({ LoadBalancerName: 'beta', LoadBalancerType: 'INTERNAL', ProjectId: 3 });
    await stand.clock.advance(1000);
    await made({ name: 'hello' });
    const { LoadBalancerId: third, place } = await rule();
    await done('RegisterFunctionTargets', { ...place, FunctionTargets: [{ Function: { FunctionName: 'hello' } }] });
    const vip = clb.balancers.need({ region: 'ap-guangzhou', loadBalancerId: first }).vip;
    const ids = async (query: object) => set(await call('DescribeLoadBalancers', query)).map(one => one.LoadBalancerId);
    assert.deepEqual(await ids({}), [third, second, first]);
    assert.deepEqual(await ids({ OrderType: 0 }), [first, second, third]);
    assert.deepEqual(await ids({ OrderBy: 'LoadBalancerName', OrderType: 0, Limit: 1 }), [first]);
    assert.deepEqual(await ids({ Limit: 1, Offset: 1 }), [second]);
    const cases: [object, readonly string[]][] = [
      [{ LoadBalancerIds: [second] }, [second]],
      [{ LoadBalancerType: 'INTERNAL' }, [second]],
      [{ LoadBalancerName: 'alp' }, [first]],
      [{ LoadBalancerVips: [vip] }, [first]],
      [{ SearchKey: 'bet' }, [second]],
      [{ ProjectId: 3 }, [second]],
      [{ VpcId: 'vpc-1' }, [first]],
      [{ WithRs: 1 }, [third]],
      [{ WithRs: 0 }, [second, first]],
      [{ Forward: 0 }, []],
      [{ Filters: [{ Name: 'tag-key', Values: ['k'] }] }, [first]],
      [{ Filters: [{ Name: 'tag:k', Values: ['v', 'w'] }] }, [first]],
      [{ Filters: [{ Name: 'function-name', Values: ['hello'] }] }, [third]],
    ];
    for (const [query, expected] of cases) assert.deepEqual(await ids(query), expected, JSON.stringify(query));
    const odd = { Filters: [{ Name: 'colour', Values: ['red'] }] };
    await assert.rejects(ids(odd), refused('InvalidParameterValue.InvalidFilter', /colour/));
    const many = { LoadBalancerIds: Array.from({ length: 21 }, () => first) };
    await assert.rejects(ids(many), refused('InvalidParameterValue.Length'));
    assert.deepEqual(set(await call('DescribeLoadBalancers', { LoadBalancerIds: ['lb-00000000'] })), []);
    const [counted] = set(await call('DescribeLoadBalancers', { AdditionalFields: ['TargetCount'] }));
    assert.equal(counted?.TargetCount, 1);
  });

  it('is of one region', async () => {
    await using scene = await clbScene();
    await scene.balancer();
    assert.equal((await scene.call('DescribeLoadBalancers', {}, { region: 'ap-shanghai' })).TotalCount, 0);
  });

  it('in detail has one row for each thing as deep as the fields ask', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { place, LoadBalancerId, ListenerId, LocationId, Port } = await rule();
    const Targets = [
      { EniIp: '127.0.0.1', Port: 1 },
      { EniIp: '127.0.0.2', Port: 2 },
    ];
    await done('RegisterTargets', { ...place, Targets });
    const rows = async (Fields: readonly string[], more: object = {}) =>
      set(await call('DescribeLoadBalancersDetail', { Fields, ...more }), 'LoadBalancerDetailSet');
    assert.deepEqual(
      (await rows(['Address'])).map(row => [row.LoadBalancerId, typeof row.Address, row.ListenerId]),
      [[LoadBalancerId, 'string', null]],
    );
    const [byRule] = await rows(['ListenerId', 'Port', 'LocationId', 'Domain']);
    assert.deepEqual(
      [byRule?.ListenerId, byRule?.Port, byRule?.LocationId, byRule?.Domain],
      [ListenerId, Port, LocationId, 'a.example'],
    );
    assert.deepEqual(
      (await rows(['TargetAddress', 'TargetPort'])).map(row => [row.TargetAddress, row.TargetPort]),
      Targets.map(one => [one.EniIp, one.Port]),
    );
    assert.equal((await rows([], { Filters: [{ Name: 'target-ip', Values: ['127.0.0.2'] }] })).length, 1);
  });
});

describe('ModifyLoadBalancerAttributes and DeleteLoadBalancer', () => {
  it('change what is given', async () => {
    await using scene = await clbScene();
    const { call, done, balancer } = scene;
    const LoadBalancerId = await balancer({ LoadBalancerName: 'old' });
    await done('ModifyLoadBalancerAttributes', { LoadBalancerId, LoadBalancerName: 'new' });
    await done('ModifyLoadBalancerAttributes', { LoadBalancerId, LoadBalancerPassToTarget: true });
    const [one] = set(await call('DescribeLoadBalancers', { LoadBalancerIds: [LoadBalancerId] }));
    assert.deepEqual([one?.LoadBalancerName, one?.LoadBalancerPassToTarget], ['new', true]);
    await assert.rejects(call('ModifyLoadBalancerAttributes', { LoadBalancerId }), refused('MissingParameter'));
    const nobody = { LoadBalancerId: 'lb-00000000', LoadBalancerName: 'x' };
    await assert.rejects(
      call('ModifyLoadBalancerAttributes', nobody, { requestId: 'r-failed' }),
      refused('InvalidParameter.LBIdNotFound'),
    );
    // Documented: 1 means failed, and clients stop polling.
    const { Status, Message } = await call('DescribeTaskStatus', { TaskId: 'r-failed' });
    assert.equal(Status, 1);
    assert.notEqual(Message, '');
  });

  it('delete with listeners, rules, triggers and tags, but not what is protected', async () => {
    await using scene = await clbScene();
    const { call, done, listed } = scene;
    const placed = await withFunction(scene);
    const [trigger] = await listed('hello');
    assert.ok(trigger);
    const { LoadBalancerId } = placed;
    await done('ModifyLoadBalancerAttributes', { LoadBalancerId, DeleteProtect: true });
    const request = { LoadBalancerIds: [LoadBalancerId] };
    await assert.rejects(call('DeleteLoadBalancer', request), refused('FailedOperation', /protected/));
    await done('ModifyLoadBalancerAttributes', { LoadBalancerId, DeleteProtect: false });
    await done('DeleteLoadBalancer', request);
    assert.deepEqual(await listed('hello'), []);
    await assert.rejects(placed.visit('/'), { code: 'ECONNREFUSED' });
    await assert.rejects(call('DeleteLoadBalancer', request), refused('InvalidParameter.LBIdNotFound'));
    await assert.rejects(call('DeleteLoadBalancer', { LoadBalancerIds: [] }), refused('MissingParameter'));
    const many = { LoadBalancerIds: Array.from({ length: 21 }, (_, n) => `lb-${n}`) };
    await assert.rejects(call('DeleteLoadBalancer', many), refused('InvalidParameterValue.Length'));
  });

  it('want force with twenty servers behind', async () => {
    await using scene = await clbScene();
    const { call, done, rule } = scene;
    const { place, LoadBalancerId } = await rule();
    const Targets = Array.from({ length: 20 }, (_, n) => ({ EniIp: '127.0.0.1', Port: n + 1 }));
    await done('RegisterTargets', { ...place, Targets });
    const request = { LoadBalancerIds: [LoadBalancerId] };
    await assert.rejects(call('DeleteLoadBalancer', request), refused('FailedOperation', /ForceDelete/));
    await done('DeleteLoadBalancer', { ...request, ForceDelete: true });
  });
});

it('DescribeTaskStatus knows none but those of calls', async () => {
  await using scene = await clbScene();
  await assert.rejects(scene.call('DescribeTaskStatus', { TaskId: 'nobody' }), refused('ResourceNotFound'));
  await assert.rejects(scene.call('DescribeTaskStatus', {}), refused('MissingParameter'));
});

async function withFunction({ rule, made, done }: ClbScene) {
  await made({ name: 'hello' });
  const placed = await rule();
  const FunctionTargets = [{ Function: { FunctionName: 'hello' } }];
  await done('RegisterFunctionTargets', { ...placed.place, FunctionTargets });
  return placed;
}
