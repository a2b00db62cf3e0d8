// A kernel's control groups in memory, with the rules that matter here; for tests alone.

import { type CgroupTree, codeOf, type KernelFile } from './tree.ts';

interface Hierarchy {
  readonly version: 1 | 2;
  readonly top: string;
  readonly controllers: readonly string[];
}

interface Folder {
  readonly hierarchy: Hierarchy;
  readonly files: Map<string, string>;
}

/** Files of a controller in each group, and what they read at first. */
const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '1:memory': {
    'memory.limit_in_bytes': '9223372036854771712',
    'memory.memsw.limit_in_bytes': '9223372036854771712',
    'memory.swappiness': '60',
    'memory.use_hierarchy': '1',
    'memory.usage_in_bytes': '0',
    'memory.max_usage_in_bytes': '0',
    'memory.stat': 'cache 0\ntotal_inactive_file 0\ntotal_active_file 0\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
  },
  '1:pids': { 'pids.max': 'max', 'pids.events': 'max 0\n' },
  '1:cpu': { 'cpu.shares': '1024' },
  '2:memory': {
    'memory.max': 'max',
    'memory.swap.max': 'max',
    'memory.oom.group': '0',
    'memory.current': '0',
    'memory.peak': '0',
    'memory.stat': 'anon 0\ninactive_file 0\nactive_file 0\n',
    'memory.events': 'low 0\noom 0\noom_kill 0\noom_group_kill 0\n',
  },
  '2:pids': { 'pids.max': 'max', 'pids.events': 'max 0\n' },
  '2:cpu': { 'cpu.weight': '100' },
};

export class FakeKernel implements CgroupTree {
  readonly pid = 100;
  /** Everything written, in order. */
  readonly written: string[] = [];
  readonly killed: number[] = [];
  /** What happens when a process is killed; a test may let it fork first. */
  onKill: (pid: number) => void = () => {};
  /** Groups that may not be written to. */
  readonly closed = new Set<string>();
  readonly parentOf = new Map<number, number>([[100, 1]]);
  /** Files that are not offered. */
  readonly lacks = new Set<string>();
  /** Groups that stay busy this many times. */
  readonly busy = new Map<string, number>();
  readonly openFiles = new Set<string>();
  readonly #folders = new Map<string, Folder>();
  /** Pid → its group in each hierarchy. */
  readonly #members = new Map<number, Map<Hierarchy, string>>();
  readonly #hierarchies: Hierarchy[] = [];
  readonly #mounts: string[] = [];

  mount(version: 1 | 2, top: string, controllers: readonly string[], own = '/', options = 'rw'): this {
    const hierarchy = { version, top, controllers };
    const names = controllers.join(',');
    const kind = version === 1 ? `cgroup cgroup rw,${names}` : 'cgroup2 cgroup2 rw';
    this.#mounts.push(`30 20 0:28 / ${top} ${options},relatime - ${kind}`);
    this.#hierarchies.push(hierarchy);
    this.#make(top, hierarchy, controllers);
    const steps = own.split('/').filter(step => step !== '');
    const dir = steps.reduce((above, step) => {
      const below = `${above}/${step}`;
      this.#make(below, hierarchy, controllers);
      // Where systemd has made a path, it hands controllers down on it.
      if (version === 2) this.set(`${above}/cgroup.subtree_control`, controllers.join(' '));
      return below;
    }, top);
    this.put(this.pid, dir);
    return this;
  }

  /** A process is in a group. */
  put(pid: number, dir: string): void {
    const folder = this.#folder(dir);
    const places = this.#members.get(pid) ?? new Map<Hierarchy, string>();
    places.set(folder.hierarchy, dir);
    this.#members.set(pid, places);
  }

  set(path: string, text: string): void {
    const [dir, name] = split(path);
    this.#folder(dir).files.set(name, text);
  }

  has(dir: string): boolean {
    return this.#folders.has(dir);
  }

  pids(dir: string): number[] {
    return [...this.#members].flatMap(([pid, places]) => ([...places.values()].includes(dir) ? [pid] : []));
  }

  read(path: string): string {
    if (path === '/proc/self/mountinfo') return this.#mounts.join('\n');
    if (path === '/proc/self/cgroup') return this.#hierarchies.map(each => this.#membership(each)).join('\n');
    const stat = /^\/proc\/(\d+)\/stat$/.exec(path);
    if (stat) return `${stat[1]} (a (b) c) S ${this.parentOf.get(Number(stat[1])) ?? 0} 1 1`;
    const [dir, name] = split(path);
    const folder = this.#folder(dir);
    if (name === 'cgroup.procs')
      return this.pids(dir)
        .map(pid => `${pid}\n`)
        .join('');
    return folder.files.get(name) ?? refuse('ENOENT', path);
  }

  write(path: string, text: string): void {
    const [dir, name] = split(path);
    const folder = this.#folder(dir);
    if (this.closed.has(dir)) refuse('EACCES', path);
    if (!folder.files.has(name) || this.lacks.has(name)) refuse('ENOENT', path);
    this.written.push(`${path} ${text}`);
    if (name === 'cgroup.subtree_control') this.#switch(dir, folder, text);
    else if (name === 'cgroup.procs') this.#move(dir, folder, Number(text) || this.pid);
    else if (name === 'cgroup.kill')
      for (const each of this.#below(dir)) for (const pid of this.pids(each)) this.kill(pid);
    else this.#keep(path, folder, name, text);
  }

  #keep(path: string, folder: Folder, name: string, text: string): void {
    if (name === 'memory.peak' && this.lacks.has('memory.peak reset')) refuse('EINVAL', path);
    if (name === 'memory.memsw.limit_in_bytes' && Number(text) < Number(folder.files.get('memory.limit_in_bytes')))
      refuse('EINVAL', path);
    if (name === 'memory.limit_in_bytes' && Number(text) > Number(folder.files.get('memory.memsw.limit_in_bytes')))
      refuse('EINVAL', path);
    folder.files.set(name, text);
  }

  writable(path: string): boolean {
    const [dir] = split(path);
    return this.#folders.has(dir) && !this.closed.has(dir);
  }

  folders(path: string): readonly string[] {
    this.#folder(path);
    return [...this.#folders.keys()].flatMap(dir => {
      const [above, name] = split(dir);
      return above === path ? [name] : [];
    });
  }

