// APIs that call functions, made from the gateway's side: each function that an API names has a trigger whose row is the
// only truth about which function that is. Nothing is left behind when one half fails.

import { CloudError } from '../../../core/errors.ts';
import { type FunctionKey, keyText, LATEST } from '../../../core/function.ts';
import type { Log } from '../../../core/log.ts';
import type { Catalog, Triggers } from '../../../core/ports.ts';
import type { Trigger } from '../../../core/trigger.ts';
import { Turns } from '../../../core/turns.ts';
import type { GatewayVerbs } from '../contract.ts';
import { failGateway } from '../errors.ts';
import type { Api, ApiConfig, Backend, Environment, Release, ScfBackend, Service, WebSocketPart } from '../model.ts';
import { WEBSOCKET_PARTS } from '../model.ts';
import { triggersOf } from './apis.ts';
import type { ReleaseInput } from './releases.ts';
import type { ApiRef, ServiceRef } from './scope.ts';

export interface FunctionRef {
  readonly namespace: string;
  readonly name: string;
  readonly qualifier: string;
}

/** A backend as callers name it: by function, where the kept one has a trigger. */
export type BackendInput =
  | (Omit<ScfBackend, 'triggerId' | 'functionType'> & {
      /** Left out: whatever the function is. */
      readonly functionType: ScfBackend['functionType'] | undefined;
      readonly target: FunctionRef;
    })
  | { readonly type: 'WEBSOCKET'; readonly targets: Targets }
  | Exclude<Backend, { readonly type: 'SCF' | 'WEBSOCKET' }>;

export type Targets = Readonly<Partial<Record<WebSocketPart, FunctionRef>>>;

export interface ApiInput extends Omit<ApiConfig, 'backend'> {
  readonly backend: BackendInput;
}

/** The functions behind an API: one, or one for each part of a WebSocket API. */
export type Called = Readonly<Partial<Record<'function' | WebSocketPart, FunctionRef>>>;

/** What a trigger keeps of its API. */
export interface DescInput {
  readonly service: Service;
  readonly api: Api;
  /** Where the API is shown to be called. */
  readonly environment: Environment;
  readonly part: WebSocketPart | undefined;
  readonly previous: unknown;
}

export interface FunctionApis {
  create(ref: ServiceRef, input: ApiInput): Promise<Api>;
  modify(ref: ApiRef, input: ApiInput): Promise<Api>;
  remove(ref: ApiRef): Promise<void>;
  release(input: ReleaseInput): Promise<Release>;
  called(api: Api): Promise<Called>;
  /** A service's triggers show what it is called and where its APIs serve: to be told when that has changed. */
  retell(ref: ServiceRef): Promise<void>;
}

export interface FunctionApiDeps {
  readonly gateway: Pick<GatewayVerbs, 'services' | 'apis' | 'releases'>;
  readonly triggers: Triggers;
  readonly catalog: Catalog;
  /** The trigger kind's own value for an API. */
  readonly descOf: (input: DescInput) => unknown;
  readonly log: Log;
}

const TYPE = 'apigw';

