// Files of a folder on this machine as keys, and keys as files in it.

import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface LocalFile {
  readonly path: string;
  /** Below the folder, with slashes. */
  readonly name: string;
  readonly bytes: number;
}

/** A file or folder that is there by its name alone: gone meanwhile, locked, or with a name that is no UTF-8. */
export interface Unreadable {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}

/** In the order of their names. Links to files are followed, links to folders are not: they may lead in circles. */
export async function* filesIn(folder: string, below = ''): AsyncGenerator<LocalFile | Unreadable> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => error);
  if (entries instanceof Error) {
    yield { path: folder, name: below, reason: entries.message };
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const name = below + entry.name;
    if (entry.isDirectory()) yield* filesIn(path, `${name}/`);
    else if (entry.isFile() || entry.isSymbolicLink()) {
      const there = await stat(path).catch((error: Error) => error);
      if (!(there instanceof Error)) {
        if (there.isFile()) yield { path, name, bytes: there.size };
      } else if (entry.isFile()) yield { path, name, reason: there.message };
    }
  }
}

/** undefined where the name would lead out of the folder, or cannot be written here. */
export function fileIn(folder: string, name: string): string | undefined {
  const parts = name.split('/');
  const isOdd = (part: string) => part === '' || part === '.' || part === '..' || part.includes('\0');
  if (parts.some(isOdd) || (sep === '\\' && /[\\:]/.test(name))) return undefined;
  return join(folder, ...parts);
}
