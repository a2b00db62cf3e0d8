// DescribeLoadBalancers.

import { z } from 'zod';
import type { LoadBalancer } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { type Behind, behind } from './behind.ts';
import type { ClbContext } from './deps.ts';
import { failCall } from './errors.ts';
import { cut, Filters, filterOf, int, isOneOf, PAGE, text } from './types.ts';
import { balancerResource, chargeOf, echo, ispOf, projectOf, wireBalancer, zoneOf } from './wire.ts';

/** A balancer with what it is looked for by. */
interface Seen {
  readonly one: LoadBalancer;
  readonly tags: Readonly<Record<string, string>>;
  readonly behind: Behind;
}

const TESTS = {
  'charge-type': isOneOf<Seen>(({ one }) => chargeOf(one)),
  'internet-charge-type': isOneOf<Seen>(({ one }) => {
    const access = one.echoed.InternetAccessible as { readonly InternetChargeType?: string } | undefined;
    return access?.InternetChargeType ?? '';
  }),
  'master-zone-id': isOneOf<Seen>(({ one }) => zoneOf(one, 'MasterZoneId')?.Zone ?? ''),
  'tag-key': isOneOf<Seen>(({ tags }) => Object.keys(tags)),
  'tag:*': ({ tags }: Seen, values: readonly string[], key: string) => values.includes(tags[key] ?? ''),
  'function-name': isOneOf<Seen>(seen => seen.behind.functions),
  'vip-isp': isOneOf<Seen>(({ one }) => ispOf(one)),
  'sla-type': isOneOf<Seen>(({ one }) => echo(one, 'SlaType')),
  exclusive: isOneOf<Seen>(() => '0'),
};

const ORDERS = {
  LoadBalancerName: (one: LoadBalancer) => one.name,
  CreateTime: (one: LoadBalancer) => one.createdAt,
  // All have none.
  Domain: () => '',
  LoadBalancerType: (one: LoadBalancer) => one.type,
};

const IDS = 20;

const Request = z.object({
  LoadBalancerIds: z.array(text).optional(),
  LoadBalancerType: z.enum(['OPEN', 'INTERNAL', '']).optional(),
  Forward: int.optional(),
  LoadBalancerName: text.optional(),
  Domain: text.optional(),
  LoadBalancerVips: z.array(text).optional(),
  BackendPublicIps: z.array(text).optional(),
  BackendPrivateIps: z.array(text).optional(),
  ...PAGE,
  OrderBy: z.enum(['LoadBalancerName', 'CreateTime', 'Domain', 'LoadBalancerType']).optional(),
  OrderType: int.min(0).max(1).optional(),
  SearchKey: text.optional(),
  ProjectId: int.optional(),
  WithRs: int.min(-1).max(1).optional(),
  VpcId: text.optional(),
  SecurityGroup: text.optional(),
  MasterZone: text.optional(),
  Filters,
  AdditionalFields: z.array(text).optional(),
});

function isMeant(request: z.output<typeof Request>): (seen: Seen) => boolean {
  const { LoadBalancerIds: ids = [], LoadBalancerVips: vips = [], BackendPrivateIps: servers = [] } = request;
  const { LoadBalancerType: type, LoadBalancerName = '', SearchKey = '', ProjectId, VpcId, MasterZone } = request;
  // Nothing here is classic, has a domain, a public address behind it or a security group.
  const elsewhere =
    request.Forward === 0 ||
    Boolean(request.Domain) ||
    Boolean(request.SecurityGroup) ||
    (request.BackendPublicIps ?? []).length > 0;
  const withServers = request.WithRs === undefined || request.WithRs === -1 ? undefined : request.WithRs === 1;
  return ({ one, behind }) =>
    !elsewhere &&
    (ids.length === 0 || ids.includes(one.id)) &&
    (!type || one.type === type) &&
    one.name.includes(LoadBalancerName) &&
    (vips.length === 0 || vips.includes(one.vip)) &&
    (servers.length === 0 || behind.addresses.some(address => servers.includes(address))) &&
    [one.name, one.vip, one.id].some(text => text.includes(SearchKey)) &&
    (ProjectId === undefined || projectOf(one) === ProjectId) &&
    (withServers === undefined || behind.count > 0 === withServers) &&
    (!VpcId || echo(one, 'VpcId') === VpcId) &&
    (!MasterZone || (zoneOf(one, 'MasterZoneId') ?? zoneOf(one, 'ZoneId'))?.Zone === MasterZone);
}

const DescribeLoadBalancers = action({
  request: Request,
  async handle(request, context: ClbContext) {
    const { clb, tags, region } = context;
    const { LoadBalancerIds = [], OrderBy = 'CreateTime', OrderType = 1, AdditionalFields = [] } = request;
    if (LoadBalancerIds.length > IDS) {
      failCall('InvalidParameterValue.Length', { name: 'LoadBalancerIds', min: 0, max: IDS });
    }
    const holds = filterOf(request.Filters, TESTS);
    const means = isMeant(request);
    const found: Seen[] = [];
    for (const one of clb.balancers.list(region)) {
      const own = Object.fromEntries(tags.of(balancerResource(one)).map(({ Key, Value }) => [Key, Value]));
      const seen = { one, tags: own, behind: await behind(one, context) };
      if (means(seen) && holds(seen)) found.push(seen);
    }
    const key = ORDERS[OrderBy];
    found.sort((a, b) => (key(a.one) < key(b.one) ? -1 : key(a.one) > key(b.one) ? 1 : 0));
    if (OrderType === 1) found.reverse();
    return {
      TotalCount: found.length,
      LoadBalancerSet: cut(found, request).map(({ one, behind: { count } }) => ({
        ...wireBalancer(one, tags.of(balancerResource(one))),
        ...(AdditionalFields.includes('TargetCount') && { TargetCount: count }),
      })),
    };
  },
});

export const DESCRIBED_ACTIONS = { DescribeLoadBalancers };
