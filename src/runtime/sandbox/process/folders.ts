// A folder per instance for its temporary files, which nobody else can look into.

import { chownSync, mkdirSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from './launch.ts';

const MODE = 0o700;

/** An empty folder for the folders of all instances; what a killed server has left in it is removed. */
export async function openFolders(dir: string): Promise<void> {
  await removeFolder(dir);
  await mkdir(dir, { recursive: true, mode: MODE });
}

export function makeFolder(dir: string, identity: Identity | undefined): void {
  mkdirSync(dir, { mode: MODE });
  if (identity) chownSync(dir, identity.uid, identity.gid);
}

/** Also what a function has closed to its owner. A program that still writes to it is on its way out. */
export async function removeFolder(dir: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 } as const;
  try {
    await rm(dir, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await reopen(dir);
    await rm(dir, options);
  }
}

async function reopen(dir: string): Promise<void> {
  await chmod(dir, MODE);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await reopen(join(dir, entry.name));
  }
}
