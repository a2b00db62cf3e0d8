// What the command line does with runtimes: look, install, remove. It acts on the data folder, with or without a server.

import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isExact, numbersOf } from '../languages/choose.ts';
import type { Languages } from '../languages/index.ts';
import type { Choice, Language } from '../languages/language.ts';
import { stockOf } from './documented.ts';
import { fail } from './errors.ts';
import { installLibraries, type Libraries, type LibrariesDeps, readLibraries } from './libraries.ts';

export interface RuntimeRow {
  readonly runtime: string;
  /** Empty when nothing here can run it. */
  readonly version: string;
  readonly path: string;
  /** The version is the runtime's own. */
  readonly exact: boolean;
  /** How many libraries are installed, of how many that are documented or offered. */
  readonly libraries: number;
  readonly stock: number;
  /** In the data folder, for this runtime. */
  readonly bytes: number;
}

export interface Installed {
  readonly runtime: string;
  readonly version: string;
  readonly path: string;
  readonly exact: boolean;
  /** undefined when they were not asked for. */
  readonly libraries?: Libraries | undefined;
}

export async function listRuntimes(languages: Languages, dir: string): Promise<RuntimeRow[]> {
  const rows = languages.served.flatMap(language => language.runtimes.map(runtime => rowOf(language, runtime, dir)));
  return Promise.all(rows);
}

async function rowOf(language: Language, runtime: string, dir: string): Promise<RuntimeRow> {
  const choice = language.obstacle() ? undefined : await language.available(runtime);
  const { version = '', path = '' } = choice?.interpreter ?? {};
  const fetched = path.startsWith(dir) ? await sizeOf(join(dir, `nodejs-${version}`)) : 0;
  return {
    runtime,
    version,
    path,
    exact: isExact(numbersOf(runtime), version),
    libraries: choice?.libraries === undefined ? 0 : (readLibraries(dir, runtime)?.installed.length ?? 0),
    stock: stockOf(runtime)?.libraries.length ?? 0,
    bytes: fetched + (await sizeOf(join(dir, runtime))),
  };
}

/** The very version where it can be had, else what would run; then the libraries. */
export async function installRuntime(
  languages: Languages,
  deps: LibrariesDeps,
  runtime: string,
  withLibraries: boolean,
): Promise<Installed> {
  const language = languageOf(languages, runtime);
  if (language.obstacle()) return fail('Runtime.NoInterpreter', { title: language.name, runtime });
  await language.install(runtime);
  const { interpreter }: Choice = await language.available(runtime);
  const exact = isExact(numbersOf(runtime), interpreter.version);
  const libraries = withLibraries ? await installLibraries(deps, runtime, interpreter, exact) : undefined;
  return { runtime, ...interpreter, exact, libraries };
}

/** Bytes that were freed; 0 when nothing was there. Interpreters of the system stay. */
export async function removeRuntime(languages: Languages, dir: string, runtime: string): Promise<number> {
  languageOf(languages, runtime);
  const own = runtime.startsWith('Nodejs') ? (await names(dir)).filter(name => isVersionOf(runtime, name)) : [];
  let bytes = 0;
  for (const path of [...own, runtime].map(name => join(dir, name)).filter(existsSync)) {
    bytes += await sizeOf(path);
    await rm(path, { recursive: true, force: true });
  }
  return bytes;
}

function isVersionOf(runtime: string, folder: string): boolean {
  const version = /^nodejs-([\d.]+)$/.exec(folder)?.[1];
  return version !== undefined && isExact(numbersOf(runtime), version);
}

function languageOf({ served }: Languages, runtime: string): Language {
  const language = served.find(one => one.pattern.test(runtime));
  const known = served.flatMap(one => one.runtimes).join(', ');
  return language ?? fail('Runtime.Unknown', { runtime, known });
}

async function names(dir: string): Promise<string[]> {
  return readdir(dir).catch(() => []);
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries.filter(one => one.isFile())) {
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
