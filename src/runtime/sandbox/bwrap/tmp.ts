// A sandbox's own /tmp of 512 MB: on disk where the server may mount an image, else in memory,
// else (bubblewrap before 0.7 cannot bound a tmpfs) a folder on disk.

import { chmod, chown, mkdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../core/log.ts';
import type { MountHelper } from '../native.ts';
import { PLACES, size, TMP_BYTES } from './args.ts';
import type { Features } from './find.ts';
import { type Image, writeImage } from './image.ts';

export type TmpKind = 'loop' | 'tmpfs' | 'folder';

export interface TmpSlot {
  readonly kind: TmpKind;
  /** Options of bubblewrap that put it in place. */
  readonly options: readonly string[];
  /** The sandbox has its own hold of it now. */
  entered(): Promise<void>;
  /** The sandbox has ended, or has not come to be. */
  free(): Promise<void>;
}

export interface TmpSource {
  readonly kind: TmpKind;
  take(id: string, uid: number | undefined): Promise<TmpSlot>;
}

const NOTHING = () => Promise.resolve();

export function tmpfsSource(features: Features): TmpSource {
  const perms = features.perms ? ['--perms', '1777'] : [];
  const options = [...perms, ...size(features, TMP_BYTES), '--tmpfs', PLACES.tmpDir];
  const slot: TmpSlot = { kind: 'tmpfs', options, entered: NOTHING, free: NOTHING };
  return { kind: 'tmpfs', take: () => Promise.resolve(slot) };
}

export function folderSource(dir: string): TmpSource {
  return {
    kind: 'folder',
    async take(id, uid) {
      const path = join(dir, id);
      await mkdir(path, { mode: 0o700 });
      if (uid !== undefined) await chown(path, uid, uid);
      const free = () => rm(path, { recursive: true, force: true });
      return { kind: 'folder', options: ['--bind', path, PLACES.tmpDir], entered: NOTHING, free };
    },
  };
}

export interface LoopDeps {
  readonly dir: string;
  readonly image: Image;
  readonly helper: Pick<MountHelper, 'loop' | 'umount'>;
  /** Takes over when an image cannot be mounted: the machine has no loop device left. */
  readonly otherwise: TmpSource;
  readonly log: Log;
}

export function loopSource({ dir, image, helper, otherwise, log }: LoopDeps): TmpSource {
  let last: Promise<unknown> = Promise.resolve();
  // Several that look for a free device at once find the same one, and all but one fail.
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  }

  async function mount(id: string, uid: number | undefined): Promise<TmpSlot> {
    const path = join(dir, id);
    const file = `${path}.img`;
    await mkdir(path, { mode: 0o700 });
    let asked = false;
    let gone: Promise<void> | undefined;
    // The sandbox's own mount keeps it; a server that is killed then leaves none behind.
    const leave = async () => {
      if (asked) await umounted(path);
      await rmdir(path);
    };
    const away = () => {
      gone ??= leave().catch(error => {
        // To be tried again: a helper that has died is there again then.
        gone = undefined;
        throw error;
      });
      return gone;
    };
    try {
      await writeImage(image, file);
      try {
        asked = true;
        await inTurn(() => helper.loop(file, path, image.bytes));
      } finally {
        // The device holds it.
        await unlink(file);
      }
      await rmdir(join(path, 'lost+found'));
      if (uid !== undefined) await chown(path, uid, uid);
      await chmod(path, 0o1777);
    } catch (error) {
      await away()
        .catch(away)
        .catch(() => {});
      throw error;
    }
    return { kind: 'loop', options: ['--bind', path, PLACES.tmpDir], entered: away, free: away };
  }

  async function umounted(path: string): Promise<void> {
    try {
      await helper.umount(path);
    } catch (error) {
      // It was not mounted.
      if (!/Invalid argument/.test((error as Error).message)) throw error;
    }
  }

  return {
    kind: 'loop',
    async take(id, uid) {
      try {
        return await mount(id, uid);
      } catch (error) {
        log.warn({ sandbox: id, error }, 'no image could be mounted for /tmp: this one counts as memory');
        return otherwise.take(id, uid);
      }
    },
  };
}
