// TriggerDesc of an API Gateway trigger ⇄ what we keep of it.

import type { DescContext } from '../../core/trigger.ts';
import type { ApiMethod, Auth, Environment, WebSocketPart } from '../../services/apigateway/model.ts';
import type { DescInput } from '../../services/apigateway/verbs/functions.ts';
import { failDesc } from '../errors.ts';
import { choice, flag, objectOf, parseObject, text } from '../fields.ts';

/** Documented for CreateTrigger; the gateway's own API takes more. */
export const TRIGGER_METHODS = ['ANY', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;
/** Kinds of protection that need nothing but their name. */
const AUTH_TYPES = ['NONE', 'SECRET', 'APP'] as const;

const ENVIRONMENTS: readonly Environment[] = ['release', 'prepub', 'test'];
export const DEFAULT_SERVICE_NAME = 'SCF_API_SERVICE';
const SERVICE_ID = /^service-[a-z0-9]{8}$/;
/** The documents write it with a capital, next to lower-case neighbours: taken both ways, given back as it came. */
const BASE64_KEYS = ['IsBase64Encoded', 'isBase64Encoded'] as const;

export interface ApigwDesc {
  readonly apiName: string;
  readonly method: ApiMethod;
  readonly path: string;
  readonly integrated: boolean;
  readonly base64: boolean;
  readonly base64Key: (typeof BASE64_KEYS)[number];
  readonly cors: boolean;
  /** NONE when absent. */
  readonly authType?: Auth['type'];
  /** A web function gets requests as they came; an event function when absent. */
  readonly functionType?: 'HTTP';
  /** Of the clients; HTTP when absent. Only the gateway makes others. */
  readonly protocol?: 'WEBSOCKET';
  readonly environment: Environment;
  readonly serviceName: string;
  /** Absent until a service is made for it. */
  readonly serviceId?: string;
  readonly bound?: ApigwBinding;
}

export interface ApigwBinding {
  readonly apiId: string;
  /** Where it was released. */
  readonly environment: Environment;
  /** The service was made for this trigger and goes with it when it is empty. */
  readonly madeService: boolean;
  /** What the function does for a WebSocket API; absent for one of HTTP. */
  readonly part?: WebSocketPart;
}

export function parseApigw(given: string, context: DescContext<ApigwDesc>): ApigwDesc {
  const { functionName, functionType, previous } = context;
  const desc = given.trim() === '' ? {} : parseObject(given);
  const api = objectOf(desc, 'api');
  const service = objectOf(desc, 'service');
  const base64Key = BASE64_KEYS.find(key => api[key] !== undefined) ?? previous?.base64Key ?? 'isBase64Encoded';
  const request = objectOf(api, 'requestConfig');
  const authType = authOf(api, previous?.authType ?? 'NONE');
  // An API made at the gateway may have a method that triggers cannot be given.
  const methods: readonly ApiMethod[] = previous ? [...TRIGGER_METHODS, previous.method] : TRIGGER_METHODS;
  const parsed: ApigwDesc = {
    apiName: previous?.apiName ?? functionName,
    method: choice(request, 'method', methods, previous?.method ?? 'ANY'),
    path: text(request, 'path') ?? previous?.path ?? `/${functionName}`,
    integrated: flag(api, 'isIntegratedResponse', previous?.integrated ?? false),
    base64: flag(api, base64Key, previous?.base64 ?? false),
    base64Key,
    cors: flag(api, 'enableCORS', previous?.cors ?? false),
    ...(authType !== 'NONE' && { authType }),
    ...((functionType ? functionType === 'HTTP' : previous?.functionType) && { functionType: 'HTTP' }),
    ...(previous?.protocol && { protocol: previous.protocol }),
    environment: choice(objectOf(desc, 'release'), 'environmentName', ENVIRONMENTS, previous?.environment ?? 'release'),
    serviceName: text(service, 'serviceName') ?? previous?.serviceName ?? DEFAULT_SERVICE_NAME,
    ...serviceOf(text(service, 'serviceId'), previous),
    ...(previous?.bound && { bound: previous.bound }),
  };
  checkPath(parsed.path);
  return Object.freeze(parsed);
}

/** Never served open what was asked for closed: `authRequired` stands above a type that says otherwise. */
function authOf(api: Readonly<Record<string, unknown>>, before: Auth['type']): Auth['type'] {
  const required = flag(api, 'authRequired', before !== 'NONE');
  // What the API has been given at the gateway may stay, but needs more than its name to be asked for here.
  const type = choice(api, 'authType', [...AUTH_TYPES, before], api.authRequired === undefined ? before : 'NONE');
  if (type !== 'NONE') return type;
  if (!required || (api.authRequired === undefined && api.authType !== undefined)) return 'NONE';
  return before === 'NONE' ? 'SECRET' : before;
}

/** What a trigger that was made at the gateway keeps of its API. */
export function descOfApi({ service, api, environment, part, previous }: DescInput): ApigwDesc {
  const { base64Key = 'isBase64Encoded', bound } = (previous ?? {}) as Partial<ApigwDesc>;
  const scf = api.backend.type === 'SCF' ? api.backend : undefined;
  return Object.freeze<ApigwDesc>({
    apiName: api.name,
    method: api.method,
    path: api.path,
    integrated: scf?.integrated ?? false,
    base64: scf?.base64.enabled ?? false,
    base64Key,
    cors: api.cors,
    ...(api.auth.type !== 'NONE' && { authType: api.auth.type }),
    ...(scf?.functionType === 'HTTP' && { functionType: 'HTTP' }),
    ...(api.protocol === 'WEBSOCKET' && { protocol: 'WEBSOCKET' }),
    environment,
    serviceName: service.name,
    serviceId: service.id,
    bound: { apiId: api.id, environment, madeService: bound?.madeService ?? false, ...(part && { part }) },
  });
}

function serviceOf(serviceId: string | undefined, previous: ApigwDesc | undefined): { readonly serviceId?: string } {
  const before = previous?.serviceId;
  const now = serviceId ?? before;
  if (now === undefined) return {};
  if (!SERVICE_ID.test(now)) {
    failDesc(`服务 ID ${now} 格式不正确，形如 service-xxxxxxxx`, `${now} is not a service id such as service-xxxxxxxx`);
  }
  if (before !== undefined && now !== before) {
    failDesc(
      `触发器已绑定服务 ${before}，更换服务请删除后重新创建触发器`,
      `the trigger is bound to ${before}; to move it to another service delete it and create it again`,
    );
  }
  return { serviceId: now };
}

function checkPath(path: string): void {
  if (/^(?:=|\^~)?\//.test(path)) return;
  failDesc(
    `API 路径 ${path} 应以 / 开头（=/ 精确匹配，^~/ 前缀匹配）`,
    `the API path ${path} must begin with / (=/ for exact, ^~/ for prefix)`,
  );
}

const upper = (value: boolean) => (value ? 'TRUE' : 'FALSE');

/** Compact JSON with the fields that clients read. `subDomain` is the usable URL. */
export function formatApigw(desc: ApigwDesc, subDomain: string | undefined): string {
  const { bound, serviceId } = desc;
  return JSON.stringify({
    api: {
      ...(bound && { apiId: bound.apiId }),
      apiName: desc.apiName,
      apiDesc: '',
      apiType: 'NORMAL',
      authType: desc.authType ?? 'NONE',
      authRequired: upper(desc.authType !== undefined),
      enableCORS: upper(desc.cors),
      isIntegratedResponse: upper(desc.integrated),
      [desc.base64Key]: upper(desc.base64),
      requestConfig: { method: desc.method, path: desc.path },
    },
    service: {
      ...(serviceId !== undefined && { serviceId }),
      serviceName: desc.serviceName,
      ...(subDomain !== undefined && { subDomain }),
    },
    release: { environmentName: desc.environment },
  });
}
