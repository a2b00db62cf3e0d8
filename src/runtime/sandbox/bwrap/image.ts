// An empty ext4 file system as its few blocks that are not zero: writing them takes a moment,
// making one takes a process. Kept in the data folder once it has been made.

import { execFile } from 'node:child_process';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TMP_BYTES } from './args.ts';

export interface Image {
  readonly bytes: number;
  readonly blocks: readonly Block[];
}

interface Block {
  readonly at: number;
  readonly content: Buffer;
}

const BLOCK = 4096;
const MB = 1024 * 1024;
/** Inodes, maps and what ext4 keeps in reserve; tried: 512 MB of files fit. */
const OVERHEAD_BYTES = 36 * MB;
const IMAGE_BYTES = TMP_BYTES + OVERHEAD_BYTES;
const INODES = 32_768;
/** As many blocks as one block has bits. */
const GROUP = BLOCK * 8 * BLOCK;
const FIRST_TABLES = 16 * MB;
const COPIES = 1 * MB;
const MAKE_MS = 60_000;
/** Another layout is another file. */
const NAME = 'tmp-1.json';

const KEPT = z.strictObject({
  bytes: z.literal(IMAGE_BYTES),
  blocks: z.array(z.strictObject({ at: z.int().nonnegative(), content: z.base64() })).min(1),
});

/** Fails when mkfs.ext4 is not installed. */
export async function openImage(dir: string): Promise<Image> {
  const kept = await readKept(join(dir, NAME));
  if (kept) return kept;
  const image = await makeImage(dir);
  const blocks = image.blocks.map(({ at, content }) => ({ at, content: content.toString('base64') }));
  const work = join(dir, `${NAME}.new`);
  await writeFile(work, JSON.stringify({ bytes: image.bytes, blocks }), { mode: 0o600 });
  await rename(work, join(dir, NAME));
  return image;
}

/** undefined when there is none, or one that cannot be used. */
async function readKept(path: string): Promise<Image | undefined> {
  try {
    const { bytes, blocks } = KEPT.parse(JSON.parse(await readFile(path, 'utf8')));
    return { bytes, blocks: blocks.map(({ at, content }) => ({ at, content: Buffer.from(content, 'base64') })) };
  } catch {
    return undefined;
  }
}

async function makeImage(dir: string): Promise<Image> {
  const path = join(dir, 'empty.img');
  const run = (program: string, args: readonly string[]) =>
    promisify(execFile)(program, [...args, path], {
      timeout: MAKE_MS,
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    });
  try {
    const file = await open(path, 'w+', 0o600);
    let blocks: Block[];
    try {
      await file.truncate(IMAGE_BYTES);
      // Nothing of it survives its sandbox: no journal, no growth, few copies. Tables of inodes are made when used.
      const features = '^has_journal,^resize_inode,sparse_super2';
      const sizes = ['-b', String(BLOCK), '-m', '0', '-N', String(INODES)];
      await run('mkfs.ext4', ['-q', '-F', ...sizes, '-O', features, '-E', 'lazy_itable_init=1']);
      blocks = await usedBlocks(file);
    } finally {
      await file.close();
    }
    const image = { bytes: IMAGE_BYTES, blocks };
    await rm(path);
    await writeImage(image, path);
    // Says whether a block was overlooked.
    await run('e2fsck', ['-f', '-n']);
    return image;
  } finally {
    await rm(path, { force: true });
  }
}

/** ext4 has its tables at the beginning of the first group, and copies at that of others; reading it all takes half a second. */
async function usedBlocks(file: FileHandle): Promise<Block[]> {
  const blocks: Block[] = [];
  const zero = Buffer.alloc(BLOCK);
  for (let start = 0; start < IMAGE_BYTES; start += GROUP) {
    const piece = Buffer.alloc(start === 0 ? FIRST_TABLES : COPIES);
    const { bytesRead } = await file.read(piece, 0, piece.length, start);
    for (let from = 0; from < bytesRead; from += BLOCK) {
      const content = piece.subarray(from, from + BLOCK);
      if (!content.equals(zero)) blocks.push({ at: start + from, content });
    }
  }
  return blocks;
}

/** A new sparse file; fails when there is one of that name. */
export async function writeImage(image: Image, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.truncate(image.bytes);
    for (const { at, content } of image.blocks) await file.write(content, 0, content.length, at);
  } finally {
    await file.close();
  }
}
