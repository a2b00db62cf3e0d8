// The settings, read from where the program runs. The pure part is config/load.ts; the list of settings config/schema.ts.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from './config/errors.ts';
import { type Loaded, loadConfig } from './config/load.ts';

export { type Loaded, languageOfLocale, loadConfig, type Origin, type Origins } from './config/load.ts';
export { nearest } from './config/nearest.ts';
export type { Config } from './config/schema.ts';
export { SETTINGS, type Setting } from './config/setting.ts';

const MB = 1024 * 1024;
const FILE = 'openscf.yml';

export interface Place {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `--config`; else OPENSCF_CONFIG, else openscf.yml in `cwd` if there is one. */
  readonly configPath?: string | undefined;
}

export function readConfig({ flags, env, cwd, configPath }: Place): Loaded {
  const named = configPath ?? env.OPENSCF_CONFIG;
  const path = resolve(cwd, named ?? FILE);
  const text = readText(path, named !== undefined);
  const file = text === undefined ? {} : { file: { path, text } };
  return loadConfig({ flags, env, cwd, freeMemoryMB: Math.floor(process.availableMemory() / MB), ...file });
}

function readText(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return fail('Config.File', { path, reason: (error as Error).message }, error);
  }
}
