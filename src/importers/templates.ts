// The examples, as templates of `openscf new` and as DemoId of CreateFunction.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from './errors.ts';
import { zipFolder } from './zip.ts';

export interface Template {
  readonly name: string;
  /** First line of its README. */
  readonly title: string;
  readonly dir: string;
}

/** In the bundle the folder lies beside it, in the source tree at its root. */
const PLACES = ['./examples/', '../examples/', '../../examples/'];

function examplesDir(): string {
  const found = PLACES.map(place => fileURLToPath(new URL(place, import.meta.url))).find(dir => existsSync(dir));
  if (found === undefined) throw new Error('the examples are missing from this installation');
  return found;
}

export function templates(): readonly Template[] {
  const root = examplesDir();
  return readdirSync(root, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && isProject(join(root, entry.name)))
    .map(entry => {
      const dir = join(root, entry.name);
      const title = readFileSync(join(dir, 'README.md'), 'utf8').split('\n')[0] ?? '';
      return { name: entry.name, title: title.replace(/^#+\s*/, ''), dir };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What has to be run in its folder before it can be deployed, as it names packages that are not there. */
export function installLine({ dir }: Pick<Template, 'dir'>): string | undefined {
  const has = (name: string) => existsSync(join(dir, name));
  if (has('requirements.txt') && !has('libs')) return 'pip install --target libs -r requirements.txt';
  if (!has('package.json') || has('node_modules')) return undefined;
  const { scripts } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as { scripts?: { build?: string } };
  return scripts?.build === undefined ? 'npm install' : 'npm install && npm run build';
}

/** Or a folder of several. */
function isProject(dir: string): boolean {
  const has = (folder: string) => existsSync(join(folder, FILE));
  return has(dir) || readdirSync(dir).some(name => has(join(dir, name)));
}

const FILE = 'serverless.yml';

/** undefined if there is no template of that name, or it is none of one function. */
export async function templateZip(name: string): Promise<Buffer | undefined> {
  const found = templates().find(one => one.name === name && existsSync(join(one.dir, FILE)));
  return found && zipFolder(found.dir);
}

const FUNCTION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$/;

/** Writes a template as a project; its function takes the folder's name where that can be one. Gives the folder. */
export async function writeTemplate(name: string, folder: string): Promise<string> {
  const known = templates();
  const found =
    known.find(one => one.name === name) ??
    fail('Project.NoTemplate', { name, known: known.map(one => one.name).join(', ') });
  const path = resolve(folder);
  const inside = await readdir(path).catch(() => []);
  if (inside.length > 0) fail('Project.FolderInUse', { path });
  await cp(found.dir, path, { recursive: true });
  const own = basename(path);
  const file = join(path, FILE);
  if (FUNCTION_NAME.test(own) && existsSync(file)) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(new RegExp(`(^\\s*name:\\s*)${name}$`, 'gm'), `$1${own}`));
  }
  return path;
}
