// CreateApi and ModifyApi: the request, and what it says in our terms. The payload is the whole API each time.

import { z } from 'zod';
import type { ApiMethod, Auth, Base64Rule, RequestParameter } from '../../services/apigateway/model.ts';
import type { ApiInput, BackendInput, FunctionRef, Targets } from '../../services/apigateway/verbs/functions.ts';
import { fail } from './errors.ts';
import { flag, int, text, texts } from './types.ts';

const Parameter = z.object({
  Name: text,
  Position: text,
  Type: text.optional(),
  DefaultValue: text.optional(),
  Required: flag.optional(),
  Desc: text.optional(),
});

const ServiceParameter = z.object({
  Name: text,
  Position: text,
  RelevantRequestParameterPosition: text.optional(),
  RelevantRequestParameterName: text.optional(),
  DefaultValue: text.optional(),
  RelevantRequestParameterDesc: text.optional(),
  RelevantRequestParameterType: text.optional(),
});

const ErrorCode = z.object({
  Code: int,
  Msg: text.optional(),
  Desc: text.optional(),
  ConvertedCode: int.optional(),
  NeedConvert: flag.optional(),
});

const ServiceConfig = z.object({
  Product: text.optional(),
  UniqVpcId: text.optional(),
  Url: text.optional(),
  Path: text.optional(),
  Method: text.optional(),
});

export const OauthConfig = z.object({ PublicKey: text, TokenLocation: text, LoginRedirectUrl: text.optional() });

/** All but the ids. */
export const API_FIELDS = {
  ServiceType: text,
  ServiceTimeout: int.optional(),
  Protocol: text.optional(),
  RequestConfig: z.object({ Path: text, Method: text }),
  ApiName: text.optional(),
  ApiDesc: text.optional(),
  ApiType: text.optional(),
  AuthType: text.optional(),
  /** An older form of AuthType SECRET. */
  AuthRequired: flag.optional(),
  EnableCORS: flag.optional(),
  ApiBusinessType: text.optional(),
  AuthRelationApiId: text.optional(),
  OauthConfig: OauthConfig.optional(),
  RequestParameters: z.array(Parameter).optional(),
  ConstantParameters: z.array(z.unknown()).optional(),
  ServiceParameters: z.array(ServiceParameter).optional(),
  ServiceConfig: ServiceConfig.optional(),
  ServiceMockReturnMessage: text.optional(),
  ServiceScfFunctionName: text.optional(),
  ServiceScfFunctionNamespace: text.optional(),
  ServiceScfFunctionQualifier: text.optional(),
  ServiceWebsocketRegisterFunctionName: text.optional(),
  ServiceWebsocketRegisterFunctionNamespace: text.optional(),
  ServiceWebsocketRegisterFunctionQualifier: text.optional(),
  ServiceWebsocketTransportFunctionName: text.optional(),
  ServiceWebsocketTransportFunctionNamespace: text.optional(),
  ServiceWebsocketTransportFunctionQualifier: text.optional(),
  ServiceWebsocketCleanupFunctionName: text.optional(),
  ServiceWebsocketCleanupFunctionNamespace: text.optional(),
  ServiceWebsocketCleanupFunctionQualifier: text.optional(),
  ServiceScfFunctionType: text.optional(),
  ServiceScfIsIntegratedResponse: flag.optional(),
  ServiceScfEventIsAsyncCall: flag.optional(),
  IsBase64Encoded: flag.optional(),
  IsBase64Trigger: flag.optional(),
  Base64EncodedTriggerRules: z.array(z.object({ Name: text, Value: texts })).optional(),
  IsDebugAfterCharge: flag.optional(),
  IsDeleteResponseErrorCodes: flag.optional(),
  ResponseType: text.optional(),
  ResponseSuccessExample: text.optional(),
  ResponseFailExample: text.optional(),
  ResponseErrorCodes: z.array(ErrorCode).optional(),
};

type Request = z.output<z.ZodObject<typeof API_FIELDS>>;
type Texts = Readonly<Record<string, unknown>>;

const DEFAULT_TIMEOUT_S = 15;
/** Fields that only document an API, as they are given back. */
const ECHOED = [
  'ApiType',
  'ResponseType',
  'ResponseSuccessExample',
  'ResponseFailExample',
  'ResponseErrorCodes',
  'IsDebugAfterCharge',
  'ServiceParameters',
] as const;

