// The object store with its folder, its port's answers, and the look-through of what it keeps.

import type { Config } from '../config.ts';
import type { Store } from '../core/ports.ts';
import { trustedProxies } from '../http/client.ts';
import type { Site } from '../http/site.ts';
import type { Cos } from '../services/cos/contract.ts';
import { type CosDeps, openCos } from '../services/cos/cos.ts';
import { Scrub, type ScrubProgress, type ScrubReport } from '../services/cos/upkeep/scrub.ts';
import type { CosKindSettings } from '../triggers/cos/kind.ts';
import type { Closers } from './closers.ts';

interface Deps extends Omit<CosDeps, 'region' | 'endpoints' | 'proxies'> {
  readonly config: Pick<Config, 'region' | 'baseDomain' | 'cos' | 'trustedProxies'>;
}

export interface OpenedCos extends Cos {
  /** What the look-through has found; undefined before it has begun. */
  scrubbed(): ScrubReport | undefined;
  /** Once every trigger listens: requests have waited for it. */
  begin(): Promise<void>;
}

export async function openCosHere({ config, ...deps }: Deps, opened: Closers): Promise<OpenedCos> {
  const { index, files, clock, log, store } = deps;
  const { region, baseDomain } = config;
  const endpoints = [`cos.${baseDomain}`, `cos.${region}.${baseDomain}`];
  const proxies = trustedProxies(config.trustedProxies);
  const cos = await openCos({ ...deps, region, endpoints, proxies, damaged: version => scrub.met(version) });
  opened.defer(() => cos.close());
  const scrub: Scrub = new Scrub({
    ...{ index, files, clock, log },
    buckets: () => cos.buckets.list().map(bucket => bucket.id),
    damaged: row => cos.objects.markDamaged(row),
    damagedPart: part => cos.uploads.markDamaged(part, part),
    memory: scrubMemory(store),
    bytesPerS: config.cos.scrubMB * MB,
    everyMs: DAY_MS,
  });
  opened.defer(() => scrub.close());
  const gate = waiting(cos.site);
  return {
    ...cos,
    site: gate.site,
    scrubbed: () => scrub.report(),
    async begin() {
      await cos.notices.allListen();
      if (config.cos.scrubMB > 0) scrub.start();
      gate.open();
    },
  };
}

const MB = 1024 * 1024;
const DAY_MS = 86_400_000;
const PROGRESS = Object.freeze({ kind: 'cos/scrub', region: '', id: 'progress' });

function scrubMemory(store: Store) {
  return {
    // This room alone writes this row.
    load: async () => (await store.get('resources', PROGRESS))?.body as ScrubProgress | undefined,
    save: (body: ScrubProgress) => store.put('resources', { ...PROGRESS, parent: '', body }),
  };
}

/** What is written before the triggers listen would be told to nobody. */
function waiting(site: Site): { readonly site: Site; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOpen = false;
  return {
    site: {
      ...site,
      serve: (request, response) =>
        isOpen ? site.serve(request, response) : promise.then(() => site.serve(request, response)),
    },
    open() {
      isOpen = true;
      resolve();
    },
  };
}

/** What its triggers' events look like. */
export function cosEvents({ compat }: Pick<Config, 'compat'>): CosKindSettings {
  return {
    eventName: compat.cosEventName,
    extendedEvent: compat.cosExtendedEvent,
    appendEvents: compat.cosAppendEvents,
  };
}
