// Content by its hash, in plain files: `<2 hex>/<sha256>`, made complete elsewhere and then moved into place.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import type { Blob } from '../core/ports.ts';
import { codeOf, type Disk, explain, syncDir } from './durable.ts';
import { fail } from './errors.ts';

/** Not two hex digits, so it is no content's folder. */
const UNFINISHED = 'unfinished';
const SHA256 = /^[0-9a-f]{64}$/;

export async function openDiskBlob(dir: string, disk: Disk = { mkdir, open, rename }): Promise<Blob> {
  const unfinishedDir = join(dir, UNFINISHED);
  try {
    await disk.mkdir(unfinishedDir, { recursive: true });
    // What a crash left. One server at a time uses a data folder, so nobody is writing these.
    for (const name of await readdir(unfinishedDir)) await rm(join(unfinishedDir, name), { recursive: true });
    await syncDir(disk, dir);
  } catch (error) {
    explain(error, dir, true);
  }
  return new DiskBlob(dir, disk);
}

class DiskBlob implements Blob {
  readonly #dir: string;
  readonly #disk: Disk;
  #started = 0;

  constructor(dir: string, disk: Disk) {
    this.#dir = dir;
    this.#disk = disk;
  }

  async put(content: Buffer | Readable): Promise<{ readonly sha256: string; readonly bytes: number }> {
    const unfinishedPath = join(this.#dir, UNFINISHED, String(this.#started++));
    try {
      const written = await this.#write(unfinishedPath, Buffer.isBuffer(content) ? [content] : content);
      await this.#moveIn(unfinishedPath, written.sha256);
      return written;
    } catch (error) {
      if (!Buffer.isBuffer(content)) content.destroy();
      // What cannot be removed now is at the next start; why it could not be kept is what counts.
      await rm(unfinishedPath, { force: true }).catch(() => undefined);
      return explain(error, this.#dir, false);
    }
  }

  async get(sha256: string): Promise<Readable | undefined> {
    if (!SHA256.test(sha256)) return undefined;
    let file: FileHandle;
    try {
      file = await open(this.#path(sha256), 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    return verified(createReadStream('', { fd: file }), sha256, this.#dir);
  }

  async delete(sha256: string): Promise<void> {
    if (!SHA256.test(sha256)) return;
    await rm(this.#path(sha256), { force: true });
  }

  async #write(path: string, content: Iterable<Buffer> | AsyncIterable<Buffer | string>) {
    const file = await this.#disk.open(path, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of content) {
        const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        hash.update(piece);
        bytes += piece.length;
        await file.writeFile(piece);
      }
      await file.sync();
      return Object.freeze({ sha256: hash.digest('hex'), bytes });
    } finally {
      await file.close();
    }
  }

  /** Replaces what is there: the same bytes, or a damaged copy of them. */
  async #moveIn(unfinishedPath: string, sha256: string): Promise<void> {
    const path = this.#path(sha256);
    const made = await this.#disk.mkdir(dirname(path), { recursive: true });
    await this.#disk.rename(unfinishedPath, path);
    await syncDir(this.#disk, dirname(path));
    if (made !== undefined) await syncDir(this.#disk, this.#dir);
  }

  #path(sha256: string): string {
    return join(this.#dir, sha256.slice(0, 2), sha256);
  }
}

/** Fails at the end, instead of ending, if the content is not what its name says. */
function verified(file: Readable, sha256: string, dir: string): Readable {
  const hash = createHash('sha256');
  const check = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      hash.update(chunk);
      pass(null, chunk);
    },
    flush(end) {
      try {
        if (hash.digest('hex') !== sha256) fail('InternalError.BlobDamaged', { sha256, dir });
        end();
      } catch (error) {
        end(error as Error);
      }
    },
    destroy(error, end) {
      file.destroy();
      end(error);
    },
  });
  file.once('error', error => check.destroy(error));
  return file.pipe(check);
}
