// The settings as the load balancer and its kind of trigger take them, and its management side over what the server has.

import type { ClbApiDeps } from '../api/clb/deps.ts';
import type { Config } from '../config.ts';
import type { Control } from '../control/control.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { trustedProxies } from '../http/client.ts';
import { type ClbDeps, createClb } from '../services/clb/clb.ts';
import type { Clb } from '../services/clb/contract.ts';
import { certificateUsers } from '../services/clb/verbs/certificates.ts';
import { functionRules } from '../services/clb/verbs/functions.ts';
import { defaultPool, parsePool } from '../services/clb/verbs/vips.ts';
import { clbDescOf } from '../triggers/clb/desc.ts';
import type { ClbKindSettings } from '../triggers/clb/kind.ts';
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

/** How its triggers show where they are reached, and what their events look like. */
export function shownRules(clb: Clb, { compat }: Pick<Config, 'compat'>): ClbKindSettings {
  return {
    base64Flag: compat.clbBase64Flag,
    extendedEvent: compat.clbExtendedEvent,
    urlOf(locationId) {
      const rule = clb.rules.anywhere(locationId);
      return rule && clb.urls(rule)[0];
    },
  };
}

interface ManagementDeps extends Pick<ClbApiDeps, 'certificates' | 'tags'> {
  readonly clb: Clb;
  readonly control: Pick<Control, 'triggers' | 'catalog'>;
  readonly ids: Ids;
  readonly log: Log;
}

/** A certificate that a listener or a domain shows stays. */
export function clbManagement({ clb, control, certificates, tags, ids, log }: ManagementDeps): ClbApiDeps {
  certificates.askBeforeRemoval(certificateUsers(clb));
  const { triggers, catalog } = control;
  return { clb, tags, certificates, ids, functions: functionRules({ clb, triggers, catalog, descOf: clbDescOf, log }) };
}
