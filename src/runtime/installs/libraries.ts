// The preinstalled libraries of a runtime in the data folder: `<runtime>/lib`, laid out as the language itself does.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ids } from '../../core/ids.ts';
import { numbersOf } from '../languages/choose.ts';
import type { Interpreter } from '../languages/language.ts';
import { type Library, type Stock, stockOf } from './documented.ts';
import { fail } from './errors.ts';
import { findNpm, type Program, reasonOf, run } from './tool.ts';

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

export interface Libraries {
  /** `requests 2.21.0`, or the name alone where the newest was taken. */
  readonly installed: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

export interface LibrariesDeps {
  /** `<data>/runtimes` */
  readonly dir: string;
  readonly ids: Ids;
  /** Of npm packages; the one that npm is set to if left out. */
  readonly registry?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** These alone; all when left out. */
  readonly only?: readonly string[] | undefined;
}

const RECORD = 'libraries.json';

/**
 * Python: the folder for sys.path; Node.js: the one that holds node_modules. undefined when they are not installed
 * for this interpreter.
 */
export function librariesOf(dir: string, runtime: string, interpreter: Interpreter): string | undefined {
  const folder = join(dir, runtime, placeOf(runtime, interpreter));
  if (!existsSync(folder)) return undefined;
  return runtime.startsWith('Nodejs') ? dirname(folder) : folder;
}

/** Compiled parts of Python libraries are for one minor version. */
function placeOf(runtime: string, { version }: Interpreter): string {
  const [major, minor] = numbersOf(version);
  return runtime.startsWith('Nodejs') ? join('lib', 'node_modules') : join('lib', `python${major}.${minor}`);
}

/** What `installLibraries` did, if it was. */
export function readLibraries(dir: string, runtime: string): Libraries | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dir, runtime, RECORD), 'utf8'));
    const isRecord = typeof value === 'object' && value !== null && 'installed' in value && 'leftOut' in value;
    return isRecord ? (value as Libraries) : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces what is there, once all that can be had is. `exact`: the interpreter is the runtime's own version. */
