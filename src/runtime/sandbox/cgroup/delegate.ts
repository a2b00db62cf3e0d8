// Version 2: a group that hands controllers down may have no process of its own ("no internal processes",
// cgroups(7)). This finds the group below which instances can live, and steps aside where the server is in the way.

import { type Missing, notAllowed, notAlone, notOffered } from './missing.ts';
import type { Place } from './mounts.ts';
import { type CgroupTree, codeOf, ensureDir, pidsIn, tryRmdir, tryWrite } from './tree.ts';

export interface Delegated {
  /** Has the needed controllers switched on for its children, and no process. */
  readonly parent: string;
  /** Switches one more controller on for the children, if that can be. */
  handsDown(controller: string): boolean;
  /** Takes this server back to where it was; the parent is gone by then. */
  restore(): void;
}

/** Ends the name of the leaf into which a server steps aside. */
export const LEAF = '-server';

/** Whom the server may take along when it steps aside. */
type Along = 'nobody' | 'kin' | 'everybody';

/** Looks from this server's group upwards for one that can hold the parent group `name`. */
export function delegate(tree: CgroupTree, place: Place, name: string, needed: readonly string[]): Delegated | Missing {
  let first: Missing | undefined;
  let dir = place.own;
  // A server that was killed has left its shell in a leaf; the group above it is ready.
  if (/\/openscf-[^/]*-server$/.test(dir)) dir = above(dir);
  while (true) {
    const found = tryGroup(tree, dir, dir === place.own ? 'kin' : 'nobody', name, needed);
    if (!('missing' in found)) return found;
    first ??= found;
    // Above a limit that was set for this server its functions would escape from it.
    if (dir === place.top || isLimited(tree, dir)) break;
    dir = above(dir);
  }
  // A container with other services in it, or a user's unit with nothing above: they stay below their group.
  const last = tryGroup(tree, place.own, 'everybody', name, needed);
  return 'missing' in last ? first : last;
}

function above(dir: string): string {
  return dir.slice(0, dir.lastIndexOf('/'));
}

function tryGroup(
  tree: CgroupTree,
  dir: string,
  along: Along,
  name: string,
  needed: readonly string[],
): Delegated | Missing {
  let leaf: string | undefined;
  const parent = `${dir}/${name}`;
  try {
    const offered = words(tree, `${dir}/cgroup.controllers`);
    const absent = needed.filter(controller => !offered.has(controller));
    if (absent.length > 0) return notOffered(dir, absent);
    // Who moves a process needs this one of the lowest group above both its places.
    if (!tree.writable(`${dir}/cgroup.procs`)) return notAllowed(dir, { code: 'EACCES' });
    ensureDir(tree, parent);
    if (!switchOn(tree, dir, needed)) {
      const inside = pidsIn(tree, dir);
      if (along === 'nobody' || !inside.includes(tree.pid) || (along === 'kin' && !areKin(tree, inside))) {
        tryRmdir(tree, parent);
        return notAlone(dir);
      }
      leaf = `${parent}${LEAF}`;
      ensureDir(tree, leaf);
      if (!moveAll(tree, dir, leaf) || !switchOn(tree, dir, needed)) {
        tryRmdir(tree, parent);
        stepBack(tree, dir, leaf, needed);
        return notAlone(dir);
      }
    }
    switchOn(tree, parent, needed);
  } catch (error) {
    tryRmdir(tree, parent);
    if (leaf) stepBack(tree, dir, leaf, needed);
    return notAllowed(dir, error);
  }
  const on = [...needed];
  return {
    parent,
    handsDown(controller) {
      const done =
        words(tree, `${dir}/cgroup.controllers`).has(controller) &&
        tryWrite(tree, `${dir}/cgroup.subtree_control`, `+${controller}`) &&
        tryWrite(tree, `${parent}/cgroup.subtree_control`, `+${controller}`);
      if (done) on.push(controller);
      return done;
    },
    restore() {
      if (leaf) stepBack(tree, dir, leaf, on);
    },
  };
}

function words(tree: CgroupTree, path: string): ReadonlySet<string> {
  return new Set(tree.read(path).trim().split(' '));
}

/** False when processes are in the way. */
function switchOn(tree: CgroupTree, dir: string, controllers: readonly string[]): boolean {
  const path = `${dir}/cgroup.subtree_control`;
  const on = words(tree, path);
  if (controllers.every(controller => on.has(controller))) return true;
  try {
    tree.write(path, controllers.map(controller => `+${controller}`).join(' '));
    return true;
  } catch (error) {
    // EOPNOTSUPP: a threaded group, which never hands these down.
    if (codeOf(error) === 'EBUSY' || codeOf(error) === 'EOPNOTSUPP' || codeOf(error) === 'ENOTSUP') return false;
    throw error;
  }
}

function moveAll(tree: CgroupTree, from: string, to: string): boolean {
  for (const pid of pidsIn(tree, from)) tryWrite(tree, `${to}/cgroup.procs`, String(pid));
  return pidsIn(tree, from).length === 0;
}

/** Best effort: where another server uses the group as well, everything stays as it is. */
function stepBack(tree: CgroupTree, dir: string, leaf: string, controllers: readonly string[]): void {
  for (const controller of controllers) tryWrite(tree, `${dir}/cgroup.subtree_control`, `-${controller}`);
  for (const pid of pidsIn(tree, leaf)) if (!tryWrite(tree, `${dir}/cgroup.procs`, String(pid))) return;
  tryRmdir(tree, leaf);
}

/** This process, those it comes from (npm, a shell, a container's init) and those that come from it. */
function areKin(tree: CgroupTree, pids: readonly number[]): boolean {
  const ancestors = new Set(lineOf(tree, tree.pid));
  return pids.every(pid => ancestors.has(pid) || lineOf(tree, pid).includes(tree.pid));
}

/** A process and its ancestors. */
function lineOf(tree: CgroupTree, pid: number): number[] {
  const line: number[] = [];
  for (let at = pid; at > 0 && line.length < 64; at = parentOf(tree, at)) line.push(at);
  return line;
}

function parentOf(tree: CgroupTree, pid: number): number {
  try {
    const stat = tree.read(`/proc/${pid}/stat`);
    // The name of the program stands in brackets and may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function isLimited(tree: CgroupTree, dir: string): boolean {
  try {
    return tree.read(`${dir}/memory.max`).trim() !== 'max';
  } catch {
    // The root has no limit of its own.
    return false;
  }
}
