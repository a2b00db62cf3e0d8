// APIs as the management API shows them.

import type { Api, Auth, Base64Rule, RequestParameter, Service } from '../../services/apigateway/model.ts';
import type { Called, FunctionRef } from '../../services/apigateway/verbs/functions.ts';
import { type GatewayContext, tagged, wireTags } from './deps.ts';
import { wireTime } from './types.ts';

interface Shown {
  readonly service: Service;
  readonly called: Called;
  /** Where it is released. */
  readonly environments: readonly string[];
}

/** ApiInfo of DescribeApi: fields that are not used are null. */
export function wireApi(api: Api, { service, called, environments }: Shown, context: GatewayContext): object {
  const { gateway, tags } = context;
  const { backend, echoed } = api;
  const scf = backend.type === 'SCF' ? backend : undefined;
  const socket = backend.type === 'WEBSOCKET';
  return {
    ServiceId: api.serviceId,
    ServiceName: service.name,
    ServiceDesc: service.description,
    ApiId: api.id,
    ApiName: api.name,
    ApiDesc: api.description,
    ApiType: echoed.ApiType ?? 'NORMAL',
    Protocol: api.protocol,
    CreatedTime: wireTime(api.createdAt),
    ModifiedTime: wireTime(api.modifiedAt),
    ...wireAuth(api.auth),
    IsDebugAfterCharge: echoed.IsDebugAfterCharge ?? false,
    RequestConfig: { Path: api.path, Method: api.method },
    ResponseType: echoed.ResponseType ?? null,
    ResponseSuccessExample: echoed.ResponseSuccessExample ?? null,
    ResponseFailExample: echoed.ResponseFailExample ?? null,
    ResponseErrorCodes: echoed.ResponseErrorCodes ?? null,
    RequestParameters: api.parameters.length > 0 ? api.parameters.map(wireParameter) : null,
    ServiceTimeout: api.timeoutS,
    ServiceType: socket ? 'SCF' : backend.type,
    ServiceConfig: wireConfig(api),
    ServiceParameters: echoed.ServiceParameters ?? null,
    ConstantParameters: null,
    ServiceMockReturnMessage: backend.type === 'MOCK' ? backend.message : null,
    ...wireFunction('ServiceScf', called.function),
    ServiceScfFunctionType: scf?.functionType ?? null,
    ServiceScfIsIntegratedResponse: scf?.integrated ?? null,
    ServiceScfEventIsAsyncCall: scf?.async ?? null,
    ...wireFunction('ServiceWebsocketRegister', called.register),
    ...wireFunction('ServiceWebsocketTransport', called.transport),
    ...wireFunction('ServiceWebsocketCleanup', called.cleanup),
    InternalDomain: socket ? gateway.pushUrl(api.id) : null,
    MicroServices: null,
    MicroServicesInfo: null,
    ServiceTsfLoadBalanceConf: null,
    ServiceTsfHealthCheckConf: null,
    EnableCORS: api.cors,
    Tags: wireTags(tags, tagged('api', service.region, api.id)),
    Environments: environments,
    IsBase64Encoded: scf?.base64.enabled ?? false,
    IsBase64Trigger: scf ? scf.base64.rules !== undefined : false,
    Base64EncodedTriggerRules: scf?.base64.rules?.map(wireRule) ?? null,
  };
}

function wireFunction(prefix: string, target: FunctionRef | undefined): object {
  return {
    [`${prefix}FunctionName`]: target?.name ?? null,
    [`${prefix}FunctionNamespace`]: target?.namespace ?? null,
    [`${prefix}FunctionQualifier`]: target?.qualifier ?? null,
  };
}

function wireConfig({ backend, echoed }: Api): object | null {
  if (backend.type !== 'HTTP') return null;
  const { Product = '', UniqVpcId = '' } = (echoed.ServiceConfig ?? {}) as Readonly<Record<string, string>>;
  return { Product, UniqVpcId, Url: backend.url, Path: backend.path, Method: backend.method };
}

function wireAuth(auth: Auth): object {
  const none = { AuthType: auth.type, ApiBusinessType: 'NORMAL', AuthRelationApiId: '', OauthConfig: null };
  if (auth.type !== 'OAUTH') return none;
  if (auth.business === 'NORMAL') return { ...none, AuthRelationApiId: auth.issuerApiId };
  const { publicKey, tokenLocation, loginRedirectUrl } = auth.oauth;
  return {
    ...none,
    ApiBusinessType: 'OAUTH',
    OauthConfig: { PublicKey: publicKey, TokenLocation: tokenLocation, LoginRedirectUrl: loginRedirectUrl },
  };
}

function wireParameter({ name, position, required, defaultValue, type, description }: RequestParameter): object {
  return {
    Name: name,
    Position: position,
    Type: type ?? 'string',
    DefaultValue: defaultValue,
    Required: required,
    Desc: description ?? '',
  };
}

function wireRule({ header, values }: Base64Rule): object {
  return { Name: header === 'accept' ? 'Accept' : 'Content_Type', Value: values };
}

/** A row of lists; `all`: the service's APIs. */
export function wireApiStatus(api: Api, all: readonly Api[], { tags, region }: GatewayContext): object {
  const users = all.filter(
    ({ auth }) => auth.type === 'OAUTH' && auth.business === 'NORMAL' && auth.issuerApiId === api.id,
  );
  const { OauthConfig, ...auth } = wireAuth(api.auth) as { readonly OauthConfig: object | null };
  return {
    ServiceId: api.serviceId,
    ApiId: api.id,
    ApiName: api.name,
    ApiDesc: api.description,
    ApiType: api.echoed.ApiType ?? 'NORMAL',
    Protocol: api.protocol,
    ...auth,
    OauthConfig,
    // The misspelling is the API's.
    RelationBuniessApiIds: users.map(({ id }) => id),
    Path: api.path,
    Method: api.method,
    VpcId: null,
    UniqVpcId: null,
    IsDebugAfterCharge: api.echoed.IsDebugAfterCharge ?? false,
    Tags: wireTags(tags, tagged('api', region, api.id)),
    CreatedTime: wireTime(api.createdAt),
    ModifiedTime: wireTime(api.modifiedAt),
  };
}
