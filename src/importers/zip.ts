// A folder as a code package. The same files give the same bytes.

import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fromBuffer } from 'yauzl';
import { ZipFile } from 'yazl';
import { ZIP_BYTES } from '../core/limits.ts';
import { fail } from './errors.ts';

/** Left out at any depth; node_modules stays, since the cloud installs nothing. */
const NEVER = new Set(['.git', '.openscf', '.serverless', '.DS_Store']);
/** Zip has no dates before 1980. */
const MTIME = new Date(Date.UTC(2000, 0, 1));

interface File {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
}

/** Globs are relative to the folder; one that names a folder leaves out all below it. */
export async function zipFolder(folder: string, exclude: readonly string[] = [], limit = ZIP_BYTES): Promise<Buffer> {
  const patterns = exclude.map(pattern => pattern.replace(/^\.?\//, '').replace(/\/$/, ''));
  const files = await filesBelow(folder, '', patterns, []);
  if (files.length === 0) fail('Project.Empty', { path: folder });
  const zip = new ZipFile();
  for (const file of files)
    zip.addBuffer(await readFile(file.path), file.name, { mode: file.mode, mtime: MTIME, forceDosTimestamp: true });
  zip.end();
  const bytes = await buffer(zip.outputStream);
  return checkSize(bytes, limit);
}

export function checkSize(zip: Buffer, limit = ZIP_BYTES): Buffer {
  if (zip.length > limit) fail('Project.TooLarge', { size: zip.length, limit });
  return zip;
}

/** Links are followed, as a deployment needs what they point to; `above` holds the real folders on the way down, against loops. */
async function filesBelow(
  folder: string,
  prefix: string,
  exclude: readonly string[],
  above: readonly string[],
): Promise<File[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const files: File[] = [];
  for (const entry of (await readdir(folder)).sort()) {
    const name = prefix + entry;
    if (NEVER.has(entry) || exclude.some(pattern => posix.matchesGlob(name, pattern))) continue;
    const path = join(folder, entry);
    const found = await stat(path);
    if (found.isDirectory()) files.push(...(await filesBelow(path, `${name}/`, exclude, [...above, real])));
    else if (found.isFile()) files.push({ name, path, mode: found.mode });
  }
  return files;
}

/** The names in a zip, as they stand in it. */
export async function zipNames(zip: Buffer, path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      try {
        fail('Project.NotZip', { path, reason: error.message }, error);
      } catch (refused) {
        reject(refused);
      }
    };
    fromBuffer(zip, { lazyEntries: false }, (error, file) => {
      if (error) return refuse(error);
      const names: string[] = [];
      file.on('entry', entry => names.push(entry.fileName));
      file.on('end', () => resolve(names));
      file.on('error', refuse);
    });
  });
}
