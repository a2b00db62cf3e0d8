// Control groups for instances: memory, cpu and pids limited by the kernel, and an end that nothing escapes.

import { availableParallelism } from 'node:os';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { type Base, openBase } from './base.ts';
import { LEAF } from './delegate.ts';
import { removeTree } from './ending.ts';
import { ControlGroup, type Group } from './group.ts';
import { type Missing, NOT_MOUNTED } from './missing.ts';
import { locate } from './mounts.ts';
import { type CgroupTree, SYSTEM_TREE, tryRmdir } from './tree.ts';

export interface Cgroups {
  readonly version: 1 | 2;
  /** Whether the share of CPU can be set as well. */
  readonly cpu: boolean;
  /** The parent of all groups, for people; that of memory with version 1. */
  readonly dir: string;
  /** `id` names the group among those of this server: letters, digits, `-` and `_`. */
  create(id: string): Group;
  /** Kills and removes what a killed server of the same mark has left; for the start. How many groups. */
  sweep(): Promise<number>;
  /** Kills and removes every group. */
  close(): Promise<void>;
}

export interface CgroupOptions {
  /** Unique per data folder: letters, digits, `-` and `_`. */
  readonly mark: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly tree?: CgroupTree;
}

const NAME = /^[\w-]{1,64}$/;
/** No machine has more; a look through so many takes about a second. */
const FOLDERS = 20_000;

/** `missing` says why there are none, and what helps. */
export async function openCgroups(options: CgroupOptions): Promise<Cgroups | Missing> {
  const { mark, log, clock, tree = SYSTEM_TREE } = options;
  checkName(mark);
  const name = `openscf-${mark}`;
  let base: Base | Missing;
  try {
    const at = locate(tree.read('/proc/self/mountinfo'), tree.read('/proc/self/cgroup'));
    base = openBase(tree, at, name, availableParallelism());
  } catch (error) {
    log.debug({ error }, 'control groups cannot be looked up');
    return NOT_MOUNTED;
  }
  return 'missing' in base ? base : cgroupsIn(base, name, tree, clock, log);
}

function cgroupsIn(base: Base, name: string, tree: CgroupTree, clock: Clock, log: Log): Cgroups {
  const parents = new Set([base.memory, base.pids, ...(base.cpu === undefined ? [] : [base.cpu])]);
  const living = new Map<string, Group>();

  function create(id: string): Group {
    checkName(id);
    const made: string[] = [];
    try {
      for (const parent of parents) {
        tree.mkdir(`${parent}/${id}`);
        made.push(`${parent}/${id}`);
      }
    } catch (error) {
      for (const dir of made) tree.rmdir(dir);
      throw error;
    }
    const dirs = {
      memory: `${base.memory}/${id}`,
      pids: `${base.pids}/${id}`,
      cpu: base.cpu === undefined ? undefined : `${base.cpu}/${id}`,
    };
    const group = new ControlGroup(base.version, dirs, tree, clock, log, () => living.delete(id));
    living.set(id, group);
    return group;
  }

  async function sweep(): Promise<number> {
    const swept = new Set<string>();
    for (const parent of base.tops.flatMap(top => foldersNamed(tree, top, name))) {
      // Where the killed server itself was. Its shell may live there on, and is left alone.
      if (parent.endsWith(LEAF)) {
        tryRmdir(tree, parent);
        continue;
      }
      for (const id of tree.folders(parent)) {
        if (parents.has(parent) && living.has(id)) continue;
        if (await removeTree(tree, `${parent}/${id}`, clock, log)) swept.add(id);
      }
      // One that the server was in while it ran as part of another unit or session.
      if (!parents.has(parent)) await removeTree(tree, parent, clock, log);
    }
    if (swept.size > 0) log.info({ groups: swept.size }, 'removed the control groups of a server that was killed');
    return swept.size;
  }

  return {
    version: base.version,
    cpu: base.cpu !== undefined,
    dir: base.memory,
    create,
    sweep,
    async close() {
      await Promise.all([...living.values()].map(group => group.remove()));
      for (const parent of parents) await removeTree(tree, parent, clock, log);
      base.restore();
    },
  };
}

function checkName(name: string): void {
  if (!NAME.test(name)) throw new RangeError(`not a name for a control group: ${name}`);
}

/** Every group of that name below `top`, at any depth, and the leaves beside them. */
function foldersNamed(tree: CgroupTree, top: string, name: string): string[] {
  const found: string[] = [];
  const open = [top];
  for (let seen = 0; seen < open.length && seen < FOLDERS; seen++) {
    const dir = open[seen] ?? top;
    let names: readonly string[] = [];
    try {
      names = tree.folders(dir);
    } catch {
      // Another's group that has just gone, or that may not be read.
    }
    for (const each of names) (each === name || each === name + LEAF ? found : open).push(`${dir}/${each}`);
  }
  return found;
}
