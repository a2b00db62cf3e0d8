// From a folder or zip file, and what the caller overrides, to a Plan.

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UNZIPPED_BYTES, ZIP_BYTES } from '../core/limits.ts';
import { fail } from './errors.ts';
import type { Package, Plan, Project } from './project.ts';
import { type Env, parseServerless } from './serverless.ts';
import { checkSize, zipFolder, zipNames } from './zip.ts';

type Settings = Omit<Project, 'source' | 'echoed' | 'triggers' | 'gateways'>;
/** What is undefined leaves the project's word. */
export type Overrides = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

/** Which runtime an entry file at the root of the code means. */
const ENTRIES = [
  { file: 'index.js', runtime: 'Nodejs18.15' },
  { file: 'index.py', runtime: 'Python3.10' },
] as const;

function defaultHandler(runtime: string): string {
  if (runtime.startsWith('Java')) return 'example.Hello::mainHandler';
  return runtime === 'Go1' ? 'main' : 'index.main_handler';
}

export async function readPlan(path: string, overrides: Overrides = {}, env: Env = {}): Promise<Plan> {
  const found = await stat(path).catch(() => fail('Project.Missing', { path }));
  const { project, code } = found.isDirectory() ? await readFolder(resolve(path), env) : await readZip(resolve(path));
  const { source: _source, ...settings } = project;
  const named = { ...settings, ...given(overrides) };
  return { ...named, ...(await entryOf(named, code, path)), code };
}

/**
 * A folder of several projects, each in a folder of its own, gives the plan of each: those first whose functions the
 * others name. Any other path gives one.
 */
export async function readPlans(path: string, overrides: Overrides = {}, env: Env = {}): Promise<Plan[]> {
  const inside = await projectsIn(path);
  if (inside.length === 0) return [await readPlan(path, overrides, env)];
  const { name: _one, ...shared } = overrides;
  const plans = await Promise.all(inside.map(folder => readPlan(folder, shared, env)));
  return plans.toSorted((a, b) => Number(a.gateways !== undefined) - Number(b.gateways !== undefined));
}

const FILES = ['serverless.yml', 'serverless.yaml'];

/** Folders in a folder that is no project itself. */
export async function projectsIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (entries.some(entry => FILES.includes(entry.name))) return [];
  const folders = entries.filter(entry => entry.isDirectory() && entry.name !== 'node_modules').map(one => one.name);
  const found = await Promise.all(
    folders.map(async name => ((await readdir(join(path, name))).some(file => FILES.includes(file)) ? [name] : [])),
  );
  return found
    .flat()
    .toSorted()
    .map(name => join(path, name));
}

async function readFolder(folder: string, env: Env): Promise<{ project: Project; code: Package }> {
  const project = (await projectFile(folder, env)) ?? bare(basename(folder));
  const { source } = project;
  if ('object' in source) return { project, code: source };
  const { bucket, exclude } = source;
  // The limit of what may be unpacked is that of what comes from a bucket as well.
  const zip = await zipFolder(resolve(folder, source.folder), exclude, UNZIPPED_BYTES);
  if (bucket !== undefined) return { project, code: { zip, bucket } };
  if (zip.length > ZIP_BYTES) fail('Project.NeedsBucket', { size: zip.length, limit: ZIP_BYTES, most: UNZIPPED_BYTES });
  return { project, code: { zip } };
}

async function projectFile(folder: string, env: Env): Promise<Project | undefined> {
  for (const name of FILES) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseServerless(text, path, env);
  }
  return undefined;
}

async function readZip(path: string): Promise<{ project: Project; code: Package }> {
  const zip = checkSize(await readFile(path));
  return { project: bare(basename(path).replace(/\.zip$/i, '')), code: { zip } };
}

const bare = (name: string): Project => ({ name, echoed: {}, source: { folder: '.', exclude: [] } });

function given(overrides: Overrides): Partial<Settings> {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

async function entryOf(project: Pick<Project, 'type' | 'runtime' | 'handler'>, code: Package, path: string) {
  if ('object' in code) {
    const runtime = project.runtime ?? fail('Project.StoredRuntime', { path });
    return { runtime, handler: project.handler ?? defaultHandler(runtime) };
  }
  // Read in any case: bytes that are no zip are refused here, not by the server.
  const names = await zipNames(code.zip, path);
  const runtime =
    project.runtime ?? ENTRIES.find(entry => names.includes(entry.file))?.runtime ?? fail('Project.Entry', { path });
  const type = project.type ?? (names.includes(BOOTSTRAP) ? ('HTTP' as const) : undefined);
  return { runtime, handler: project.handler ?? defaultHandler(runtime), ...(type && { type }) };
}

/** What starts a web function; an event function has no use for it. */
const BOOTSTRAP = 'scf_bootstrap';
