// Whether a key that is limited may do what a call asks for. Functions are told apart by name; of what other calls are about,
// only a policy for all resources says enough.

import { type Holder, isWithin, type Resource } from '../core/policy.ts';
import type { Parameters } from './encoding.ts';
import { refuse } from './errors.ts';

export interface Permitted {
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly parameters: Parameters;
  readonly sourceIp: string | undefined;
  readonly account: { readonly appId?: string; readonly uin?: string };
}

/** As policies name it, where that is another name. */
const NAMES: Readonly<Record<string, string>> = { apigateway: 'apigw' };

/** Documented: needs no permission. */
const FREE = 'sts:GetCallerIdentity';

/** AuthFailure.UnauthorizedOperation. */
export function mustBeWithin(holder: Holder, call: Permitted): void {
  const { service, parameters } = call;
  const name = NAMES[service] ?? service;
  const action = `${name}:${call.action}`;
  if (action === FREE) return;
  demand(holder, call, action, service === 'scf' ? functionPaths(parameters) : []);
  // Whoever gives a role to a function has what the role may.
  const role = service === 'scf' ? textOf(parameters, 'Role') : undefined;
  if (role) demand(holder, call, 'cam:PassRole', [`roleName/${role}`]);
}

function demand(holder: Holder, call: Permitted, action: string, paths: readonly string[]): void {
  const { appId = '', uin = '' } = call.account;
  const [service = ''] = action.split(':');
  const region = service === 'cam' ? '' : call.region;
  const resource: Resource = { service, region, accounts: [`uin/${uin}`, `uid/${appId}`], paths };
  const values = new Map([['qcs:ip', call.sourceIp]]);
  if (!isWithin(holder.limits, { action, resource, callers: holder.names, values })) {
    const told = `qcs::${service}:${region}:uin/${uin}:${paths[0] ?? '*'}`;
    refuse('NotAllowed', { action: `name/${action}`, resource: told });
  }
}

/** Of a call that is about one function and no other. */
function functionPaths(parameters: Parameters): readonly string[] {
  const name = textOf(parameters, 'FunctionName');
  if (!name || textOf(parameters, 'NewFunctionName') !== undefined) return [];
  return [`namespace/${textOf(parameters, 'Namespace') || 'default'}/function/${name}`];
}

/** '' for what is there and is no text. */
function textOf(parameters: Parameters, name: string): string | undefined {
  const value =
    parameters.form === 'text'
      ? parameters.tree.get(name)
      : Object.entries(parameters.value).find(([key]) => key === name)?.[1];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : '';
}
