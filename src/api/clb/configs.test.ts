import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clbScene, refused } from './fixture.ts';

type Shown = Readonly<Record<string, unknown>>;
const SET = 'SetCustomizedConfigForLoadBalancer';

it('a custom configuration is made, bound, changed, let go and deleted; its headers reach the function', async () => {
  await using scene = await clbScene();
  const { call, done, rule, made, seen } = scene;
  await made({ name: 'hello' });
  const { place, LoadBalancerId, visit, vip, Port } = await rule();
  await done('RegisterFunctionTargets', { ...place, FunctionTargets: [{ Function: { FunctionName: 'hello' } }] });
  const headers = async () => {
    await visit('/x');
    const { headers } = JSON.parse(seen.at(-1)?.body.toString() ?? '') as { headers: Record<string, string> };
    return [headers['X-Vip'], headers['X-Vport'], headers['X-Uri'], headers['X-Method']];
  };
  const none = [undefined, undefined, undefined, undefined];
  assert.deepEqual(await headers(), none);

  const content =
    'proxy_set_header X-Vip $vip;\nproxy_set_header X-Vport $vport;\nproxy_set_header X-Uri $uri;\nproxy_set_header X-Method $request_method;';
  const add = { OperationType: 'ADD', ConfigName: 'front', ConfigContent: content };
  const { ConfigId: UconfigId } = await done(SET, add);
  assert.match(String(UconfigId), /^pz-[a-z0-9]{8}$/);
  const one = { UconfigId, LoadBalancerIds: [LoadBalancerId] };
  await done(SET, { OperationType: 'BIND', ...one });
  assert.deepEqual(await headers(), [vip, String(Port), '/x', 'GET']);
  const { ConfigList, TotalCount } = await call('DescribeCustomizedConfigList', { ConfigType: 'CLB' });
  const [shown] = ConfigList as Shown[];
  assert.deepEqual(
    [TotalCount, shown?.UconfigId, shown?.ConfigName, shown?.ConfigContent],
    [1, UconfigId, 'front', content],
  );
  const { BindList } = await call('DescribeCustomizedConfigAssociateList', { UconfigId });
  assert.deepEqual(
    (BindList as Shown[]).map(bound => [bound.LoadBalancerId, bound.UconfigId]),
    [[LoadBalancerId, UconfigId]],
  );
  const { LoadBalancerSet } = await call('DescribeLoadBalancers');
  assert.equal((LoadBalancerSet as Shown[])[0]?.ConfigId, UconfigId);

  await done(SET, { OperationType: 'UPDATE', UconfigId, ConfigContent: 'proxy_set_header X-Uri $uri;' });
  assert.deepEqual(await headers(), [undefined, undefined, '/x', undefined]);
  await assert.rejects(call(SET, { OperationType: 'DELETE', UconfigId }), refused('ResourceInUse'));
  await done(SET, { OperationType: 'UNBIND', ...one });
  assert.deepEqual(await headers(), none);
  await done(SET, { OperationType: 'DELETE', UconfigId });
  assert.equal((await call('DescribeCustomizedConfigList', { ConfigType: 'CLB' })).TotalCount, 0);
});

it('wrong ones are refused', async () => {
  await using scene = await clbScene();
  const { call, balancer } = scene;
  const LoadBalancerId = await balancer();
  const add = { OperationType: 'ADD', ConfigName: 'x', ConfigContent: 'client_max_body_size 1m;' };
  const cases: [object, string, RegExp?][] = [
    [{ OperationType: 'COPY' }, 'InvalidParameterValue'],
    [{ ...add, ConfigName: '' }, 'MissingParameter'],
    [{ OperationType: 'ADD', ConfigName: 'x' }, 'MissingParameter', /ConfigContent/],
    [{ ...add, ConfigContent: 'return 200;' }, 'InvalidParameter.FormatError'],
    [{ ...add, ConfigContent: 'proxy_set_header Host x;' }, 'InvalidParameter.FormatError'],
    [{ ...add, LoadBalancerIds: ['lb-00000000'] }, 'InvalidParameter.LBIdNotFound'],
    [{ OperationType: 'DELETE' }, 'MissingParameter', /UconfigId/],
    [{ OperationType: 'DELETE', UconfigId: 'pz-00000000' }, 'ResourceNotFound'],
    [{ OperationType: 'BIND', UconfigId: 'pz-00000000', LoadBalancerIds: [LoadBalancerId] }, 'ResourceNotFound'],
    [{ OperationType: 'BIND', UconfigId: 'pz-00000000' }, 'MissingParameter', /LoadBalancerIds/],
  ];
  for (const [request, code, words] of cases) {
    await assert.rejects(call(SET, request), refused(code, words), JSON.stringify(request));
  }
  assert.equal((await call('DescribeCustomizedConfigList', { ConfigType: 'CLB' })).TotalCount, 0);
});
