// From an object to a stream or a file, checked on the way. A file is whole or it is not there.

import { type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Crc64 } from '../../core/crc64.ts';
import { SystemIds } from '../../core/ids.ts';
import { formatAddress, shown } from './address.ts';
import type { CosClient } from './client.ts';
import { fail } from './errors.ts';

export interface ObjectSource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface Read {
  readonly bytes: number;
  /** Decimal. */
  readonly crc64: string;
}

const ids = new SystemIds();
const SUFFIX_BYTES = 6;

/** Where the bytes go; asked for when it is known that there are some. */
type OpenSink = () => Promise<(chunk: Buffer) => Promise<unknown>>;

/** Fails when what came is not what the object is. */
export async function download(
  cos: CosClient,
  { bucket, key, versionId }: ObjectSource,
  sink: OpenSink,
): Promise<Read> {
  const query = versionId === undefined ? {} : { versionId };
  const response = await cos.open({ method: 'GET', bucket, key, query });
  const expected = String(response.headers['x-cos-hash-crc64ecma'] ?? '');
  const sum = new Crc64();
  let bytes = 0;
  try {
    const write = await sink();
    for await (const chunk of cos.read(response)) {
      sum.update(chunk);
      bytes += chunk.length;
      await write(chunk);
    }
  } finally {
    response.destroy();
  }
  const crc64 = sum.digest();
  if (crc64 !== expected) {
    fail('Cli.CosChecksum', { address: shown(formatAddress({ bucket, key })), expected: expected || '-', got: crc64 });
  }
  return { bytes, crc64 };
}

/** Its folders are made where there are none. */
export async function downloadFile(cos: CosClient, source: ObjectSource, path: string): Promise<Read> {
  const there = await stat(path).catch(() => undefined);
  // A device or a pipe takes bytes; another file in its place would be no device.
  if (there && !there.isFile()) return downloadTo(cos, source, { at: path, named: path, flags: 'w' });
  const target = there ? await realpath(path) : path;
  // Not longer for a long name, or names that are just short enough could not be written.
  const aside = join(dirname(target), `.openscf-${ids.bytes(SUFFIX_BYTES).toString('hex')}`);
  try {
    const read = await downloadTo(cos, source, { at: aside, named: path, flags: 'wx', mode: there?.mode });
    await local(path, () => rename(aside, target));
    return read;
  } catch (error) {
    // What went wrong before is what is told.
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}

interface Sink {
  readonly at: string;
  /** As it is called where something is wrong with it. */
  readonly named: string;
  readonly flags: 'w' | 'wx';
  readonly mode?: number | undefined;
}

async function downloadTo(cos: CosClient, source: ObjectSource, { at, named, flags, mode }: Sink): Promise<Read> {
  let file: FileHandle | undefined;
  try {
    return await download(cos, source, async () => {
      await local(named, () => mkdir(dirname(at), { recursive: true }));
      const opened = await local(named, () => open(at, flags, mode));
      file = opened;
      return chunk => local(named, () => opened.writeFile(chunk));
    });
  } finally {
    await file?.close();
  }
}

/** What the file system refuses, in the words of the command line. */
export async function local<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return fail('Cli.CosFile', { path: shown(path), reason: (error as Error).message }, error);
  }
}
