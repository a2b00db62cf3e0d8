// Code packages unpacked on this machine, each once: <dir>/<sha256>. A folder with that name is whole.

import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CodePackage } from '../../core/function.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import type { Blob } from '../../core/ports.ts';
import { failPackage } from '../errors.ts';
import { UNZIP_LIMITS, type UnzipLimits, unzip } from './zip.ts';

/** Work in progress; what is found under such a name at start was left by a server that was killed. */
const UNFINISHED = '.unpacking-';

export class CodeCache {
  readonly #blob: Blob;
  readonly #dir: string;
  readonly #ids: Ids;
  readonly #limits: UnzipLimits;
  readonly #ready = new Set<string>();
  readonly #unpacking = new Map<string, Promise<string>>();

  private constructor(blob: Blob, dir: string, ids: Ids, limits: UnzipLimits) {
    this.#blob = blob;
    this.#dir = dir;
    this.#ids = ids;
    this.#limits = limits;
  }

  static async open(blob: Blob, dir: string, ids: Ids, limits = UNZIP_LIMITS): Promise<CodeCache> {
    await mkdir(dir, { recursive: true });
    for (const name of await readdir(dir)) {
      if (name.startsWith(UNFINISHED)) await rm(join(dir, name), { recursive: true, force: true });
    }
    return new CodeCache(blob, dir, ids, limits);
  }

  /** Drops the folders of packages that no version uses. For the start, before anything runs from them. */
  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith(UNFINISHED) || inUse.has(name)) continue;
      // A folder under its own name is whole: one that goes must lose the name first.
      const doomed = join(this.#dir, UNFINISHED + shortId(this.#ids, 12));
      await rename(join(this.#dir, name), doomed);
      await rm(doomed, { recursive: true, force: true });
    }
  }

  /** The folder of the unpacked package. Fails with `InvalidParameterValue.ZipFile`. */
  async folder(code: CodePackage): Promise<string> {
    const path = join(this.#dir, code.sha256);
    if (this.#ready.has(code.sha256)) return path;
    const running = this.#unpacking.get(code.sha256);
    if (running) return running;
    const work = this.#make(code.sha256, path);
    this.#unpacking.set(code.sha256, work);
    try {
      return await work;
    } finally {
      this.#unpacking.delete(code.sha256);
    }
  }

  async #make(sha256: string, path: string): Promise<string> {
    // It becomes part of a path.
    if (!/^[0-9a-f]{64}$/.test(sha256)) failPackage('missing', { sha256 });
    if (!(await isFolder(path))) await this.#unpack(sha256, path);
    this.#ready.add(sha256);
    return path;
  }

  async #unpack(sha256: string, path: string): Promise<void> {
    const content = await this.#blob.get(sha256);
    if (!content) failPackage('missing', { sha256 });
    const work = join(this.#dir, UNFINISHED + shortId(this.#ids, 12));
    try {
      const zipPath = join(work, 'zip');
      const treePath = join(work, 'tree');
      await mkdir(treePath, { recursive: true });
      await pipeline(content, createWriteStream(zipPath));
      await unzip(zipPath, (await stat(zipPath)).size, treePath, this.#limits);
      await rename(treePath, path);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
