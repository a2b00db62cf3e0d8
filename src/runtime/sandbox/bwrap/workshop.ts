// Brings together what sandboxes are made with: folders, helper, control groups, users, a source of /tmp.

import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { type Ids, shortId } from '../../../core/ids.ts';
import type { Log } from '../../../core/log.ts';
import type { Sentence } from '../../languages/language.ts';
import { type Cgroups, openCgroups } from '../cgroup/cgroups.ts';
import { type MountHelper, openMountHelper } from '../native.ts';
import { openImage } from './image.ts';
import type { Means } from './probe.ts';
import { makeRoot } from './root.ts';
import type { Port, Workshop } from './sandbox.ts';
import { sweep, sweepProcesses } from './sweep.ts';
import { folderSource, loopSource, type TmpKind, type TmpSource, tmpfsSource } from './tmp.ts';
import { Uids, uidRange } from './uids.ts';

export interface BwrapDeps {
  readonly dataDir: string;
  /** Unique per data folder: letters, digits, `-` and `_`. */
  readonly mark: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** More lines of the functions' /etc/hosts. */
  readonly hosts: readonly string[];
  /** Shown at /etc/openscf/ca.crt. */
  readonly caFile: string | undefined;
  /** What a function with its own network reaches on its loopback: ports of this server. */
  ports(): readonly Port[];
}

/** Less than the machine offers. */
export interface BwrapChoices {
  readonly tmp?: TmpKind;
  readonly cgroups?: false;
  readonly lateAssign?: false;
  /** Folders in which bwrap is looked for, as in PATH. */
  readonly path?: string;
}

export interface OpenWorkshop {
  readonly workshop: Workshop;
  /** A folder with files that a trial may show. */
  readonly etcDir: string;
  readonly cgroups: 'used' | Sentence;
  close(): Promise<void>;
}

const NOT_WANTED: Sentence = { zh: '控制组（cgroup）已关闭', en: 'control groups (cgroups) are switched off' };
/** RLIMIT_NPROC counts per user namespace from here on; before it counts the user's processes everywhere. */
const NPROC_KERNEL: readonly [number, number] = [5, 14];

export async function openWorkshop(deps: BwrapDeps, choices: BwrapChoices, means: Means): Promise<OpenWorkshop> {
  const { mark, clock, log } = deps;
  // What is shown is shown where it really lies.
  const dataDir = await realpath(deps.dataDir);
  const { program, bwrap, able } = means;
  const dir = join(dataDir, 'sandbox');
  const [etcDir, tmpDir, turnDir] = [join(dir, 'etc'), join(dir, 'tmp'), join(dir, 'turns')] as const;
  for (const one of [dir, turnDir]) await mkdir(one, { recursive: true, mode: 0o700 });
  const inHelper = !able.root;
  const helper = await openMountHelper({ program, userns: inHelper, log });
  let cgroups: Cgroups | undefined;
  const close = async () => {
    await helper.close();
    await cgroups?.close();
  };
  try {
    await sweep(tmpDir, path => helper.umount(path), log);
    const groups = choices.cgroups === false ? { missing: NOT_WANTED } : await openCgroups({ mark, log, clock });
    if (!('missing' in groups)) cgroups = groups;
    if (cgroups) await cgroups.sweep();
    else sweepProcesses(mark, log);
    const range = inHelper ? undefined : uidRange(mark);
    const layout = {
      root: await makeRoot({ dir: etcDir, hosts: deps.hosts, caFile: deps.caFile }),
      program,
      dataDir,
      features: bwrap,
    };
    const workshop: Workshop = {
      bwrap: bwrap.path,
      layout,
      mark,
      helper,
      inHelper,
      cgroups,
      uids: range && new Uids(range),
      tmp: await tmpSource(deps, choices, means, { dir, tmpDir, helper }),
      turnDir,
      lateAssign: able.openTree && choices.lateAssign !== false,
      nproc: range !== undefined || atLeast(able.kernel, NPROC_KERNEL),
      ports: () => deps.ports(),
      clock,
      log,
    };
    return { workshop, etcDir, cgroups: 'missing' in groups ? groups.missing : 'used', close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface TmpPlaces {
  readonly dir: string;
  readonly tmpDir: string;
  readonly helper: MountHelper;
}

async function tmpSource(
  { ids, log }: BwrapDeps,
  { tmp }: BwrapChoices,
  { bwrap, able }: Means,
  { dir, tmpDir, helper }: TmpPlaces,
): Promise<TmpSource> {
  // Without --size a tmpfs takes half of the machine's memory.
  const simple = bwrap.size && tmp !== 'folder' ? tmpfsSource(bwrap) : folderSource(tmpDir);
  if (!able.root || !able.loop || (tmp !== undefined && tmp !== 'loop')) return simple;
  try {
    const disk = loopSource({ dir: tmpDir, image: await openImage(dir), helper, otherwise: simple, log });
    const slot = await disk.take(shortId(ids, 12), undefined);
    await slot.free();
    // What came instead of an image is no reason to try one for each sandbox.
    return slot.kind === 'loop' ? disk : simple;
  } catch (error) {
    log.info({ error }, 'no images can be mounted for /tmp');
    return simple;
  }
}

function atLeast(kernel: string, [major, minor]: readonly [number, number]): boolean {
  const [its = 0, minors = 0] = kernel.split('.').map(Number);
  return its > major || (its === major && minors >= minor);
}
