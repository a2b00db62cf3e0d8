// The object store whole: what it keeps, and how it is asked for it.

import type { Clock } from '../../core/clock.ts';
import { NO_PROXIES, type TrustedProxies } from '../../http/client.ts';
import { AccountGuard, type HeldSecret } from './auth/guard.ts';
import type { Secrets } from './auth/secrets.ts';
import type { Cos } from './contract.ts';
import { cosSite } from './http/site.ts';
import { createStore, type StoreDeps } from './store.ts';

export interface CosDeps extends StoreDeps {
  readonly secrets: Secrets<HeldSecret>;
  /** True time: clients sign by theirs. */
  readonly wallClock: Clock;
  /** Of buckets that are made by a host that names none. */
  readonly region: string;
  /** Host names that are no bucket's, whatever they look like; lower case, without ports. */
  readonly endpoints: readonly string[];
  readonly proxies?: TrustedProxies;
}

/** Closing it closes neither of the ports. */
export async function openCos(deps: CosDeps): Promise<Cos> {
  const { secrets, wallClock, account, region, endpoints, proxies = NO_PROXIES, clock, ids, log } = deps;
  const cos = await createStore(deps);
  const guard = new AccountGuard({ secrets, wallClock, account });
  return { ...cos, site: cosSite({ cos, guard, clock, ids, log, account, region, endpoints, proxies }) };
}
