// The one account: its keys, what it uses and what it may use.

import { INIT_TIMEOUT_S, MSG_TTL_S, RETRY_NUM_MAX, regionQuotaMB, TIMEOUT_S } from '../core/limits.ts';
import type { Account } from '../core/trigger.ts';
import type { Accounts, KeyPair } from './control.ts';
import { namespacesOf } from './namespaces.ts';
import type { Room } from './room.ts';

/** A key pair of the settings. */
export interface AccountKey extends KeyPair {
  readonly secretId: string;
}

export function accountsIn(room: Room, account: Account, keys: readonly AccountKey[]): Accounts {
  const { store, catalog, quotas } = room;
  const pairs = new Map(keys.map(({ secretId, ...pair }) => [secretId, Object.freeze(pair)]));

  return {
    appId: account.appId,
    uin: account.uin,
    secretOf: secretId => pairs.get(secretId),

    async usage(region) {
      const namespaces = (await namespacesOf(store, region)).map(({ namespace }) => ({
        namespace,
        functions: catalog
          .inNamespace(region, namespace)
          .map(({ row }) => row.name)
          .toSorted(),
      }));
      const quotaMB = regionQuotaMB(region);
      return { namespaces, totalConcurrencyMB: quotaMB, allocatedConcurrencyMB: 0, userConcurrencyLimitMB: quotaMB };
    },

    async limits(region) {
      return {
        namespaces: quotas.namespacesPerRegion,
        names: (await namespacesOf(store, region)).map(row => row.namespace),
        functionsPerNamespace: quotas.functionsPerNamespace,
        triggersPerType: quotas.triggersPerType,
        triggersPerFunction: quotas.triggersPerFunction,
        timeoutS: TIMEOUT_S.max,
        initTimeoutS: INIT_TIMEOUT_S.max,
        retryNum: RETRY_NUM_MAX,
        minMsgTtlS: MSG_TTL_S.min,
        maxMsgTtlS: MSG_TTL_S.max,
      };
    },
  };
}
