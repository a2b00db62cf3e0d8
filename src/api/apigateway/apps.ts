// Applications and the APIs that they may call.

import { z } from 'zod';
import type { ApiApp, Scoped } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { API_REF, refOf } from './apis.ts';
import type { GatewayContext } from './deps.ts';
import { Filters, type FilterTable, filtered, PAGE, paged, text, texts, wireTime } from './types.ts';

const ID = { ApiAppId: text };

const CreateApiApp = action({
  request: z.object({ ApiAppName: text, ApiAppDesc: text.optional() }),
  async handle({ ApiAppName, ApiAppDesc }, { gateway, region }: GatewayContext) {
    return { Result: wireApp(await gateway.apps.create({ region, name: ApiAppName, description: ApiAppDesc })) };
  },
});

const ModifyApiApp = action({
  request: z.object({ ...ID, ApiAppName: text.optional(), ApiAppDesc: text.optional() }),
  async handle({ ApiAppId, ApiAppName, ApiAppDesc }, { gateway, region }: GatewayContext) {
    await gateway.apps.modify(region, ApiAppId, { name: ApiAppName, description: ApiAppDesc });
    return { Result: true };
  },
});

/** A set of one, as clients read it. */
const DescribeApiApp = action({
  request: z.object(ID),
  async handle({ ApiAppId }, { gateway, region }: GatewayContext) {
    return { Result: { TotalCount: 1, ApiAppSet: [wireApp(gateway.apps.get(region, ApiAppId))] } };
  },
});

const DescribeApiAppsStatus = action({
  request: z.object({ ...PAGE, Filters }),
  async handle(request, { gateway, region }: GatewayContext) {
    const table: FilterTable<ApiApp> = {
      ApiAppId: (app, value) => app.id === value,
      ApiAppName: (app, value) => app.name === value,
      KeyWord: (app, value) => app.name.includes(value) || app.id.includes(value),
    };
    const { total, rows } = paged(filtered(gateway.apps.list(region), request.Filters, table), request);
    return { Result: { TotalCount: total, ApiAppSet: rows.map(wireApp) } };
  },
});

const UpdateApiAppKey = action({
  request: z.object({ ...ID, ApiAppKey: text, ApiAppSecret: text.optional() }),
  async handle({ ApiAppId, ApiAppKey, ApiAppSecret }, { gateway, region }: GatewayContext) {
    await gateway.apps.renew(region, ApiAppId, { key: ApiAppKey, secret: ApiAppSecret });
    return { Result: true };
  },
});

const DeleteApiApp = action({
  request: z.object(ID),
  async handle({ ApiAppId }, { gateway, region }: GatewayContext) {
    await gateway.apps.remove(region, ApiAppId);
    return { Result: true };
  },
});

const BINDING = { ...ID, ...API_REF, Environment: text };

const BindApiApp = action({
  request: z.object(BINDING),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.apps.bind(request.ApiAppId, refOf(region, request), request.Environment);
    return { Result: true };
  },
});

const UnbindApiApp = action({
  request: z.object(BINDING),
  async handle(request, { gateway, region }: GatewayContext) {
    await gateway.apps.unbind(request.ApiAppId, refOf(region, request), request.Environment);
    return { Result: true };
  },
});

interface Bound {
  readonly app: ApiApp;
  readonly scope: Scoped;
  readonly apiName: string;
}

const FILTERS: FilterTable<Bound> = {
  ApiAppId: ({ app }, value) => app.id === value,
  ApiId: ({ scope }, value) => scope.apiId === value,
  ApiName: ({ apiName }, value) => apiName === value,
  ServiceId: ({ scope }, value) => scope.serviceId === value,
  Environment: ({ scope }, value) => scope.environment === value,
};

const DescribeApiBindApiAppsStatus = action({
  request: z.object({ ServiceId: text, ApiIds: texts, ...PAGE, Filters }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const apis = await gateway.apis.list(region, request.ServiceId);
    for (const ApiId of request.ApiIds) await gateway.apis.get(refOf(region, { ...request, ApiId }));
    const bound = gateway.apps
      .list(region)
      .flatMap(app =>
        app.scopes
          .filter(({ apiId }) => apiId !== undefined && request.ApiIds.includes(apiId))
          .map(scope => ({ app, scope, apiName: apis.find(({ id }) => id === scope.apiId)?.name ?? '' })),
      );
    const table = { ...FILTERS, KeyWord: byApp };
    const { total, rows } = paged(filtered(bound, request.Filters, table), request);
    return { Result: { TotalCount: total, ApiAppApiSet: rows.map(row => wireBound(row, region)) } };
  },
});

const DescribeApiAppBindApisStatus = action({
  request: z.object({ ...ID, ...PAGE, Filters }),
  async handle(request, { gateway, region }: GatewayContext) {
    const app = gateway.apps.get(region, request.ApiAppId);
    const bound: Bound[] = [];
    for (const scope of app.scopes) {
      const { name } = await gateway.apis.get({ region, serviceId: scope.serviceId, apiId: scope.apiId ?? '' });
      bound.push({ app, scope, apiName: name });
    }
    const table: FilterTable<Bound> = {
      ...FILTERS,
      KeyWord: ({ scope, apiName }, value) => apiName.includes(value) || (scope.apiId ?? '').includes(value),
    };
    const { total, rows } = paged(filtered(bound, request.Filters, table), request);
    return { Result: { TotalCount: total, ApiAppApiSet: rows.map(row => wireBound(row, region)) } };
  },
});

const byApp = ({ app }: Bound, value: string): boolean => app.name.includes(value) || app.id.includes(value);

function wireApp(app: ApiApp): object {
  return {
    ApiAppId: app.id,
    ApiAppName: app.name,
    ApiAppDesc: app.description,
    ApiAppKey: app.key,
    ApiAppSecret: app.secret,
    CreatedTime: wireTime(app.createdAt),
    ModifiedTime: wireTime(app.modifiedAt),
    Tags: [],
  };
}

function wireBound({ app, scope, apiName }: Bound, region: string): object {
  return {
    ApiAppId: app.id,
    ApiAppName: app.name,
    ApiId: scope.apiId,
    ApiName: apiName,
    ServiceId: scope.serviceId,
    // When the application was last changed: bindings have no time of their own.
    AuthorizedTime: wireTime(app.modifiedAt),
    ApiRegion: region,
    EnvironmentName: scope.environment,
  };
}

export const APP_ACTIONS = {
  CreateApiApp,
  ModifyApiApp,
  DescribeApiApp,
  DescribeApiAppsStatus,
  UpdateApiAppKey,
  DeleteApiApp,
  BindApiApp,
  UnbindApiApp,
  DescribeApiBindApiAppsStatus,
  DescribeApiAppBindApisStatus,
};
