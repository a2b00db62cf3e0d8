// From flags, environment and file to one frozen Config, and where each value came from.

import { resolve } from 'node:path';
import { CloudError } from '../core/errors.ts';
import { CONFIG_ERRORS, fail } from './errors.ts';
import { readFileValues } from './file.ts';
import { nearest } from './nearest.ts';
import { type Config, configSchema } from './schema.ts';
import { SETTINGS, type Setting, setting } from './setting.ts';

export interface Origin {
  readonly from: 'flag' | 'env' | 'file' | 'default';
  /** `--port-api`, `OPENSCF_PORT_API`, `/x/openscf.yml:3`, or '' for a default. */
  readonly where: string;
}

/** By the name of the setting. */
export type Origins = Readonly<Record<string, Origin>>;

export interface Sources {
  /** Values of flags by setting name (`quota.functions`); undefined where none was given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths of flags and the environment start here; those of the file in the file's folder. */
  readonly cwd: string;
  readonly file?: { readonly path: string; readonly text: string };
  readonly freeMemoryMB: number;
}

export interface Loaded {
  readonly config: Config;
  readonly origins: Origins;
}

/** Read by the command line, but no settings. */
export const OTHER_ENV: readonly string[] = ['OPENSCF_ENDPOINT', 'OPENSCF_CONFIG'];

interface Found {
  readonly value: unknown;
  readonly origin: Origin;
}

/** Fails with a CloudError that names the setting and the place it came from. */
export function loadConfig(sources: Sources): Loaded {
  // Later layers win.
  const found = new Map<string, Found>([
    ...defaults(sources),
    ...fromFile(sources.file),
    ...fromEnv(sources.env),
    ...fromFlags(sources.flags),
  ]);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const one of SETTINGS) {
    const given = found.get(one.name);
    place(values, one.name, check(one, given));
    origins[one.name] = given?.origin ?? { from: 'default', where: '' };
  }
  const config = configSchema.parse(values);
  const dataFrom = origins.data?.from === 'file' && sources.file ? resolve(sources.file.path, '..') : sources.cwd;
  const settled = { ...config, data: resolve(dataFrom, config.data) };
  together(settled);
  return Object.freeze({ config: frozen(settled), origins: Object.freeze(origins) });
}

/** Defaults that depend on the machine; the rest stand in the schema. */
function defaults({ freeMemoryMB, env }: Sources): [string, Found][] {
  const origin: Origin = { from: 'default', where: '' };
  return [
    ['memory', { value: Math.max(128, Math.floor(freeMemoryMB / 2)), origin }],
    ['warm', { value: Math.floor(Math.max(128, freeMemoryMB / 2) / 16), origin }],
    ['lang', { value: languageOfLocale(env), origin }],
  ];
}

/** The POSIX order: LC_ALL, LC_MESSAGES, LANG. */
export function languageOfLocale(env: Readonly<Record<string, string | undefined>>): 'zh' | 'en' {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return locale.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function fromFile(file: Sources['file']): [string, Found][] {
  if (!file) return [];
  return readFileValues(file.path, file.text).map(({ name, value, line }) => {
    const where = `${file.path}:${line}`;
    if (!setting(name))
      unknown(
        name,
        where,
        SETTINGS.map(one => one.name),
      );
    return [name, { value, origin: { from: 'file', where } }];
  });
}

function fromEnv(env: Sources['env']): [string, Found][] {
  return Object.entries(env).flatMap(([name, value]): [string, Found][] => {
    if (!name.startsWith('OPENSCF_') || value === undefined || OTHER_ENV.includes(name)) return [];
    const one = SETTINGS.find(each => each.env === name);
    if (!one) return unknown(name, 'environment', [...SETTINGS.map(each => each.env), ...OTHER_ENV]);
    return [[one.name, { value, origin: { from: 'env', where: name } }]];
  });
}

function fromFlags(flags: Sources['flags']): [string, Found][] {
  return Object.entries(flags).flatMap(([name, value]): [string, Found][] => {
    if (value === undefined) return [];
    const one = setting(name);
    if (!one)
      return unknown(
        name,
        'flags',
        SETTINGS.map(each => each.name),
      );
    return [[name, { value, origin: { from: 'flag', where: one.flag } }]];
  });
}

function unknown(name: string, where: string, names: readonly string[]): never {
  const near = nearest(name, names);
  return near ? fail('Config.UnknownNear', { name, where, near }) : fail('Config.Unknown', { name, where });
}

function check(one: Setting, found: Found | undefined): unknown {
  const result = one.schema.safeParse(found?.value);
  if (result.success) return result.data;
  const { shape } = one;
  const params = {
    name: one.name,
    value: one.doc.secret ? '******' : String(found?.value),
    where: found?.origin.where || 'default',
  };
  if (shape.kind === 'number') return fail('Config.Number', { ...params, min: shape.min, max: shape.max });
  if (shape.kind === 'switch') return fail('Config.Switch', params);
  if (shape.kind === 'choice') return fail('Config.Choice', { ...params, values: shape.values.join(' | ') });
  return fail('Config.Text', { ...params, like: shape.like });
}

/** What holds between settings. */
function together(config: Config): void {
  if ((config.secretId === undefined) !== (config.secretKey === undefined)) {
    fail('Config.Keys', { missing: config.secretId === undefined ? 'secretId' : 'secretKey' });
  }
}

function place(values: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) return;
  const [first = '', second] = name.split('.');
  if (second === undefined) values[first] = value;
  else values[first] = { ...(values[first] as object | undefined), [second]: value };
}

function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner);
  return Object.freeze(value);
}

/** Told from faults of the program by its code. */
export function isConfigError(error: unknown): error is CloudError {
  return error instanceof CloudError && error.code in CONFIG_ERRORS;
}
