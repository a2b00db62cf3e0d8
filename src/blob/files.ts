// Files of objects: `<2 hex>/<32 hex>`, made complete elsewhere, moved into place and synced with their place before anybody
// is told their names. A name is given once.

import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Crc64 } from '../core/crc64.ts';
import type { Ids } from '../core/ids.ts';
import type { ObjectFiles, WriteOptions, WrittenFile } from '../core/objects.ts';
import { codeOf, type Disk, explain, syncDir } from './durable.ts';
import { fail } from './errors.ts';
import { Chunks, feed } from './feed.ts';
import { type Place, Places } from './places.ts';
import { type PourDeps, pour } from './pour.ts';
import { CHUNK_BYTES, FileSlice, type Slice } from './slice.ts';
import { SUMMERS, type Summers } from './summers.ts';

/** What is asked of the file system; tests let it fail. */
export interface ObjectDisk extends Disk {
  readonly link: typeof link;
  readonly copyFile: typeof copyFile;
}

/** Not two hex digits, so it is no folder of files. */
const UNFINISHED = 'unfinished';
const NAME = /^[0-9a-f]{32}$/;
const FOLDER = /^[0-9a-f]{2}$/;
/** What the index is asked at once. */
const SWEPT_AT_ONCE = 500;
/** A file system without hard links, another one behind the folder, or as many links as a file may have. */
const NO_LINK: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];
/** The disk itself cannot give the bytes back. */
const LOST: readonly unknown[] = ['ENOENT', 'EIO', 'EUCLEAN', 'EBADMSG'];

export async function openObjectFiles(
  dir: string,
  deps: { readonly ids: Ids; readonly disk?: ObjectDisk; readonly summers?: Pick<Summers, 'begin'> },
): Promise<ObjectFiles> {
  const disk = deps.disk ?? { mkdir, open, rename, link, copyFile };
  const unfinishedDir = join(dir, UNFINISHED);
  try {
    await disk.mkdir(unfinishedDir, { recursive: true });
    // What a crash left. One server at a time uses a data folder, so nobody is writing these.
    for (const name of await readdir(unfinishedDir)) await rm(join(unfinishedDir, name), { recursive: true });
    await syncDir(disk, dir);
  } catch (error) {
    explain(error, dir, true);
  }
  return new DiskObjectFiles(dir, disk, deps.ids, deps.summers ?? SUMMERS);
}

class DiskObjectFiles implements ObjectFiles {
  readonly #dir: string;
  readonly #disk: ObjectDisk;
  readonly #places: Places;
  readonly #chunks = new Chunks();
  readonly #pouring: PourDeps;
  #started = 0;
  /** Names given since the start, until the sweep is over: it must not take what its writer is about to name. */
  #given: Set<string> | undefined = new Set();

  constructor(dir: string, disk: ObjectDisk, ids: Ids, summers: Pick<Summers, 'begin'>) {
    this.#dir = dir;
    this.#disk = disk;
    this.#places = new Places(dir, disk, ids);
    this.#pouring = { blocks: new Chunks(() => Buffer.from(new SharedArrayBuffer(CHUNK_BYTES))), summers };
  }

  async write(content: Buffer | Readable, options: WriteOptions = {}): Promise<WrittenFile> {
    // An error that comes before the first chunk is asked for would be nobody's, and end the process.
    if (!Buffer.isBuffer(content)) content.on('error', () => undefined);
    return this.#make(
      unfinishedPath => this.#disk.open(unfinishedPath, 'wx', 0o600),
      opening => pour(content, opening, this.#pouring, options),
    );
  }

