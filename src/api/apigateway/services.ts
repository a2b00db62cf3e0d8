// Services: CreateService, DescribeService, DescribeServicesStatus, ModifyService, DeleteService.

import { z } from 'zod';
import type { Api, Release, Service, UsagePlan } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { wireApiStatus } from './api-wire.ts';
import { type GatewayContext, type GatewayDeps, tagged, tagMade, wireTags } from './deps.ts';
import { fail } from './errors.ts';
import {
  Filters,
  type FilterTable,
  filtered,
  flag,
  int,
  PAGE,
  paged,
  Tags,
  text,
  texts,
  wireLimit,
  wireTime,
} from './types.ts';

const ENVIRONMENTS = ['test', 'prepub', 'release'];

const CreateService = action({
  request: z.object({
    ServiceName: text,
    Protocol: text,
    ServiceDesc: text.optional(),
    NetTypes: texts.optional(),
    IpVersion: text.optional(),
    SetServerName: text.optional(),
    AppIdType: text.optional(),
    Tags,
    InstanceId: text.optional(),
    UniqVpcId: text.optional(),
  }),
  async handle(request, { gateway, tags, region }: GatewayContext) {
    if (request.IpVersion && request.IpVersion !== 'IPv4')
      fail('InvalidParameterValue.NotInOptions', { name: 'IpVersion', value: request.IpVersion, options: 'IPv4' });
    const service = await gateway.services.create({
      region,
      name: request.ServiceName,
      protocol: request.Protocol as Service['protocol'],
      ...(request.ServiceDesc !== undefined && { description: request.ServiceDesc }),
      ...(request.NetTypes && { netTypes: request.NetTypes as Service['netTypes'] }),
      echoed: echoOf(request),
    });
    await tagMade(tags, tagged('service', region, service.id), request.Tags, () =>
      gateway.services.remove(region, service.id),
    );
    return {
      ServiceId: service.id,
      ServiceName: service.name,
      ServiceDesc: service.description,
      OuterSubDomain: outer(service, gateway),
      InnerSubDomain: inner(service, gateway),
      CreatedTime: wireTime(service.createdAt),
      NetTypes: service.netTypes,
      IpVersion: 'IPv4',
    };
  },
});

const DescribeService = action({
  request: z.object({ ServiceId: text }),
  handle: ({ ServiceId }, context: GatewayContext) => describe(ServiceId, context),
});

/** Of the market for APIs, whose regions are one here. */
const DescribeServiceForApiApp = action({
  request: z.object({ ServiceId: text, ApiRegion: text }),
  handle: ({ ServiceId, ApiRegion }, context: GatewayContext) => describe(ServiceId, { ...context, region: ApiRegion }),
});

async function describe(serviceId: string, context: GatewayContext): Promise<object> {
  const { gateway, region } = context;
  const service = await gateway.services.get(region, serviceId);
  const apis = await gateway.apis.list(region, serviceId);
  const plans = boundPlans(service, context);
  return {
    ...wireService(service, await gateway.releases.list(region, serviceId), context),
    // In the answer of CreateService and in lists it is called InnerSubDomain.
    InternalSubDomain: inner(service, gateway),
    InnerSubDomain: undefined,
    ApiTotalCount: apis.length,
    ApiIdStatusSet: apis.map(api => ({ ...wireApiStatus(api, apis, context), Tags: undefined })),
    UsagePlanTotalCount: plans.length,
    UsagePlanList: plans,
    UserType: 'normal',
    SetId: null,
    InstanceName: null,
    SpecialUse: 'DEFAULT',
    UniqVpcId: service.echoed.UniqVpcId ?? null,
  };
}

interface Row {
  readonly service: Service;
  readonly releases: readonly Release[];
  readonly apis: readonly Api[];
}

const DescribeServicesStatus = action({
  request: z.object({ ...PAGE, Filters }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const names = request.Filters?.map(({ Name }) => Name) ?? [];
    if (names.includes('NotUsagePlanId') !== names.includes('Environment'))
      if (names.includes('NotUsagePlanId')) fail('InvalidParameterValue.InvalidFilterNotUsagePlanId');
    const services = await gateway.services.list(region);
    services.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
    const rows: Row[] = [];
    for (const service of services) {
      const releases = await gateway.releases.list(region, service.id);
      rows.push({ service, releases, apis: [] });
    }
    const { total, rows: shown } = paged(filtered(rows, request.Filters, filtersOf(request.Filters, context)), request);
    return {
      Result: {
        TotalCount: total,
        ServiceSet: shown.map(({ service, releases }) => ({
          ...wireService(service, releases, context),
          ExclusiveSetName: '',
          TradeIsolateStatus: 0,
        })),
      },
    };
  },
});

