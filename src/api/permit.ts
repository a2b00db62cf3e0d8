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
  const name = NAMES[call.service] ?? call.service;
  const action = `${name}:${call.action}`;
  if (action === FREE) return;
  const { appId = '', uin = '' } = call.account;
  const paths = call.service === 'scf' ? functionPaths(call.parameters) : [];
  const resource: Resource = { service: name, region: call.region, accounts: [`uin/${uin}`, `uid/${appId}`], paths };
  const values = new Map([['qcs:ip', call.sourceIp]]);
  if (!isWithin(holder.limits, { action, resource, callers: holder.names, values })) {
    const told = `qcs::${name}:${call.region}:uin/${uin}:${paths[0] ?? '*'}`;
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
