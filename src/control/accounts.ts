// The one account: its keys, what it uses and what it may use.

import { INIT_TIMEOUT_S, MSG_TTL_S, RETRY_NUM_MAX, TIMEOUT_S } from '../core/limits.ts';
import type { Account } from '../core/trigger.ts';
import type { RegionQuotas } from './concurrency/quota.ts';
import { provisionedMB } from './concurrency/rules.ts';
import type { Accounts, KeyPair } from './control.ts';
import { namespacesOf } from './namespaces.ts';
import type { Room } from './room.ts';
import type { Sessions } from './sessions.ts';

/** A key pair of the settings. */
export interface AccountKey extends KeyPair {
  readonly secretId: string;
}

interface AccountDeps {
  readonly account: Account;
  readonly keys: readonly AccountKey[];
  readonly sessions: Sessions;
}

export function accountsIn(room: Room, regions: RegionQuotas, { account, keys, sessions }: AccountDeps): Accounts {
  const { store, catalog, quotas } = room;
  const pairs = new Map(keys.map(({ secretId, ...pair }) => [secretId, Object.freeze(pair)]));

  return {
    appId: account.appId,
    uin: account.uin,
    secretOf: (secretId, token = '') => pairs.get(secretId) ?? sessions.find(secretId, token),
    heldKey(secretId, token) {
      const pair = pairs.get(secretId);
      return pair ? { ...pair, holder: sessions.root, session: undefined } : sessions.find(secretId, token);
    },

    async usage(region) {
      const namespaces = (await namespacesOf(store, region)).map(({ namespace }) => {
        const functions = catalog.inNamespace(region, namespace);
        return {
          namespace,
          functions: functions.map(({ row }) => row.name).toSorted(),
          reservedMB: sum(functions.map(({ entry }) => entry.concurrency.reservedMB ?? 0)),
          provisionedMB: sum(functions.map(({ entry }) => provisionedMB(entry))),
        };
      });
      return {
        namespaces,
        totalConcurrencyMB: regions.quotaMB(region),
        allocatedConcurrencyMB: catalog.reservedMB(region),
        userConcurrencyLimitMB: regions.limitMB(region),
      };
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
