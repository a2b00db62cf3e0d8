// What bubblewrap is told. Order matters to it: what comes later lies on top.

import { dirname } from 'node:path';
import { OPEN_FILES } from '../../../core/limits.ts';
import type { Assignment, Places, SandboxSpec } from '../driver.ts';
import type { Features } from './find.ts';
import { HOST_NAME, type HostRoot, USER } from './root.ts';

export const PLACES: Places = Object.freeze({ codeDir: '/var/user', optDir: '/opt', tmpDir: '/tmp' });
/** Where the last step's program lies inside. */
export const PROGRAM_INSIDE = '/run/openscf/sandbox';

const MB = 1024 * 1024;
/** Documented: /tmp. */
export const TMP_BYTES = 512 * MB;
/** Shared memory of one function's processes; counts as its memory. */
const SHM_BYTES = 64 * MB;
/** Documented: processes and threads together. */
export const PIDS = 1024;

/**
 * What the last step needs to change its user and make its user namespace; it gives them up itself.
 * CAP_SETFCAP: without it no root may be mapped, be it that of the helper's namespace.
 */
const CAPABILITIES = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SYS_ADMIN', 'CAP_SETFCAP'];

export interface Layout {
  readonly root: HostRoot;
  readonly program: string;
  /** Nothing of it is shown but what is asked for by name. */
  readonly dataDir: string;
  readonly features: Features;
}

/** Options up to the command, for `--args`: values of the environment are no business of `ps`. */
export function bwrapOptions(layout: Layout, spec: SandboxSpec, tmp: readonly string[]): string[] {
  const { root, features } = layout;
  const { dataDir } = layout;
  const system = root.shown.flatMap(path => ['--ro-bind-try', path, path]);
  const shared = features.perms ? ['--perms', '1777', ...size(features, SHM_BYTES), '--tmpfs', '/dev/shm'] : [];
  const [kept, shows] = split(spec.shows, path => path !== dataDir && within(path, dataDir));
  const foreign = outermost(shows).filter(path => !root.shown.some(shown => within(path, shown)));
  // What is asked for by name is shown on top of the cover.
  const links = spec.links ?? [];
  const covered = [...root.shown, ...foreign].some(path => within(dataDir, path));
  return [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(spec.network === 'own' ? ['--unshare-net'] : []),
    ...['--hostname', HOST_NAME, '--die-with-parent', '--new-session'],
    ...['--cap-drop', 'ALL', ...CAPABILITIES.flatMap(name => ['--cap-add', name])],
    ...parents([
      ...root.shown,
      ...root.made.map(([, path]) => path),
      ...spec.shows,
      ...links.map(([path]) => path),
      PROGRAM_INSIDE,
    ]),
    ...system,
    ...[...root.links, ...links].flatMap(([path, target]) => ['--symlink', target, path]),
    ...root.made.flatMap(([source, path]) => ['--ro-bind', source, path]),
    ...['--proc', '/proc', '--dev', '/dev', ...shared, '--remount-ro', '/dev'],
    ...['--dir', USER.home, '--dir', PLACES.codeDir, '--dir', PLACES.optDir],
    ...tmp,
    // Those made above are hidden by what has come to lie on them.
    ...parents(foreign.filter(path => within(path, PLACES.tmpDir))),
    ...foreign.flatMap(shown),
    ...(covered ? ['--tmpfs', dataDir] : []),
    ...parents(kept.filter(path => covered || within(path, PLACES.tmpDir))),
    ...outermost(kept).flatMap(shown),
    ...['--ro-bind', layout.program, PROGRAM_INSIDE],
    ...(spec.assignment ? assigned(spec.assignment) : []),
    ...(covered ? ['--remount-ro', dataDir] : []),
    ...['--remount-ro', '/'],
    // bubblewrap sets PWD to it. Where the code will be, as the cloud has it.
    ...['--chdir', PLACES.codeDir],
    ...Object.entries(spec.env).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

export function size(features: Features, bytes: number): readonly string[] {
  return features.size ? ['--size', String(bytes)] : [];
}

function assigned({ codeDir, optDir }: Assignment): string[] {
  const opt = optDir === undefined ? [] : ['--ro-bind', optDir, PLACES.optDir];
  return ['--ro-bind', codeDir, PLACES.codeDir, ...opt];
}

/** bubblewrap makes missing folders on the way for root alone. */
function parents(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) found.add(folder);
  }
  return [...found].sort().flatMap(folder => ['--dir', folder]);
}

const shown = (path: string) => ['--ro-bind', path, path];

function split<T>(all: readonly T[], first: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(first), all.filter(one => !first(one))];
}

/** Without those that lie in another, parents first. */
function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter(path => !paths.some(other => other !== path && within(path, other))).sort();
}

export function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

export interface Entering {
  /** The user outside; undefined: that of the server. */
  readonly uid: number | undefined;
  /** Highest data segment, where no cgroup limits memory. */
  readonly dataBytes: number | undefined;
  readonly nproc: boolean;
}

/** The command of bubblewrap: the last step, then the program. */
export function enterCommand(spec: SandboxSpec, { uid, dataBytes, nproc }: Entering): string[] {
  return [
    PROGRAM_INSIDE,
    'enter',
    ...(uid === undefined ? [] : ['--uid', String(uid), '--gid', String(uid)]),
    ...['--as', String(USER.id), '--nofile', String(OPEN_FILES), '--fsize', String(TMP_BYTES)],
    ...(nproc ? ['--nproc', String(PIDS)] : []),
    ...(dataBytes === undefined ? [] : ['--data', String(dataBytes)]),
    ...(spec.web === undefined ? [] : ['--web', String(spec.web)]),
    ...['--', spec.command, ...spec.args],
  ];
}