export function apiOf(request: Request, protocol: string): ApiInput {
  const {
    RequestConfig: { Path, Method },
  } = request;
  const kind = oneOf('Protocol', protocol, ['HTTP', 'WEBSOCKET'] as const);
  const method = Method.toUpperCase();
  if (kind === 'WEBSOCKET' && method !== 'GET') fail('InvalidParameterValue.InvalidWSMethod', { method });
  if (request.ApiType && !['NORMAL', 'TSF'].includes(request.ApiType))
    fail('InvalidParameterValue.InvalidApiType', { value: request.ApiType });
  refuseConstants(request);
  return {
    name: request.ApiName ?? '',
    description: request.ApiDesc ?? '',
    protocol: kind,
    // The verbs refuse what is none.
    method: method as ApiMethod,
    path: Path,
    timeoutS: request.ServiceTimeout ?? DEFAULT_TIMEOUT_S,
    auth: authOf(request),
    cors: request.EnableCORS ?? false,
    parameters: (request.RequestParameters ?? []).map(parameterOf),
    backend: kind === 'WEBSOCKET' ? socketOf(request) : backendOf(request),
    echoed: echoOf(request),
  };
}

const TYPES = ['SCF', 'HTTP', 'MOCK'] as const;
const LATER_TYPES = ['TSF', 'EB', 'TARGET', 'VPC', 'UPSTREAM', 'GRPC', 'COS', 'WEBSOCKET'];

function backendOf(request: Request): BackendInput {
  const type = TYPES.find(one => one === request.ServiceType.toUpperCase());
  switch (type) {
    case 'SCF':
      return {
        type,
        target: functionIn(request, 'ServiceScf') ?? lacksFunction('ServiceScfFunctionName'),
        functionType: request.ServiceScfFunctionType
          ? oneOf('ServiceScfFunctionType', request.ServiceScfFunctionType.toUpperCase(), ['EVENT', 'HTTP'] as const)
          : undefined,
        integrated: request.ServiceScfIsIntegratedResponse ?? false,
        async: request.ServiceScfEventIsAsyncCall ?? false,
        base64: base64Of(request),
      };
    case 'HTTP':
      return httpOf(request);
    case 'MOCK':
      return {
        type,
        message: request.ServiceMockReturnMessage ?? fail('InvalidParameterValue.InvalidServiceMockReturnMessage'),
      };
    default:
      return refuseType(request.ServiceType);
  }
}

function refuseType(type: string): never {
  if (LATER_TYPES.includes(type.toUpperCase()))
    fail('UnsupportedOperation', {
      zh: `暂不支持 ServiceType ${type}，可用 ${TYPES.join('、')}`,
      en: `ServiceType ${type} is not built; use ${TYPES.join(', ')}`,
    });
  return fail('InvalidParameterValue.InvalidServiceType', { value: type, options: TYPES.join(', ') });
}

/** One event function for each part, or one web function that speaks WebSocket itself. */
function socketOf(request: Request): BackendInput {
  const own = request.ServiceScfFunctionName && !request.ServiceWebsocketTransportFunctionName;
  if (own && request.ServiceScfFunctionType?.toUpperCase() === 'HTTP') return backendOf(request);
  if (request.ServiceType.toUpperCase() !== 'SCF')
    fail('UnsupportedOperation', {
      zh: `WebSocket API 的后端仅支持 SCF，当前为 ${request.ServiceType}`,
      en: `a WebSocket API has functions behind it (SCF), not ${request.ServiceType}`,
    });
  const targets: Targets = {
    ...named(request, 'ServiceWebsocketRegister', 'register'),
    ...named(request, 'ServiceWebsocketTransport', 'transport'),
    ...named(request, 'ServiceWebsocketCleanup', 'cleanup'),
  };
  return { type: 'WEBSOCKET', targets };
}

function named(request: Texts, prefix: string, part: keyof Targets): Targets {
  const target = functionIn(request, prefix);
  return target ? { [part]: target } : {};
}

/** The name decides: clients send namespace and qualifier of functions that they do not name. */
function functionIn(request: Texts, prefix: string): FunctionRef | undefined {
  const field = (name: string) => request[`${prefix}Function${name}`];
  const name = field('Name');
  if (typeof name !== 'string' || name === '') return undefined;
  return {
    name,
    namespace: String(field('Namespace') || 'default'),
    qualifier: String(field('Qualifier') || '$LATEST'),
  };
}

function lacksFunction(name: string): never {
  return fail('InvalidParameterValue.InvalidScfConfig', { zh: `缺少 ${name}`, en: `${name} is missing` });
}

