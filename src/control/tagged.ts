// What of this room tags hang on, and how their resources are named.

import type { TaggedResource } from '../core/ports.ts';
import type { LiveCatalog } from './catalog.ts';

export function functionResource({ region, id }: { readonly region: string; readonly id: string }): TaggedResource {
  return { service: 'scf', region, prefix: 'lam', id };
}

/** All versions of a layer have its tags. */
export function layerResource({ region, name }: { readonly region: string; readonly name: string }): TaggedResource {
  return { service: 'scf', region, prefix: 'layer', id: name };
}

const BY_NAME = /^([^/]+)\/function\/([^/]+)$/;

/**
 * The resource as it is kept: a function goes by its id, and clients name it by namespace and name as well.
 * undefined: there is no such function. What belongs to other services is theirs to know.
 */
export function keptResource(catalog: Pick<LiveCatalog, 'all' | 'find'>, resource: TaggedResource) {
  const { service, region, prefix, id } = resource;
  if (service !== 'scf') return resource;
  if (prefix === 'lam') {
    for (const { row } of catalog.all()) if (row.id === id && row.region === region) return resource;
    return undefined;
  }
  const [, namespace, name] = (prefix === 'namespace' && BY_NAME.exec(id)) || [];
  if (namespace === undefined || name === undefined) return resource;
  const [version] = catalog.find({ region, namespace, name })?.versions.values() ?? [];
  return version && functionResource(version);
}
