// Usage plans: which keys may call what, how often in all and per second.

import { shortId } from '../../../core/ids.ts';
import { failGateway } from '../errors.ts';
import { KEYS_PER_PLAN, PLANS_PER_KEY, PLANS_PER_REGION, type Scoped, type UsagePlan } from '../model.ts';
import type { Edit } from '../objects.ts';
import { needApis } from './apis.ts';
import { newestFirst } from './keys.ts';
import { checkLength, checkRange, environmentOf, oneOf, type Room, type ServiceRef, sameScope } from './scope.ts';

export interface PlanDraft {
  readonly region: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** -1, the default: any number. */
  readonly quota?: number | undefined;
  readonly qps?: number | undefined;
}

export type PlanChange = { readonly [Name in keyof Omit<PlanDraft, 'region'>]?: PlanDraft[Name] | undefined };

export interface PlanBinding extends ServiceRef {
  readonly planIds: readonly string[];
  /** `API` names APIs, `SERVICE` means the whole environment. */
  readonly bindType: string;
  readonly environment: string;
  readonly apiIds: readonly string[];
}

export interface PlanVerbs {
  create(draft: PlanDraft): Promise<UsagePlan>;
  get(region: string, id: string): UsagePlan;
  /** Newest first. */
  list(region: string): UsagePlan[];
  /** What is left out stays as it is. */
  modify(region: string, id: string, change: PlanChange): Promise<UsagePlan>;
  /** Only one that is bound to nothing; its keys stay keys. */
  remove(region: string, id: string): Promise<void>;
  bindKeys(region: string, id: string, keyIds: readonly string[]): Promise<void>;
  unbindKeys(region: string, id: string, keyIds: readonly string[]): Promise<void>;
  bind(binding: PlanBinding): Promise<void>;
  unbind(binding: PlanBinding): Promise<void>;
  /** A plan of a whole environment becomes one of each API there. */
  narrow(ref: ServiceRef, id: string, environment: string): Promise<void>;
}

const NAME_CHARS = 50;
const DESCRIPTION_CHARS = 200;
const MAX_QPS = 2000;
const MAX_QUOTA = 99_999_999;
export const BIND_TYPES = ['API', 'SERVICE'] as const;

