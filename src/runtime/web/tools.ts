// Folders in which a web function's own programs find the interpreter of its runtime by its usual names:
// <dir>/<key>/bin/node, … A folder with that name is whole.

import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Tools } from '../languages/language.ts';

/** Where the cloud has interpreters. */
export const LANG_ROOT = '/var/lang';

export class ToolFolders {
  readonly #dir: string;
  readonly #ids: Ids;
  readonly #made = new Map<string, Promise<string>>();

  constructor(dir: string, ids: Ids) {
    this.#dir = dir;
    this.#ids = ids;
  }

  folder({ programs, modules }: Tools): Promise<string> {
    const key = createHash('sha256')
      .update(JSON.stringify([programs, modules]))
      .digest('hex')
      .slice(0, 16);
    let made = this.#made.get(key);
    if (!made) {
      made = this.#make(join(this.#dir, key), programs, modules);
      this.#made.set(key, made);
      // Tried again by the next one.
      made.catch(() => this.#made.delete(key));
    }
    return made;
  }

  async #make(path: string, programs: Tools['programs'], modules: string | undefined): Promise<string> {
    if (await exists(path)) return path;
    const work = `${path}.${shortId(this.#ids, 8)}`;
    try {
      await mkdir(join(work, 'bin'), { recursive: true });
      // Functions have users of their own, and the process may have a umask that keeps others out.
      for (const made of [work, join(work, 'bin')]) await chmod(made, 0o755);
      for (const [name, target] of Object.entries(programs)) await symlink(target, join(work, 'bin', name));
      if (modules !== undefined) {
        await mkdir(join(work, 'lib'));
        await chmod(join(work, 'lib'), 0o755);
        await symlink(modules, join(work, 'lib', 'node_modules'));
      }
      await rename(work, path);
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      // Another one was quicker.
      if (!(await exists(path))) throw error;
    }
    return path;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
