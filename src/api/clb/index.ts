// The CLB API's actions, version 2018-03-17.

import type { ServiceTable } from '../action.ts';
import { BALANCER_ACTIONS } from './balancers.ts';
import { BATCH_ACTIONS } from './batch.ts';
import { CONFIG_ACTIONS } from './configs.ts';
import type { ClbApiDeps } from './deps.ts';
import { DESCRIBED_ACTIONS } from './described.ts';
import { DESCRIBED_TARGET_ACTIONS } from './described-targets.ts';
import { DETAIL_ACTIONS } from './detail.ts';
import { DOMAIN_ACTIONS } from './domains.ts';
import { FUNCTION_TARGET_ACTIONS } from './functions.ts';
import { LISTENER_ACTIONS } from './listeners.ts';
import { QUOTA_ACTIONS } from './quota.ts';
import { REPLACED_ACTIONS } from './replaced.ts';
import { RULE_ACTIONS } from './rules.ts';
import { TARGET_ACTIONS } from './targets.ts';
import { TASK_ACTIONS } from './tasks.ts';

export const CLB_ACTIONS: ServiceTable<ClbApiDeps> = {
  version: '2018-03-17',
  actions: {
    ...BALANCER_ACTIONS,
    ...DESCRIBED_ACTIONS,
    ...DETAIL_ACTIONS,
    ...LISTENER_ACTIONS,
    ...RULE_ACTIONS,
    ...DOMAIN_ACTIONS,
    ...FUNCTION_TARGET_ACTIONS,
    ...TARGET_ACTIONS,
    ...BATCH_ACTIONS,
    ...DESCRIBED_TARGET_ACTIONS,
    ...TASK_ACTIONS,
    ...CONFIG_ACTIONS,
    ...REPLACED_ACTIONS,
    ...QUOTA_ACTIONS,
  },
  later: ['SetLoadBalancerSecurityGroups', 'DescribeRewrite', 'AutoRewrite', 'ManualRewrite', 'DeleteRewrite'],
};
