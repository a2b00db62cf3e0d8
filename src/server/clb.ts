// The settings as the load balancer takes them.

import type { Config } from '../config.ts';
import { trustedProxies } from '../http/client.ts';
import { type ClbDeps, createClb } from '../services/clb/clb.ts';
import type { Clb } from '../services/clb/contract.ts';
import { defaultPool, parsePool } from '../services/clb/vips.ts';
import type { Closers } from './closers.ts';
import { fail } from './errors.ts';

type Deps = Omit<ClbDeps, 'settings' | 'proxies' | 'edge'> & {
  readonly config: Pick<Config, 'clb' | 'portOffset' | 'trustedProxies' | 'grace'>;
  /** Of the HTTP edge; its port may be taken from the system, so it is asked for when it is shown. */
  readonly httpOrigin: () => string;
};

/** Its ports are opened by `open`, when the functions of its rules are attached. */
export async function openClb({ config, httpOrigin, ...deps }: Deps, opened: Closers): Promise<Clb> {
  const vips = config.clb.vips.trim() || defaultPool(process.platform);
  const pool = parsePool(vips) ?? fail('Server.Vips', { vips });
  const clb = await createClb({
    ...deps,
    edge: {
      get httpOrigin() {
        return httpOrigin();
      },
    },
    proxies: trustedProxies(config.trustedProxies),
    settings: { pool, portOffset: config.portOffset },
  });
  opened.defer(() => clb.close(config.grace * 1000));
  return clb;
}
