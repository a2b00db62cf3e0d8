// What the command line shows and the Cloud API has no action for.

import type { Control } from '../../control/control.ts';
import type { Language } from '../../core/errors.ts';
import { type FunctionEntry, LATEST } from '../../core/function.ts';
import { refuse } from '../errors.ts';
import type { OpenscfRoute } from './routes.ts';

/** As much of a trigger kind as can be shown. */
export interface KindView {
  readonly type: string;
  readonly title: { readonly zh: string; readonly en: string };
  sample(): unknown;
}

export interface LanguageView {
  readonly found: readonly { readonly version: string; readonly path: string; readonly runtimes: readonly string[] }[];
  /** Runtime ids that run on another version than their own, or ('') not at all. */
  readonly missing: readonly {
    readonly runtime: string;
    readonly runsOn: string;
    /** Its own version is fetched when it is first needed. */
    readonly fetched?: boolean;
  }[];
  /** Runtime ids whose preinstalled libraries are there. */
  readonly withLibraries?: readonly string[];
  readonly refused?: { readonly zh: string; readonly en: string };
}

interface ObjectCounts {
  readonly checked: number;
  readonly damaged: number;
  /** It could not be told. */
  readonly unchecked: number;
}

/** What looking through all objects of the store has found. */
export interface ObjectsView extends ObjectCounts {
  /** ms since 1970; undefined if it never has; `endedAt` is undefined while it goes on. */
  readonly begunAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Of what was written last before a crash, if the start followed one. */
  readonly afterCrash: ObjectCounts | undefined;
  /** Damaged still; not all if there are many. */
  readonly found: readonly { readonly bucket: string; readonly key: string; readonly versionId: string }[];
  /** Of uploads that are not complete: damaged still. */
  readonly parts: readonly {
    readonly bucket: string;
    readonly key: string;
    readonly uploadId: string;
    readonly number: number;
  }[];
}

/** Events that other object stores have posted, since the start. */
export interface OtherStoresView {
  readonly accepted: number;
  /** Of kinds that there are none of here. */
  readonly ignored: number;
  /** Lost, by bucket: the setting s3.buckets does not name it. */
  readonly unmapped: Readonly<Record<string, number>>;
}

export interface ViewDeps {
  readonly control: Pick<Control, 'catalog' | 'triggers' | 'missed'>;
  readonly kinds: readonly KindView[];
  readonly version: string;
  readonly driver: {
    readonly name: string;
    readonly weaker: readonly { readonly whole: Readonly<Record<Language, string>> }[];
    readonly instead?: Readonly<Record<Language, string>>;
  };
  readonly load: () => {
    readonly memoryMB: number;
    readonly usedMB: number;
    readonly instances: readonly { readonly runs: number }[];
    readonly prepared: number;
    readonly waiting: number;
  };
  readonly languages: () => Promise<readonly LanguageView[]>;
  /** undefined before they have been looked through for the first time, and where they never are. */
  readonly objects: () => ObjectsView | undefined;
  readonly otherStores: () => OtherStoresView;
  /** What becomes of the cloud's names inside functions. */
  readonly cloudNames: Readonly<Record<Language, string>>;
}

export function viewRoutes(deps: ViewDeps): readonly OpenscfRoute[] {
  const { control, kinds, version, driver, load, languages, objects, otherStores, cloudNames } = deps;
  return [
    {
      method: 'GET',
      path: '/urls',
      async handle() {
        const entries = [...control.catalog.all()].map(({ entry }) => entry);
        entries.sort((a, b) => (order(a) < order(b) ? -1 : 1));
        return { functions: await Promise.all(entries.map(entry => functionUrls(control, entry))) };
      },
    },
    {
      method: 'GET',
      path: '/kinds',
      handle: () => ({ kinds: kinds.map(({ type, title }) => ({ type, title })) }),
    },
    {
      method: 'GET',
      path: '/sample/:type',
      handle({ params }) {
        const kind = kinds.find(one => one.type === params.type);
        const known = kinds.map(one => one.type).join(', ');
        return kind ? kind.sample() : refuse('NoSuchKind', { type: params.type ?? '', known });
      },
    },
    {
      method: 'GET',
      path: '/doctor',
      async handle({ language }) {
        const runtimes = (await languages()).flatMap(one => runtimesOf(one, language));
        const { name, weaker, instead } = driver;
        const { memoryMB, usedMB, instances, prepared, waiting } = load();
        return {
          version,
          node: process.versions.node,
          driver: {
            name,
            notes: [...(instead ? [instead[language]] : []), ...weaker.map(({ whole }) => whole[language])],
          },
          load: { instances: instances.length, prepared, waiting, usedMB, memoryMB },
          cloudNames: cloudNames[language],
          functions: countFunctions(control),
          runtimes,
          objects: objects(),
          otherStores: otherStores(),
          missed: await control.missed.list(),
        };
      },
    },
  ];
}

function countFunctions({ catalog }: ViewDeps['control']) {
  const types = [...catalog.all()].map(({ entry }) => entry.versions.get(LATEST)?.type);
  return { all: types.length, web: types.filter(type => type === 'HTTP').length };
}

const order = ({ key }: FunctionEntry): string => `${key.region}/${key.namespace}/${key.name}`;
/** More than any function may have. */
const ALL = 1000;

async function functionUrls({ triggers }: ViewDeps['control'], { key, versions }: FunctionEntry) {
  const latest = versions.get(LATEST);
  const { rows } = await triggers.query({ ...key, limit: ALL });
  return {
    ...key,
    runtime: latest?.runtime ?? '',
    status: latest?.status ?? '',
    triggers: rows.map(({ trigger, summary, urls }) => ({
      type: trigger.type,
      name: trigger.triggerName,
      qualifier: trigger.qualifier,
      enabled: trigger.enabled,
      summary,
      urls,
    })),
  };
}

function runtimesOf({ found, missing, refused, withLibraries = [] }: LanguageView, language: 'zh' | 'en') {
  const elsewhere = new Map(missing.map(one => [one.runtime, one]));
  const words = WORDS[language];
  const served = found.flatMap(({ runtimes, version, path }) =>
    runtimes.map(runtime => {
      const stands = elsewhere.get(runtime);
      const standing = stands ? [stands.fetched ? words.fetched : words.stands] : [];
      const libraries = withLibraries.includes(runtime) ? [words.libraries] : [];
      return { runtime, works: true, detail: [version, path, ...standing, ...libraries].join('  ') };
    }),
  );
  const refusals = missing
    .filter(one => one.runsOn === '')
    .map(({ runtime }) => ({ runtime, works: false, detail: refused?.[language] ?? '' }));
  return [...served, ...refusals];
}

const WORDS = {
  zh: { stands: '（最接近的版本）', fetched: '（首次使用时下载对应版本）', libraries: '（已安装预装依赖库）' },
  en: {
    stands: '(the nearest version)',
    fetched: '(its own version is fetched on first use)',
    libraries: '(with the preinstalled libraries)',
  },
} as const;
