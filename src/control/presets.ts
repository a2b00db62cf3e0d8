// Policies that the cloud has ready for roles, as far as this server serves what they are about.

import type { Policy } from '../core/policy.ts';
import { readPolicy } from '../core/policy-text.ts';

export interface Preset {
  readonly id: number;
  readonly name: string;
  readonly policy: Policy;
}

/** What functions use by their role, as the cloud's own policy of that name has it. */
const FOR_FUNCTIONS = ['cos:*', 'cls:*', 'cmq:*', 'tdmq:*', 'ckafka:*', 'apigw:*', 'apigateway:*', 'mps:*', 'scf:*'];

const ACTIONS: readonly (readonly [id: number, name: string, actions: readonly string[]])[] = [
  [1, 'AdministratorAccess', ['*']],
  [2, 'QcloudCOSFullAccess', ['cos:*']],
  [3, 'QcloudCOSReadOnlyAccess', ['cos:Get*', 'cos:Head*', 'cos:List*', 'cos:OptionsObject']],
  [4, 'QcloudSCFFullAccess', ['scf:*']],
  [5, 'QcloudSCFReadOnlyAccess', ['scf:Get*', 'scf:List*']],
  [6, 'QcloudAccessForScfRole', FOR_FUNCTIONS],
  [7, 'QcloudSTSFullAccess', ['sts:*']],
  [8, 'QcloudCamReadOnlyAccess', ['cam:Get*', 'cam:List*', 'cam:Describe*']],
];

export const PRESETS: readonly Preset[] = Object.freeze(
  ACTIONS.map(([id, name, action]) => ({
    id,
    name,
    policy: readPolicy(JSON.stringify({ statement: { effect: 'allow', action, resource: '*' } })),
  })),
);

export function presetOf(id: number): Preset | undefined {
  return PRESETS.find(preset => preset.id === id);
}
