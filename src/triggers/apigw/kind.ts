// The API Gateway trigger: calls a function by HTTP.

import type { Trigger, TriggerDraft, TriggerKind } from '../../core/trigger.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { Environment } from '../../services/apigateway/model.ts';
import { failTrigger } from '../errors.ts';
import { bindApigw, unbindApigw } from './bind.ts';
import { type ApigwDesc, formatApigw, parseApigw } from './desc.ts';
import { apigwSample } from './event.ts';
import { listenApigw } from './listen.ts';
import type { UpstreamAction } from './ws-event.ts';

export interface ApigwPlace {
  readonly serviceId: string;
  readonly environment: Environment;
  readonly path: string;
}

export interface ApigwSettings {
  /** The URL that is printed as subDomain; none when left out. */
  readonly urlOf?: (place: ApigwPlace) => string | undefined;
  /** `action` in the events of what WebSocket clients send; the trigger manual's when left out. */
  readonly upstreamAction?: UpstreamAction;
}

const NAME_CHARS = 60;

export function apigwKind({ urlOf, upstreamAction = 'data send' }: ApigwSettings): TriggerKind<ApigwDesc, ApiGateway> {
  return Object.freeze<TriggerKind<ApigwDesc, ApiGateway>>({
    type: 'apigw',
    mode: 'sync',
    attribute: 'double',
    title: { zh: 'API 网关触发器', en: 'API Gateway: by HTTP request' },
    serves: ['Event', 'HTTP'],
    checkName,
    parse: parseApigw,
    format(desc) {
      const url = desc.serviceId === undefined ? undefined : urlOf?.(placeOf(desc, desc.serviceId));
      return formatApigw(desc, url && urlFor(desc, url));
    },
    summary: ({ method, path, bound }) => `${bound?.part ? `WebSocket ${bound.part}` : method} ${path}`,
    conflict,
    bind: bindApigw,
    unbind: unbindApigw,
    listen: (trigger, host) => listenApigw(trigger, host, upstreamAction),
    urls({ region, desc }, { source }) {
      const { serviceId, bound } = desc;
      if (serviceId === undefined) return [];
      // Of the three functions of a WebSocket API that with the messages alone stands for it.
      if (bound?.part && bound.part !== 'transport') return [];
      const urls = source.urls({ region, ...placeOf(desc, serviceId) }).map(url => urlFor(desc, url));
      // Where clients connect, then where the function pushes.
      return bound?.part ? [...urls, source.pushUrl(bound.apiId)] : urls;
    },
    sample: apigwSample,
  });
}

const urlFor = ({ protocol, bound }: ApigwDesc, url: string): string =>
  protocol === 'WEBSOCKET' || bound?.part ? url.replace(/^http/, 'ws') : url;

const placeOf = ({ environment, path }: ApigwDesc, serviceId: string): ApigwPlace => ({ serviceId, environment, path });

/** No rule of its own is documented; the general one for names. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9_-]+$/.test(name) && name.length <= NAME_CHARS) return;
  failTrigger('InvalidParameterValue.TriggerName', {
    name,
    zh: `最多 ${NAME_CHARS} 个字符，只能包含字母、数字、- 和 _。`,
    en: `use at most ${NAME_CHARS} letters, digits, - and _.`,
  });
}

/** Path and method are unique in a service, in whatever environment. */
function conflict(
  draft: TriggerDraft & { readonly desc: ApigwDesc },
  others: readonly (Trigger & { readonly desc: ApigwDesc })[],
): void {
  const { serviceId, method, path } = draft.desc;
  if (draft.desc.functionType === 'HTTP') refuseSecondService(draft, others);
  if (serviceId === undefined) return;
  const twin = others.find(
    ({ desc }) =>
      desc.serviceId === serviceId &&
      desc.method === method &&
      desc.path === path &&
      desc.bound?.apiId !== draft.desc.bound?.apiId,
  );
  if (!twin) return;
  failTrigger('ResourceInUse.Trigger', {
    zh: `服务 ${serviceId} 的 ${method} ${path} 已绑定函数 ${twin.name} 的触发器 ${twin.triggerName}，同一路径与方法不可重复绑定。`,
    en: `${method} ${path} of ${serviceId} belongs to trigger ${twin.triggerName} of function ${twin.name}; path and method are unique in a service.`,
  });
}

/** Documented: the APIs of one web function are in one service. */
function refuseSecondService(
  { namespace, name, desc }: TriggerDraft & { readonly desc: ApigwDesc },
  others: readonly (Trigger & { readonly desc: ApigwDesc })[],
): void {
  const other = others.find(
    one => one.namespace === namespace && one.name === name && one.desc.serviceId !== desc.serviceId,
  );
  if (!other) return;
  failTrigger('ResourceInUse.Trigger', {
    zh: `Web 函数 ${name} 的 API 必须在同一服务内，请使用服务 ${other.desc.serviceId}。`,
    en: `the APIs of a web function are in one service; use ${other.desc.serviceId} for ${name}.`,
  });
}
