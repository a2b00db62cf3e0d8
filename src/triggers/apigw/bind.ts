// The API that stands for a trigger: made, released and changed with it, and dropped with it.

import { isDeepStrictEqual } from 'node:util';
import { CloudError, errorRow } from '../../core/errors.ts';
import type { Bound, TriggerHost } from '../../core/trigger.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { Api, ApiConfig, Auth, RequestParameter } from '../../services/apigateway/model.ts';
import { failTrigger } from '../errors.ts';
import type { ApigwBinding, ApigwDesc } from './desc.ts';
import type { ApigwTrigger } from './listen.ts';

/** Documented default of the gateway. */
const TIMEOUT_S = 15;
const API_NAME_CHARS = 60;

type Host = TriggerHost<ApiGateway>;

export function bindApigw(trigger: ApigwTrigger, host: Host): Promise<Bound<ApigwDesc>> {
  return told(() => (trigger.desc.bound ? change(trigger, trigger.desc.bound, host) : make(trigger, host)));
}

/** Nothing is left of it when a step fails. */
function make(trigger: ApigwTrigger, { source }: Host): Promise<Bound<ApigwDesc>> {
  const { region, desc } = trigger;
  const wanted = desc.serviceId === undefined ? {} : { serviceId: desc.serviceId };
  return wholly(async undo => {
    const { service, made } = await source.services.ensure(region, { ...wanted, name: desc.serviceName });
    const serviceId = service.id;
    if (made) undo.push(() => source.services.remove(region, serviceId));
    const api = await source.apis.create(region, serviceId, configOf(trigger));
    const ref = { region, serviceId, apiId: api.id };
    undo.push(() => source.apis.drop(ref));
    await source.releases.make({ ...ref, environment: desc.environment, description: '', apiIds: [api.id] });
    const bound: ApigwBinding = { apiId: api.id, environment: desc.environment, madeService: made };
    return {
      desc: Object.freeze({ ...desc, serviceId, serviceName: service.name, bound }),
      resourceId: source.resourceId(ref),
    };
  });
}

/** An API that is what the value says already is left alone: so a source may bind what it has made and not released. */
function change(trigger: ApigwTrigger, bound: ApigwBinding, { source }: Host): Promise<Bound<ApigwDesc>> {
  const { region, desc } = trigger;
  const { environment } = desc;
  const ref = { region, serviceId: desc.serviceId ?? '', apiId: bound.apiId };
  return wholly(async undo => {
    const before = await source.apis.get(ref);
    const config = configAfter(desc, before);
    const moved = environment !== bound.environment;
    if (moved || !sameConfig(config, before)) {
      if (bound.part) refusePart(ref);
      await source.apis.modify(ref, config);
      undo.push(() => source.apis.modify(ref, before));
      await source.releases.make({ ...ref, environment, description: '', apiIds: [bound.apiId] });
      if (moved) await source.releases.withdraw(ref, bound.environment);
    }
    if (!isNamed(before, trigger)) await source.apis.adopt(ref, trigger.id, bound.part);
    return { desc: Object.freeze({ ...desc, bound: { ...bound, environment } }), resourceId: source.resourceId(ref) };
  });
}

/** Three triggers stand for it, and none of them alone can say what it is to be. */
function refusePart({ serviceId, apiId }: { readonly serviceId: string; readonly apiId: string }): never {
  return failTrigger('UnsupportedOperation', {
    zh: `WebSocket API ${apiId} 请通过 API 网关修改（apigateway:ModifyApi，服务 ${serviceId}）。`,
    en: `change the WebSocket API ${apiId} at the gateway (apigateway:ModifyApi, service ${serviceId}).`,
  });
}

function isNamed({ backend }: Api, { id, desc }: ApigwTrigger): boolean {
  if (backend.type === 'SCF') return backend.triggerId === id;
  const part = desc.bound?.part;
  return backend.type === 'WEBSOCKET' && part !== undefined && backend.triggerIds[part] === id;
}

type Undo = (() => Promise<unknown>)[];

