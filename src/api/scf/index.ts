// The SCF API's actions, version 2018-04-16.

import type { ServiceTable } from '../action.ts';
import { ACCOUNT_ACTIONS } from './account.ts';
import { ALIAS_ACTIONS } from './aliases.ts';
import { ASYNC_ACTIONS } from './async.ts';
import { CONCURRENCY_ACTIONS } from './concurrency.ts';
import type { ScfDeps } from './deps.ts';
import { DOMAIN_ACTIONS } from './domains.ts';
import { FUNCTION_ACTIONS } from './functions.ts';
import { INVOKE_ACTIONS } from './invoke.ts';
import { LAYER_ACTIONS } from './layers.ts';
import { LOG_ACTIONS } from './logs.ts';
import { NAMESPACE_ACTIONS } from './namespaces.ts';
import { RETRY_ACTIONS } from './retries.ts';
import { STATUS_ACTIONS } from './status.ts';
import { TRIGGER_ACTIONS } from './triggers.ts';
import { VERSION_ACTIONS } from './versions.ts';

export const SCF_ACTIONS: ServiceTable<ScfDeps> = {
  version: '2018-04-16',
  actions: {
    ...FUNCTION_ACTIONS,
    ...INVOKE_ACTIONS,
    ...STATUS_ACTIONS,
    ...LOG_ACTIONS,
    ...VERSION_ACTIONS,
    ...ALIAS_ACTIONS,
    ...NAMESPACE_ACTIONS,
    ...LAYER_ACTIONS,
    ...TRIGGER_ACTIONS,
    ...RETRY_ACTIONS,
    ...ASYNC_ACTIONS,
    ...CONCURRENCY_ACTIONS,
    ...ACCOUNT_ACTIONS,
    ...DOMAIN_ACTIONS,
  },
  later: [
    // Not in the public list of actions; the vendor's deployment library calls it.
    'GetDemoAddress',
  ],
};
