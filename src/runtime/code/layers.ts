// What a function finds under /opt: its layers laid over each other in their order, each combination made once,
// <dir>/<sha256 of the list>. A folder with that name is whole. A single layer is the unpacked package itself.

import { createHash } from 'node:crypto';
import { chmod, copyFile, link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoundLayer, CodePackage } from '../../core/function.ts';
import { type Ids, shortId } from '../../core/ids.ts';
import { UNZIPPED_BYTES } from '../../core/limits.ts';
import { failLayers } from '../errors.ts';
import type { CodeCache } from './code.ts';

/** Work in progress; what is found under such a name at start was left by a server that was killed. */
const UNFINISHED = '.merging-';
const MB = 1024 * 1024;

type Layers = readonly Pick<BoundLayer, 'code'>[];

export class LayerCache {
  readonly #code: Pick<CodeCache, 'folder'>;
  readonly #dir: string;
  readonly #ids: Ids;
  readonly #limitBytes: number;
  readonly #ready = new Map<string, string>();
  readonly #merging = new Map<string, Promise<string>>();
  /** Unpacked bytes by the package's hash, which stand for its content. */
  readonly #sizes = new Map<string, number>();

  private constructor(code: Pick<CodeCache, 'folder'>, dir: string, ids: Ids, limitBytes: number) {
    this.#code = code;
    this.#dir = dir;
    this.#ids = ids;
    this.#limitBytes = limitBytes;
  }

  /** Layers are unpacked by `code`, beside the functions' packages. */
  static async open(
    code: Pick<CodeCache, 'folder'>,
    dir: string,
    ids: Ids,
    limitBytes = UNZIPPED_BYTES,
  ): Promise<LayerCache> {
    await mkdir(dir, { recursive: true });
    for (const name of await readdir(dir)) {
      if (name.startsWith(UNFINISHED)) await rm(join(dir, name), { recursive: true, force: true });
    }
    return new LayerCache(code, dir, ids, limitBytes);
  }

  /** Drops what was made for combinations that no version has. For the start, before anything runs from them. */
  async sweep(inUse: Iterable<Layers>): Promise<void> {
    const keys = new Set([...inUse].map(keyOf));
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith(UNFINISHED) || keys.has(name)) continue;
      // A folder under its own name is whole: one that goes must lose the name first.
      const doomed = join(this.#dir, UNFINISHED + shortId(this.#ids, 12));
      await rename(join(this.#dir, name), doomed);
      await rm(doomed, { recursive: true, force: true });
    }
  }

  /** The folder for /opt; undefined when there are no layers. Fails with `InvalidParameterValue.ZipFile`. */
  async folder(layers: Layers): Promise<string | undefined> {
    const [first, ...others] = layers;
    if (!first) return undefined;
    if (others.length === 0) return this.#code.folder(first.code);
    const key = keyOf(layers);
    const ready = this.#ready.get(key);
    if (ready !== undefined) return ready;
    const running = this.#merging.get(key);
    if (running) return running;
    const work = this.#make(layers, join(this.#dir, key));
    this.#merging.set(key, work);
    try {
      const path = await work;
      this.#ready.set(key, path);
      return path;
    } finally {
      this.#merging.delete(key);
    }
  }

  /** Brings them here; fails with `InvalidParameterValue.Layers` when they are too large together with the code. */
  async check(code: CodePackage, layers: Layers): Promise<void> {
    if (layers.length === 0) return;
    let bytes = 0;
    for (const one of [code, ...layers.map(layer => layer.code)]) bytes += await this.#sizeOf(one);
    if (bytes > this.#limitBytes) failLayers('tooLarge', { size: Math.ceil(bytes / MB), limit: this.#limitBytes / MB });
    await this.folder(layers);
  }

  async #make(layers: Layers, path: string): Promise<string> {
    if (await isFolder(path)) return path;
    const work = join(this.#dir, UNFINISHED + shortId(this.#ids, 12));
    try {
      await mkdir(work);
      // One after another: a package that fails leaves no other half unpacked behind it.
      for (const layer of layers) await layOver(await this.#code.folder(layer.code), work);
      await rename(work, path);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return path;
  }

  async #sizeOf(code: CodePackage): Promise<number> {
    const folder = await this.#code.folder(code);
    const known = this.#sizes.get(code.sha256) ?? (await bytesBelow(folder));
    this.#sizes.set(code.sha256, known);
    return known;
  }
}

function keyOf(layers: Layers): string {
  return createHash('sha256')
    .update(layers.map(layer => layer.code.sha256).join('\n'))
    .digest('hex');
}

/**
 * What `from` has takes the place of what `to` has; two folders become one. Nothing is written through a link:
 * one that stands where a folder is to be goes first.
 */
async function layOver(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const there = await lstat(target).catch(() => undefined);
    if (there && !(there.isDirectory() && entry.isDirectory())) await rm(target, { recursive: true });
    if (entry.isDirectory()) {
      if (!there?.isDirectory()) await mkdir(target);
      await layOver(source, target);
      await chmod(target, (await lstat(source)).mode & 0o777);
    } else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await linkFile(source, target);
  }
}

/** One file under two names: no room, no time. Where the file system has no such thing, a copy. */
async function linkFile(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch {
    await copyFile(source, target);
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    else if (entry.isFile()) bytes += (await lstat(path)).size;
  }
  return bytes;
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}
