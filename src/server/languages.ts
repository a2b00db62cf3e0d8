// The languages of functions as the settings ask for them, and their versions fetched before the first call needs one.

import type { Config } from '../config.ts';
import { FUNCTION_CHANGED } from '../control/catalog.ts';
import type { Clock } from '../core/clock.ts';
import type { FunctionEntry, FunctionKey } from '../core/function.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Bus, Catalog } from '../core/ports.ts';
import { type Languages, openLanguages } from '../runtime/languages/index.ts';
import type { Closers } from './closers.ts';

export interface LanguagesDeps {
  readonly config: Pick<Config, 'runtimes' | 'registry'>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export function languagesOf({ config, ...deps }: LanguagesDeps, opened: Closers): Languages {
  const languages = openLanguages({ ...deps, runtimes: config.runtimes, registry: config.registry });
  opened.defer(() => languages.close());
  return languages;
}

/** What is deployed now and from now on: nothing waits for it, and a function is made without a network too. */
export function prefetch(
  languages: Pick<Languages, 'prefetch'>,
  catalog: Catalog & { all(): Iterable<{ readonly entry: FunctionEntry }> },
  bus: Bus,
  opened: Closers,
): void {
  const runtimes = new Set([...catalog.all()].flatMap(({ entry }) => [...entry.versions.values()].map(v => v.runtime)));
  for (const runtime of runtimes) languages.prefetch(runtime);
  const changes = bus.subscribe(FUNCTION_CHANGED, text => {
    const entry = catalog.find(JSON.parse(text) as FunctionKey);
    // All versions of a function have one runtime.
    const [version] = entry?.versions.values() ?? [];
    if (version) languages.prefetch(version.runtime);
  });
  opened.defer(() => changes[Symbol.dispose]());
}
