// Brings a project's gateway services with the gateway's own actions, in the order of the vendor's tools.

import type { DeployOptions } from './call.ts';
import type { GatewayApi, GatewayPlan, Plan } from './project.ts';
import type { TriggerChange } from './sync.ts';

export interface Gateways {
  readonly changes: readonly TriggerChange[];
  /** APIs that are there now: the triggers that stand for them are not to be removed. */
  readonly apiIds: ReadonlySet<string>;
}

type Wire = Readonly<Record<string, unknown>>;
/** More than a service may have. */
const PAGE = 100;

export async function deployGateways(plan: Plan, namespace: string, options: DeployOptions): Promise<Gateways> {
  const changes: TriggerChange[] = [];
  const apiIds = new Set<string>();
  for (const gateway of plan.gateways ?? []) {
    const ServiceId = await serviceOf(gateway, options);
    const there = await apisOf(ServiceId, options);
    for (const api of gateway.apis) {
      const old = there.find(one => one.Path === api.path && one.Method === api.method);
      const fields = { ServiceId, ...api.settings, ...functionsOf(plan, namespace, api) };
      let ApiId = String(old?.ApiId ?? '');
      // The vendor's tools make an API and then change it to what it is: some fields are taken by the second alone.
      if (!old) ApiId = String((await ask(options, 'CreateApi', fields)).ApiId);
      await options.call('ModifyApi', { ...fields, ApiId }, 'apigateway');
      apiIds.add(ApiId);
      changes.push({ type: 'apigw', name: `${api.method} ${api.path}`, change: old ? 'changed' : 'made' });
    }
    const release = { ServiceId, EnvironmentName: gateway.environment, ReleaseDesc: `openscf deploy ${plan.name}` };
    await options.call('ReleaseService', release, 'apigateway');
  }
  return { changes, apiIds };
}

/** The gateway wraps most of its answers. */
async function ask({ call }: DeployOptions, action: string, params: Wire): Promise<Wire> {
  const answer = await call(action, params, 'apigateway');
  return (answer.Result ?? answer) as Wire;
}

async function serviceOf(gateway: GatewayPlan, options: DeployOptions): Promise<string> {
  const { serviceId, serviceName, protocol } = gateway;
  if (serviceId !== undefined) return serviceId;
  const Filters = [{ Name: 'ServiceName', Values: [serviceName] }];
  const { ServiceSet } = await ask(options, 'DescribeServicesStatus', { Filters, Limit: PAGE });
  const found = ((ServiceSet ?? []) as Wire[]).find(one => one.ServiceName === serviceName);
  if (found) return String(found.ServiceId);
  const made = { ServiceName: serviceName, Protocol: protocol, NetTypes: ['OUTER'], IpVersion: 'IPv4' };
  return String((await ask(options, 'CreateService', made)).ServiceId);
}

async function apisOf(ServiceId: string, options: DeployOptions): Promise<Wire[]> {
  const all: Wire[] = [];
  for (;;) {
    const { ApiIdStatusSet, TotalCount } = await ask(options, 'DescribeApisStatus', {
      ServiceId,
      Limit: PAGE,
      Offset: all.length,
    });
    const page = (ApiIdStatusSet ?? []) as Wire[];
    all.push(...page);
    if (page.length === 0 || all.length >= Number(TotalCount)) return all;
  }
}

/** `ServiceScfFunctionName`, `ServiceWebsocketTransportFunctionName` …, with namespace and qualifier. */
function functionsOf(plan: Plan, namespace: string, { functions, qualifier }: GatewayApi): Wire {
  const fields: Record<string, unknown> = {};
  for (const [part, name] of Object.entries(functions)) {
    fields[`Service${part}FunctionName`] = name === '' ? plan.name : name;
    fields[`Service${part}FunctionNamespace`] = namespace;
    fields[`Service${part}FunctionQualifier`] = qualifier;
  }
  if ('Scf' in functions) fields.ServiceScfFunctionType = plan.type === 'HTTP' ? 'HTTP' : 'EVENT';
  return fields;
}
