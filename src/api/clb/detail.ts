// DescribeLoadBalancersDetail: one flat row per load balancer, listener, rule or server, as deep as the fields ask for.

import { z } from 'zod';
import type { Tag } from '../../core/ports.ts';
import type { Listener, LoadBalancer, Rule, Server } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { wireTime } from '../times.ts';
import type { ClbContext } from './deps.ts';
import { cut, Filters, filterOf, isOneOf, PAGE, text } from './types.ts';
import {
  balancerResource,
  chargeOf,
  echo,
  IP_VERSIONS,
  isProtected,
  ispOf,
  projectOf,
  wireTags,
  zoneOf,
} from './wire.ts';

interface Seen {
  readonly one: LoadBalancer;
  readonly tags: readonly Tag[];
  readonly listener?: Listener | undefined;
  readonly rule?: Rule | undefined;
  readonly server?: Server | undefined;
  readonly health?: string | undefined;
}

const DEPTHS = ['balancer', 'listener', 'rule', 'server'] as const;
type Depth = (typeof DEPTHS)[number];

const networkOf = ({ one }: Seen): string => (one.type === 'OPEN' ? 'Public' : 'Private');
const zone = ({ one }: Seen): string => (zoneOf(one, 'MasterZoneId') ?? zoneOf(one, 'ZoneId'))?.Zone ?? '';

type Fields = Readonly<Record<string, (seen: Seen) => unknown>>;

/** By how deep the row goes that has them. */
const FIELDS: Readonly<Record<Depth, Fields>> = {
  balancer: {
    LoadBalancerType: networkOf,
    Status: () => 1,
    Address: ({ one }) => one.vip,
    AddressIPv6: () => '',
    AddressIPVersion: ({ one }) => (one.ipVersion === 'ipv4' ? 'IPv4' : 'IPv6'),
    IPv6Mode: ({ one }) => IP_VERSIONS[one.ipVersion].IPv6Mode,
    Zone: zone,
    AddressIsp: ({ one }) => ispOf(one),
    VpcId: ({ one }) => echo(one, 'VpcId'),
    ProjectId: ({ one }) => projectOf(one),
    CreateTime: ({ one }) => wireTime(one.createdAt),
    ChargeType: ({ one }) => chargeOf(one),
    NetworkAttributes: ({ one }) => one.echoed.InternetAccessible ?? null,
    PrepaidAttributes: ({ one }) => one.echoed.LBChargePrepaid ?? null,
    ExtraInfo: () => null,
    ConfigId: ({ one }) => one.configId,
    Tags: ({ tags }) => wireTags(tags),
    Isolation: () => 0,
    SecurityGroup: () => [],
    LoadBalancerPassToTarget: ({ one }) => (one.echoed.LoadBalancerPassToTarget === true ? 1 : 0),
    SlaveZone: ({ one }) => [echo(one, 'SlaveZoneId')].filter(text => text !== ''),
    Zones: () => [],
    LoadBalancerDomain: () => '',
    Egress: ({ one }) => echo(one, 'Egress'),
    AttributeFlags: ({ one }) => (isProtected(one) ? ['DeleteProtect'] : []),
    SlaType: ({ one }) => echo(one, 'SlaType'),
    Exclusive: () => 0,
    AvailableZoneAffinityInfo: ({ one }) => one.echoed.AvailableZoneAffinityInfo ?? null,
  },
  listener: {
    ListenerId: ({ listener }) => listener?.id,
    Protocol: ({ listener }) => listener?.protocol,
    Port: ({ listener }) => listener?.port,
    SniSwitch: ({ listener }) => listener && (listener.sni ? 1 : 0),
  },
  rule: {
    LocationId: ({ rule }) => rule?.id,
    Domain: ({ rule }) => rule?.domain,
    Domains: ({ rule }) => rule?.domains.join(','),
    Url: ({ rule }) => rule?.url,
  },
  server: {
    TargetId: ({ server }) => server?.id,
    TargetAddress: ({ server }) => server?.address,
    TargetPort: ({ server }) => server?.port,
    TargetWeight: ({ server }) => server?.weight,
    TargetHealth: ({ health }) => health,
  },
};

