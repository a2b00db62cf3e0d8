// APIs: CreateApi, ModifyApi, ModifyApiIncrement, DescribeApi, DescribeApisStatus, DeleteApi.

import { z } from 'zod';
import type { Api } from '../../services/apigateway/model.ts';
import { action } from '../action.ts';
import { API_FIELDS, apiOf, publicKeyOf } from './api-request.ts';
import { wireApi, wireApiStatus } from './api-wire.ts';
import { type GatewayContext, tagged } from './deps.ts';
import { fail } from './errors.ts';
import { Filters, type FilterTable, filtered, int, PAGE, paged, same, text, wireTime } from './types.ts';

export const API_REF = { ServiceId: text, ApiId: text };

export const refOf = (
  region: string,
  { ServiceId, ApiId }: { readonly ServiceId: string; readonly ApiId: string },
) => ({
  region,
  serviceId: ServiceId,
  apiId: ApiId,
});

const CreateApi = action({
  request: z.object({ ...API_FIELDS, ServiceId: text, ServiceTimeout: int, Protocol: text }),
  async handle(request, { apis, region }: GatewayContext) {
    const input = apiOf(request, request.Protocol);
    const api = await apis.create({ region, serviceId: request.ServiceId }, input);
    return {
      Result: { ApiId: api.id, Path: api.path, Method: api.method, CreatedTime: wireTime(api.createdAt) },
    };
  },
});

const ModifyApi = action({
  request: z.object({ ...API_FIELDS, ...API_REF }),
  async handle(request, { apis, gateway, region }: GatewayContext) {
    const ref = refOf(region, request);
    const before = await gateway.apis.get(ref);
    await apis.modify(ref, apiOf(request, request.Protocol || before.protocol));
    return {};
  },
});

/** Documented for the API that stands for an authorisation server: its key and address, the rest stays. */
const ModifyApiIncrement = action({
  request: z.object({
    ...API_REF,
    BusinessType: text,
    PublicKey: text.optional(),
    LoginRedirectUrl: text.optional(),
  }),
  async handle(request, { gateway, region }: GatewayContext) {
    const ref = refOf(region, request);
    const before = await gateway.apis.get(ref);
    const { auth } = before;
    if (request.BusinessType !== 'OAUTH' || auth.type !== 'OAUTH' || auth.business !== 'OAUTH')
      return fail('UnsupportedOperation', {
        zh: '增量更新只用于授权 API（BusinessType 为 OAUTH），其他修改请用 ModifyApi',
        en: 'the incremental change is for authorisation APIs (BusinessType OAUTH); use ModifyApi for anything else',
      });
    await gateway.apis.modify(ref, {
      ...before,
      auth: {
        ...auth,
        oauth: {
          ...auth.oauth,
          ...(request.PublicKey && { publicKey: publicKeyOf(request.PublicKey) }),
          ...(request.LoginRedirectUrl !== undefined && { loginRedirectUrl: request.LoginRedirectUrl }),
        },
      },
    });
    return {};
  },
});

const DescribeApi = action({
  request: z.object(API_REF),
  async handle(request, context: GatewayContext) {
    return { Result: await describe(request, context) };
  },
});

/** Of the market for APIs, whose regions are one here. */
const DescribeApiForApiApp = action({
  request: z.object({ ...API_REF, ApiRegion: text }),
  async handle(request, context: GatewayContext) {
    return { Result: await describe(request, { ...context, region: request.ApiRegion }) };
  },
});

async function describe(request: { readonly ServiceId: string; readonly ApiId: string }, context: GatewayContext) {
  const { gateway, apis, region } = context;
  const ref = refOf(region, request);
  const service = await gateway.services.get(region, ref.serviceId);
  const api = await gateway.apis.get(ref);
  const releases = await gateway.releases.list(region, ref.serviceId);
  const environments = releases.filter(({ apis }) => apis.some(({ id }) => id === api.id)).map(one => one.environment);
  return wireApi(api, { service, called: await apis.called(api), environments }, context);
}

const DescribeApisStatus = action({
  request: z.object({ ServiceId: text, ...PAGE, Filters }),
  async handle(request, context: GatewayContext) {
    const { gateway, region } = context;
    const all = await gateway.apis.list(region, request.ServiceId);
    const { total, rows } = paged(filtered(all, request.Filters, filtersOf(request.Filters, context)), request);
    return { Result: { TotalCount: total, ApiIdStatusSet: rows.map(api => wireApiStatus(api, all, context)) } };
  },
});

function filtersOf(filters: z.output<typeof Filters>, { gateway, tags, region }: GatewayContext): FilterTable<Api> {
  const values = (name: string) => filters?.find(({ Name }) => Name === name)?.Values;
  const environments = values('Environment') ?? [];
  if ((values('NotUsagePlanId') === undefined) !== (values('Environment') === undefined))
    fail('InvalidParameterValue.InvalidFilterNotUsagePlanId');
  const business = (api: Api, value: string) =>
    (api.auth.type === 'OAUTH' && api.auth.business === 'OAUTH' ? 'OAUTH' : 'NORMAL') === value;
  const tagsOf = (api: Api) => tags.of(tagged('api', region, api.id));
  return {
    ApiId: (api, value) => api.id === value,
    ApiName: (api, value) => api.name === value,
    ApiPath: (api, value) => same(api.path, value),
    ApiType: (api, value) => (api.echoed.ApiType ?? 'NORMAL') === value,
    AuthRelationApiId: ({ auth }, value) =>
      auth.type === 'OAUTH' && auth.business === 'NORMAL' && auth.issuerApiId === value,
    AuthType: ({ auth }, value) => auth.type === value,
    // Documented with this misspelling.
    ApiBuniessType: business,
    ApiBusinessType: business,
    NotUsagePlanId: (api, value) =>
      !gateway
        .objects()
        .plans.get(value)
        ?.scopes.some(scope => scope.apiId === api.id && environments.includes(scope.environment)),
    Environment: () => true,
    Tags: (api, value) => tagsOf(api).some(({ Key, Value }) => `${Key}:${Value}` === value),
    TagKeys: (api, value) => tagsOf(api).some(({ Key }) => Key === value),
  };
}

const DeleteApi = action({
  request: z.object(API_REF),
  async handle(request, { apis, tags, region }: GatewayContext) {
    await apis.remove(refOf(region, request));
    await tags.drop(tagged('api', region, request.ApiId));
    return { Result: true };
  },
});

export const API_ACTIONS = {
  CreateApi,
  ModifyApi,
  ModifyApiIncrement,
  DescribeApi,
  DescribeApiForApiApp,
  DescribeApisStatus,
  DeleteApi,
};