/** Takes the steps back, last first, when one fails; that one's error is told. */
async function wholly<R>(work: (undo: Undo) => Promise<R>): Promise<R> {
  const undo: Undo = [];
  try {
    return await work(undo);
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

/** An API or a service that is gone already is no reason to keep the trigger. */
export async function unbindApigw(trigger: ApigwTrigger, { source }: Host): Promise<void> {
  const { region, desc } = trigger;
  const { bound, serviceId } = desc;
  if (!bound || serviceId === undefined) return;
  const ref = { region, serviceId, apiId: bound.apiId };
  await told(async () => {
    await unlessGone(async () => {
      const api = await source.apis.get(ref);
      // It calls something else by now.
      if (!isNamed(api, trigger)) return;
      if (triggerCount(api) > 1) await source.apis.adopt(ref, undefined, bound.part);
      else await source.apis.drop(ref);
    });
    if (!bound.madeService) return;
    await unlessGone(async () => {
      const apis = await source.apis.list(region, serviceId);
      const releases = await source.releases.list(region, serviceId);
      if (apis.length === 0 && releases.length === 0) await source.services.remove(region, serviceId);
    });
  });
}

const triggerCount = ({ backend }: Api): number =>
  backend.type === 'WEBSOCKET' ? Object.keys(backend.triggerIds).length : 1;

async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CloudError && error.code.startsWith('ResourceNotFound'))) throw error;
  }
}

function configOf({ id, description, desc }: ApigwTrigger): ApiConfig {
  return {
    name: desc.apiName.slice(0, API_NAME_CHARS),
    description,
    method: desc.method,
    path: desc.path,
    timeoutS: TIMEOUT_S,
    cors: desc.cors,
    parameters: pathParameters(desc.path),
    protocol: 'HTTP',
    auth: authOf(desc.authType ?? 'NONE', { type: 'NONE' }),
    backend: {
      type: 'SCF',
      triggerId: id,
      functionType: desc.functionType ?? 'EVENT',
      integrated: desc.integrated,
      async: false,
      base64: { enabled: desc.base64 },
    },
    echoed: {},
  };
}

/** What a trigger says changes, and all else stays as the gateway has it. */
function configAfter(desc: ApigwDesc, before: Api): ApiConfig {
  const { backend } = before;
  const others = before.parameters.filter(({ position }) => position !== 'PATH');
  return {
    ...before,
    method: desc.method,
    path: desc.path,
    cors: desc.cors,
    auth: authOf(desc.authType ?? 'NONE', before.auth),
    parameters: desc.path === before.path ? before.parameters : [...pathParameters(desc.path), ...others],
    backend:
      backend.type === 'SCF'
        ? { ...backend, integrated: desc.integrated, base64: { ...backend.base64, enabled: desc.base64 } }
        : backend,
  };
}

const sameConfig = (a: ApiConfig, b: ApiConfig): boolean => isDeepStrictEqual(a, b);

function authOf(type: Auth['type'], before: Auth): Auth {
  if (type === before.type) return before;
  if (type !== 'OAUTH') return { type };
  return failTrigger('UnsupportedOperation', {
    zh: 'OAUTH 鉴权请通过 API 网关设置（apigateway:ModifyApi）。',
    en: 'set OAUTH at the gateway (apigateway:ModifyApi).',
  });
}

/** A trigger cannot declare parameters: those that stand in its path are. */
function pathParameters(path: string): RequestParameter[] {
  const names = [...path.matchAll(/\{(\w[\w-]*)\+?\}/g)].map(found => found[1] ?? '');
  return names.map(name => ({ name, position: 'PATH', required: true, defaultValue: '' }));
}

/** The gateway's refusals under SCF's code for them. */
async function told<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CloudError) || error.row.fault !== 'caller') throw error;
    const row = errorRow.caller(
      `API 网关触发器操作失败：${error.text('zh')}`,
      `The API Gateway trigger could not be set up: ${error.text('en')}`,
    );
    throw new CloudError('FailedOperation.ApiGateway', row, {}, error);
  }
}
