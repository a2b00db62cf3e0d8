// One instance's control group: its limits, what it holds, and its end.
// Version 1 has a folder per controller, version 2 one for all; the names differ, the meaning is the same.

import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { killTree, removeTree } from './ending.ts';
import { type CgroupTree, codeOf, fieldOf, type KernelFile, tryWrite } from './tree.ts';

export interface GroupLimits {
  readonly memoryMB: number;
  /** The memory size that the share of CPU goes by. */
  readonly cpuShareMB: number;
  /** Processes and threads. */
  readonly pids: number;
}

export interface Group {
  /** A process writes its pid (or 0 for itself) to each of these to join. The first join in a while takes about 10 ms. */
  readonly procsFiles: readonly string[];
  limit(limits: GroupLimits): void;
  /** What the function itself holds, tmpfs included, the page cache of files not. 5–8 µs. 0 once removed. */
  usedBytes(): number;
  /** Highest of the same since `resetPeak`. Another 1 µs. */
  peakBytes(): number;
  resetPeak(): void;
  /** Whether the kernel has ended a process of it for memory; then the whole group has been ended. 1 µs. */
  oomKilled(): boolean;
  /** Whether it was ever refused a process or thread. */
  pidsDenied(): boolean;
  /** Ends every process in it, also those that started sessions of their own. */
  kill(): void;
  /** Kills what is left and removes the group; never rejects. */
  remove(): Promise<void>;
}

/** Folders of one group; version 2 has the same for each. */
export interface GroupDirs {
  readonly memory: string;
  readonly pids: string;
  /** undefined where the share of CPU cannot be set. */
  readonly cpu: string | undefined;
}

interface Names {
  readonly usage: string;
  /** Lines of memory.stat that count the page cache of files; those of tmpfs are counted elsewhere. */
  readonly cache: readonly [string, string];
  readonly peak: string;
  readonly oom: string;
}

const NAMES: Readonly<Record<1 | 2, Names>> = {
  1: {
    usage: 'memory.usage_in_bytes',
    cache: ['total_inactive_file', 'total_active_file'],
    peak: 'memory.max_usage_in_bytes',
    oom: 'memory.oom_control',
  },
  2: {
    usage: 'memory.current',
    cache: ['inactive_file', 'active_file'],
    peak: 'memory.peak',
    oom: 'memory.events',
  },
};

const MB = 1024 * 1024;

/** Cores that go with a memory size; documented: 1280 MB is one core, 3072 MB are two. */
export function coresOf(memoryMB: number): number {
  return memoryMB <= 1280 ? memoryMB / 1280 : 1 + (memoryMB - 1280) / 1792;
}

export class ControlGroup implements Group {
  readonly procsFiles: readonly string[];
  readonly #version: 1 | 2;
  readonly #names: Names;
  readonly #dirs: GroupDirs;
  readonly #tree: CgroupTree;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onRemoved: () => void;
  /** Opened when first read; undefined where the kernel has no such file. */
  readonly #files = new Map<string, KernelFile | undefined>();
  #limitBytes = Number.POSITIVE_INFINITY;
  #keepsPeak = true;
  #oomKilled = false;
  #pidsDenied = false;
  #removed: Promise<void> | undefined;
  /** Highest that was read since the last reset. */
  #seenBytes = 0;
  #cacheBytes = 0;
  #seenCacheBytes = 0;

