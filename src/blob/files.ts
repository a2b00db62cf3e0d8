// Files of objects: `<2 hex>/<32 hex>`, made complete elsewhere, synced and then moved into place. A name is given once.

import { constants } from 'node:fs';
import { access, copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { Crc64 } from '../core/crc64.ts';
import type { Ids } from '../core/ids.ts';
import type { ObjectFiles, WrittenFile } from '../core/objects.ts';
import { codeOf, type Disk, explain, syncDir } from './durable.ts';
import { fail } from './errors.ts';
import { pour } from './pour.ts';
import { CHUNK_BYTES, FileSlice } from './slice.ts';

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
  deps: { readonly ids: Ids; readonly disk?: ObjectDisk },
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
  return new DiskObjectFiles(dir, disk, deps.ids);
}

class DiskObjectFiles implements ObjectFiles {
  readonly #dir: string;
  readonly #disk: ObjectDisk;
  readonly #ids: Ids;
  readonly #folders = new Map<string, Promise<void>>();
  #started = 0;
  /** Names given since the start, until the sweep is over: it must not take what its writer is about to name. */
  #given: Set<string> | undefined = new Set();

  constructor(dir: string, disk: ObjectDisk, ids: Ids) {
    this.#dir = dir;
    this.#disk = disk;
    this.#ids = ids;
  }

  async write(content: Buffer | Readable, options: { readonly sha1?: boolean } = {}): Promise<WrittenFile> {
    // An error that comes before the first chunk is asked for would be nobody's, and end the process.
    if (!Buffer.isBuffer(content)) content.on('error', () => undefined);
    return this.#make(async unfinishedPath => {
      const file = await this.#disk.open(unfinishedPath, 'wx', 0o600);
      try {
        const sums = await pour(content, file, options);
        await file.sync();
        return sums;
      } finally {
        await file.close();
      }
    });
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
    return new FileSlice({ open: () => this.#open(file), from, to, short: () => this.#damaged(file) });
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

  /** Has `fill` make a file elsewhere, and moves it to a name of its own; nothing is left of what fails. */
  async #make<R>(fill: (unfinishedPath: string) => Promise<R>): Promise<R & { readonly file: string }> {
    const unfinishedPath = join(this.#dir, UNFINISHED, String(this.#started++));
    let path = unfinishedPath;
    try {
      const filled = await fill(unfinishedPath);
      const name = await this.#newName();
      await this.#disk.rename(unfinishedPath, this.#path(name));
      path = this.#path(name);
      await syncDir(this.#disk, dirname(path));
      return Object.freeze({ file: name, ...filled });
    } catch (error) {
      // What cannot be removed now is at the next start; why it could not be kept is what counts.
      await rm(path, { force: true }).catch(() => undefined);
      return explain(error, this.#dir, false);
    }
  }

  async #linked(from: string): Promise<string> {
    const name = await this.#newName();
    const path = this.#path(name);
    await this.#disk.link(from, path);
    try {
      await syncDir(this.#disk, dirname(path));
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
    return name;
  }

  async #copied(from: string): Promise<string> {
    const made = await this.#make(async unfinishedPath => {
      // Shares the blocks where the file system can.
      await this.#disk.copyFile(from, unfinishedPath, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      const copied = await this.#disk.open(unfinishedPath, 'r+');
      await copied.sync().finally(() => copied.close());
    });
    return made.file;
  }

  /** In a folder that is there and stays there. Seeded ids give names again after a restart: those are taken. */
  async #newName(): Promise<string> {
    for (;;) {
      const name = this.#ids.bytes(16).toString('hex');
      await this.#folder(name.slice(0, 2));
      const isTaken = await access(this.#path(name)).then(
        () => true,
        () => false,
      );
      if (isTaken) continue;
      this.#given?.add(name);
      return name;
    }
  }

  /** One at a time makes a folder, and all wait until it is durable. */
  #folder(folder: string): Promise<void> {
    const known = this.#folders.get(folder);
    if (known) return known;
    const making = this.#makeFolder(folder).catch(error => {
      this.#folders.delete(folder);
      throw error;
    });
    this.#folders.set(folder, making);
    return making;
  }

  async #makeFolder(folder: string): Promise<void> {
    await this.#disk.mkdir(join(this.#dir, folder), { recursive: true });
    // Also of one that is there: a crash may have come before this.
    await syncDir(this.#disk, this.#dir);
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
