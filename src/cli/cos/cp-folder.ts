// openscf cos cp -r: all that is in a folder, some at once. What fails is told of, and the rest goes on.

import { mkdir, stat } from 'node:fs/promises';
import { CloudError } from '../../core/errors.ts';
import { fail as failCli } from '../errors.ts';
import { Exit } from '../exit.ts';
import type { Io } from '../io.ts';
import { quoted } from '../quoted.ts';
import { size } from '../readable.ts';
import { type CosAddress, folderOf, formatAddress, shown } from './address.ts';
import { COPY_BYTES, copy } from './copy.ts';
import { downloadFile, local } from './download.ts';
import { fail } from './errors.ts';
import { fileIn, filesIn } from './folder.ts';
import type { CosSession } from './open.ts';
import { listObjects, type ObjectEntry } from './pages.ts';
import { inParallel } from './pool.ts';
import { isObject, type Place, type Transfer, uploadFile } from './transfer.ts';

interface Folders {
  readonly source: Exclude<Place, 'stream'>;
  readonly target: Exclude<Place, 'stream'>;
  readonly transfer: Transfer;
}

/** One of many. */
interface Step {
  readonly from: string;
  readonly to: string;
  /** Gives how many bytes that were. */
  run(): Promise<number>;
}

const AT_ONCE = 4;
/** Nothing else would fare better. */
const HOPELESS =
  /^Cli\.(?:NotRunning|Transport|NoKeys|Answer)$|^(?:InvalidAccessKeyId|SignatureDoesNotMatch|NoSuchBucket)$/;

export async function copyFolder(session: CosSession, io: Io, { source, target, transfer }: Folders): Promise<void> {
  const { json, say, config } = session;
  const totals = { objects: 0, bytes: 0, failed: 0 };
  await inParallel(await stepsOf(session, { source, target, transfer }), AT_ONCE, async ({ from, to, run }) => {
    try {
      const bytes = await run();
      totals.objects++;
      totals.bytes += bytes;
      if (!json) io.out(`${shown(from)} -> ${shown(to)}  ${size(bytes)}\n`);
    } catch (error) {
      if (!(error instanceof CloudError) || HOPELESS.test(error.code)) throw error;
      totals.failed++;
      const code = error.code.startsWith('Cli.') ? '' : `${error.code}: `;
      io.note(`${shown(from)}: ${code}${error.text(config.lang)}\n`);
    }
  });
  const { objects, bytes, failed } = totals;
  if (isObject(source) && objects + failed === 0) fail('Cli.CosNothing', { address: shown(formatAddress(source)) });
  if (json) io.out(`${JSON.stringify(totals)}\n`);
  else {
    const failures = failed === 0 ? '' : say({ zh: `，${failed} 个失败`, en: `, ${failed} failed` });
    io.note(say({ zh: `共 ${objects} 个，${size(bytes)}`, en: `${objects} copied, ${size(bytes)}` }));
    io.note(`${failures}\n`);
  }
  if (failed > 0) throw new Exit(1);
}

async function stepsOf(session: CosSession, { source, target, transfer }: Folders): Promise<AsyncIterable<Step>> {
  const { cos } = session;
  if (!isObject(source)) {
    const { path } = source;
    const there = await stat(path).catch((error: Error) => failCli('Cli.File', { path, reason: error.message }, error));
    if (!there.isDirectory()) fail('Cli.CosNoFolder', { path: source.path });
    return uploads(cos, source.path, target as CosAddress, transfer);
  }
  const folder = folderOf(source.key);
  const objects = objectsIn(cos, { ...source, key: folder });
  if (isObject(target)) {
    // Copies would be listed and copied again without end.
    const isInside = source.bucket === target.bucket && folderOf(target.key).startsWith(folder);
    if (isInside) fail('Cli.CosInside', { from: shown(formatAddress(source)), to: shown(formatAddress(target)) });
    return copies(cos, objects, { ...source, key: folder }, target, transfer);
  }
  return downloads(cos, objects, { ...source, key: folder }, target.path);
}

async function* objectsIn(cos: CosSession['cos'], { bucket, key }: CosAddress): AsyncGenerator<ObjectEntry> {
  for await (const entry of listObjects(cos, { bucket, prefix: key, delimiter: '' })) {
    if ('key' in entry) yield entry;
  }
}

async function* uploads(
  cos: CosSession['cos'],
  folder: string,
  target: CosAddress,
  transfer: Transfer,
): AsyncGenerator<Step> {
  for await (const file of filesIn(folder)) {
    const to = { ...target, key: folderOf(target.key) + file.name };
    const run = async () => {
      if ('reason' in file) return failCli('Cli.File', { path: shown(file.path), reason: shown(file.reason) });
      return (await uploadFile(cos, file, to, transfer)).bytes;
    };
    yield { from: file.path, to: formatAddress(to), run };
  }
}

async function* copies(
  cos: CosSession['cos'],
  objects: AsyncIterable<ObjectEntry>,
  source: CosAddress,
  target: CosAddress,
  { headers }: Transfer,
): AsyncGenerator<Step> {
  for await (const { key } of objects) {
    const from = { bucket: source.bucket, key };
    const to = { ...target, key: folderOf(target.key) + key.slice(source.key.length) };
    const run = async () => (await copy(cos, { from, to, headers, pieceBytes: COPY_BYTES })).bytes;
    // The marker of the folder itself would have no name in the bucket.
    if (to.key !== '') yield { from: formatAddress(from), to: formatAddress(to), run };
  }
}

async function* downloads(
  cos: CosSession['cos'],
  objects: AsyncIterable<ObjectEntry>,
  source: CosAddress,
  folder: string,
): AsyncGenerator<Step> {
  for await (const { key, bytes } of objects) {
    const from = { bucket: source.bucket, key };
    const address = formatAddress(from);
    const name = key.slice(source.key.length);
    // What stands for a folder itself.
    if (name === '') continue;
    const isFolder = name.endsWith('/') && bytes === 0;
    const path = fileIn(folder, isFolder ? name.slice(0, -1) : name);
    const run = async () => {
      if (path === undefined)
        return fail('Cli.CosUnsafe', { key: shown(key), folder, address: quoted(shown(address)) });
      if (!isFolder) return (await downloadFile(cos, from, path)).bytes;
      await local(path, () => mkdir(path, { recursive: true }));
      return 0;
    };
    yield { from: address, to: path ?? folder, run };
  }
}
