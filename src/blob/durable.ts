// What drivers on a disk share: making what they wrote last, and saying what a disk refused.

import type { mkdir, open, rename } from 'node:fs/promises';
import { fail } from './errors.ts';

/** What is asked of the file system; tests let it fail. */
export interface Disk {
  readonly mkdir: typeof mkdir;
  readonly open: typeof open;
  readonly rename: typeof rename;
}

/** A rename is durable once its folder is on disk. */
export async function syncDir(disk: Disk, dir: string): Promise<void> {
  const folder = await disk.open(dir, 'r');
  await folder.sync().finally(() => folder.close());
}

/** Fails with the sentence for what the disk said; `opening`: whatever it was, the folder is of no use. */
export function explain(error: unknown, dir: string, opening: boolean): never {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') fail('InternalError.System', { dir }, error);
  const refused = code === 'EACCES' || code === 'EROFS' || code === 'EPERM';
  if (error instanceof Error && (opening || refused))
    fail('InternalError.BlobUnwritable', { dir, reason: error.message }, error);
  throw error;
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
