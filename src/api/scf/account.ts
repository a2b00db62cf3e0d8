// GetAccount: what is used, and what is allowed.

import { z } from 'zod';
import type { AccountLimits, AccountUsage } from '../../control/control.ts';
import { MEMORY_MB } from '../../core/limits.ts';
import { action } from '../action.ts';
import type { ScfContext } from './deps.ts';

/** Counters of TriggerCount beside Total. */
const TRIGGER_TYPES = ['Cos', 'Timer', 'Cmq', 'Ckafka', 'Apigw', 'Cls', 'Clb', 'Mps', 'Cm', 'Vod', 'Eb'];

const GetAccount = action({
  request: z.object({}),
  async handle(_, { control, region }: ScfContext) {
    const [usage, limits] = await Promise.all([control.accounts.usage(region), control.accounts.limits(region)]);
    return { AccountUsage: wireUsage(usage), AccountLimit: wireLimits(limits, usage.totalConcurrencyMB) };
  },
});

function wireUsage(usage: AccountUsage): object {
  return {
    NamespacesCount: usage.namespaces.length,
    Namespace: usage.namespaces.map(({ namespace, functions, reservedMB, provisionedMB }) => ({
      Namespace: namespace,
      Functions: functions,
      FunctionsCount: functions.length,
      TotalConcurrencyMem: usage.totalConcurrencyMB,
      TotalAllocatedConcurrencyMem: reservedMB,
      TotalAllocatedProvisionedMem: provisionedMB,
    })),
    TotalConcurrencyMem: usage.totalConcurrencyMB,
    TotalAllocatedConcurrencyMem: usage.allocatedConcurrencyMB,
    UserConcurrencyMemLimit: usage.userConcurrencyLimitMB,
  };
}

function wireLimits(limits: AccountLimits, quotaMB: number): object {
  const perType = Object.fromEntries(TRIGGER_TYPES.map(type => [type, limits.triggersPerType]));
  return {
    NamespacesCount: limits.namespaces,
    Namespace: limits.names.map(name => ({
      Namespace: name,
      FunctionsCount: limits.functionsPerNamespace,
      Trigger: { ...perType, Total: limits.triggersPerFunction },
      // The quota is in MB; this is what it makes for functions of the usual size.
      ConcurrentExecutions: Math.floor(quotaMB / MEMORY_MB.default),
      TimeoutLimit: limits.timeoutS,
      TestModelLimit: SAVED_TEST_EVENTS,
      InitTimeoutLimit: limits.initTimeoutS,
      RetryNumLimit: limits.retryNum,
      MinMsgTTL: limits.minMsgTtlS,
      MaxMsgTTL: limits.maxMsgTtlS,
    })),
  };
}

/** Documented: test events that the console saves per function. */
const SAVED_TEST_EVENTS = 20;

export const ACCOUNT_ACTIONS = { GetAccount };
