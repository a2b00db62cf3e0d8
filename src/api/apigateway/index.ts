// The API gateway's actions, version 2018-08-08.

import type { ServiceTable } from '../action.ts';
import { API_ACTIONS } from './apis.ts';
import { APP_ACTIONS } from './apps.ts';
import type { GatewayDeps } from './deps.ts';
import { DOMAIN_ACTIONS } from './domains.ts';
import { KEY_ACTIONS } from './keys.ts';
import { LOG_ACTIONS } from './logs.ts';
import { PLAN_BINDING_ACTIONS } from './plan-bindings.ts';
import { PLAN_ACTIONS } from './plans.ts';
import { PLUGIN_ACTIONS } from './plugins.ts';
import { RELEASE_ACTIONS } from './releases.ts';
import { SERVICE_ACTIONS } from './services.ts';
import { STRATEGY_ACTIONS } from './strategies.ts';

export const GATEWAY_ACTIONS: ServiceTable<GatewayDeps> = {
  version: '2018-08-08',
  actions: {
    ...SERVICE_ACTIONS,
    ...API_ACTIONS,
    ...RELEASE_ACTIONS,
    ...KEY_ACTIONS,
    ...PLAN_ACTIONS,
    ...PLAN_BINDING_ACTIONS,
    ...APP_ACTIONS,
    ...STRATEGY_ACTIONS,
    ...PLUGIN_ACTIONS,
    ...DOMAIN_ACTIONS,
    ...LOG_ACTIONS,
  },
  later: [
    'ImportOpenApi',
    // Generated documents for callers of APIs.
    ...['CreateAPIDoc', 'DescribeAPIDocs', 'DescribeAPIDocDetail', 'ModifyAPIDoc', 'BuildAPIDoc', 'DeleteAPIDoc'],
    'ResetAPIDocPassword',
    // Backends as things of their own.
    ...['CreateUpstream', 'DescribeUpstreams', 'ModifyUpstream', 'DeleteUpstream', 'DescribeUpstreamBindApis'],
    // Dedicated instances.
    ...['CreateExclusiveInstances', 'DescribeExclusiveInstances', 'DescribeExclusiveInstanceDetail'],
    ...['DescribeExclusiveInstanceRegions', 'DescribeExclusiveInstancesStatus', 'ModifyExclusiveInstance'],
    'DescribeInstancesNetworkConfig',
  ],
};
