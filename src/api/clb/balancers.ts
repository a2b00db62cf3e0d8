// Load balancers: made, changed, deleted.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import type { BalancerDraft } from '../../services/clb/contract.ts';
import type { LoadBalancer } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { behind } from './behind.ts';
import { type ClbContext, task } from './deps.ts';
import { failCall } from './errors.ts';
import { BALANCER, checkList, flag, int, Tags, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';
import { balancerResource, isProtected, tagsOf } from './wire.ts';

const Loose = z.record(text, z.unknown());

/** Fields of networks, zones and charging: nothing here stands for them, so they are kept and shown as they came. */
const ECHOED = {
  VpcId: text.optional(),
  SubnetId: text.optional(),
  ProjectId: int.optional(),
  MasterZoneId: text.optional(),
  SlaveZoneId: text.optional(),
  ZoneId: text.optional(),
  InternetAccessible: z
    .object({
      InternetChargeType: text.optional(),
      InternetMaxBandwidthOut: int.optional(),
      BandwidthpkgSubType: text.optional(),
    })
    .optional(),
  VipIsp: text.optional(),
  BandwidthPackageId: text.optional(),
  ExclusiveCluster: Loose.optional(),
  SlaType: text.optional(),
  ClusterIds: z.array(text).optional(),
  ClusterTag: text.optional(),
  SnatPro: flag.optional(),
  SnatIps: z.array(Loose).optional(),
  EipAddressId: text.optional(),
  LoadBalancerPassToTarget: flag.optional(),
  Egress: text.optional(),
  LBChargePrepaid: Loose.optional(),
  LBChargeType: text.optional(),
  AvailableZoneAffinityInfo: Loose.optional(),
  ClientToken: text.max(64).optional(),
};

const Create = z.object({
  LoadBalancerType: z.enum(['OPEN', 'INTERNAL']),
  /** The classic kind is not served. */
  Forward: z.literal(1).optional(),
  LoadBalancerName: text.optional(),
  /** In any case, as documented. */
  AddressIPVersion: text.optional(),
  Number: int.min(1).max(20).optional(),
  Tags,
  Vip: text.optional(),
  ...ECHOED,
  DynamicVip: flag.optional(),
  AccessLogTopicId: text.optional(),
  AdvancedRoute: flag.optional(),
});

const IP_VERSIONS: Readonly<Record<string, LoadBalancer['ipVersion']>> = {
  IPV4: 'ipv4',
  IPV6: 'ipv6',
  IPV6FULLCHAIN: 'IPv6FullChain',
};

function ipVersionOf(given = ''): LoadBalancer['ipVersion'] {
  return (
    IP_VERSIONS[(given || 'IPV4').toUpperCase()] ??
    failCall('InvalidParameterValue', {
      name: 'AddressIPVersion',
      zh: '可选值：IPV4、IPV6、IPv6FullChain',
      en: 'it can be IPV4, IPV6 or IPv6FullChain',
    })
  );
}

function draftOf(request: z.output<typeof Create>, there: readonly LoadBalancer[]): BalancerDraft {
  const { LoadBalancerType: type, LoadBalancerName: name, AddressIPVersion, Number: count = 1, Vip: vip } = request;
  if (vip && count > 1) {
    failCall('InvalidParameterValue', {
      name: 'Vip',
      zh: '指定地址时只能创建一个负载均衡',
      en: 'with an address given only one load balancer can be made',
    });
  }
  const echoed = Object.fromEntries(
    Object.entries(request).filter(([key, value]) => Object.hasOwn(ECHOED, key) && value !== undefined),
  );
  return {
    type,
    ipVersion: ipVersionOf(AddressIPVersion),
    // Documented: a name that is taken, or meant for several, gives way to one of the platform's.
    ...(name && count === 1 && !there.some(one => one.name === name) && { name }),
    ...(vip && { vip }),
    echoed,
  };
}

const turns = new Turns();

const CreateLoadBalancer = action({
  request: Create,
  async handle(request, context: ClbContext) {
    const { clb, tags, ids, region, requestId } = context;
    refuseUnbuilt(request);
    const wanted = tagsOf(request.Tags);
    tags.check(balancerResource({ region, id: '' }), wanted);
    const { ClientToken: token, Number: count = 1 } = request;
    // All of a region wait for each other: the same token twice makes one.
    return turns.take(region, async () => {
      const there = clb.balancers.list(region);
      const known = token ? there.filter(one => one.echoed.ClientToken === token) : [];
      const made = known.length > 0 ? known : await make(draftOf(request, there), count, context);
      if (known.length === 0 && wanted.length > 0) {
        for (const one of made) await tags.set(balancerResource(one), wanted);
      }
      const LoadBalancerIds = made.map(({ id }) => id);
      const DealName = String(ids.bytes(6).readUIntBE(0, 6)).padStart(15, '0');
      clb.tasks.done(requestId, LoadBalancerIds);
      clb.tasks.done(DealName, LoadBalancerIds);
      return { LoadBalancerIds, DealName };
    });
  },
});

/** All or none. */
async function make(draft: BalancerDraft, count: number, { clb, region }: ClbContext): Promise<LoadBalancer[]> {
  const made: LoadBalancer[] = [];
  try {
    for (let i = 0; i < count; i++) made.push(await clb.balancers.create(region, draft));
  } catch (error) {
    await clb.balancers.remove(
      region,
      made.map(({ id }) => id),
    );
    throw error;
  }
  return made;
}

const ModifyLoadBalancerAttributes = action({
  request: z.object({
    ...BALANCER,
    LoadBalancerName: text.optional(),
    TargetRegionInfo: z.object({ Region: text, VpcId: text }).optional(),
    InternetChargeInfo: ECHOED.InternetAccessible,
    LoadBalancerPassToTarget: flag.optional(),
    SwitchFlag: int.optional(),
    SnatPro: flag.optional(),
    DeleteProtect: flag.optional(),
    ModifyClassicDomain: flag.optional(),
    AssociateEndpoint: text.optional(),
  }),
  async handle(request, context: ClbContext) {
    const {
      LoadBalancerId: loadBalancerId,
      LoadBalancerName: name,
      SwitchFlag,
      ModifyClassicDomain,
      ...rest
    } = request;
    refuseUnbuilt({ SwitchFlag, ModifyClassicDomain });
    const { InternetChargeInfo: InternetAccessible, ...fields } = rest;
    const echoed = Object.fromEntries(
      Object.entries({ ...fields, InternetAccessible }).filter(([, value]) => value !== undefined),
    );
    if (!name && Object.keys(echoed).length === 0) fail('MissingParameter', { name: 'LoadBalancerName' });
    const { clb, region } = context;
    await task(context, loadBalancerId, () =>
      clb.balancers.modify({ region, loadBalancerId }, { ...(name && { name }), echoed }),
    );
    return { DealName: '' };
  },
});

const IDS = 20;
/** Documented: with so many servers behind it a load balancer is deleted by force alone. */
const MANY_SERVERS = 20;

const DeleteLoadBalancer = action({
  request: z.object({ LoadBalancerIds: z.array(text), ForceDelete: flag.optional() }),
  async handle({ LoadBalancerIds, ForceDelete = false }, context: ClbContext) {
    const { clb, functions, tags, region, requestId } = context;
    checkList('LoadBalancerIds', LoadBalancerIds, IDS);
    const ids = [...new Set(LoadBalancerIds)];
    await clb.tasks.run(requestId, ids, async () => {
      const balancers = ids.map(loadBalancerId => clb.balancers.need({ region, loadBalancerId }));
      for (const one of balancers) await mayGo(one, ForceDelete, context);
      const within = ids.map(loadBalancerId => ({ region, loadBalancerId }));
      await functions.removing(within, () => clb.balancers.remove(region, ids));
      for (const one of balancers) await tags.drop(balancerResource(one));
    });
    return {};
  },
});

async function mayGo(one: LoadBalancer, force: boolean, context: ClbContext): Promise<void> {
  const { id } = one;
  if (isProtected(one)) {
    failCall('FailedOperation', {
      zh: `负载均衡 ${id} 已开启删除保护，请先用 ModifyLoadBalancerAttributes 关闭`,
      en: `the load balancer ${id} is protected; switch DeleteProtect off with ModifyLoadBalancerAttributes first`,
    });
  }
  const count = (await behind(one, context)).addresses.length;
  if (force || count < MANY_SERVERS) return;
  failCall('FailedOperation', {
    zh: `负载均衡 ${id} 绑定了 ${count} 个后端服务器，确认删除请传入 ForceDelete=true`,
    en: `${count} servers stand behind the load balancer ${id}; delete it with ForceDelete`,
  });
}

export const BALANCER_ACTIONS = { CreateLoadBalancer, ModifyLoadBalancerAttributes, DeleteLoadBalancer };
