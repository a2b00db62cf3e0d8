// The table of languages. Nothing else enumerates runtime ids.

import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import { librariesOf } from '../installs/libraries.ts';
import { openNodes } from '../installs/nodes.ts';
import { openRegistry, registryUrl } from '../installs/registry.ts';
import type { Interpreter, Language, Sentence } from './language.ts';
import { nodeLanguage } from './node/language.ts';
import { pythonLanguage } from './python/language.ts';

/** Ids of the cloud that are known and not run here. */
interface Unserved {
  readonly name: string;
  readonly runtimes: readonly string[];
  readonly pattern: RegExp;
}

const UNSERVED: readonly Unserved[] = [
  { name: 'PHP', runtimes: ['Php5.6', 'Php7.2', 'Php7.4', 'Php8.0'], pattern: /^Php\d(\.\d)?$/ },
  { name: 'Java', runtimes: ['Java8', 'Java11'], pattern: /^Java\d+$/ },
  { name: 'Go', runtimes: ['Go1'], pattern: /^Go\d/ },
  { name: 'CustomRuntime', runtimes: ['CustomRuntime'], pattern: /^CustomRuntime$/ },
  { name: 'CustomImage', runtimes: ['CustomImage'], pattern: /^CustomImage$/ },
];

export interface Languages {
  readonly served: readonly Language[];
  /** The language of a runtime id, or why there is none. */
  of(runtime: string): Language | { readonly refused: Sentence };
  /** Begins to bring the very version of a runtime id here; waits for nothing, fails never. */
  prefetch(runtime: string): void;
  /** Resolves when the first call of a runtime id has waited for its interpreter; undefined when there is no need to. */
  ready(runtime: string): Promise<unknown> | undefined;
  /** What is to be said of a runtime id that runs on another version than its own, for GetFunction; else empty. */
  note(runtime: string): Promise<string>;
  /** Gives up what is under way. */
  close(): void;
}

export interface LanguagesDeps {
  readonly dataDir: string;
  /** Real time. */
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** `auto` fetches the version of a runtime id when it is first needed. */
  readonly runtimes: 'auto' | 'installed';
  /** Address of an npm registry; npm's own setting if left out. */
  readonly registry?: string | undefined;
  /** Proxies, and npm's settings. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Where interpreters and libraries are kept that no system knows of. */
export const runtimesDir = (dataDir: string): string => join(dataDir, 'runtimes');

/** The languages with the versions and libraries in the data folder. */
export function openLanguages(deps: LanguagesDeps): Languages {
  const { dataDir, clock, ids, log, runtimes, env = process.env } = deps;
  const dir = runtimesDir(dataDir);
  const nodes = openNodes({ dir, registry: openRegistry(registryUrl(deps.registry, env), env), clock, ids, log });
  const libraries = (runtime: string, interpreter: Interpreter) => librariesOf(dir, runtime, interpreter);
  return makeLanguages([
    nodeLanguage({ nodes, fetch: runtimes === 'auto', librariesOf: libraries }),
    pythonLanguage({ librariesOf: libraries }),
  ]);
}

export function makeLanguages(served: readonly Language[] = [nodeLanguage(), pythonLanguage()]): Languages {
  const ids = served.map(language => `${language.runtimes[0]} … ${language.runtimes.at(-1)}`).join(', ');
  const refuse = (zh: string, en: string) => ({ refused: { zh, en } });
  const of = (runtime: string): Language | { readonly refused: Sentence } => {
    const language = served.find(row => row.pattern.test(runtime));
    const refused = language?.obstacle();
    if (refused) return { refused };
    if (language) return language;
    const known = UNSERVED.find(row => row.pattern.test(runtime));
    if (known) {
      return refuse(
        `运行环境 ${runtime} 暂不支持：尚不能运行 ${known.name} 函数，请使用 ${ids}。`,
        `The runtime ${runtime} is not supported: ${known.name} functions cannot be run yet; use one of ${ids}.`,
      );
    }
    return refuse(`运行环境 ${runtime} 不存在，请使用 ${ids}。`, `There is no runtime ${runtime}; use one of ${ids}.`);
  };
  const waiting = new Map<string, Promise<void>>();
  const settled = new Set<string>();
  return {
    served,
    of,
    prefetch(runtime) {
      served.find(row => row.pattern.test(runtime))?.prefetch(runtime);
    },
    ready(runtime) {
      if (settled.has(runtime)) return undefined;
      const language = of(runtime);
      if ('refused' in language) return undefined;
      const known = waiting.get(runtime);
      if (known) return known;
      const done = language
        .choose(runtime)
        .catch(() => undefined)
        .then(() => {
          settled.add(runtime);
          waiting.delete(runtime);
        });
      waiting.set(runtime, done);
      return done;
    },
    async note(runtime) {
      const language = of(runtime);
      if ('refused' in language) return '';
      return (await language.available(runtime)).note.replace('[PLATFORM] ', '');
    },
    close() {
      for (const language of served) language.close();
    },
  };
}

interface Missing {
  readonly runtime: string;
  /** Empty: nothing runs it. */
  readonly runsOn: string;
  /** Its own version is fetched when it is first needed. */
  readonly fetched: boolean;
}

export interface LanguageReport {
  readonly name: string;
  readonly found: readonly { readonly version: string; readonly path: string; readonly runtimes: readonly string[] }[];
  /** Runtime ids that run on another version than their own, or not at all. */
  readonly missing: readonly Missing[];
  /** Runtime ids whose preinstalled libraries are there. */
  readonly withLibraries: readonly string[];
  readonly refused?: Sentence;
}

const nothing = (runtime: string): Missing => ({ runtime, runsOn: '', fetched: false });

/** For `doctor`: what is installed and what each runtime id runs on. */
export async function reportLanguages(languages: Languages): Promise<LanguageReport[]> {
  const reports: LanguageReport[] = [];
  for (const language of languages.served) {
    const refused = language.obstacle();
    if (refused) {
      reports.push({
        name: language.name,
        found: [],
        missing: language.runtimes.map(nothing),
        withLibraries: [],
        refused,
      });
      continue;
    }
    const serves = new Map<string, string[]>((await language.found()).map(one => [one.path, []]));
    const missing: Missing[] = [];
    const withLibraries: string[] = [];
    for (const runtime of language.runtimes) {
      const { interpreter, note, libraries } = await language.available(runtime);
      if (libraries !== undefined) withLibraries.push(runtime);
      serves.get(interpreter.path)?.push(runtime);
      if (note !== '') {
        missing.push({ runtime, runsOn: interpreter.version, fetched: language.fetches(runtime) });
      }
    }
    const found = (await language.found()).map(one => ({ ...one, runtimes: serves.get(one.path) ?? [] }));
    reports.push({ name: language.name, found, missing, withLibraries });
  }
  for (const { name, runtimes } of UNSERVED) {
    const missing = runtimes.map(nothing);
    reports.push({
      name,
      found: [],
      missing,
      withLibraries: [],
      refused: { zh: `尚不能运行 ${name} 函数。`, en: `${name} functions cannot be run yet.` },
    });
  }
  return reports;
}
