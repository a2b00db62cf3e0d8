// What stands behind listeners and rules, and how it is.

import { z } from 'zod';
import type { Listener, Rule, Server } from '../../services/clb/model.ts';
import type { FunctionRules } from '../../services/clb/verbs/functions.ts';
import { action } from '../action.ts';
import { wireTime } from '../times.ts';
import type { ClbContext } from './deps.ts';
import { BALANCER, checkList, Filters, filterOf, int, isOneOf, text } from './types.ts';

function wireServer({ id, address, port, weight, tag, registeredAt }: Server): object {
  return {
    Type: 'ENI',
    InstanceId: id,
    Port: port,
    Weight: weight,
    PublicIpAddresses: [],
    PrivateIpAddresses: [address],
    InstanceName: '',
    RegisteredTime: wireTime(registeredAt),
    EniId: '',
    Tag: tag,
    Zone: '',
  };
}

async function wireFunctions(rule: Rule, functions: FunctionRules): Promise<object[]> {
  const called = await functions.called(rule);
  if (!called) return [];
  const { namespace, name, qualifier, qualifierType, weight } = called;
  const wire = {
    FunctionNamespace: namespace,
    FunctionName: name,
    FunctionQualifier: qualifier,
    FunctionQualifierType: qualifierType,
  };
  return [{ Function: wire, Weight: weight }];
}

const serversOf = ({ target }: Rule): readonly Server[] => (target.kind === 'servers' ? target.servers : []);
const isHttp = ({ protocol }: Listener): boolean => protocol === 'HTTP' || protocol === 'HTTPS';

/** A server at its place; a listener of TCP has no rule. */
interface Placed {
  readonly server: Server;
  readonly locationId: string;
}

const TESTS = {
  'location-id': isOneOf<Placed>(({ locationId }) => locationId),
  'private-ip-address': isOneOf<Placed>(({ server }) => server.address),
  tag: isOneOf<Placed>(({ server }) => server.tag),
};

const LISTENER_IDS = 20;

const DescribeTargets = action({
  request: z.object({
    ...BALANCER,
    ListenerIds: z.array(text).optional(),
    Protocol: text.optional(),
    Port: int.optional(),
    Filters,
  }),
  async handle(request, { clb, functions, region }: ClbContext) {
    const { LoadBalancerId: loadBalancerId, ListenerIds: ids = [], Protocol, Port, Filters: filters = [] } = request;
    if (ids.length > 0) checkList('ListenerIds', ids, LISTENER_IDS);
    const holds = filterOf(filters, TESTS);
    const locations = filters.filter(({ Name }) => Name === 'location-id').map(({ Values }) => Values);
    const byServer = filters.some(({ Name }) => Name !== 'location-id');
    const wire = (servers: readonly Server[], locationId: string) =>
      servers.filter(server => holds({ server, locationId })).map(wireServer);

    const Listeners: object[] = [];
    for (const listener of clb.listeners.list({ region, loadBalancerId })) {
      if (ids.length > 0 && !ids.includes(listener.id)) continue;
      if ((Protocol && listener.protocol !== Protocol) || (Port && listener.port !== Port)) continue;
      const { id: ListenerId, protocol, port } = listener;
      const head = { ListenerId, Protocol: protocol, Port: port, EndPort: 0 };
      if (!isHttp(listener)) {
        Listeners.push({ ...head, Rules: null, Targets: wire(listener.forwarding?.servers ?? [], '') });
        continue;
      }
      const Rules: object[] = [];
      for (const rule of clb.rules.list({ region, loadBalancerId, listenerId: listener.id })) {
        if (!locations.every(values => values.includes(rule.id))) continue;
        Rules.push({
          LocationId: rule.id,
          Domain: rule.domain,
          Url: rule.url,
          Targets: wire(serversOf(rule), rule.id),
          // A function has neither address nor tag.
          FunctionTargets: byServer ? [] : await wireFunctions(rule, functions),
        });
      }
      Listeners.push({ ...head, Rules, Targets: null });
    }
    return { Listeners };
  },
});

const BALANCER_IDS = 30;

const DescribeTargetHealth = action({
  request: z.object({
    LoadBalancerIds: z.array(text),
    ListenerIds: z.array(text).optional(),
    LocationIds: z.array(text).optional(),
  }),
  async handle(request, { clb, region }: ClbContext) {
    const { LoadBalancerIds, ListenerIds = [], LocationIds = [] } = request;
    checkList('LoadBalancerIds', LoadBalancerIds, BALANCER_IDS);

    const wire = (owner: Listener | Rule, server: Server) => {
      const state = clb.health(owner, server);
      return {
        IP: server.address,
        Port: server.port,
        // Servers that nobody looks at get their share as well.
        HealthStatus: state === 'Alive' || state === 'Close',
        TargetId: server.id,
        HealthStatusDetail: state,
        HealthStatusDetial: state,
        TargetGroupId: '',
        Weight: server.weight,
      };
    };
    const wireRules = (listener: Listener) => {
      const { id: listenerId, loadBalancerId, forwarding } = listener;
      if (!isHttp(listener)) {
        const Targets = (forwarding?.servers ?? []).map(server => wire(listener, server));
        return [{ LocationId: '', Domain: '', Url: '', RuleId: '', Targets }];
      }
      return clb.rules
        .list({ region, loadBalancerId, listenerId })
        .filter(({ id }) => LocationIds.length === 0 || LocationIds.includes(id))
        .map(rule => ({
          LocationId: rule.id,
          Domain: rule.domain,
          Url: rule.url,
          RuleId: '',
          Targets: serversOf(rule).map(server => wire(rule, server)),
        }));
    };
    const LoadBalancers = LoadBalancerIds.map(loadBalancerId => {
      const { id, name } = clb.balancers.need({ region, loadBalancerId });
      const Listeners = clb.listeners
        .list({ region, loadBalancerId })
        .filter(one => ListenerIds.length === 0 || ListenerIds.includes(one.id))
        .map(one => ({
          ListenerId: one.id,
          ListenerName: one.name,
          Protocol: one.protocol,
          Port: one.port,
          Rules: wireRules(one),
        }));
      return { LoadBalancerId: id, LoadBalancerName: name, Listeners };
    });
    return { LoadBalancers };
  },
});

export const DESCRIBED_TARGET_ACTIONS = { DescribeTargets, DescribeTargetHealth };