const URL_FORM = /^https?:\/\/[^/?#\s]+$/i;

function httpOf({ ServiceConfig: config }: Request): BackendInput {
  const { Url, Path, Method } = config ?? {};
  if (!Url || !Path || !Method)
    return fail('InvalidParameterValue.InvalidServiceConfig', {
      zh: '需要 Url、Path 与 Method',
      en: 'it needs Url, Path and Method',
    });
  const url = Url.replace(/\/+$/, '');
  if (!URL_FORM.test(url) || !URL.canParse(url)) fail('InvalidParameterValue.InvalidUrl', { url: Url });
  if (!Path.startsWith('/'))
    fail('InvalidParameterValue.InvalidServiceConfig', {
      zh: `Path ${Path} 应以 / 开头`,
      en: `Path ${Path} must begin with /`,
    });
  return { type: 'HTTP', url, path: Path, method: Method.toUpperCase() as ApiMethod };
}

function authOf(request: Request): Auth {
  const asked = request.AuthType?.toUpperCase() || (request.AuthRequired ? 'SECRET' : 'NONE');
  if (asked === 'EIAM')
    fail('UnsupportedOperation', {
      zh: '不支持 EIAM 鉴权，可用 NONE、SECRET、APP、OAUTH',
      en: 'EIAM is not built; use NONE, SECRET, APP or OAUTH',
    });
  const type = oneOf('AuthType', asked, ['NONE', 'SECRET', 'APP', 'OAUTH'] as const);
  if (type !== 'OAUTH') return { type };
  const business = request.ApiBusinessType?.toUpperCase() || 'NORMAL';
  if (business !== 'NORMAL' && business !== 'OAUTH')
    return fail('InvalidParameterValue.InvalidApiBusinessType', { value: business });
  if (business === 'NORMAL')
    return {
      type,
      business,
      issuerApiId: request.AuthRelationApiId || fail('MissingParameter', { name: 'AuthRelationApiId' }),
    };
  const config = request.OauthConfig ?? fail('MissingParameter', { name: 'OauthConfig' });
  return {
    type,
    business,
    oauth: {
      publicKey: publicKeyOf(config.PublicKey),
      tokenLocation: config.TokenLocation,
      loginRedirectUrl: config.LoginRedirectUrl ?? '',
    },
  };
}

/** A JSON Web Key, as text. */
export function publicKeyOf(given: string): string {
  try {
    const key: unknown = JSON.parse(given);
    if (typeof key === 'object' && key !== null && Reflect.get(key, 'kty') === 'RSA') return given;
  } catch {
    // Told below.
  }
  return fail('InvalidParameterValue.InvalidPublicKey');
}

function parameterOf({
  Name,
  Position,
  Type,
  DefaultValue,
  Required,
  Desc,
}: z.output<typeof Parameter>): RequestParameter {
  if (Name === '') fail('InvalidParameterValue.InvalidRequestParameters', { zh: '缺少 Name', en: 'a Name is missing' });
  return {
    name: Name,
    position: oneOf('RequestParameters.Position', Position.toUpperCase(), ['HEADER', 'QUERY', 'PATH', 'BODY'] as const),
    required: Required ?? false,
    defaultValue: DefaultValue ?? '',
    ...(Type !== undefined && { type: Type }),
    ...(Desc !== undefined && { description: Desc }),
  };
}

/** Rules count only beside IsBase64Trigger: without it every body is encoded. */
function base64Of({ IsBase64Encoded, IsBase64Trigger, Base64EncodedTriggerRules }: Request) {
  const enabled = IsBase64Encoded ?? false;
  if (!IsBase64Trigger) return { enabled };
  return { enabled, rules: (Base64EncodedTriggerRules ?? []).map(ruleOf) };
}

function ruleOf({ Name, Value }: { readonly Name: string; readonly Value: readonly string[] }): Base64Rule {
  const name = oneOf('Base64EncodedTriggerRules.Name', Name.toLowerCase().replace('_', '-'), [
    'accept',
    'content-type',
  ] as const);
  return { header: name, values: Value };
}

/** What would be sent to the backend under another name, or added, is not; the same name passes as it is. */
function refuseConstants({ ConstantParameters, ServiceParameters }: Request): void {
  if (ConstantParameters && ConstantParameters.length > 0)
    fail('UnsupportedOperation', {
      zh: '暂不支持常量参数 ConstantParameters，请在后端处理',
      en: 'ConstantParameters are not built; set them in the backend',
    });
  const renamed = ServiceParameters?.find(
    one =>
      (one.RelevantRequestParameterName ?? one.Name) !== one.Name ||
      (one.RelevantRequestParameterPosition ?? one.Position).toUpperCase() !== one.Position.toUpperCase(),
  );
  if (renamed)
    fail('UnsupportedOperation', {
      zh: `暂不支持参数映射（${renamed.RelevantRequestParameterName} → ${renamed.Name}），同名参数会原样转发`,
      en: `parameters are not mapped (${renamed.RelevantRequestParameterName} → ${renamed.Name}); those of the same name go on as they came`,
    });
}

function echoOf(request: Request): Readonly<Record<string, unknown>> {
  const echoed: Record<string, unknown> = {};
  for (const name of ECHOED) if (request[name] !== undefined) echoed[name] = request[name];
  if (request.IsDeleteResponseErrorCodes) delete echoed.ResponseErrorCodes;
  const { Product, UniqVpcId } = request.ServiceConfig ?? {};
  if (Product || UniqVpcId) echoed.ServiceConfig = { Product: Product ?? '', UniqVpcId: UniqVpcId ?? '' };
  return echoed;
}

function oneOf<T extends string>(name: string, value: string, options: readonly T[]): T {
  return (
    options.find(option => option === value) ??
    fail('InvalidParameterValue.NotInOptions', { name, value, options: options.join(', ') })
  );
}
