// What one function tells others through serverless.yml: `${output:${stage}:${app}:<function>.<output>}` in the values of
// environment variables. Functions may tell each other, which the vendor's tools cannot do.

import type { DeployOptions } from './call.ts';
import { type Deployed, deploy, setEnvironment } from './deploy.ts';
import { fail } from './errors.ts';
import type { Plan } from './project.ts';
import { fillReferences, type Output, type Reference, referencesIn } from './references.ts';

/**
 * Brings plans in their order. A variable that says what another function tells is empty until that one is there, and
 * set as soon as all are.
 */
export async function deployAll(
  plans: readonly Plan[],
  optionsOf: (plan: Plan) => DeployOptions,
  brought: (plan: Plan, done: Deployed) => Promise<void> = async () => {},
): Promise<void> {
  const names = new Set(plans.map(plan => plan.name));
  const unfinished: Plan[] = [];
  for (const plan of plans) {
    const known = await valuesOf(plan, optionsOf(plan));
    const missing = referencesOf(plan).filter(one => !known.has(one.text));
    for (const { name, output } of missing) if (!names.has(name)) fail('Deploy.Output', { name, output });
    if (missing.length > 0) unfinished.push(plan);
    const done = await deploy({ ...plan, environment: filled(plan, known) }, optionsOf(plan));
    await brought(plan, done);
  }
  for (const plan of unfinished) {
    const known = await valuesOf(plan, optionsOf(plan));
    const missing = referencesOf(plan).find(one => !known.has(one.text));
    if (missing) fail('Deploy.Output', { name: missing.name, output: missing.output });
    await setEnvironment({ ...plan, environment: filled(plan, known) }, optionsOf(plan));
  }
}

const referencesOf = ({ environment = {} }: Plan): Reference[] => Object.values(environment).flatMap(referencesIn);

function filled({ environment }: Plan, known: ReadonlyMap<string, string>): Plan['environment'] {
  if (!environment) return undefined;
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.map(([key, value]) => [key, fillReferences(value, known)]));
}

/** By the text of the reference; without those that there is nothing to say for yet. */
async function valuesOf(plan: Plan, options: DeployOptions): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const { text, name, output } of referencesOf(plan)) {
    const value = await told(name, output, plan.namespace ?? 'default', options);
    if (value !== undefined) known.set(text, value);
  }
  return known;
}

interface Desc {
  readonly api?: { readonly apiId?: string };
  readonly service?: { readonly serviceId?: string; readonly subDomain?: string };
  readonly NetConfig?: { readonly ExtranetHTTPUrl?: string; readonly IntranetHTTPUrl?: string };
  readonly accessUrl?: string;
}

async function told(
  FunctionName: string,
  output: Output,
  Namespace: string,
  { call }: DeployOptions,
): Promise<string | undefined> {
  const answer = await call('ListTriggers', { FunctionName, Namespace, Limit: 100 }).catch(error => {
    if (String((error as { code?: unknown }).code).startsWith('ResourceNotFound')) return { Triggers: [] };
    throw error;
  });
  for (const { Type, TriggerDesc } of (answer.Triggers ?? []) as { Type: string; TriggerDesc: string }[]) {
    // Other kinds have no address, and some no JSON.
    if (!['apigw', 'http', 'clb'].includes(Type)) continue;
    const desc = JSON.parse(TriggerDesc) as Desc;
    const value = output === 'url' ? urlOf(desc) : await internalDomainOf(desc, call);
    if (value) return value;
  }
  return undefined;
}

function urlOf({ service, NetConfig, accessUrl }: Desc): string | undefined {
  return service?.subDomain || NetConfig?.ExtranetHTTPUrl || NetConfig?.IntranetHTTPUrl || accessUrl;
}

async function internalDomainOf({ api, service }: Desc, call: DeployOptions['call']): Promise<string | undefined> {
  if (!api?.apiId || !service?.serviceId) return undefined;
  const answer = await call('DescribeApi', { ServiceId: service.serviceId, ApiId: api.apiId }, 'apigateway');
  const { InternalDomain } = (answer.Result ?? answer) as { readonly InternalDomain?: string | null };
  return InternalDomain || undefined;
}
