// Usage plans by themselves and with their keys. What they are bound to is in plan-bindings.ts.

import { z } from 'zod';
import type { UsagePlan } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { type GatewayContext, tagged, tagMade, wireTags } from './deps.ts';
import { statusOf } from './keys.ts';
import {
  Filters,
  type FilterTable,
  filtered,
  int,
  PAGE,
  paged,
  Tags,
  text,
  texts,
  wireLimit,
  wireTime,
} from './types.ts';

const ID = { UsagePlanId: text };
const LIMITS = { MaxRequestNum: int.optional(), MaxRequestNumPreSec: int.optional() };

const CreateUsagePlan = action({
  request: z.object({ UsagePlanName: text, UsagePlanDesc: text.optional(), ...LIMITS, Tags }),
  async handle(request, context: GatewayContext) {
    const { gateway, tags, region } = context;
    const plan = await gateway.plans.create({
      region,
      name: request.UsagePlanName,
      description: request.UsagePlanDesc,
      quota: request.MaxRequestNum,
      qps: request.MaxRequestNumPreSec,
    });
    await tagMade(tags, tagged('usagePlan', region, plan.id), request.Tags, () =>
      gateway.plans.remove(region, plan.id),
    );
    return { Result: wirePlan(plan, context) };
  },
});

const ModifyUsagePlan = action({
  request: z.object({ ...ID, UsagePlanName: text.optional(), UsagePlanDesc: text.optional(), ...LIMITS }),
  async handle(request, context: GatewayContext) {
    const plan = await context.gateway.plans.modify(context.region, request.UsagePlanId, {
      name: request.UsagePlanName,
      description: request.UsagePlanDesc,
      quota: request.MaxRequestNum,
      qps: request.MaxRequestNumPreSec,
    });
    return { Result: wirePlan(plan, context) };
  },
});

const DescribeUsagePlan = action({
  request: z.object(ID),
  async handle({ UsagePlanId }, context: GatewayContext) {
    return { Result: wirePlan(context.gateway.plans.get(context.region, UsagePlanId), context) };
  },
});

const DescribeUsagePlansStatus = action({
  request: z.object({ ...PAGE, Filters }),
  async handle(request, { gateway, tags, region }: GatewayContext) {
    const environments = request.Filters?.find(({ Name }) => Name === 'Environment')?.Values;
    const bound = (plan: UsagePlan, id: 'serviceId' | 'apiId', value: string) =>
      plan.scopes.some(
        scope =>
          scope[id] === value &&
          (id === 'apiId' || scope.apiId === undefined) &&
          (environments === undefined || environments.includes(scope.environment)),
      );
    const not = request.Filters?.some(({ Name }) => Name === 'NotServiceId' || Name === 'NotApiId') === true;
    const table: FilterTable<UsagePlan> = {
      UsagePlanId: (plan, value) => plan.id === value,
      UsagePlanName: (plan, value) => plan.name === value,
      NotServiceId: (plan, value) => !bound(plan, 'serviceId', value),
      NotApiId: (plan, value) => !bound(plan, 'apiId', value),
      // Beside the two above it tells where a plan is not bound.
      Environment: (plan, value) => not || plan.scopes.some(scope => scope.environment === value),
    };
    const { total, rows } = paged(filtered(gateway.plans.list(region), request.Filters, table), request);
    return {
      Result: {
        TotalCount: total,
        UsagePlanStatusSet: rows.map(plan => ({
          UsagePlanId: plan.id,
          UsagePlanName: plan.name,
          UsagePlanDesc: plan.description,
          MaxRequestNumPreSec: wireLimit(plan.qps),
          MaxRequestNum: plan.quota,
          CreatedTime: wireTime(plan.createdAt),
          ModifiedTime: wireTime(plan.modifiedAt),
          Tags: wireTags(tags, tagged('usagePlan', region, plan.id)),
        })),
      },
    };
  },
});

const DeleteUsagePlan = action({
  request: z.object(ID),
  async handle({ UsagePlanId }, { gateway, tags, region }: GatewayContext) {
    await gateway.plans.remove(region, UsagePlanId);
    await tags.drop(tagged('usagePlan', region, UsagePlanId));
    return { Result: true };
  },
});

const DescribeUsagePlanSecretIds = action({
  request: z.object({ ...ID, ...PAGE }),
  async handle(request, { gateway, region }: GatewayContext) {
    const plan = gateway.plans.get(region, request.UsagePlanId);
    const { total, rows } = paged(plan.keyIds, request);
    const keys = rows.map(id => gateway.keys.get(region, id));
    return {
      Result: {
        TotalCount: total,
        AccessKeyList: keys.map(key => ({ AccessKeyId: key.id, SecretName: key.name, Status: statusOf(key) })),
      },
    };
  },
});

const KEYS = { ...ID, AccessKeyIds: texts.min(1) };

const BindSecretIds = action({
  request: z.object(KEYS),
  async handle({ UsagePlanId, AccessKeyIds }, { gateway, region }: GatewayContext) {
    await gateway.plans.bindKeys(region, UsagePlanId, AccessKeyIds);
    return { Result: true };
  },
});

const UnBindSecretIds = action({
  request: z.object(KEYS),
  async handle({ UsagePlanId, AccessKeyIds }, { gateway, region }: GatewayContext) {
    await gateway.plans.unbindKeys(region, UsagePlanId, AccessKeyIds);
    return { Result: true };
  },
});

/** UsagePlanInfo. */
function wirePlan(plan: UsagePlan, { tags }: GatewayContext): object {
  const bound = new Set(plan.scopes.map(({ serviceId, environment }) => `${environment} ${serviceId}`));
  const environments = [...bound].map(text => text.split(' '));
  return {
    UsagePlanId: plan.id,
    UsagePlanName: plan.name,
    UsagePlanDesc: plan.description,
    MaxRequestNum: wireLimit(plan.quota),
    MaxRequestNumPreSec: wireLimit(plan.qps),
    CreatedTime: wireTime(plan.createdAt),
    ModifiedTime: wireTime(plan.modifiedAt),
    BindSecretIdTotalCount: plan.keyIds.length,
    BindSecretIds: plan.keyIds,
    BindEnvironmentTotalCount: environments.length,
    BindEnvironments: environments.map(([EnvironmentName, ServiceId]) => ({ EnvironmentName, ServiceId })),
    Tags: wireTags(tags, tagged('usagePlan', plan.region, plan.id)),
  };
}

export const PLAN_ACTIONS = {
  CreateUsagePlan,
  ModifyUsagePlan,
  DescribeUsagePlan,
  DescribeUsagePlansStatus,
  DeleteUsagePlan,
  DescribeUsagePlanSecretIds,
  BindSecretIds,
  UnBindSecretIds,
};
