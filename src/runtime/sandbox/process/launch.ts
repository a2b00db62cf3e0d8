// The command line that puts limits on a program and becomes it: by our own program where there is one for the
// machine, else by a shell.

import { OPEN_FILES } from '../../../core/limits.ts';
import type { SandboxSpec } from '../driver.ts';
import { refuseWeb } from '../web.ts';

/** Documented: processes and threads of one instance. */
export const PIDS = 1024;
const MB = 1024 * 1024;
/** Documented: room in /tmp. No single file is larger. */
const FILE_BYTES = 512 * MB;
/** Engines reserve much more than they use: Node.js starts with 200 MB of data segment, and threads add 8 MB each. */
const RESERVED_MB = 1024;

/** util-linux: lets an instance die with this server, even when that is killed. busybox's lacks the option. */
export const DIE_WITH_SERVER = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'];

/** How instances are launched on this machine. */
export interface Launch {
  /** Our own program; undefined where there is none. */
  readonly program: string | undefined;
  /** Without the program: what stands before the command. */
  readonly prefix: readonly string[];
  readonly seccomp: boolean;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface Limits {
  readonly identity: Identity | undefined;
  /** Files to write to, to join control groups. */
  readonly procsFiles: readonly string[];
}

export function commandOf(launch: Launch, spec: SandboxSpec, limits: Limits): readonly [string, ...string[]] {
  const { program } = launch;
  const command = [spec.command, ...spec.args];
  if (program === undefined && spec.web !== undefined) return refuseWeb();
  if (program === undefined) return ['/bin/sh', '-c', SCRIPT, 'sh', ...launch.prefix, ...command];
  const { identity, procsFiles } = limits;
  const enter = [
    ...['enter', '--no-userns', '--die-with-parent', ...(launch.seccomp ? [] : ['--no-seccomp'])],
    ...['--nofile', String(OPEN_FILES), '--fsize', String(FILE_BYTES)],
    // Counted per user: with the server's own it would count the server too.
    ...(identity ? ['--uid', String(identity.uid), '--gid', String(identity.gid), '--nproc', String(PIDS)] : []),
    // With control groups the kernel limits what is used, not what is reserved.
    ...(procsFiles.length > 0 ? [] : ['--data', String(dataBytes(spec.memoryMB))]),
    ...(spec.web === undefined ? [] : ['--web', String(spec.web)]),
    ...['--', ...command],
  ];
  if (procsFiles.length === 0) return [program, ...enter];
  return [program, 'run', ...procsFiles.flatMap(file => ['--cgroup', file]), '--', program, ...enter];
}

/** The last resort against a function that takes memory faster than it is watched. */
export function dataBytes(memoryMB: number): number {
  return (2 * memoryMB + RESERVED_MB) * MB;
}

/**
 * stderr joins stdout here, so that one pipe keeps their order. A limit that cannot be set is left as it is.
 * POSIX counts -f in 512 bytes; its signal is ignored, so that a write beyond it fails with EFBIG.
 */
const SCRIPT =
  `ulimit -n ${OPEN_FILES} 2>/dev/null; ulimit -c 0 2>/dev/null; ulimit -f ${FILE_BYTES / 512} 2>/dev/null; ` +
  `trap '' XFSZ 2>/dev/null; exec "$@" 2>&1`;
