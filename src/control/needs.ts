// What control asks of the rest: kept invocations, the machine's instances, the runtimes.

import type { CodePackage, FunctionKey, FunctionVersion, StatusReason } from '../core/function.ts';
import type { Page, Range, Where } from '../core/ports.ts';
import type { InvocationRow } from '../core/rows.ts';

/** Kept invocations, those that are not written yet included. */
export interface History {
  list(where: Where<'invocations'>, page: Page): Promise<InvocationRow[]>;
  count(where: Where<'invocations'>, range?: Range): Promise<number>;
}

export interface Sentence {
  readonly zh: string;
  readonly en: string;
}

/** Instances of a version that are kept ready, and those of them that run something. */
export interface Readiness {
  readonly available: number;
  readonly busy: number;
  /** Why no more can be started for now, in both languages. */
  readonly failed?: string | undefined;
}

/** What control asks of the machine. */
export interface Instances {
  provisionedOf(key: FunctionKey, version: string): Readiness;
  /** What its instances were given at their start is no longer good: others take their place. */
  renew?(version: FunctionVersion): void;
}

/** What control asks of the runtimes. */
export interface RuntimeCatalog {
  /** Taken when a request names none: `Python2.7`. */
  readonly defaultRuntime: string;
  /** `type`: a web function brings its own start file and asks less of the runtime. */
  supports(runtime: string, type?: FunctionVersion['type']): 'yes' | { readonly refused: Sentence };
  /** Unpacks and checks the stored package with its layers; a reason when it is not usable. Asked again after a crash. */
  prepare(version: FunctionVersion): Promise<StatusReason | undefined>;
  /** The same for the package of a layer. */
  prepareLayer(code: CodePackage): Promise<StatusReason | undefined>;
  /** Path of the entry file inside the package, for showing it; undefined when the runtime has none. */
  entryFile(version: FunctionVersion): string | undefined;
  /** Settings that not every machine can do and this one can, by the names that they are refused by. */
  readonly offers?: ReadonlySet<string>;
}
