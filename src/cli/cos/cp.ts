// openscf cos cp <from> <to>

import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { fail as failCli } from '../errors.ts';
import type { Io, Say } from '../io.ts';
import { quoted } from '../quoted.ts';
import { size } from '../readable.ts';
import { baseOf, type CosAddress, formatAddress, isCosAddress, shown } from './address.ts';
import { COPY_BYTES, copy } from './copy.ts';
import { copyFolder } from './cp-folder.ts';
import { download, downloadFile } from './download.ts';
import { fail } from './errors.ts';
import { headersOf } from './headers.ts';
import { type CosSession, needKey, withCos } from './open.ts';
import { isObject, type Place, type Transfer, uploadFile } from './transfer.ts';
import { upload } from './upload.ts';

interface Flags {
  readonly recursive?: boolean;
  readonly versionId?: string;
  readonly partSize: string;
  readonly header?: readonly string[];
}

const MB = 1024 * 1024;
const MAX_PART_MB = 5120;

export function cpCommand(parent: Command, io: Io, say: Say): void {
  const command = parent.command('cp');
  const place = say({ zh: '文件、文件夹、cos://存储桶/对象键，或 -', en: 'file, folder, cos://bucket/key, or -' });
  command.argument('<from>', place).argument('<to>', place);
  command.description(
    say({
      zh: '上传、下载，或在存储桶之间复制；- 为标准输入或输出',
      en: 'upload, download, or copy between buckets; - is the input or the output',
    }),
  );
  command.option('-r, --recursive', say({ zh: '复制文件夹中的全部内容', en: 'all that is in a folder' }));
  command.option('--version-id <id>', say({ zh: '来源对象的版本', en: 'version of the object to copy' }));
  command.option(
    '-H, --header <header>',
    say({
      zh: '写入对象的请求头，如 "Content-Type: text/html"；可多次给出',
      en: 'header of the object that is written, as in "Content-Type: text/html"; may be given again',
    }),
    (header: string, before: readonly string[] = []) => [...before, header],
  );
  command.option('--part-size <MB>', say({ zh: '分块大小（MB）', en: 'size of a part, in MB' }), '16');
  command.action((from: string, to: string, flags: Flags) =>
    withCos(
      command,
      io,
      async session => {
        const source = placeOf(session, io, from);
        const target = placeOf(session, io, to);
        if (!isObject(source) && !isObject(target)) fail('Cli.CosWhichPlace', { from, to });
        if (flags.header && !isObject(target)) fail('Cli.CosHeaderUse');
        if (flags.versionId !== undefined && !isObject(source)) fail('Cli.CosOneVersion', { other: from });
        const transfer = {
          headers: headersOf(flags.header ?? []),
          partBytes: partBytesOf(flags.partSize),
          versionId: flags.versionId,
        };
        if (!flags.recursive) return copyOne(session, io, source, target, transfer);
        if (flags.versionId !== undefined) fail('Cli.CosOneVersion', { other: '-r' });
        if (source === 'stream' || target === 'stream') return fail('Cli.CosStream');
        await copyFolder(session, io, { source, target, transfer });
      },
      { acts: flags.recursive },
    ),
  );
}

function placeOf(session: CosSession, io: Io, text: string): Place {
  if (text === '-') return 'stream';
  return isCosAddress(text) ? session.address(text) : { path: pathOf(io, text) };
}

/** A slash at the end says that a folder is meant. */
const pathOf = (io: Io, text: string): string => resolve(io.cwd, text) + (/[\\/]$/.test(text) ? '/' : '');

function partBytesOf(text: string): number {
  const size = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return size >= 1 && size <= MAX_PART_MB ? size * MB : fail('Cli.CosPartSize', { value: text });
}

interface Done {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly crc64: string;
  readonly versionId?: string;
}

async function copyOne(session: CosSession, io: Io, source: Place, target: Place, transfer: Transfer): Promise<void> {
  const done = isObject(source)
    ? await fromObject(session, io, needKey(source), target, transfer)
    : await toObject(session, io, source, target as CosAddress, transfer);
  // The output is the object's.
  if (target === 'stream') return;
  if (session.json) return io.out(`${JSON.stringify(done)}\n`);
  io.out(`${shown(done.from)} -> ${shown(done.to)}  ${size(done.bytes)}\n`);
}

async function fromObject(
  { cos }: CosSession,
  io: Io,
  source: CosAddress,
  target: Place,
  { versionId, headers }: Transfer,
): Promise<Done> {
  const from = { ...source, versionId };
  const named = formatAddress(source);
  if (target === 'stream')
    return { from: named, to: '-', ...(await download(cos, from, async () => chunk => io.write(chunk))) };
  if (!isObject(target)) {
    const path = await fileAt(target.path, source);
    return { from: named, to: path, ...(await downloadFile(cos, from, path)) };
  }
  const to = { ...target, key: keyIn(target.key, baseOf(source.key)) };
  needKey(to);
  return { from: named, to: formatAddress(to), ...(await copy(cos, { from, to, headers, pieceBytes: COPY_BYTES })) };
}

/** In a folder the file is called like what stands behind the key's last slash. */
async function fileAt(path: string, source: CosAddress): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  if (!there?.isDirectory() && !path.endsWith('/')) return path;
  const name = baseOf(source.key);
  const isNone = name === '' || name === '.' || name === '..' || name.includes('\0');
  const address = quoted(shown(formatAddress(source)));
  return isNone ? fail('Cli.CosUnsafe', { key: shown(source.key), folder: path, address }) : join(path, name);
}

async function toObject(
  { cos, signal }: CosSession,
  io: Io,
  source: Exclude<Place, CosAddress>,
  target: CosAddress,
  transfer: Transfer,
): Promise<Done> {
  if (source === 'stream') {
    const to = needKey(target);
    return { from: '-', to: formatAddress(to), ...(await upload(cos, io.input(signal), { ...to, ...transfer })) };
  }
  const { path } = source;
  const there = await stat(path).catch((error: Error) => failCli('Cli.File', { path, reason: error.message }, error));
  if (there.isDirectory()) return fail('Cli.CosFolder', { path });
  const to = { ...target, key: keyIn(target.key, basename(path)) };
  const written = await uploadFile(cos, { path, bytes: there.size }, to, transfer);
  return { from: path, to: formatAddress(to), ...written };
}

/** A key that ends with a slash, or none, is a folder. */
const keyIn = (key: string, name: string): string => (key === '' || key.endsWith('/') ? key + name : key);