export async function installLibraries(
  deps: LibrariesDeps,
  runtime: string,
  interpreter: Interpreter,
  exact: boolean,
): Promise<Libraries> {
  const { dir, ids } = deps;
  const stock = stockOf(runtime);
  if (!stock) return fail('Runtime.Unknown', { runtime, known: 'Nodejs…, Python…' });
  const partial = join(dir, `.new-${ids.bytes(6).toString('hex')}`);
  const folder = join(partial, placeOf(runtime, interpreter));
  try {
    await mkdir(folder, { recursive: true });
    // On another version than documented, the documented versions of libraries often cannot be had.
    const wanted = chosen(stock, runtime, deps.only).map(one => (exact ? one : { ...one, version: undefined }));
    const done = await installAll(installerOf(stock, deps, interpreter, partial, folder), wanted.map(plain));
    if (done.installed.length === 0) {
      return fail('Runtime.Libraries', { runtime, reason: done.leftOut[0]?.reason ?? '' });
    }
    if (stock.tool === 'pip') await finishPython(folder);
    await writeFile(join(partial, RECORD), JSON.stringify(done));
    const target = join(dir, runtime);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
    return done;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function chosen({ libraries }: Stock, runtime: string, only?: readonly string[]): readonly Library[] {
  return (
    only?.map(name => {
      const known = libraries.map(one => one.name).join(', ');
      return libraries.find(one => sameName(one.name, name)) ?? fail('Runtime.NoLibrary', { runtime, name, known });
    }) ?? libraries
  );
}

const plain = ({ version, ...rest }: Omit<Library, 'version'> & { version?: string | undefined }): Library =>
  version === undefined ? rest : { ...rest, version };

interface Installer {
  install(libraries: readonly Library[], alone: boolean): Promise<{ readonly ok: boolean; readonly output: string }>;
  /** The library that a failure is about, as the tool names it. */
  culprit(output: string): string | undefined;
}

/** Nothing can be had at all, whatever the library. */
const OFFLINE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|Failed to establish|name resolution|ConnectTimeout|No module named pip/;

/** Names of the index do not tell case, `-`, `_` and `.`. */
const sameName = (a: string, b: string): boolean =>
  a.toLowerCase().replace(/[-_.]+/g, '-') === b.toLowerCase().replace(/[-_.]+/g, '-');

async function installAll(tool: Installer, wanted: readonly Library[]): Promise<Libraries> {
  const leftOut: LeftOut[] = [];
  const installed: Library[] = [];
  for (const alone of [false, true]) {
    const left = new Set(wanted.filter(one => (one.alone ?? false) === alone));
    while (left.size > 0) {
      const { ok, output } = await tool.install([...left], alone);
      if (ok) {
        installed.push(...left);
        break;
      }
      if (OFFLINE.test(output)) {
        return { installed: [], leftOut: wanted.map(({ name }) => ({ name, reason: reasonOf(output) })) };
      }
      const named = tool.culprit(output);
      const about = named === undefined ? undefined : [...left].find(one => sameName(one.name, named));
      if (!about) {
        await oneByOne(tool, left, alone, installed, leftOut);
        break;
      }
      left.delete(about);
      // The documented version may have been taken back, or not be there for this machine.
      if (about.version !== undefined) left.add(plain({ ...about, version: undefined }));
      else leftOut.push({ name: about.name, reason: reasonOf(output) });
    }
  }
  const text = ({ name, version }: Library) => (version === undefined ? name : `${name} ${version}`);
  return { installed: installed.map(text).sort(), leftOut };
}

async function oneByOne(
  tool: Installer,
  libraries: ReadonlySet<Library>,
  alone: boolean,
  installed: Library[],
  leftOut: LeftOut[],
): Promise<void> {
  for (const one of libraries) {
    const { ok, output } = await tool.install([one], alone);
    if (ok) installed.push(one);
    else leftOut.push({ name: one.name, reason: reasonOf(output) });
  }
}

function installerOf(
  { tool }: Stock,
  { env = process.env, registry }: LibrariesDeps,
  interpreter: Interpreter,
  partial: string,
  folder: string,
): Installer {
  if (tool === 'npm') {
    const npm = findNpm(env) ?? fail('Runtime.NoInstaller', { tool: 'npm' });
    return npmInstaller(npm, join(partial, 'lib'), registry, env);
  }
  return pipInstaller({ command: interpreter.path, first: ['-m', 'pip'] }, folder, env);
}

function npmInstaller(npm: Program, prefix: string, registry: string | undefined, env: NodeJS.ProcessEnv): Installer {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=optional', '--loglevel=error'];
  const from = registry === undefined ? [] : ['--registry', registry];
  return {
    install: libraries =>
      run(
        npm,
        [
          'install',
          '--prefix',
          prefix,
          ...flags,
          ...from,
          ...libraries.map(({ name, version }) => `${name}@${version ?? 'latest'}`),
        ],
        env,
      ),
    culprit: output =>
      /No matching version found for (@?[^@\s]+)@/.exec(output)?.[1] ??
      /404\s+(?:The requested resource )?'((?:@[^/]+\/)?[^@']+)@/.exec(output)?.[1],
  };
}

function pipInstaller(pip: Program, folder: string, env: NodeJS.ProcessEnv): Installer {
  const flags = ['--prefer-binary', '--no-input', '--disable-pip-version-check', '--retries', '2', '--quiet'];
  return {
    install: (libraries, alone) =>
      run(
        pip,
        [
          'install',
          '--target',
          folder,
          ...flags,
          ...libraries.flatMap(({ name, binary }) => (binary ? ['--only-binary', name] : [])),
          ...(alone ? ['--no-deps'] : []),
          ...libraries.map(({ name, version }) => (version === undefined ? name : `${name}==${version}`)),
        ],
        env,
      ),
    culprit: output => /No matching distribution found for ([A-Za-z0-9._-]+)/.exec(output)?.[1],
  };
}

/** In the cloud the module has two names; both must raise the same exceptions. */
const COS_ALIAS = `import sys
import qcloud_cos
for name, module in list(sys.modules.items()):
    if name == 'qcloud_cos' or name.startswith('qcloud_cos.'):
        sys.modules['qcloud_cos_v5' + name[len('qcloud_cos'):]] = module
`;

/** A package in parts, for Python 2; where pip installs for itself, a .pth file does that. */
const PARTS = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";

async function finishPython(folder: string): Promise<void> {
  if (existsSync(join(folder, 'qcloud_cos'))) {
    await mkdir(join(folder, 'qcloud_cos_v5'), { recursive: true });
    await writeFile(join(folder, 'qcloud_cos_v5', '__init__.py'), COS_ALIAS);
  }
  const google = join(folder, 'google', '__init__.py');
  if (existsSync(dirname(google)) && !existsSync(google)) await writeFile(google, PARTS);
}
