// Where the groups of this server's instances go: one parent group, below the group that this server is in itself,
// so that what limits the server (a container, a systemd unit) limits its functions too.

import { delegate } from './delegate.ts';
import { type Missing, NOT_MOUNTED, notAllowed } from './missing.ts';
import type { Hierarchies, Place } from './mounts.ts';
import { type CgroupTree, ensureDir, tryWrite } from './tree.ts';

/** The parent groups, one per controller; with version 2 one for all. */
export interface Base {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly pids: string;
  readonly cpu: string | undefined;
  /** Tops of the hierarchies in use. */
  readonly tops: readonly string[];
  /** Undoes what was changed around the parent, once that is gone. */
  restore(): void;
}

/** `cores`: of the machine, for the share of all functions together against this server. */
export function openBase(tree: CgroupTree, at: Hierarchies, name: string, cores: number): Base | Missing {
  const memory = at.v1.get('memory');
  const pids = at.v1.get('pids');
  if (memory && pids) return openV1(tree, { memory, pids, cpu: at.v1.get('cpu') }, name, cores);
  if (!at.v2) return NOT_MOUNTED;
  const { top } = at.v2;
  const found = delegate(tree, at.v2, name, ['memory', 'pids']);
  if ('missing' in found) return found;
  const { parent, restore } = found;
  const cpu = found.handsDown('cpu');
  if (cpu) tryWrite(tree, `${parent}/cpu.weight`, String(Math.min(10_000, cores * 100)));
  return { version: 2, memory: parent, pids: parent, cpu: cpu ? parent : undefined, tops: [top], restore };
}

type PlacesV1 = { readonly memory: Place; readonly pids: Place; readonly cpu: Place | undefined };

function openV1(tree: CgroupTree, places: PlacesV1, name: string, cores: number): Base | Missing {
  const made = (place: Place): string => {
    const dir = `${place.own}/${name}`;
    ensureDir(tree, dir);
    return dir;
  };
  try {
    const memory = made(places.memory);
    const pids = made(places.pids);
    // Kernels before 5.11 count and limit below a group only when told so.
    tryWrite(tree, `${memory}/memory.use_hierarchy`, '1');
    const tops = new Set([places.memory.top, places.pids.top]);
    let cpu: string | undefined;
    try {
      if (places.cpu) {
        cpu = made(places.cpu);
        tree.write(`${cpu}/cpu.shares`, String(cores * 1024));
        tops.add(places.cpu.top);
      }
    } catch {
      cpu = undefined;
    }
    return { version: 1, memory, pids, cpu, tops: [...tops], restore() {} };
  } catch (error) {
    return notAllowed(places.memory.own, error);
  }
}
