// What a server that was killed may have left behind, removed before anything new is made.

import type { LiveCatalog } from '../control/catalog.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ApiGateway } from '../services/apigateway/gateway.ts';

export interface SweepDeps {
  readonly store: Pick<Store, 'list'>;
  readonly catalog: Pick<LiveCatalog, 'all'>;
  readonly gateway: Pick<ApiGateway, 'sweep'>;
  readonly runtime: Pick<Runtime, 'sweepCode'>;
  readonly log: Log;
}

export async function sweep({ store, catalog, gateway, runtime, log }: SweepDeps): Promise<void> {
  const triggers = new Set((await store.list('triggers')).map(trigger => trigger.id));
  await gateway.sweep(id => triggers.has(id));
  const packages = new Set<string>();
  for (const { entry } of catalog.all()) for (const { code } of entry.versions.values()) packages.add(code.sha256);
  // What stays costs room and nothing else: no reason not to start.
  await runtime.sweepCode(packages).catch(error => log.warn({ err: error }, 'old unpacked code could not be removed'));
}
