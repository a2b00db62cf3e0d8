import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { Chunks } from './feed.ts';
import { type PourDeps, pour } from './pour.ts';
import { CHUNK_BYTES } from './slice.ts';
import { RunningSums, type Summing } from './sums.ts';

const turn = () => new Promise(setImmediate);
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn();
}

/** Content of `blocks` blocks and a half, each byte telling where it lies. */
const contentOf = (blocks: number) =>
  Buffer.from(Array.from({ length: (blocks + 0.5) * CHUNK_BYTES }, (_, i) => (i * 31 + (i >> 11)) & 0xff));

/** A file that keeps what it is given, blocks that are counted, and sums that are made when they are told to. */
function bench() {
  const written: Buffer[] = [];
  const file = {
    async writev([chunk]: readonly Buffer[]) {
      if (!chunk) return { bytesWritten: 0 };
      written.push(Buffer.from(chunk));
      return { bytesWritten: chunk.length };
    },
  } as unknown as FileHandle;
  let made = 0;
  const blocks = new Chunks(() => {
    made++;
    return Buffer.alloc(CHUNK_BYTES);
  });
  const asked: (() => void)[] = [];
  const dropped: number[] = [];
  const summing = (): Summing => {
    const sums = new RunningSums(false);
    const told = <R>(work: () => R) =>
      new Promise<R>(resolve => {
        asked.push(() => resolve(work()));
      });
    return {
      add: block => told(() => void sums.add(block)),
      last: block => told(() => sums.add(block).digest()),
      drop: () => void dropped.push(asked.length),
    };
  };
  const deps: PourDeps = { blocks, summers: { begin: summing } };
  return { file, deps, written, asked, dropped, made: () => made };
}

test('slow sums hold back the content, and never more than four blocks are in use', async () => {
  const { file, deps, written, asked, made } = bench();
  const content = contentOf(9);
  const pouring = pour(Readable.from([content]), file, deps, {});
  await turns();
  assert.deepEqual([asked.length, written.length], [2, 2], 'the third waits for the sums of the first');
  asked.shift()?.();
  await turns();
  assert.deepEqual([asked.length, written.length], [2, 3]);
  while (asked.length > 0) {
    asked.shift()?.();
    await turns();
  }
  const { bytes, md5 } = await (await pouring).sums;
  assert.equal(bytes, content.length);
  assert.equal(md5, createHash('md5').update(content).digest('hex'));
  assert.ok(Buffer.concat(written).equals(content));
  assert.ok(made() <= 4, `${made()} blocks`);
});

test('all is written before the last sums are made', async () => {
  const { file, deps, asked, written } = bench();
  const content = contentOf(1);
  const { sums } = await pour(Readable.from([content]), file, deps, {});
  assert.ok(Buffer.concat(written).equals(content));
  assert.equal(asked.length, 2);
  for (const make of asked) make();
  assert.equal((await sums).md5, createHash('md5').update(content).digest('hex'));
});

test('the first block is filled while the file is opened, and nothing more is taken', async () => {
  const { deps, written } = bench();
  const opening = Promise.withResolvers<FileHandle>();
  const content = contentOf(0);
  const source = new PassThrough({ highWaterMark: 4 * CHUNK_BYTES });
  const pouring = pour(source, opening.promise, deps, {});
  source.write(content);
  await turns();
  assert.deepEqual([source.readableLength, written.length], [0, 0]);
  source.write(contentOf(3));
  source.write(contentOf(1));
  await turns();
  assert.ok(source.readableLength > 0, 'the source waits as well');
  opening.reject(Object.assign(new Error('injected'), { code: 'EMFILE' }));
  await assert.rejects(pouring, { code: 'EMFILE' });
  assert.equal(written.length, 0);
  source.destroy();
});

test('content that breaks off gives up its sums once what is being written is written', async () => {
  const { file, deps, dropped, written } = bench();
  const source = new PassThrough();
  const pouring = pour(source, file, deps, {});
  source.write(contentOf(1));
  await turns();
  source.destroy(new Error('the client has gone'));
  await assert.rejects(pouring, /gone/);
  assert.deepEqual([dropped.length, written.length], [1, 1]);
});

test('what was waiting its turn when the content broke off is neither written nor summed up', async () => {
  const { file, deps, asked, dropped, written } = bench();
  const source = new PassThrough();
  const pouring = pour(source, file, deps, {});
  source.write(contentOf(9));
  await turns();
  source.destroy(new Error('the client has gone'));
  await assert.rejects(pouring, /gone/);
  const begun = asked.splice(0);
  assert.deepEqual([begun.length, written.length], [2, 2]);
  for (const make of begun) make();
  await turns();
  assert.deepEqual([asked.length, written.length, dropped.length], [0, 2, 1]);
});
