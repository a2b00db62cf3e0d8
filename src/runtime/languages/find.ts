// Looks for interpreters. Version managers' shims are left out: they cost more than the start of an instance.

import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Interpreter } from './language.ts';

export interface Search {
  /** File names such as python3.11. */
  readonly names: RegExp;
  /** Folders beside PATH, /usr/local/bin and /usr/bin. */
  readonly folders: readonly string[];
}

/** Real paths of programs whose name matches, each once. */
export function programs(search: Search, path = process.env.PATH ?? ''): string[] {
  const found = new Set<string>();
  for (const folder of new Set([...path.split(':'), ...search.folders, '/usr/local/bin', '/usr/bin'])) {
    if (!folder.startsWith('/')) continue;
    for (const name of listing(folder)) {
      if (!search.names.test(name)) continue;
      const real = programOf(join(folder, name));
      if (real) found.add(real);
    }
  }
  return [...found];
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** undefined for what is no binary: shims and wrappers are scripts. */
function programOf(path: string): string | undefined {
  let fd: number | undefined;
  try {
    const real = realpathSync(path);
    accessSync(real, constants.X_OK);
    if (!statSync(real).isFile()) return undefined;
    fd = openSync(real, 'r');
    const head = Buffer.alloc(2);
    readSync(fd, head, 0, 2, 0);
    return head.toString('latin1') === '#!' ? undefined : real;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Where version managers and packagers put theirs; `~` is the home folder, `*` any one name. */
export const NODE_PLACES: readonly string[] = [
  '~/.nvm/versions/node/*/bin',
  '~/.local/share/fnm/node-versions/*/installation/bin',
  '~/.volta/tools/image/node/*/bin',
  '~/.asdf/installs/nodejs/*/bin',
  '~/.local/share/mise/installs/node/*/bin',
  '/usr/local/n/versions/node/*/bin',
  '/opt/homebrew/opt/*/bin',
  '/opt/*/bin',
];
export const PYTHON_PLACES: readonly string[] = [
  '~/.pyenv/versions/*/bin',
  '/opt/pyenv/versions/*/bin',
  '~/.asdf/installs/python/*/bin',
  '~/.local/share/mise/installs/python/*/bin',
  '~/.local/share/uv/python/*/bin',
  '~/miniconda3/bin',
  '~/miniconda3/envs/*/bin',
  '~/anaconda3/bin',
  '~/anaconda3/envs/*/bin',
  '/opt/conda/bin',
  '/opt/conda/envs/*/bin',
  '/opt/homebrew/opt/*/bin',
  '/Library/Frameworks/Python.framework/Versions/*/bin',
  '/opt/*/bin',
];

/** A user without an entry and without HOME has none. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** The folders that exist of such places. */
export function managed(places: readonly string[], home = homeFolder()): string[] {
  return places.flatMap(place => {
    const [first = '', ...rest] = place.replace(/^~/, home).split('/*');
    return rest.reduce(
      (folders, below) => folders.flatMap(folder => listing(folder).map(name => join(folder, name, below))),
      [first],
    );
  });
}

/** A program that hangs or fails is none; one that has not answered on a busy machine would be none for as long as the server runs. */
const PROBE_MS = 30_000;

/** pyenv's and nvm's folders say it. */
const MANAGED = /\/versions\/(?:node\/v)?(\d+\.\d+\.\d+)\/bin\//;

/** Asks a program for its version; undefined when it does not answer with one. */
export function probe(path: string, args: readonly string[]): Promise<Interpreter | undefined> {
  const told = MANAGED.exec(path)?.[1];
  if (told) return Promise.resolve({ path, version: told });
  return new Promise(resolve => {
    execFile(path, [...args], { timeout: PROBE_MS, env: {} }, (error, stdout, stderr) => {
      // Python 2 prints its version on stderr.
      const version = error ? undefined : /(\d+\.\d+\.\d+)/.exec(`${stdout}${stderr}`)?.[1];
      resolve(version ? { path, version } : undefined);
    });
  });
}