export function functionApis({ gateway, triggers, catalog, descOf, log }: FunctionApiDeps): FunctionApis {
  const turns = new Turns();
  const turn = <R>({ region, serviceId }: ServiceRef, work: () => Promise<R>) =>
    turns.take(`${region}/${serviceId}`, work);

  /** Of a function's trigger: the service's name, which several APIs may share, or else the API's id with it. */
  async function nameOf(key: FunctionKey, service: Service, apiId: string, part: WebSocketPart | undefined) {
    const plain = service.name.replace(/[^\w-]/g, '_').slice(0, 36);
    const taken = await triggers.list({ ...key, type: TYPE });
    if (!taken.some(({ triggerName }) => triggerName === plain)) return plain;
    return part ? `${plain}_${apiId}_${part}` : `${plain}_${apiId}`;
  }

  const keyOf = (region: string, { namespace, name }: FunctionRef): FunctionKey => ({ region, namespace, name });

  function typeOf(region: string, target: FunctionRef): ScfBackend['functionType'] {
    const type = catalog.find(keyOf(region, target))?.versions.get(LATEST)?.type;
    if (type !== undefined) return type === 'HTTP' ? 'HTTP' : 'EVENT';
    const { namespace, name } = target;
    return failGateway('FailedOperation.ScfError', {
      zh: `命名空间 ${namespace} 中没有函数 ${name}`,
      en: `there is no function ${name} in the namespace ${namespace}`,
    });
  }

  /** With the triggers that are known already. */
  function backendOf(region: string, input: BackendInput, before: Backend | undefined): Backend {
    if (input.type === 'SCF') {
      const { target, functionType, ...rest } = input;
      const real = typeOf(region, target);
      if (functionType !== undefined && functionType !== real) {
        failGateway('InvalidParameterValue.InvalidScfConfig', {
          zh: `函数 ${target.name} 的类型为 ${real}，与 ServiceScfFunctionType ${functionType} 不符`,
          en: `the function ${target.name} is of type ${real}, not of ServiceScfFunctionType ${functionType}`,
        });
      }
      return { ...rest, functionType: real, triggerId: before?.type === 'SCF' ? before.triggerId : '' };
    }
    if (input.type !== 'WEBSOCKET') return input;
    if (!input.targets.transport) {
      failGateway('InvalidParameterValue.InvalidScfConfig', {
        zh: '缺少 ServiceWebsocketTransportFunctionName（数据传输函数）',
        en: 'ServiceWebsocketTransportFunctionName is missing',
      });
    }
    for (const target of Object.values(input.targets)) {
      if (typeOf(region, target) === 'EVENT') continue;
      failGateway('InvalidParameterValue.InvalidScfConfig', {
        zh: `WebSocket API 只能使用事件函数，${target.name} 为 Web 函数`,
        en: `a WebSocket API takes event functions; ${target.name} is a web function`,
      });
    }
    const held = before?.type === 'WEBSOCKET' ? before.triggerIds : {};
    const kept = WEBSOCKET_PARTS.filter(part => held[part] !== undefined && input.targets[part]);
    return { type: 'WEBSOCKET', triggerIds: Object.fromEntries(kept.map(part => [part, held[part] ?? ''])) };
  }

  interface Wish {
    readonly part: WebSocketPart | undefined;
    readonly target: FunctionRef;
    /** The trigger that stands for it already. */
    readonly triggerId: string;
  }

  function wishesOf({ backend }: ApiInput, api: Api): readonly Wish[] {
    if (backend.type === 'SCF') {
      const triggerId = api.backend.type === 'SCF' ? api.backend.triggerId : '';
      return [{ part: undefined, target: backend.target, triggerId }];
    }
    if (backend.type !== 'WEBSOCKET') return [];
    const held = api.backend.type === 'WEBSOCKET' ? api.backend.triggerIds : {};
    return WEBSOCKET_PARTS.flatMap(part => {
      const target = backend.targets[part];
      return target ? [{ part, target, triggerId: held[part] ?? '' }] : [];
    });
  }

  /** Where it serves; the trigger's own choice first. */
  async function environmentOf(region: string, api: Api, chosen: Environment | undefined): Promise<Environment> {
    const releases = await gateway.releases.list(region, api.serviceId);
    const serving = releases.filter(({ apis }) => apis.some(({ id }) => id === api.id)).map(one => one.environment);
    if (chosen && (serving.length === 0 || serving.includes(chosen))) return chosen;
    return serving.includes('release') ? 'release' : (serving[0] ?? 'release');
  }

  const chosenBy = (trigger: Trigger): Environment | undefined =>
    (trigger.desc as { readonly environment?: Environment } | undefined)?.environment;

  async function fulfil(region: string, service: Service, api: Api, wish: Wish, made: string[]): Promise<void> {
    const { part, target, triggerId } = wish;
    const former = triggerId ? (await triggers.list({ id: triggerId }))[0] : undefined;
    const environment = await environmentOf(region, api, former && chosenBy(former));
    const desc = descOf({ service, api, environment, part, previous: former?.desc });
    const key = keyOf(region, target);
    if (!former) {
      const triggerName = await nameOf(key, service, api.id, part);
      const draft = { ...key, qualifier: target.qualifier, type: TYPE, triggerName, enabled: true, desc };
      const trigger = await triggers.attach({ ...draft, customArgument: '', description: '' });
      made.push(trigger.id);
      return;
    }
    const moved = keyText(former) !== keyText(key);
    const triggerName = moved ? await nameOf(key, service, api.id, part) : former.triggerName;
    const { namespace, name, qualifier } = target;
    await triggers.change(former.id, { namespace, name, qualifier, triggerName, desc });
  }

  /** All wishes, or an error and no trigger more than before. */
  async function fulfilAll(region: string, service: Service, api: Api, wishes: readonly Wish[]): Promise<void> {
    const made: string[] = [];
    try {
      for (const wish of wishes) await fulfil(region, service, api, wish, made);
    } catch (error) {
      for (const id of made) await quietly('a trigger of an API that failed is left', () => triggers.detach(id));
      throw told(error);
    }
  }

  async function quietly(text: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error({ err: error }, text);
    }
  }

  return {
    create: (ref, input) =>
      turn(ref, async () => {
        const { region, serviceId } = ref;
        const service = await gateway.services.get(region, serviceId);
        const backend = backendOf(region, input.backend, undefined);
        const api = await gateway.apis.create(region, serviceId, { ...input, backend });
        const whole = { ...ref, apiId: api.id };
        try {
          await fulfilAll(region, service, api, wishesOf(input, api));
        } catch (error) {
          await quietly('an API whose function could not be bound is left', () => gateway.apis.drop(whole));
          throw error;
        }
        return gateway.apis.get(whole);
      }),

    modify: (ref, input) =>
      turn(ref, async () => {
        const { region } = ref;
        const service = await gateway.services.get(region, ref.serviceId);
        const before = await gateway.apis.get(ref);
        const backend = backendOf(region, input.backend, before.backend);
        const api = await gateway.apis.modify(ref, { ...input, backend });
        try {
          await fulfilAll(region, service, api, wishesOf(input, api));
        } catch (error) {
          await quietly('a change of an API that failed is left', () => gateway.apis.modify(ref, before));
          throw error;
        }
        const now = await gateway.apis.get(ref);
        const kept = triggersOf(now);
        for (const id of triggersOf(before)) if (!kept.includes(id)) await triggers.detach(id);
        return now;
      }),

    remove: ref =>
      turn(ref, async () => {
        const api = await gateway.apis.get(ref);
        await gateway.apis.mayGo(ref);
        // An API without its trigger is dropped at the next start; a trigger without its API would be shown for ever.
        for (const id of triggersOf(api)) await triggers.detach(id);
        await gateway.apis.remove(ref);
      }),

    release: input =>
      turn(input, async () => {
        const release = await gateway.releases.make(input);
        const service = await gateway.services.get(input.region, input.serviceId);
        for (const api of await gateway.apis.list(input.region, input.serviceId))
          await retell(input.region, service, api);
        return release;
      }),

    async called(api) {
      const { backend } = api;
      if (backend.type === 'SCF') {
        const target = await targetOf(backend.triggerId);
        return target ? { function: target } : {};
      }
      if (backend.type !== 'WEBSOCKET') return {};
      const called: Partial<Record<WebSocketPart, FunctionRef>> = {};
      for (const part of WEBSOCKET_PARTS) {
        const target = await targetOf(backend.triggerIds[part] ?? '');
        if (target) called[part] = target;
      }
      return called;
    },

    retell: ref =>
      turn(ref, async () => {
        const service = await gateway.services.get(ref.region, ref.serviceId);
        for (const api of await gateway.apis.list(ref.region, ref.serviceId)) await retell(ref.region, service, api);
      }),
  };

  async function targetOf(triggerId: string): Promise<FunctionRef | undefined> {
    const [trigger] = triggerId ? await triggers.list({ id: triggerId }) : [];
    return trigger && { namespace: trigger.namespace, name: trigger.name, qualifier: trigger.qualifier };
  }

  /** What its triggers show of it, brought in line with where it serves and what its service is called. */
  async function retell(region: string, service: Service, api: Api): Promise<void> {
    for (const { part, id } of partsOf(api)) {
      const [trigger] = await triggers.list({ id });
      if (!trigger) continue;
      const environment = await environmentOf(region, api, chosenBy(trigger));
      const desc = descOf({ service, api, environment, part, previous: trigger.desc });
      if (JSON.stringify(desc) === JSON.stringify(trigger.desc)) continue;
      await quietly('a trigger does not show where its API serves', () => triggers.change(id, { desc }));
    }
  }
}

function partsOf({ backend }: Api): readonly { readonly part: WebSocketPart | undefined; readonly id: string }[] {
  if (backend.type === 'SCF') return [{ part: undefined, id: backend.triggerId }];
  if (backend.type !== 'WEBSOCKET') return [];
  return WEBSOCKET_PARTS.flatMap(part => {
    const id = backend.triggerIds[part];
    return id === undefined ? [] : [{ part, id }];
  });
}

/** SCF's refusals under the gateway's code for them. */
function told(error: unknown): unknown {
  if (!(error instanceof CloudError) || error.row.fault !== 'caller') return error;
  try {
    return failGateway('FailedOperation.ScfError', { zh: error.text('zh'), en: error.text('en') }, error);
  } catch (wrapped) {
    return wrapped;
  }
}