const TESTS = {
  'loadbalancer-id': isOneOf<Seen>(({ one }) => one.id),
  'project-id': isOneOf<Seen>(({ one }) => String(projectOf(one))),
  network: isOneOf<Seen>(networkOf),
  vip: isOneOf<Seen>(({ one }) => one.vip),
  vpcid: isOneOf<Seen>(({ one }) => echo(one, 'VpcId')),
  zone: isOneOf<Seen>(zone),
  'target-ip': isOneOf<Seen>(({ server }) => server?.address ?? ''),
  'tag-key': isOneOf<Seen>(({ tags }) => tags.map(({ Key }) => Key)),
  'tag:*': ({ tags }: Seen, values: readonly string[], key: string) =>
    tags.some(({ Key, Value }) => Key === key && values.includes(Value)),
  'fuzzy-search': ({ one }: Seen, values: readonly string[]) =>
    values.some(value => one.vip.includes(value) || one.name.includes(value)),
};

const DescribeLoadBalancersDetail = action({
  request: z.object({
    ...PAGE,
    Fields: z.array(text).optional(),
    TargetType: z.enum(['NODE', 'GROUP', '']).optional(),
    Filters,
  }),
  async handle(request, context: ClbContext) {
    const { Fields = [], TargetType, Filters: filters = [] } = request;
    const holds = filterOf(filters, TESTS);
    const byServer = filters.some(({ Name }) => Name === 'target-ip');
    const depth = byServer ? 'server' : depthOf(Fields);
    const rows = [...seenBy(context, depth, TargetType === 'GROUP')].filter(holds);
    return {
      TotalCount: rows.length,
      LoadBalancerDetailSet: cut(rows, request).map(seen => ({
        LoadBalancerId: seen.one.id,
        LoadBalancerName: seen.one.name,
        ...wireFields(seen, Fields),
      })),
    };
  },
});

function depthOf(names: readonly string[]): Depth {
  return DEPTHS.findLast(depth => names.some(name => Object.hasOwn(FIELDS[depth], name))) ?? 'balancer';
}

/** A field that was not asked for, or that the row does not reach, is null. */
function wireFields(seen: Seen, wanted: readonly string[]): object {
  const values = DEPTHS.flatMap(depth => Object.entries(FIELDS[depth])).map(([name, read]) => {
    return [name, wanted.includes(name) ? (read(seen) ?? null) : null];
  });
  return Object.fromEntries(values);
}

/** What has nothing below it is a row of its own. `groups`: target groups are asked for, and there are none. */
function* seenBy({ clb, tags, region }: ClbContext, depth: Depth, groups: boolean): Generator<Seen> {
  const to = DEPTHS.indexOf(depth);
  for (const one of clb.balancers.list(region)) {
    const ref = { region, loadBalancerId: one.id };
    const base: Seen = { one, tags: tags.of(balancerResource(one)) };
    const listeners = to >= 1 ? clb.listeners.list(ref) : [];
    if (listeners.length === 0) yield base;
    for (const listener of listeners) {
      const rules = to >= 2 ? clb.rules.list({ ...ref, listenerId: listener.id }) : [];
      const places: readonly (Rule | undefined)[] = rules.length === 0 ? [undefined] : rules;
      for (const rule of places) {
        const target = rule?.target;
        const own = rule ? (target?.kind === 'servers' ? target.servers : []) : (listener.forwarding?.servers ?? []);
        const servers = to >= 3 && !groups ? own : [];
        if (servers.length === 0) yield { ...base, listener, rule };
        for (const server of servers) {
          yield { ...base, listener, rule, server, health: clb.health(rule ?? listener, server) };
        }
      }
    }
  }
}

export const DETAIL_ACTIONS = { DescribeLoadBalancersDetail };
