// What a killed server has left: mounts and folders for /tmp, and, without control groups, a process that was
// just being made; all others die with their server.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { Log } from '../../../core/log.ts';
import { within } from './args.ts';

/** Mountpoints below `dir`, deepest and latest first. */
export function mountsBelow(dir: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  return mountinfo
    .split('\n')
    .map(line => unescaped(line.split(' ')[4] ?? ''))
    .filter(path => path !== dir && within(path, dir))
    .reverse();
}

/** The kernel writes blanks, tabs, line ends and backslashes as octal numbers. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Leaves `dir` empty. */
export async function sweep(dir: string, umount: (path: string) => Promise<void>, log: Log): Promise<void> {
  const mounts = mountsBelow(dir);
  for (const path of mounts) await umount(path);
  if (mounts.length > 0) log.info({ mounts: mounts.length }, 'removed the mounts of a server that was killed');
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
}

/** In the command line of every sandbox of one server. */
export function markOf(mark: string): string {
  return `openscf-${mark}-`;
}

export function sweepProcesses(mark: string, log: Log): void {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name) && isMarked(name, mark));
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
  if (pids.length > 0) log.info({ processes: pids.length }, 'ended the sandboxes of a server that was killed');
}

function isMarked(pid: string, mark: string): boolean {
  try {
    // The name alone: to read the command line of a process that hangs may hang.
    if (readFileSync(`/proc/${pid}/comm`, 'latin1') !== 'bwrap\n') return false;
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`\0--unsetenv\0${markOf(mark)}`);
  } catch {
    // Already gone.
    return false;
  }
}
