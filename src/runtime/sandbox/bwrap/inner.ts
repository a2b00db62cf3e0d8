// Which process of a sandbox is the function's own: bubblewrap's first process inside has started it, and takes in
// what other processes leave behind as orphans.

import { readdirSync, readFileSync } from 'node:fs';

/** The first process inside forks once before all others. */
const OWN = 2;

/** Its host pid, by that of the first process in the sandbox; undefined once it is gone. */
export function innerOf(first: number, proc = '/proc'): number | undefined {
  return childrenOf(first, proc).find(pid => {
    try {
      // One pid per namespace, the innermost last.
      const pids = /^NSpid:(.*)$/m.exec(readFileSync(`${proc}/${pid}/status`, 'latin1'))?.[1];
      return Number(pids?.split('\t').at(-1)) === OWN;
    } catch {
      // Ended meanwhile.
      return false;
    }
  });
}

function childrenOf(parent: number, proc: string): number[] {
  try {
    const children = readFileSync(`${proc}/${parent}/task/${parent}/children`, 'latin1');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    // Kernels without the list of children (CONFIG_PROC_CHILDREN).
    return readdirSync(proc)
      .map(Number)
      .filter(pid => pid > 0 && parentOf(pid, proc) === parent);
  }
}

function parentOf(pid: number, proc: string): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`${proc}/${pid}/status`, 'latin1'))?.[1]);
  } catch {
    return undefined;
  }
}
