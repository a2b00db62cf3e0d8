// DescribeQuota.

import { z } from 'zod';
import { action } from '../action.ts';
import type { ClbContext } from './deps.ts';

/** With one address for all, their ports are what there is a limit of. */
const PORTS = 65_535;

const DescribeQuota = action({
  request: z.object({}),
  async handle(_, { clb, region }: ClbContext) {
    const { addresses, shared } = clb.limits.pool;
    const balancers = clb.balancers.list(region);
    const count = (type: 'OPEN' | 'INTERNAL') => balancers.filter(one => one.type === type).length;
    const limit = shared ? PORTS : addresses;
    return {
      QuotaSet: [
        { QuotaId: 'TOTAL_OPEN_CLB_QUOTA', QuotaCurrent: count('OPEN'), QuotaLimit: limit },
        { QuotaId: 'TOTAL_INTERNAL_CLB_QUOTA', QuotaCurrent: count('INTERNAL'), QuotaLimit: limit },
        { QuotaId: 'TOTAL_LISTENER_QUOTA', QuotaCurrent: null, QuotaLimit: clb.limits.listeners },
        { QuotaId: 'TOTAL_LISTENER_RULE_QUOTA', QuotaCurrent: null, QuotaLimit: clb.limits.rules },
        { QuotaId: 'TOTAL_TARGET_BIND_QUOTA', QuotaCurrent: null, QuotaLimit: clb.limits.servers },
      ],
    };
  },
});

export const QUOTA_ACTIONS = { DescribeQuota };
