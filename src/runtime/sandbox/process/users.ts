// Without control groups: a user that one instance alone has is what holds its processes together.

import { readdir, readFile } from 'node:fs/promises';

/** A process that forks while it is killed needs another round; the limit on processes bounds how often. */
const ROUNDS = 20;

/** Kills every process of a user. */
export async function killUser(uid: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const pids = await processesOf(uid);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
  }
}

/** Those that are dead and wait to be asked for their end are left out. */
export async function processesOf(uid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // Not the owner of the folder: a process may hide that by what it forbids its debuggers.
      const status = await readFile(`/proc/${name}/status`, 'latin1');
      if (status.includes(`\nUid:\t${uid}\t`) && !/\nState:\t[ZX]/.test(status)) found.push(Number(name));
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}
