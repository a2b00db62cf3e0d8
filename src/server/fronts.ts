// The ports of a server, and who answers on them.

import type { Config } from '../config.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { openFront } from '../http/server.ts';
import type { Site } from '../http/site.ts';
import type { TlsReady } from '../http/tls.ts';
import type { Closers } from './closers.ts';

/** 0 until a port is open: it may be taken from the system. */
export interface Ports {
  api: number;
  cos: number;
  http: number;
  tls: number;
}

interface Sites {
  /** Asked in their order whether a request is theirs. */
  readonly shared: readonly Site[];
  /** Who answers where nobody claims a request. */
  readonly api: Site;
  /** Alone on its port: any path may be a key. */
  readonly cos: Site;
  readonly edge: Site;
  readonly tls: TlsReady['options'];
}

type Setting = 'portApi' | 'portCos' | 'portHttp' | 'portTls';

/** Opens all of them, and writes down which they are. */
export async function openFronts(
  ports: Ports,
  { shared, api, cos, edge, tls }: Sites,
  { config, ids, log }: { readonly config: Config; readonly ids: Ids; readonly log: Log },
  opened: Closers,
): Promise<void> {
  const open = async (setting: Setting, fallback: Site, sites = shared, options?: TlsReady['options']) => {
    const { host } = config;
    const front = await openFront({
      host,
      port: config[setting],
      setting,
      sites,
      fallback,
      log,
      requestId: () => ids.uuid(),
      ...(options && { tls: options }),
    });
    opened.defer(() => front.close(config.grace * 1000));
    return front.port;
  };
  ports.api = await open('portApi', api);
  ports.cos = await open('portCos', cos, []);
  ports.http = await open('portHttp', edge);
  ports.tls = await open('portTls', edge, shared, tls);
}
