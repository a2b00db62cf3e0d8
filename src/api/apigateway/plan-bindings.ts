// What usage plans are bound to: BindEnvironment, UnBindEnvironment, DemoteServiceUsagePlan and the lists of them.

import { z } from 'zod';
import type { Api, Scoped, Service, UsagePlan } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import type { GatewayContext } from './deps.ts';
import { fail } from './errors.ts';
import { PAGE, paged, text, texts, wireLimit, wireTime } from './types.ts';

const BINDING = {
  UsagePlanIds: texts.min(1),
  BindType: text,
  Environment: text,
  ServiceId: text,
  ApiIds: texts.optional(),
};

const bindingOf = (request: z.output<z.ZodObject<typeof BINDING>>, region: string) => ({
  region,
  serviceId: request.ServiceId,
  planIds: request.UsagePlanIds,
  bindType: request.BindType,
  environment: request.Environment,
  apiIds: request.ApiIds ?? [],
});

const BindEnvironment = action({
  request: z.object(BINDING),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.plans.bind(bindingOf(request, region));
    return { Result: true };
  },
});

const UnBindEnvironment = action({
  request: z.object(BINDING),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.plans.unbind(bindingOf(request, region));
    return { Result: true };
  },
});

const DemoteServiceUsagePlan = action({
  request: z.object({ UsagePlanId: text, ServiceId: text, Environment: text }),
  async handle({ UsagePlanId, ServiceId, Environment }, { gateway, region }: GatewayContext) {
    await gateway.plans.narrow({ region, serviceId: ServiceId }, UsagePlanId, Environment);
    return { Result: true };
  },
});

interface Bound {
  readonly plan: UsagePlan;
  readonly scope: Scoped;
  readonly service: Service;
  /** undefined: the whole environment. */
  readonly api: Api | undefined;
}

const OF_SERVICE = { ServiceId: text, ...PAGE };

const DescribeApiUsagePlan = action({
  request: z.object(OF_SERVICE),
  async handle(request, context: GatewayContext) {
    const { total, rows } = paged(await boundIn(request.ServiceId, context, 'API'), request);
    return { Result: { TotalCount: total, ApiUsagePlanList: rows.map(bound => wireBound(bound, context)) } };
  },
});

const DescribeServiceUsagePlan = action({
  request: z.object(OF_SERVICE),
  async handle(request, context: GatewayContext) {
    const { total, rows } = paged(await boundIn(request.ServiceId, context, 'SERVICE'), request);
    return { Result: { TotalCount: total, ServiceUsagePlanList: rows.map(bound => wireBound(bound, context)) } };
  },
});

const DescribeUsagePlanEnvironments = action({
  request: z.object({ UsagePlanId: text, BindType: text.optional(), ...PAGE }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const { BindType = 'SERVICE' } = request;
    if (BindType !== 'API' && BindType !== 'SERVICE')
      fail('InvalidParameterValue.NotInOptions', { name: 'BindType', value: BindType, options: 'API, SERVICE' });
    const plan = gateway.plans.get(region, request.UsagePlanId);
    const scopes = plan.scopes.filter(({ apiId }) => (apiId === undefined) === (BindType === 'SERVICE'));
    const { total, rows } = paged(scopes, request);
    const list: object[] = [];
    for (const scope of rows) list.push(wireBound(await resolved(plan, scope, context), context));
    return { Result: { TotalCount: total, EnvironmentList: list } };
  },
});

async function boundIn(serviceId: string, context: GatewayContext, type: 'API' | 'SERVICE'): Promise<Bound[]> {
  const { gateway, region } = context;
  await gateway.services.get(region, serviceId);
  const found: Bound[] = [];
  for (const plan of gateway.plans.list(region)) {
    for (const scope of plan.scopes) {
      const fits = scope.serviceId === serviceId && (scope.apiId === undefined) === (type === 'SERVICE');
      if (fits) found.push(await resolved(plan, scope, context));
    }
  }
  return found;
}

async function resolved(plan: UsagePlan, scope: Scoped, { gateway, region }: GatewayContext): Promise<Bound> {
  const { serviceId, apiId } = scope;
  const service = await gateway.services.get(region, serviceId);
  const api = apiId === undefined ? undefined : await gateway.apis.get({ region, serviceId, apiId });
  return { plan, scope, service, api };
}

function wireBound({ plan, scope, service, api }: Bound, { gateway }: GatewayContext): object {
  return {
    ServiceId: service.id,
    ServiceName: service.name,
    ApiId: api?.id ?? null,
    ApiName: api?.name ?? null,
    Path: api?.path ?? null,
    Method: api?.method ?? null,
    UsagePlanId: plan.id,
    UsagePlanName: plan.name,
    UsagePlanDesc: plan.description,
    Environment: scope.environment,
    InUseRequestNum: gateway.used(plan),
    MaxRequestNum: wireLimit(plan.quota),
    MaxRequestNumPreSec: wireLimit(plan.qps),
    CreatedTime: wireTime(plan.createdAt),
    ModifiedTime: wireTime(plan.modifiedAt),
  };
}

export const PLAN_BINDING_ACTIONS = {
  BindEnvironment,
  UnBindEnvironment,
  DemoteServiceUsagePlan,
  DescribeApiUsagePlan,
  DescribeServiceUsagePlan,
  DescribeUsagePlanEnvironments,
};
