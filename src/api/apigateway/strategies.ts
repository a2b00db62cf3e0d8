// IP strategies and the APIs that they hold for.

import { z } from 'zod';
import type { Api, IpStrategy } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { wireApiStatus } from './api-wire.ts';
import type { GatewayContext } from './deps.ts';
import { Filters, type FilterTable, filtered, PAGE, paged, text, texts, wireTime } from './types.ts';

const REF = { ServiceId: text, StrategyId: text };

const refOf = (
  region: string,
  { ServiceId, StrategyId }: { readonly ServiceId: string; readonly StrategyId: string },
) => ({
  region,
  serviceId: ServiceId,
  strategyId: StrategyId,
});

const CreateIPStrategy = action({
  request: z.object({ ServiceId: text, StrategyName: text, StrategyType: text, StrategyData: text }),
  async handle(request, context: GatewayContext) {
    const strategy = await context.gateway.strategies.create({
      region: context.region,
      serviceId: request.ServiceId,
      name: request.StrategyName,
      type: request.StrategyType,
      data: request.StrategyData,
    });
    return { Result: wireStrategy(strategy, [], context) };
  },
});

const ModifyIPStrategy = action({
  request: z.object({ ...REF, StrategyData: text }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.strategies.modify(refOf(region, request), request.StrategyData);
    return { Result: true };
  },
});

const DescribeIPStrategy = action({
  request: z.object({ ...REF, EnvironmentName: text.optional(), ...PAGE, Filters }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const strategy = gateway.strategies.get(refOf(region, request));
    const all = await gateway.apis.list(region, request.ServiceId);
    const bound = boundOf(strategy, all, request.EnvironmentName);
    const { total, rows } = paged(filtered(bound, request.Filters, {}), request);
    return { Result: { ...wireStrategy(strategy, rows, context), BindApiTotalCount: total } };
  },
});

const DescribeIPStrategysStatus = action({
  request: z.object({ ServiceId: text, Filters }),
  async handle({ ServiceId, Filters: filters }, context: GatewayContext) {
    const { gateway, region } = context;
    const all = await gateway.apis.list(region, ServiceId);
    const table: FilterTable<IpStrategy> = { StrategyName: (strategy, value) => strategy.name === value };
    const rows = filtered(await gateway.strategies.list({ region, serviceId: ServiceId }), filters, table);
    return {
      Result: {
        TotalCount: rows.length,
        StrategySet: rows.map(row => wireStrategy(row, boundOf(row, all, undefined), context)),
      },
    };
  },
});

/** APIs of the service, with the other strategy of each that has one there. */
const DescribeIPStrategyApisStatus = action({
  request: z.object({ ...REF, EnvironmentName: text, ...PAGE, Filters }),
  async handle(request, { gateway, region }: GatewayContext) {
    const strategy = gateway.strategies.get(refOf(region, request));
    const table: FilterTable<Api> = {
      ApiId: (api, value) => api.id === value,
      ApiName: (api, value) => api.name === value,
      ApiPath: (api, value) => api.path === value,
    };
    const all = await gateway.apis.list(region, request.ServiceId);
    const others = (await gateway.strategies.list({ region, serviceId: request.ServiceId })).filter(
      ({ id }) => id !== strategy.id,
    );
    const { total, rows } = paged(filtered(all, request.Filters, table), request);
    return {
      Result: {
        TotalCount: total,
        ApiIdStatusSet: rows.map(api => {
          const other = others.find(({ scopes }) =>
            scopes.some(({ apiId, environment }) => apiId === api.id && environment === request.EnvironmentName),
          );
          return {
            ApiId: api.id,
            ApiName: api.name,
            ApiType: api.echoed.ApiType ?? 'NORMAL',
            Path: api.path,
            Method: api.method,
            OtherIPStrategyId: other?.id ?? null,
            OtherEnvironmentName: other ? request.EnvironmentName : null,
          };
        }),
      },
    };
  },
});

const DeleteIPStrategy = action({
  request: z.object(REF),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.strategies.remove(refOf(region, request));
    return { Result: true };
  },
});

const BindIPStrategy = action({
  request: z.object({ ...REF, EnvironmentName: text, BindApiIds: texts.min(1) }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.strategies.bind(refOf(region, request), request.EnvironmentName, request.BindApiIds);
    return { Result: true };
  },
});

const UnBindIPStrategy = action({
  request: z.object({ ...REF, EnvironmentName: text, UnBindApiIds: texts.min(1) }),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.strategies.unbind(refOf(region, request), request.EnvironmentName, request.UnBindApiIds);
    return { Result: true };
  },
});

function boundOf({ scopes }: IpStrategy, apis: readonly Api[], environment: string | undefined): readonly Api[] {
  const held = scopes.filter(scope => !environment || scope.environment === environment);
  return apis.filter(({ id }) => held.some(({ apiId }) => apiId === id));
}

function wireStrategy(strategy: IpStrategy, bound: readonly Api[], context: GatewayContext): object {
  return {
    StrategyId: strategy.id,
    StrategyName: strategy.name,
    StrategyType: strategy.type,
    StrategyData: strategy.blocks.join('\n'),
    ServiceId: strategy.serviceId,
    CreatedTime: wireTime(strategy.createdAt),
    ModifiedTime: wireTime(strategy.modifiedAt),
    BindApiTotalCount: bound.length,
    BindApis: bound.map(api => wireApiStatus(api, bound, context)),
  };
}

export const STRATEGY_ACTIONS = {
  CreateIPStrategy,
  ModifyIPStrategy,
  DescribeIPStrategy,
  DescribeIPStrategysStatus,
  DescribeIPStrategyApisStatus,
  DeleteIPStrategy,
  BindIPStrategy,
  UnBindIPStrategy,
};