  async copy(file: string): Promise<string> {
    const from = this.#path(file);
    try {
      return await this.#linked(from).catch(error => {
        if (!NO_LINK.includes(codeOf(error))) throw error;
        return this.#copied(from);
      });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') this.#damaged(file, error);
      return explain(error, this.#dir, false);
    }
  }

  read(file: string, from: number, to: number): Readable {
    return new FileSlice(this.#slice(file, from, to));
  }

  feed(file: string, from: number, to: number, take: (chunk: Buffer) => Promise<void>): Promise<void> {
    return feed(this.#slice(file, from, to), this.#chunks, take);
  }

  async check(file: string, crc64: string): Promise<boolean> {
    if (!NAME.test(file)) return false;
    let opened: FileHandle | undefined;
    try {
      opened = await this.#disk.open(this.#path(file), 'r');
      const sum = new Crc64();
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await opened.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) return sum.digest() === crc64;
        sum.update(chunk.subarray(0, bytesRead));
      }
    } catch (error) {
      if (LOST.includes(codeOf(error))) return false;
      throw error;
    } finally {
      await opened?.close();
    }
  }

  /** Not made last: what comes back after a crash is named by nobody and swept. */
  async remove(file: string): Promise<void> {
    if (NAME.test(file)) await rm(this.#path(file), { force: true });
  }

  async sweep(isNamed: (files: readonly string[]) => ReadonlySet<string>): Promise<number> {
    let removed = 0;
    for (const folder of await readdir(this.#dir)) {
      if (!FOLDER.test(folder)) continue;
      const names = (await readdir(join(this.#dir, folder))).filter(name => NAME.test(name));
      for (let at = 0; at < names.length; at += SWEPT_AT_ONCE) {
        const some = names.slice(at, at + SWEPT_AT_ONCE).filter(name => !this.#given?.has(name));
        const named = isNamed(some);
        for (const name of some) {
          if (named.has(name)) continue;
          await this.remove(name);
          removed++;
        }
      }
    }
    this.#given = undefined;
    return removed;
  }

  /** Fills a file elsewhere, moves it to a name of its own and has both on disk; nothing is left of what fails. */
  async #make<R>(
    open: (unfinishedPath: string) => Promise<FileHandle>,
    fill: (opening: Promise<FileHandle>) => Promise<{ readonly sums: Promise<R> }>,
  ): Promise<R & { readonly file: string }> {
    const unfinishedPath = join(this.#dir, UNFINISHED, String(this.#started++));
    let path = unfinishedPath;
    // While it is filled; heard when it is waited for.
    const placing = this.#place();
    placing.catch(() => undefined);
    const opening = open(unfinishedPath);
    opening.catch(() => undefined);
    try {
      const { sums } = await fill(opening);
      const [file, place] = [await opening, await placing];
      await this.#disk.rename(unfinishedPath, place.path);
      path = place.path;
      // A journal takes the bytes, the name and the folder at once; the other way round it would be written twice.
      await both(file.sync(), place.sync());
      return Object.freeze({ file: place.name, ...(await sums) });
    } catch (error) {
      // Content may break off before the file is there.
      await opening.catch(() => undefined);
      // What cannot be removed now is at the next start; why it could not be kept is what counts.
      await rm(path, { force: true }).catch(() => undefined);
      return explain(error, this.#dir, false);
    } finally {
      behind(opening, file => file.close());
      behind(placing, place => place.leave());
    }
  }

  async #linked(from: string): Promise<string> {
    const placing = this.#place();
    try {
      const { name, path, sync } = await placing;
      await this.#disk.link(from, path);
      try {
        await sync();
      } catch (error) {
        await rm(path, { force: true }).catch(() => undefined);
        throw error;
      }
      return name;
    } finally {
      behind(placing, place => place.leave());
    }
  }

  async #copied(from: string): Promise<string> {
    const made = await this.#make(
      async unfinishedPath => {
        // Shares the blocks where the file system can.
        await this.#disk.copyFile(from, unfinishedPath, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        return this.#disk.open(unfinishedPath, 'r+');
      },
      async () => ({ sums: Promise.resolve({}) }),
    );
    return made.file;
  }

  /** The sweep leaves it. */
  async #place(): Promise<Place> {
    const place = await this.#places.take();
    this.#given?.add(place.name);
    return place;
  }

  #slice(file: string, from: number, to: number): Slice {
    return { open: () => this.#open(file), from, to, short: () => this.#damaged(file) };
  }

  async #open(file: string): Promise<FileHandle> {
    try {
      return await this.#disk.open(this.#path(file), 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') this.#damaged(file, error);
      throw error;
    }
  }

  #damaged(file: string, cause?: unknown): never {
    return fail('InternalError.FileDamaged', { file, dir: this.#dir }, cause);
  }

  /** A name that is none is never a path. */
  #path(file: string): string {
    if (!NAME.test(file)) this.#damaged(file);
    return join(this.#dir, file.slice(0, 2), file);
  }
}

/** Nobody waits for this end, nor hears of its failure: what was to be kept has been synced, or has failed. */
function behind<T>(begun: Promise<T>, end: (begun: T) => Promise<void>): void {
  begun.then(end).catch(() => undefined);
}

/** Nothing goes on any more when it rejects. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  for (const done of await Promise.allSettled([one, other])) if (done.status === 'rejected') throw done.reason;
}
