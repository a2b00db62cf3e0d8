// How many there may be of what; settable.

import {
  FUNCTIONS_PER_NAMESPACE,
  LAYERS_PER_REGION,
  NAMESPACES_PER_REGION,
  regionQuotaMB,
  TRIGGERS_PER_FUNCTION,
  TRIGGERS_PER_TYPE,
  VERSIONS_PER_FUNCTION,
  VERSIONS_PER_LAYER,
} from '../core/limits.ts';

export interface Quotas {
  readonly namespacesPerRegion: number;
  readonly functionsPerNamespace: number;
  readonly versionsPerFunction: number;
  readonly triggersPerType: number;
  readonly triggersPerFunction: number;
  /** The most concurrency that a region may have, in MB. */
  readonly concurrencyMB: (region: string) => number;
  readonly layersPerRegion: number;
  readonly versionsPerLayer: number;
}

export const DOCUMENTED_QUOTAS: Quotas = Object.freeze({
  namespacesPerRegion: NAMESPACES_PER_REGION,
  functionsPerNamespace: FUNCTIONS_PER_NAMESPACE,
  versionsPerFunction: VERSIONS_PER_FUNCTION,
  triggersPerType: TRIGGERS_PER_TYPE,
  triggersPerFunction: TRIGGERS_PER_FUNCTION,
  concurrencyMB: regionQuotaMB,
  layersPerRegion: LAYERS_PER_REGION,
  versionsPerLayer: VERSIONS_PER_LAYER,
});
