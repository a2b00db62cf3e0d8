// What a server that was killed may have left behind, removed before anything new is made.

import type { LiveCatalog } from '../control/catalog.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Products } from './products.ts';

export interface SweepDeps {
  readonly store: Pick<Store, 'list'>;
  readonly catalog: Pick<LiveCatalog, 'all'>;
  readonly products: Pick<Products, 'sweep'>;
  readonly runtime: Pick<Runtime, 'sweepCode' | 'sweepLayers'>;
  readonly log: Log;
}

export async function sweep({ store, catalog, products, runtime, log }: SweepDeps): Promise<void> {
  const triggers = new Set((await store.list('triggers')).map(trigger => trigger.id));
  await products.sweep(id => triggers.has(id));
  const versions = [...catalog.all()].flatMap(({ entry }) => [...entry.versions.values()]);
  const packages = versions.flatMap(({ code, layers }) => [code, ...layers.map(layer => layer.code)]);
  // What stays costs room and nothing else: no reason not to start.
  await runtime
    .sweepLayers(versions.map(version => version.layers))
    .then(() => runtime.sweepCode(new Set(packages.map(code => code.sha256))))
    .catch(error => log.warn({ err: error }, 'old unpacked code could not be removed'));
}
