// The settings of the section quota, by control's names.

import type { Config } from '../config.ts';
import type { Quotas } from '../control/quotas.ts';
import { regionQuotaMB } from '../core/limits.ts';

export function quotasOf(quota: Config['quota']): Quotas {
  return {
    namespacesPerRegion: quota.namespaces,
    functionsPerNamespace: quota.functions,
    versionsPerFunction: quota.versions,
    triggersPerType: quota.triggersPerType,
    triggersPerFunction: quota.triggers,
    layersPerRegion: quota.layers,
    versionsPerLayer: quota.layerVersions,
    concurrencyMB: region => quota.concurrency ?? regionQuotaMB(region),
  };
}
