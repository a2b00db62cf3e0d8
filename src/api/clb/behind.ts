// All that stands behind a load balancer.

import type { LoadBalancer } from '../../services/clb/model.ts';
import type { ClbContext } from './deps.ts';

export interface Behind {
  /** Of servers, one for each time that they are registered. */
  readonly addresses: readonly string[];
  /** Names of functions. */
  readonly functions: readonly string[];
  /** Servers and functions together. */
  readonly count: number;
}

export async function behind(
  { region, id: loadBalancerId }: LoadBalancer,
  { clb, functions }: Pick<ClbContext, 'clb' | 'functions'>,
): Promise<Behind> {
  const addresses: string[] = [];
  const names: string[] = [];
  for (const listener of clb.listeners.list({ region, loadBalancerId })) {
    for (const { address } of listener.forwarding?.servers ?? []) addresses.push(address);
    for (const rule of clb.rules.list({ region, loadBalancerId, listenerId: listener.id })) {
      if (rule.target.kind === 'servers') addresses.push(...rule.target.servers.map(({ address }) => address));
      const called = await functions.called(rule);
      if (called) names.push(called.name);
    }
  }
  return { addresses, functions: names, count: addresses.length + names.length };
}
