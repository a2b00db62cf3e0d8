// Where control groups are on this machine, from /proc/self/mountinfo and /proc/self/cgroup (cgroups(7), proc(5)).

/** A mounted hierarchy. */
export interface Mount {
  readonly version: 1 | 2;
  /** The group of the hierarchy that is seen at `point`. */
  readonly root: string;
  readonly point: string;
  readonly controllers: readonly string[];
  readonly writable: boolean;
}

/** Where this process is in one hierarchy. */
export interface Place {
  /** The highest group that can be seen. */
  readonly top: string;
  /** The group of this process. */
  readonly own: string;
  readonly writable: boolean;
}

export interface Hierarchies {
  readonly v1: ReadonlyMap<string, Place>;
  readonly v2: Place | undefined;
}

const V1_OPTIONS = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'none', 'all']);

export function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right] = line.split(' - ', 2);
    const [type, , superOptions = ''] = right?.split(' ') ?? [];
    const [, , , root, point, options = ''] = left.split(' ');
    if ((type !== 'cgroup' && type !== 'cgroup2') || root === undefined || point === undefined) continue;
    const wide = superOptions.split(',');
    mounts.push({
      version: type === 'cgroup' ? 1 : 2,
      root: plain(root),
      point: plain(point),
      controllers: type === 'cgroup' ? wide.filter(word => !V1_OPTIONS.has(word) && !word.includes('=')) : [],
      writable: options.split(',').includes('rw') && wide.includes('rw'),
    });
  }
  return mounts;
}

/** Spaces and the like stand as three octal digits. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Controller → path of this process in its hierarchy; the unified one is ''. */
export function parseMembership(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const parts = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (!parts) continue;
    const [, names = '', path = '/'] = parts;
    for (const name of names.split(',')) paths.set(name, path);
  }
  return paths;
}

export function locate(mountinfo: string, membership: string): Hierarchies {
  const paths = parseMembership(membership);
  const v1 = new Map<string, Place>();
  let v2: Place | undefined;
  for (const mount of parseMounts(mountinfo)) {
    if (mount.version === 2) v2 = better(v2, placeIn(mount, paths.get('')));
    for (const name of mount.controllers) {
      const place = better(v1.get(name), placeIn(mount, paths.get(name)));
      if (place) v1.set(name, place);
    }
  }
  return { v1, v2 };
}

function better(old: Place | undefined, found: Place | undefined): Place | undefined {
  return old && (old.writable || !found?.writable) ? old : found;
}

function placeIn({ root, point, writable }: Mount, path: string | undefined): Place | undefined {
  if (path === undefined) return undefined;
  const prefix = root === '/' ? '' : root;
  // A container may be shown a part of the tree, and in it a path from outside of it: then the top is all there is.
  const inside = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : '';
  const below = inside === '/' || inside.split('/').includes('..') ? '' : inside;
  return { top: point, own: point + below, writable };
}
