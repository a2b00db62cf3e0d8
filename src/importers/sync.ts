// Makes a function's triggers what the project says: an equal one stays as it is, so that its URL stays too.

import type { DeployOptions, ScfCall } from './call.ts';
import type { Plan, TriggerPlan } from './project.ts';

export interface TriggerChange {
  readonly type: string;
  readonly name: string;
  readonly change: 'made' | 'kept' | 'changed' | 'removed';
}

/** A trigger as ListTriggers shows it, as far as it is read here. */
interface Shown {
  readonly Type: string;
  readonly TriggerName: string;
  readonly TriggerDesc: string;
  readonly Qualifier: string;
  readonly Enable: number;
  readonly CustomArgument?: string | null;
  readonly Description?: string | null;
}

type Target = Readonly<{ FunctionName: string; Namespace: string }>;

/** More than a function may have. */
const ALL = 100;

export async function syncTriggers(
  plan: Plan,
  target: Target,
  { call, keepTriggers }: DeployOptions,
  apiIds: ReadonlySet<string> = new Set(),
): Promise<TriggerChange[]> {
  if (!plan.triggers) return [];
  const listed = ((await call('ListTriggers', { ...target, Limit: ALL })).Triggers ?? []) as Shown[];
  const shown = listed.filter(one => !apiIds.has(String(parsed(one.TriggerDesc)?.api?.apiId)));
  const changes: TriggerChange[] = [];
  if (!keepTriggers) {
    for (const old of shown.filter(one => !plan.triggers?.some(wanted => isSame(one, wanted)))) {
      await remove(call, target, old);
      changes.push({ type: old.Type, name: old.TriggerName, change: 'removed' });
    }
  }
  const kept = new Map(
    plan.triggers.map(wanted => [wanted, shown.find(one => isSame(one, wanted) && isEqual(one, wanted))]),
  );
  // Services of triggers that share one: known from those that stay, else from the first that is made.
  const services = new Map<string, string>();
  for (const [wanted, old] of kept) if (old) remember(services, wanted, old.TriggerDesc);
  for (const wanted of plan.triggers) {
    const { type, name } = wanted;
    const old = shown.find(one => isSame(one, wanted));
    if (!kept.get(wanted)) remember(services, wanted, await bring(call, target, wanted, old, services));
    changes.push({ type, name, change: kept.get(wanted) ? 'kept' : old ? 'changed' : 'made' });
  }
  return changes;
}

/** Kinds whose triggers are listed under a name that the server has chosen are told by what they stand for. */
function isSame(old: Shown, wanted: TriggerPlan): boolean {
  if (old.Type !== wanted.type) return false;
  if (wanted.type === 'http') return old.Qualifier === wanted.qualifier;
  if (wanted.type === 'clb') return placeOf(old.TriggerDesc) === placeOf(wanted.desc);
  if (wanted.type === 'cos' && ruleOf(old.TriggerDesc) !== ruleOf(wanted.desc)) return false;
  return old.TriggerName === wanted.name;
}

/** Which rule of a bucket: its triggers share a name. */
function ruleOf(desc: string): string {
  const { event, filter } = parsed(desc) ?? {};
  return JSON.stringify([event, filter?.Prefix ?? '', filter?.Suffix ?? '']);
}

/** Which rule of a load balancer; which balancer that is shows only where the project names its id. */
function placeOf(desc: string): string {
  const { protocol, port, domain, url } = (parsed(desc) ?? {}) as Readonly<Record<string, unknown>>;
  return JSON.stringify([protocol, Number(port), domain, url]);
}

function isEqual(old: Shown, wanted: TriggerPlan): boolean {
  return (
    old.Qualifier === wanted.qualifier &&
    old.Enable === (wanted.enabled ? 1 : 0) &&
    (old.CustomArgument ?? '') === wanted.argument &&
    (old.Description ?? '') === wanted.description &&
    essence(old.TriggerDesc) === essence(wanted.desc)
  );
}

/** Makes it, or replaces the old one; gives the TriggerDesc that the server made of it. */
async function bring(
  call: ScfCall,
  target: Target,
  wanted: TriggerPlan,
  old: Shown | undefined,
  services: Map<string, string>,
): Promise<string> {
  if (old) await remove(call, target, old);
  const answer = await call('CreateTrigger', {
    ...target,
    TriggerName: wanted.name,
    Type: wanted.type,
    TriggerDesc: inService(wanted, services),
    Qualifier: wanted.qualifier,
    Enable: wanted.enabled ? 'OPEN' : 'CLOSE',
    CustomArgument: wanted.argument,
    Description: wanted.description,
  });
  return (answer.TriggerInfo as Shown | undefined)?.TriggerDesc ?? '';
}

async function remove(call: ScfCall, target: Target, old: Shown): Promise<void> {
  const { TriggerName, Type, TriggerDesc, Qualifier } = old;
  await call('DeleteTrigger', { ...target, TriggerName, Type, TriggerDesc, Qualifier });
}

/** Endpoints after the first go into the service that the first was given. */
function inService(wanted: TriggerPlan, services: ReadonlyMap<string, string>): string {
  const serviceId = wanted.service === undefined ? undefined : services.get(wanted.service);
  return serviceId === undefined ? wanted.desc : JSON.stringify({ ...JSON.parse(wanted.desc), service: { serviceId } });
}

function remember(services: Map<string, string>, wanted: TriggerPlan, desc: string): void {
  const serviceId = (parsed(desc)?.service as { serviceId?: unknown } | undefined)?.serviceId;
  if (wanted.service !== undefined && typeof serviceId === 'string') services.set(wanted.service, serviceId);
}

function urlEssence({ AuthType, NetConfig, CorsConfig }: Desc): string {
  const net = NetConfig as { readonly EnableIntranet?: boolean; readonly EnableExtranet?: boolean } | undefined;
  return JSON.stringify([AuthType, net?.EnableIntranet ?? false, net?.EnableExtranet ?? true, CorsConfig ?? null]);
}

interface Desc {
  readonly cron?: string;
  readonly AuthType?: string;
  readonly NetConfig?: unknown;
  readonly CorsConfig?: unknown;
  readonly weight?: number;
  readonly api?: Readonly<Record<string, unknown>>;
  readonly service?: unknown;
  readonly event?: string;
  readonly filter?: { readonly Prefix?: string; readonly Suffix?: string };
  readonly release?: { readonly environmentName?: string };
}

function parsed(desc: string): Desc | undefined {
  try {
    const value: unknown = JSON.parse(desc);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a project can say, in one spelling: the server's form has more keys than the one it takes. */
function essence(desc: string): string {
  const value = parsed(desc);
  if (!value) return desc.trim();
  if (value.cron !== undefined) return value.cron.trim();
  if (value.AuthType !== undefined) return urlEssence(value);
  if (value.event !== undefined) return ruleOf(desc);
  if (value.api === undefined) return `${placeOf(desc)} ${value.weight ?? 10}`;
  const { api, release } = value;
  const config = (api.requestConfig ?? {}) as { method?: string; path?: string };
  return JSON.stringify([
    config.method ?? 'ANY',
    config.path ?? '',
    api.isIntegratedResponse ?? 'FALSE',
    api.isBase64Encoded ?? api.IsBase64Encoded ?? 'FALSE',
    release?.environmentName ?? 'release',
  ]);
}
