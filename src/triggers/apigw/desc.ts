// TriggerDesc of an API Gateway trigger ⇄ what we keep of it.

import type { Environment, WebSocketPart } from '../../services/apigateway/model.ts';
import { failDesc, failTrigger } from '../errors.ts';
import { choice, flag, objectOf, parseObject, text } from '../fields.ts';

/** Documented for CreateTrigger; the gateway's own API takes more. */
export const TRIGGER_METHODS = ['ANY', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;
export type TriggerMethod = (typeof TRIGGER_METHODS)[number];

const ENVIRONMENTS: readonly Environment[] = ['release', 'prepub', 'test'];
export const DEFAULT_SERVICE_NAME = 'SCF_API_SERVICE';
const SERVICE_ID = /^service-[a-z0-9]{8}$/;
/** The documents write it with a capital, next to lower-case neighbours: taken both ways, given back as it came. */
const BASE64_KEYS = ['IsBase64Encoded', 'isBase64Encoded'] as const;

export interface ApigwDesc {
  readonly apiName: string;
  readonly method: TriggerMethod;
  readonly path: string;
  readonly integrated: boolean;
  readonly base64: boolean;
  readonly base64Key: (typeof BASE64_KEYS)[number];
  readonly cors: boolean;
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

export interface ApigwContext {
  readonly functionName: string;
  readonly previous?: ApigwDesc;
}

export function parseApigw(given: string, { functionName, previous }: ApigwContext): ApigwDesc {
  const desc = given.trim() === '' ? {} : parseObject(given);
  const api = objectOf(desc, 'api');
  const service = objectOf(desc, 'service');
  refuseAuth(api);
  const base64Key = BASE64_KEYS.find(key => api[key] !== undefined) ?? previous?.base64Key ?? 'isBase64Encoded';
  const request = objectOf(api, 'requestConfig');
  const parsed: ApigwDesc = {
    apiName: previous?.apiName ?? functionName,
    method: choice(request, 'method', TRIGGER_METHODS, previous?.method ?? 'ANY'),
    path: text(request, 'path') ?? previous?.path ?? `/${functionName}`,
    integrated: flag(api, 'isIntegratedResponse', previous?.integrated ?? false),
    base64: flag(api, base64Key, previous?.base64 ?? false),
    base64Key,
    cors: flag(api, 'enableCORS', previous?.cors ?? false),
    environment: choice(objectOf(desc, 'release'), 'environmentName', ENVIRONMENTS, previous?.environment ?? 'release'),
    serviceName: text(service, 'serviceName') ?? previous?.serviceName ?? DEFAULT_SERVICE_NAME,
    ...serviceOf(text(service, 'serviceId'), previous),
    ...(previous?.bound && { bound: previous.bound }),
  };
  checkPath(parsed.path);
  return Object.freeze(parsed);
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

/** Never served open what was asked for closed. */
function refuseAuth(api: Readonly<Record<string, unknown>>): void {
  const type = text(api, 'authType') ?? 'NONE';
  if (!flag(api, 'authRequired', false) && type === 'NONE') return;
  failTrigger('UnsupportedOperation', {
    zh: `暂不支持 API 鉴权（authRequired=TRUE，authType=${type}）；请设为 FALSE，并在函数内校验请求。`,
    en: `API Gateway authentication (authRequired TRUE, authType ${type}) is not available; use FALSE and check requests in the function.`,
  });
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
      authType: 'NONE',
      authRequired: 'FALSE',
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
