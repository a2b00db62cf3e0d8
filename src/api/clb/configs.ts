// Custom configurations of layer 7.

import { z } from 'zod';
import { fail } from '../../core/errors.ts';
import type { CustomConfig, LoadBalancer } from '../../services/clb/model.ts';
import { action } from '../action.ts';
import { wireTime } from '../times.ts';
import type { ClbContext } from './deps.ts';
import { checkList, cut, Filters, filterOf, isOneOf, PAGE, Tags, text } from './types.ts';
import { refuseUnbuilt } from './unbuilt.ts';

const Request = z.object({
  OperationType: z.enum(['ADD', 'DELETE', 'UPDATE', 'BIND', 'UNBIND']),
  UconfigId: text.optional(),
  ConfigContent: text.optional(),
  ConfigName: text.optional(),
  LoadBalancerIds: z.array(text).optional(),
  Tags,
});
type Request = z.output<typeof Request>;

const BALANCERS = 100;

/** What each operation does; gives the configuration's id. */
const OPERATIONS: Readonly<Record<Request['OperationType'], (request: Request, c: ClbContext) => Promise<string>>> = {
  async ADD({ ConfigName, ConfigContent, LoadBalancerIds = [] }, { clb, region }) {
    const name = ConfigName || fail('MissingParameter', { name: 'ConfigName' });
    const content = ConfigContent ?? fail('MissingParameter', { name: 'ConfigContent' });
    for (const loadBalancerId of LoadBalancerIds) clb.balancers.need({ region, loadBalancerId });
    const { id } = await clb.configs.create(region, { name, content });
    if (LoadBalancerIds.length > 0) await clb.configs.bind(region, id, LoadBalancerIds);
    return id;
  },
  async DELETE(request, { clb, region }) {
    await clb.configs.remove(region, idOf(request));
    return idOf(request);
  },
  async UPDATE(request, { clb, region }) {
    const { ConfigName, ConfigContent: content } = request;
    if (!ConfigName && content === undefined) fail('MissingParameter', { name: 'ConfigContent' });
    const change = { ...(ConfigName && { name: ConfigName }), ...(content !== undefined && { content }) };
    await clb.configs.modify(region, idOf(request), change);
    return idOf(request);
  },
  async BIND(request, { clb, region }) {
    await clb.configs.bind(region, idOf(request), balancersOf(request));
    return idOf(request);
  },
  async UNBIND(request, { clb, region }) {
    await clb.configs.unbind(region, idOf(request), balancersOf(request));
    return idOf(request);
  },
};

const idOf = ({ UconfigId }: Request): string => UconfigId || fail('MissingParameter', { name: 'UconfigId' });

function balancersOf({ LoadBalancerIds = [] }: Request): readonly string[] {
  checkList('LoadBalancerIds', LoadBalancerIds, BALANCERS);
  return LoadBalancerIds;
}

const SetCustomizedConfigForLoadBalancer = action({
  request: Request,
  async handle(request, context: ClbContext) {
    refuseUnbuilt({ ConfigTags: request.Tags });
    const { clb, requestId } = context;
    const work = () => OPERATIONS[request.OperationType](request, context);
    return { ConfigId: await clb.tasks.run(requestId, request.LoadBalancerIds ?? [], work) };
  },
});

/** A configuration with the balancers that have it. */
interface Held {
  readonly config: CustomConfig;
  readonly holders: readonly LoadBalancer[];
}

function heldBy({ clb, region }: ClbContext): Held[] {
  const balancers = clb.balancers.list(region);
  return clb.configs
    .list(region)
    .map(config => ({ config, holders: balancers.filter(({ configId }) => configId === config.id) }));
}

const TESTS = {
  'loadbalancer-id': isOneOf<Held>(({ holders }) => holders.map(({ id }) => id)),
  vip: isOneOf<Held>(({ holders }) => holders.map(({ vip }) => vip)),
};

const DescribeCustomizedConfigList = action({
  request: z.object({
    ConfigType: z.enum(['CLB', 'SERVER', 'LOCATION']),
    ...PAGE,
    ConfigName: text.optional(),
    UconfigIds: z.array(text).optional(),
    Filters,
  }),
  async handle(request, context: ClbContext) {
    const { ConfigType, ConfigName = '', UconfigIds: ids = [] } = request;
    const holds = filterOf(request.Filters, TESTS);
    const found = heldBy(context)
      .filter(({ config }) => config.type === ConfigType && config.name.includes(ConfigName))
      .filter(({ config }) => ids.length === 0 || ids.includes(config.id))
      .filter(holds);
    return {
      TotalCount: found.length,
      ConfigList: cut(found, request).map(({ config }) => ({
        UconfigId: config.id,
        ConfigType: config.type,
        ConfigName: config.name,
        ConfigContent: config.content,
        CreateTimestamp: wireTime(config.createdAt),
        UpdateTimestamp: wireTime(config.modifiedAt),
      })),
    };
  },
});

const DescribeCustomizedConfigAssociateList = action({
  request: z.object({ UconfigId: text.optional(), ...PAGE, Domain: text.optional() }),
  async handle(request, context: ClbContext) {
    const { UconfigId, Domain } = request;
    if (UconfigId) context.clb.configs.need(context.region, UconfigId);
    const found = heldBy(context)
      .filter(({ config }) => !UconfigId || config.id === UconfigId)
      // A configuration holds for a whole load balancer, never for one domain.
      .flatMap(({ config, holders }) => (Domain ? [] : holders.map(({ id }) => ({ config, id }))));
    return {
      TotalCount: found.length,
      BindList: cut(found, request).map(({ config, id }) => ({
        LoadBalancerId: id,
        ListenerId: '',
        Domain: '',
        LocationId: '',
        ListenerName: '',
        Protocol: '',
        Vport: 0,
        Url: '',
        UconfigId: config.id,
      })),
    };
  },
});

export const CONFIG_ACTIONS = {
  SetCustomizedConfigForLoadBalancer,
  DescribeCustomizedConfigList,
  DescribeCustomizedConfigAssociateList,
};