  /** The folders exist. */
  constructor(version: 1 | 2, dirs: GroupDirs, tree: CgroupTree, clock: Clock, log: Log, removed: () => void) {
    this.#version = version;
    this.#names = NAMES[version];
    this.#dirs = dirs;
    this.#tree = tree;
    this.#clock = clock;
    this.#log = log;
    this.#onRemoved = removed;
    this.procsFiles = Object.freeze(this.#folders().map(dir => `${dir}/cgroup.procs`));
    if (version === 2) tryWrite(tree, `${dirs.memory}/memory.oom.group`, '1');
  }

  limit({ memoryMB, cpuShareMB, pids }: GroupLimits): void {
    const { memory, cpu } = this.#dirs;
    const cores = coresOf(cpuShareMB);
    if (this.#version === 1) {
      this.#limitV1(memoryMB * MB);
      if (cpu) this.#tree.write(`${cpu}/cpu.shares`, String(Math.max(2, Math.round(cores * 1024))));
    } else {
      // Missing where the kernel was built without swap.
      tryWrite(this.#tree, `${memory}/memory.swap.max`, '0');
      this.#tree.write(`${memory}/memory.max`, String(memoryMB * MB));
      if (cpu) this.#tree.write(`${cpu}/cpu.weight`, String(Math.max(1, Math.round(cores * 100))));
    }
    this.#limitBytes = memoryMB * MB;
    this.#tree.write(`${this.#dirs.pids}/pids.max`, String(pids));
  }

  /** Memory with swap may never be below memory alone: the order depends on the direction. */
  #limitV1(bytes: number): void {
    const { memory } = this.#dirs;
    const both = () => {
      // Missing when swap is not counted (swapaccount=0); then it is at least not sought.
      if (!tryWrite(this.#tree, `${memory}/memory.memsw.limit_in_bytes`, String(bytes)))
        tryWrite(this.#tree, `${memory}/memory.swappiness`, '0');
    };
    if (bytes > this.#limitBytes) both();
    this.#tree.write(`${memory}/memory.limit_in_bytes`, String(bytes));
    if (bytes <= this.#limitBytes) both();
  }

  usedBytes(): number {
    if (this.#version === 1) this.oomKilled();
    const usage = Number.parseInt(this.#read(this.#dirs.memory, this.#names.usage), 10) || 0;
    if (usage === 0) return 0;
    const stat = this.#read(this.#dirs.memory, 'memory.stat');
    const [inactive, active] = this.#names.cache;
    this.#cacheBytes = (fieldOf(stat, inactive) ?? 0) + (fieldOf(stat, active) ?? 0);
    this.#seenCacheBytes = Math.max(this.#seenCacheBytes, this.#cacheBytes);
    const used = Math.max(0, usage - this.#cacheBytes);
    this.#seenBytes = Math.max(this.#seenBytes, used);
    return used;
  }

  peakBytes(): number {
    const used = this.usedBytes();
    const peak = this.#keepsPeak ? Number.parseInt(this.#read(this.#dirs.memory, this.#names.peak, 'r+'), 10) || 0 : 0;
    // The kernel's figure has the page cache in it; how much there was at that instant nobody knows any more.
    return Math.max(this.#seenBytes, used, peak - this.#seenCacheBytes);
  }

  resetPeak(): void {
    this.#seenBytes = 0;
    this.#seenCacheBytes = this.#cacheBytes;
    if (!this.#keepsPeak) return;
    try {
      const file = this.#file(this.#dirs.memory, this.#names.peak, 'r+');
      if (file) file.write('0');
      else this.#keepsPeak = false;
    } catch {
      // Version 2 before Linux 6.12 has a peak of the group's whole life, which says nothing about one run.
      this.#keepsPeak = false;
    }
  }

  oomKilled(): boolean {
    if (this.#oomKilled || this.#removed) return this.#oomKilled;
    this.#oomKilled = (fieldOf(this.#read(this.#dirs.memory, this.#names.oom), 'oom_kill') ?? 0) > 0;
    // Version 1 ends one process of several and leaves the others in an unknown state.
    if (this.#oomKilled && this.#version === 1) this.kill();
    return this.#oomKilled;
  }

  pidsDenied(): boolean {
    if (this.#pidsDenied || this.#removed) return this.#pidsDenied;
    this.#pidsDenied = (fieldOf(this.#read(this.#dirs.pids, 'pids.events'), 'max') ?? 0) > 0;
    return this.#pidsDenied;
  }

  kill(): void {
    killTree(this.#tree, this.#folders());
  }

  remove(): Promise<void> {
    if (!this.#removed) {
      // Asked for the last time, for those who want to know afterwards.
      this.oomKilled();
      this.pidsDenied();
      this.#removed = this.#remove();
    }
    return this.#removed;
  }

  async #remove(): Promise<void> {
    for (const file of this.#files.values()) file?.close();
    this.#files.clear();
    for (const dir of this.#folders()) await removeTree(this.#tree, dir, this.#clock, this.#log);
    this.#onRemoved();
  }

  #folders(): readonly string[] {
    const { memory, pids, cpu } = this.#dirs;
    return [...new Set(cpu === undefined ? [memory, pids] : [memory, pids, cpu])];
  }

  #read(dir: string, name: string, mode: 'r' | 'r+' = 'r'): string {
    try {
      return this.#file(dir, name, mode)?.read() ?? '';
    } catch {
      // The group is gone.
      return '';
    }
  }

  #file(dir: string, name: string, mode: 'r' | 'r+'): KernelFile | undefined {
    if (this.#removed || this.#files.has(name)) return this.#files.get(name);
    let file: KernelFile | undefined;
    try {
      file = this.#tree.open(`${dir}/${name}`, mode);
    } catch (error) {
      // Out of descriptors may pass; what is missing stays missing.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') return undefined;
    }
    this.#files.set(name, file);
    return file;
  }
}
