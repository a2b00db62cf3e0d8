// Unpacks a code package into an empty folder. Trusts nothing in it: whoever may upload code may not write elsewhere.

import { createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { CloudError } from '../../core/errors.ts';
import { UNZIPPED_BYTES } from '../../core/limits.ts';
import { failPackage } from '../errors.ts';

export interface UnzipLimits {
  readonly bytes: number;
  readonly files: number;
  /** Only asked of packages that unpack to more than `ratioFromBytes`. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

const MB = 1024 * 1024;
export const UNZIP_LIMITS: UnzipLimits = { bytes: UNZIPPED_BYTES, files: 100_000, ratio: 200, ratioFromBytes: 64 * MB };

const LINK_TARGET_BYTES = 4096;
const TYPE_BITS = 0o170000;
const FILE = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;
/** Makers of archives that hold Unix modes: Unix and macOS. */
const UNIX_MAKERS = [3, 19];

type Kind = 'file' | 'folder' | 'link';

interface Item {
  readonly entry: yauzl.Entry;
  /** Relative, no `/` at the end. */
  readonly name: string;
  readonly kind: Kind;
  readonly mode: number;
}

/** `zipPath` into `targetDir`, which exists and is empty. Fails with `InvalidParameterValue.ZipFile` and the reason. */
export async function unzip(
  zipPath: string,
  zipBytes: number,
  targetDir: string,
  limits = UNZIP_LIMITS,
): Promise<void> {
  const zip = await open(zipPath);
  try {
    const items = await list(zip, zipBytes, limits);
    const links: { readonly item: Item; readonly target: string }[] = [];
    for (const item of items) {
      const path = join(targetDir, item.name);
      if (item.kind === 'folder') {
        await mkdir(path, { recursive: true });
        continue;
      }
      await mkdir(dirname(path), { recursive: true });
      const content = await zip.openReadStreamPromise(item.entry);
      if (item.kind === 'link') links.push({ item, target: await linkTarget(item, content) });
      else {
        await pipeline(content, createWriteStream(path, { flags: 'wx', mode: item.mode }));
        // The process's umask has cut the mode.
        await chmod(path, item.mode);
      }
    }
    // Last, so that nothing is written through a link.
    for (const { item, target } of links) await symlink(target, join(targetDir, item.name));
    for (const item of items) if (item.kind === 'folder') await chmod(join(targetDir, item.name), item.mode);
  } catch (error) {
    if (error instanceof CloudError || isOfSystem(error)) throw error;
    const { message } = error as Error;
    const name = /^(?:invalid relative path|absolute path|invalid characters in fileName): (.*)$/s.exec(message)?.[1];
    if (name !== undefined) failPackage('name', { name: JSON.stringify(name) }, error);
    failPackage('notZip', { detail: message }, error);
  } finally {
    zip.close();
  }
}

/** A full disk is no fault of the package. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function open(zipPath: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(zipPath, { autoClose: false, decodeStrings: true, validateEntrySizes: true });
  } catch (error) {
    if (isOfSystem(error)) throw error;
    failPackage('notZip', { detail: (error as Error).message }, error);
  }
}

/** Everything is checked before anything is written. */
async function list(zip: yauzl.ZipFile, zipBytes: number, limits: UnzipLimits): Promise<Item[]> {
  const items: Item[] = [];
  const kinds = new Map<string, Kind>();
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const item = itemOf(entry);
    if (items.length >= limits.files) failPackage('tooMany', { limit: limits.files });
    bytes += entry.uncompressedSize;
    if (bytes > limits.bytes) failPackage('tooLarge', { limit: limits.bytes / MB });
    if (bytes > limits.ratioFromBytes && bytes > zipBytes * limits.ratio) failPackage('bomb', { ratio: limits.ratio });
    if (kinds.has(item.name)) failPackage('twice', { name: item.name });
    kinds.set(item.name, item.kind);
    items.push(item);
  }
  for (const { name } of items) {
    for (let parent = posix.dirname(name); parent !== '.'; parent = posix.dirname(parent)) {
      const kind = kinds.get(parent);
      if (kind === 'link' || kind === 'file') failPackage('twice', { name: parent });
    }
  }
  return items;
}

function itemOf(entry: yauzl.Entry): Item {
  const shown = entry.fileName;
  const folder = shown.endsWith('/');
  const name = folder ? shown.slice(0, -1) : shown;
  checkName(name, shown);
  if (entry.isEncrypted()) failPackage('encrypted', { name });
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) failPackage('method', { name });
  const unix = UNIX_MAKERS.includes(entry.versionMadeBy >> 8) ? entry.externalFileAttributes >>> 16 : 0;
  const type = unix & TYPE_BITS;
  if (type !== 0 && type !== FILE && type !== FOLDER && type !== LINK) failPackage('kind', { name });
  const kind = folder || type === FOLDER ? 'folder' : type === LINK ? 'link' : 'file';
  // Before its stream is opened: one that nobody reads would throw its error at the whole process.
  if (kind === 'link' && entry.uncompressedSize > LINK_TARGET_BYTES) failPackage('link', { name });
  const mode = unix & 0o777;
  // The server itself has to read it and one day to remove it.
  if (kind === 'folder') return { entry, name, kind, mode: (mode || 0o755) | 0o755 };
  // Instances have users of their own: what the owner may read or run, they may.
  const run = (mode & 0o100) !== 0 ? 0o111 : 0;
  return { entry, name, kind, mode: (mode || 0o644) | 0o444 | run };
}

function checkName(name: string, shown: string): void {
  const parts = name.split('/');
  const bad = name.includes('\0') || name.includes('\\') || /^[A-Za-z]:/.test(name);
  if (bad || parts.some(part => part === '' || part === '.' || part === '..')) {
    failPackage('name', { name: JSON.stringify(shown) });
  }
}

/**
 * `..` is only taken at the beginning of a target: it then goes up real folders, which the name shows,
 * and what follows only goes down, through links for which the same holds.
 */
async function linkTarget(item: Item, content: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  const target = Buffer.concat(chunks).toString('utf8');
  const parts = target.split('/');
  const down = parts.findIndex(part => part !== '..');
  const ups = down < 0 ? parts.length : down;
  const depth = item.name.split('/').length - 1;
  const leadsOut = target === '' || target.startsWith('/') || target.includes('\0') || ups > depth;
  if (leadsOut || parts.slice(ups).includes('..')) failPackage('link', { name: item.name });
  return target;
}
