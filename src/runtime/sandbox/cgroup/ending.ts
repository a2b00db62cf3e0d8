// How groups end: every process in them is killed, and their folders are removed.

import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { type CgroupTree, codeOf, pidsIn, tryWrite } from './tree.ts';

/** More rounds than any race of fork against kill lasts once no process can be added. */
const ROUNDS = 20;
/** A killed process leaves its group when it has freed its memory: a few ms per 100 MB. */
const WAITS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000, 1000, 1000];

/** Kills everything in these groups and the groups below them. */
export function killTree(tree: CgroupTree, dirs: readonly string[]): void {
  const killed = new Set<number>();
  const rest = dirs.flatMap(dir => (tryWrite(tree, `${dir}/cgroup.kill`, '1') ? [] : withBelow(tree, dir)));
  // From here on nothing in them can fork.
  for (const dir of rest) tryWrite(tree, `${dir}/pids.max`, '0');
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = rest.flatMap(dir => pidsIn(tree, dir)).filter(pid => !killed.has(pid) && pid !== tree.pid);
    if (fresh.length === 0) return;
    for (const pid of fresh) {
      killed.add(pid);
      try {
        tree.kill(pid);
      } catch {
        // Already gone.
      }
    }
  }
}

/** Removes a group and those below it, killing what is in them. False, and a line in the log, when it stays. */
export async function removeTree(tree: CgroupTree, dir: string, clock: Clock, log: Log): Promise<boolean> {
  for (const waitMs of WAITS_MS) {
    const error = tryRemove(tree, dir);
    if (error === undefined) return true;
    if (error !== 'EBUSY') {
      log.warn({ dir, error }, 'a control group cannot be removed');
      return false;
    }
    killTree(tree, [dir]);
    await clock.sleep(waitMs);
  }
  const error = tryRemove(tree, dir);
  if (error !== undefined) log.warn({ dir, error, pids: pidsIn(tree, dir) }, 'a control group cannot be removed');
  return error === undefined;
}

/** The system's code when something stays. */
function tryRemove(tree: CgroupTree, dir: string): string | undefined {
  try {
    for (const each of withBelow(tree, dir).reverse()) tree.rmdir(each);
    return undefined;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : codeOf(error);
  }
}

/** Parents before children. */
function withBelow(tree: CgroupTree, dir: string): string[] {
  try {
    return [dir, ...tree.folders(dir).flatMap(name => withBelow(tree, `${dir}/${name}`))];
  } catch {
    return [dir];
  }
}
