// The API that stands for a trigger: made, released and changed with it, and dropped with it.

import { CloudError, errorRow } from '../../core/errors.ts';
import type { Bound, TriggerHost } from '../../core/trigger.ts';
import type { ApiGateway } from '../../services/apigateway/gateway.ts';
import type { ApiConfig, RequestParameter } from '../../services/apigateway/model.ts';
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
    undo.push(() => source.apis.remove(ref));
    await source.releases.make({ ...ref, environment: desc.environment, description: '', apiIds: [api.id] });
    const bound: ApigwBinding = { apiId: api.id, environment: desc.environment, madeService: made };
    return {
      desc: Object.freeze({ ...desc, serviceId, serviceName: service.name, bound }),
      resourceId: source.resourceId(ref),
    };
  });
}

function change(trigger: ApigwTrigger, bound: ApigwBinding, { source }: Host): Promise<Bound<ApigwDesc>> {
  const { region, desc } = trigger;
  const { environment } = desc;
  const ref = { region, serviceId: desc.serviceId ?? '', apiId: bound.apiId };
  return wholly(async undo => {
    const before = await source.apis.get(ref);
    await source.apis.modify(ref, configOf(trigger));
    undo.push(() => source.apis.modify(ref, before));
    await source.releases.make({ ...ref, environment, description: '', apiIds: [bound.apiId] });
    if (environment !== bound.environment) await source.releases.withdraw(ref, bound.environment);
    return { desc: Object.freeze({ ...desc, bound: { ...bound, environment } }), resourceId: source.resourceId(ref) };
  });
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
export async function unbindApigw({ region, desc }: ApigwTrigger, { source }: Host): Promise<void> {
  if (!desc.bound || desc.serviceId === undefined) return;
  const ref = { region, serviceId: desc.serviceId, apiId: desc.bound.apiId };
  await told(async () => {
    await source.releases.withdraw(ref);
    await unlessGone(() => source.apis.remove(ref));
    if (!desc.bound?.madeService) return;
    await unlessGone(async () => {
      const apis = await source.apis.list(region, ref.serviceId);
      const releases = await source.releases.list(region, ref.serviceId);
      if (apis.length === 0 && releases.length === 0) await source.services.remove(region, ref.serviceId);
    });
  });
}

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
    auth: { type: 'NONE' },
    backend: {
      type: 'SCF',
      triggerId: id,
      functionType: 'EVENT',
      integrated: desc.integrated,
      async: false,
      base64: { enabled: desc.base64 },
    },
    echoed: {},
  };
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