export function planVerbs({ objects, ids, clock }: Room): PlanVerbs {
  const need = (plans: ReadonlyMap<string, UsagePlan>, region: string, id: string): UsagePlan => {
    const plan = plans.get(id);
    return plan?.region === region ? plan : failGateway('ResourceNotFound.InvalidUsagePlan', { id });
  };

  const put = async (edit: Edit, before: UsagePlan, change: Partial<UsagePlan>): Promise<UsagePlan> => {
    const plan = { ...before, ...change, modifiedAt: clock.now() };
    await edit.put('plans', plan);
    return plan;
  };

  return {
    create: draft =>
      objects.edit(async edit => {
        const { region, name, description = '', quota = -1, qps = -1 } = draft;
        checkPlan({ name, description, quota, qps });
        const count = [...edit.objects.plans.values()].filter(plan => plan.region === region).length;
        if (count >= PLANS_PER_REGION) {
          failGateway('LimitExceeded.UsagePlanLimitExceeded', {
            zh: `一个地域最多 ${PLANS_PER_REGION} 个使用计划`,
            en: `a region may have at most ${PLANS_PER_REGION} usage plans`,
          });
        }
        const now = clock.now();
        const id = `usagePlan-${shortId(ids)}`;
        const own = { id, region, name, description, quota, qps };
        const plan: UsagePlan = { ...own, keyIds: [], scopes: [], createdAt: now, modifiedAt: now };
        await edit.put('plans', plan);
        return plan;
      }),
    get: (region, id) => need(objects.now().plans, region, id),
    list: region => newestFirst([...objects.now().plans.values()].filter(plan => plan.region === region)),
    modify: (region, id, change) =>
      objects.edit(edit => {
        const before = need(edit.objects.plans, region, id);
        const { name = before.name, description = before.description } = change;
        const { quota = before.quota, qps = before.qps } = change;
        checkPlan({ name, description, quota, qps });
        return put(edit, before, { name, description, quota, qps });
      }),
    remove: (region, id) =>
      objects.edit(async edit => {
        const plan = need(edit.objects.plans, region, id);
        if (plan.scopes.length > 0) failGateway('UnsupportedOperation.UsagePlanInUse', { id });
        await edit.remove('plans', plan);
      }),
    bindKeys: (region, id, keyIds) =>
      objects.edit(async edit => {
        const plan = need(edit.objects.plans, region, id);
        for (const keyId of keyIds) checkKey(edit, region, plan, keyId);
        const all = [...new Set([...plan.keyIds, ...keyIds])];
        if (all.length > KEYS_PER_PLAN) failGateway('LimitExceeded.ApiKeyLimitExceeded', { limit: KEYS_PER_PLAN });
        await put(edit, plan, { keyIds: all });
      }),
    unbindKeys: (region, id, keyIds) =>
      objects.edit(async edit => {
        const plan = need(edit.objects.plans, region, id);
        const stranger = keyIds.find(keyId => !plan.keyIds.includes(keyId));
        if (stranger !== undefined) failGateway('ResourceNotFound.InvalidAccessKeyId', { id: stranger });
        await put(edit, plan, { keyIds: plan.keyIds.filter(keyId => !keyIds.includes(keyId)) });
      }),
    bind: binding =>
      objects.edit(async edit => {
        const scopes = await scopesOf(edit, binding);
        for (const id of binding.planIds) {
          const plan = need(edit.objects.plans, binding.region, id);
          const twin = scopes.find(scope => plan.scopes.some(one => sameScope(one, scope)));
          if (twin) failGateway('UnsupportedOperation.AlreadyBindUsagePlan', { id, to: twin.apiId ?? twin.serviceId });
          await put(edit, plan, { scopes: [...plan.scopes, ...scopes] });
        }
      }),
    unbind: binding =>
      objects.edit(async edit => {
        const scopes = await scopesOf(edit, binding);
        for (const id of binding.planIds) {
          const plan = need(edit.objects.plans, binding.region, id);
          const lost = scopes.find(scope => !plan.scopes.some(one => sameScope(one, scope)));
          if (lost) failGateway('UnsupportedOperation.NoUsagePlanEnv', { id, from: lost.apiId ?? lost.serviceId });
          const left = plan.scopes.filter(one => !scopes.some(scope => sameScope(one, scope)));
          await put(edit, plan, { scopes: left });
        }
      }),
    narrow: ({ region, serviceId }, id, environment) =>
      objects.edit(async edit => {
        const plan = need(edit.objects.plans, region, id);
        const whole: Scoped = { serviceId, environment: environmentOf(environment), apiId: undefined };
        if (!plan.scopes.some(one => sameScope(one, whole))) {
          failGateway('UnsupportedOperation.NoUsagePlanEnv', { id, from: serviceId });
        }
        const rest = plan.scopes.filter(one => !sameScope(one, whole));
        const apis = await needApis(edit.rows, { region, serviceId }, 'all');
        const single = apis.map(api => ({ ...whole, apiId: api.id }));
        const fresh = single.filter(scope => !rest.some(one => sameScope(one, scope)));
        await put(edit, plan, { scopes: [...rest, ...fresh] });
      }),
  };
}

async function scopesOf(edit: Edit, binding: PlanBinding): Promise<Scoped[]> {
  const { region, serviceId, apiIds } = binding;
  const environment = environmentOf(binding.environment);
  if (oneOf('BindType', binding.bindType, BIND_TYPES) === 'SERVICE') {
    await needApis(edit.rows, { region, serviceId }, []);
    return [{ serviceId, environment, apiId: undefined }];
  }
  if (apiIds.length === 0) failGateway('MissingParameter', { name: 'ApiIds' });
  const apis = await needApis(edit.rows, { region, serviceId }, [...new Set(apiIds)]);
  return apis.map(api => ({ serviceId, environment, apiId: api.id }));
}

function checkKey({ objects }: Edit, region: string, plan: UsagePlan, keyId: string): void {
  const key = objects.keys.get(keyId);
  if (key?.region !== region) failGateway('ResourceNotFound.InvalidAccessKeyId', { id: keyId });
  if (!key?.enabled) failGateway('UnsupportedOperation.UnsupportedBindApiKey', { id: keyId });
  const others = [...objects.plans.values()].filter(one => one.id !== plan.id && one.keyIds.includes(keyId));
  if (others.length >= PLANS_PER_KEY) {
    failGateway('LimitExceeded.UsagePlanLimitExceeded', {
      zh: `一个密钥最多绑定 ${PLANS_PER_KEY} 个使用计划`,
      en: `a key may be bound to at most ${PLANS_PER_KEY} usage plans`,
    });
  }
}

function checkPlan({ name, description, quota, qps }: Required<Omit<UsagePlan, keyof Kept>>): void {
  checkLength('UsagePlanName', name, NAME_CHARS);
  checkLength('UsagePlanDesc', description, DESCRIPTION_CHARS);
  if (quota !== -1) checkRange('MaxRequestNum', quota, 1, MAX_QUOTA);
  if (qps !== -1) checkRange('MaxRequestNumPreSec', qps, 1, MAX_QPS);
}

type Kept = Pick<UsagePlan, 'id' | 'region' | 'keyIds' | 'scopes' | 'createdAt' | 'modifiedAt'>;