function filtersOf(filters: z.output<typeof Filters>, { gateway }: GatewayDeps): FilterTable<Row> {
  const environments = filters?.find(({ Name }) => Name === 'Environment')?.Values ?? ENVIRONMENTS;
  const asked = filters?.some(({ Name }) => Name === 'NotUsagePlanId') === true;
  const plans = gateway.objects().plans;
  return {
    ServiceId: ({ service }, value) => service.id === value,
    ServiceName: ({ service }, value) => service.name.includes(value),
    // Beside NotUsagePlanId it tells where the plan is not bound; alone, where the service is released.
    Environment: ({ releases }, value) => asked || releases.some(({ environment }) => environment === value),
    NotUsagePlanId: ({ service }, value) =>
      !plans
        .get(value)
        ?.scopes.some(
          scope =>
            scope.serviceId === service.id && scope.apiId === undefined && environments.includes(scope.environment),
        ),
    IpVersion: (_row, value) => value === 'IPv4',
    InstanceId: ({ service }, value) => service.echoed.InstanceId === value,
    NetType: ({ service }, value) => (service.netTypes as readonly string[]).includes(value),
    // There are no EIAM applications here: nothing is bound to one.
    EIAMAppId: () => false,
  };
}

const ModifyService = action({
  request: z.object({
    ServiceId: text,
    ServiceName: text.optional(),
    ServiceDesc: text.optional(),
    Protocol: text.optional(),
    NetTypes: texts.optional(),
    UniqVpcId: text.optional(),
  }),
  async handle(request, { gateway, apis, region }: GatewayContext) {
    const ref = { region, serviceId: request.ServiceId };
    await gateway.services.modify(ref, {
      ...(request.ServiceName && { name: request.ServiceName }),
      ...(request.ServiceDesc !== undefined && { description: request.ServiceDesc }),
      ...(request.Protocol && { protocol: request.Protocol as Service['protocol'] }),
      ...(request.NetTypes && { netTypes: request.NetTypes as Service['netTypes'] }),
      ...(request.UniqVpcId && { echoed: { UniqVpcId: request.UniqVpcId } }),
    });
    if (request.ServiceName) await apis.retell(ref);
    return {};
  },
});

const DeleteService = action({
  request: z.object({ ServiceId: text, SkipVerification: z.union([int, flag]).optional() }),
  async handle({ ServiceId, SkipVerification }, { gateway, tags, region }: GatewayContext) {
    // Documented for dedicated instances alone, which there are none of.
    if (SkipVerification)
      fail('UnsupportedOperation', {
        zh: 'SkipVerification 仅用于专享实例，请先删除 API、下线环境后再删除服务',
        en: 'SkipVerification is for dedicated instances; delete the APIs and take off the environments first',
      });
    await gateway.services.remove(region, ServiceId);
    await tags.drop(tagged('service', region, ServiceId));
    return { Result: true };
  },
});

function wireService(service: Service, releases: readonly Release[], context: GatewayContext): object {
  const { gateway, tags } = context;
  return {
    ServiceId: service.id,
    ServiceName: service.name,
    ServiceDesc: service.description,
    Protocol: service.protocol,
    NetTypes: service.netTypes,
    OuterSubDomain: outer(service, gateway),
    InnerSubDomain: inner(service, gateway),
    InnerHttpPort: gateway.ports().http,
    InnerHttpsPort: gateway.ports().https,
    AvailableEnvironments: ENVIRONMENTS.filter(name => releases.some(({ environment }) => environment === name)),
    CreatedTime: wireTime(service.createdAt),
    ModifiedTime: wireTime(service.modifiedAt),
    IpVersion: 'IPv4',
    Tags: wireTags(tags, tagged('service', service.region, service.id)),
    InstanceId: service.echoed.InstanceId ?? null,
    SetType: '',
    DeploymentType: '',
  };
}

/** There is one network: both names lead to the same place. */
function outer(service: Service, { domain }: GatewayDeps['gateway']): string {
  return service.netTypes.includes('OUTER') ? domain(service) : '';
}

function inner(service: Service, { domain }: GatewayDeps['gateway']): string {
  return service.netTypes.includes('INNER') ? domain(service) : '';
}

/** UsagePlan of the API: one row for each environment that a plan holds for. */
function boundPlans(service: Service, { gateway }: GatewayDeps): object[] {
  const wire = (plan: UsagePlan, environment: string) => ({
    Environment: environment,
    UsagePlanId: plan.id,
    UsagePlanName: plan.name,
    UsagePlanDesc: plan.description,
    MaxRequestNumPreSec: wireLimit(plan.qps),
    CreatedTime: wireTime(plan.createdAt),
    ModifiedTime: wireTime(plan.modifiedAt),
  });
  return gateway.plans
    .list(service.region)
    .flatMap(plan =>
      plan.scopes
        .filter(scope => scope.serviceId === service.id && scope.apiId === undefined)
        .map(scope => wire(plan, scope.environment)),
    );
}

const ECHOED = ['SetServerName', 'AppIdType', 'InstanceId', 'UniqVpcId'] as const;

function echoOf(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(ECHOED.filter(name => request[name]).map(name => [name, request[name]]));
}

export const SERVICE_ACTIONS = {
  CreateService,
  DescribeService,
  DescribeServiceForApiApp,
  DescribeServicesStatus,
  ModifyService,
  DeleteService,
};
