// The bubblewrap program of this machine and what its version can do.

import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { join } from 'node:path';

export interface Features {
  /** --perms, --chmod, --clearenv: 0.5 */
  readonly perms: boolean;
  /** --size: 0.7 */
  readonly size: boolean;
}

export interface Bwrap extends Features {
  readonly path: string;
  readonly version: string;
}

/** One that hangs is none. On a busy machine it may take its time. */
const ANSWER_MS = 30_000;

export async function findBwrap(
  path = process.env.PATH ?? '',
): Promise<Bwrap | { readonly tooOld: string } | undefined> {
  const program = programIn([...path.split(':'), '/usr/bin', '/usr/local/bin']);
  if (program === undefined) return undefined;
  const version = await versionOf(program);
  if (version === undefined) return undefined;
  const minor = minorOf(version);
  if (minor < 4) return { tooOld: version };
  return { path: program, version, ...featuresOf(version) };
}

export function featuresOf(version: string): Features {
  const minor = minorOf(version);
  return { perms: minor >= 5, size: minor >= 7 };
}

/** 1.2 counts as more than any 0.x. */
function minorOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 ? Number.POSITIVE_INFINITY : minor;
}

function programIn(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    // A relative entry of PATH would make the working folder decide what root runs.
    if (!folder.startsWith('/')) continue;
    try {
      const found = realpathSync(join(folder, 'bwrap'));
      accessSync(found, constants.X_OK);
      return found;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

function versionOf(program: string): Promise<string | undefined> {
  return new Promise(resolve => {
    execFile(program, ['--version'], { timeout: ANSWER_MS, env: {} }, (error, stdout) => {
      resolve(error ? undefined : /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1]);
    });
  });
}
