// A small disk in memory that a server alone sees.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Becomes the program that follows, which sees a small empty disk at `dir`. */
export const onSmallDisk = (dir: string, megabytes: number): readonly string[] => [
  ...['unshare', '--mount', 'sh', '-c'],
  `mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs "$0" && exec "$@"`,
  dir,
];

/** Why there can be none. */
export function missingDisk(megabytes: number): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, for a disk of its own';
  const dir = mkdtempSync(join(tmpdir(), 'openscf-disk-'));
  const [command = '', ...args] = onSmallDisk(dir, megabytes);
  const { status, stderr } = spawnSync(command, [...args, 'true']);
  rmdirSync(dir);
  return status === 0 ? false : `no disk of its own can be mounted: ${stderr}`;
}