  mkdir(path: string): void {
    const [above] = split(path);
    const { hierarchy, files } = this.#folder(above);
    if (this.closed.has(above)) refuse('EACCES', path);
    if (this.#folders.has(path)) refuse('EEXIST', path);
    const offered = hierarchy.version === 1 ? hierarchy.controllers : words(files.get('cgroup.subtree_control') ?? '');
    this.#make(path, hierarchy, offered);
  }

  rmdir(path: string): void {
    this.#folder(path);
    const left = this.busy.get(path) ?? 0;
    this.busy.set(path, left - 1);
    if (left > 0 || this.pids(path).length > 0 || this.folders(path).length > 0) refuse('EBUSY', path);
    this.#folders.delete(path);
  }

  open(path: string, mode: 'r' | 'r+'): KernelFile {
    const [dir, name] = split(path);
    if (!this.#folder(dir).files.has(name) || this.lacks.has(name)) refuse('ENOENT', path);
    this.openFiles.add(path);
    return {
      read: () => this.read(path),
      write: text => (mode === 'r' ? refuse('EBADF', path) : this.write(path, text)),
      close: () => void this.openFiles.delete(path),
    };
  }

  kill(pid: number): void {
    if (!this.#members.has(pid)) refuse('ESRCH', String(pid));
    this.killed.push(pid);
    this.onKill(pid);
    this.#members.delete(pid);
  }

  #membership(hierarchy: Hierarchy): string {
    const dir = this.#members.get(this.pid)?.get(hierarchy) ?? hierarchy.top;
    const names = hierarchy.version === 1 ? hierarchy.controllers.join(',') : '';
    return `${this.#hierarchies.indexOf(hierarchy)}:${names}:${dir.slice(hierarchy.top.length) || '/'}`;
  }

  #switch(dir: string, folder: Folder, text: string): void {
    const on = new Set(words(folder.files.get('cgroup.subtree_control') ?? ''));
    for (const word of words(text)) {
      const controller = word.slice(1);
      if (!words(folder.files.get('cgroup.controllers') ?? '').includes(controller)) refuse('ENOENT', dir);
      if (word.startsWith('-')) {
        const below = this.folders(dir).map(name => this.#folder(`${dir}/${name}`));
        if (below.some(each => words(each.files.get('cgroup.subtree_control') ?? '').includes(controller)))
          refuse('EBUSY', dir);
        on.delete(controller);
      } else {
        if (dir !== folder.hierarchy.top && this.pids(dir).length > 0) refuse('EBUSY', dir);
        on.add(controller);
      }
    }
    folder.files.set('cgroup.subtree_control', [...on].join(' '));
    for (const name of this.folders(dir)) {
      const child = this.#folder(`${dir}/${name}`);
      child.files.set('cgroup.controllers', [...on].join(' '));
      addFiles(child, [...on], this.lacks);
    }
  }

  #move(dir: string, folder: Folder, pid: number): void {
    const handsDown = words(folder.files.get('cgroup.subtree_control') ?? '').length > 0;
    if (folder.hierarchy.version === 2 && handsDown && dir !== folder.hierarchy.top) refuse('EBUSY', dir);
    if (!this.#members.has(pid)) refuse('ESRCH', String(pid));
    this.put(pid, dir);
  }

  #make(dir: string, hierarchy: Hierarchy, controllers: readonly string[]): void {
    if (this.#folders.has(dir)) return;
    const files = new Map([['cgroup.procs', '']]);
    if (hierarchy.version === 2) {
      files.set('cgroup.controllers', controllers.join(' '));
      files.set('cgroup.subtree_control', '');
      if (dir !== hierarchy.top) files.set('cgroup.kill', '');
    }
    const folder = { hierarchy, files };
    if (hierarchy.version === 1 || dir !== hierarchy.top) addFiles(folder, controllers, this.lacks);
    this.#folders.set(dir, folder);
  }

  #below(dir: string): string[] {
    return [...this.#folders.keys()].filter(each => each === dir || each.startsWith(`${dir}/`));
  }

  #folder(dir: string): Folder {
    return this.#folders.get(dir) ?? refuse('ENOENT', dir);
  }
}

function addFiles(folder: Folder, controllers: readonly string[], lacks: ReadonlySet<string>): void {
  for (const controller of controllers) {
    for (const [name, text] of Object.entries(FILES[`${folder.hierarchy.version}:${controller}`] ?? {})) {
      if (!lacks.has(name) && !folder.files.has(name)) folder.files.set(name, text);
    }
  }
}

function words(text: string): string[] {
  return text.split(' ').filter(word => word !== '');
}

function split(path: string): [string, string] {
  const cut = path.lastIndexOf('/');
  return [path.slice(0, cut), path.slice(cut + 1)];
}

function refuse(code: string, path: string): never {
  throw Object.assign(new Error(`${code}: ${path}`), { code });
}

/** The code of what `work` throws. */
export function thrown(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
