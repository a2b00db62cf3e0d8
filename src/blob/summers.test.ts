import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { crc64 } from '../core/crc64.ts';
import { Summers } from './summers.ts';
import type { Summing } from './sums.ts';

const shared = (content: Uint8Array): Buffer => {
  const block = Buffer.from(new SharedArrayBuffer(content.length));
  block.set(content);
  return block;
};

const sumsOf = (content: Buffer, sha1: boolean) => ({
  bytes: content.length,
  md5: createHash('md5').update(content).digest('hex'),
  sha1: sha1 ? createHash('sha1').update(content).digest('hex') : '',
  crc64: crc64(content),
});

async function all(summing: Summing, blocks: readonly Uint8Array[]) {
  const [last = new Uint8Array(), ...others] = blocks.map(shared).toReversed();
  const adding = others.toReversed().map(block => summing.add(block));
  const sums = await summing.last(last as Buffer);
  await Promise.all(adding);
  return sums;
}

/** A thread needs real time to start: there is no clock to turn. */
async function started(summers: Summers, count: number): Promise<void> {
  for (let tries = 0; summers.running < count; tries++) {
    assert.ok(tries < 2000, 'no thread has started');
    await sleep(5);
  }
}

/** One whose threads run, as many as it may have. */
async function open(most: number): Promise<Summers> {
  const summers = new Summers(most);
  const held: Summing[] = [];
  for (let count = 1; count <= most; count++) {
    // Each that runs has something to do, so that one more is started.
    for (let n = 0; n < count; n++) held.push(summers.begin(false));
    await started(summers, count);
  }
  for (const one of held) one.drop();
  return summers;
}

const blocks = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 6 });

describe('sums on other threads', () => {
  test('are those of the content, however many are made at once, here and there', async () => {
    const cold = new Summers(1, new URL('./of-no-thread.ts', import.meta.url));
    for (const summers of [await open(1), await open(2), cold]) {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(blocks, fc.boolean()), { maxLength: 6 }), async contents => {
          const summings = contents.map(([, sha1]) => summers.begin(sha1));
          const got = await Promise.all(summings.map((one, n) => all(one, contents[n]?.[0] ?? [])));
          const expected = contents.map(([parts, sha1]) => sumsOf(Buffer.concat(parts), sha1));
          assert.deepEqual(got, expected);
        }),
        { numRuns: 20 },
      );
    }
    assert.equal(cold.running, 0);
  });

  test('blocks may be filled anew once they are answered', async () => {
    const summers = await open(1);
    const summing = summers.begin(false);
    const block = shared(Buffer.alloc(100_000, 1));
    for (let value = 1; value < 6; value++) {
      block.fill(value);
      await summing.add(block);
    }
    const content = Buffer.concat([1, 2, 3, 4, 5].map(value => Buffer.alloc(100_000, value)));
    assert.deepEqual(await summing.last(block.subarray(0, 0)), sumsOf(content, false));
  });

  test('one that is dropped is nobody’s, and the next one begins at nothing', async () => {
    const summers = await open(1);
    const dropped = summers.begin(false);
    await dropped.add(shared(Buffer.alloc(1000)));
    dropped.drop();
    dropped.drop();
    assert.deepEqual(await all(summers.begin(true), [Buffer.from('next')]), sumsOf(Buffer.from('next'), true));
  });

  test('a thread that ends fails what waits for it; the next content needs none', async () => {
    const summers = await open(1);
    const summing = summers.begin(false);
    // No view of bytes: the thread ends by its error.
    await assert.rejects(summing.add('not a block' as unknown as Buffer), /thread that sums up contents has ended/);
    await assert.rejects(summing.last(shared(Buffer.alloc(1))), /has ended/);
    assert.equal(summers.running, 0);
    assert.deepEqual(await all(summers.begin(false), [Buffer.from('here')]), sumsOf(Buffer.from('here'), false));
    await started(summers, 1);
    assert.deepEqual(await all(summers.begin(false), [Buffer.from('there')]), sumsOf(Buffer.from('there'), false));
  });

  test('a process waits for answers, and for nothing else', { timeout: 240_000 }, () => {
    const program = `
      import { Summers } from ${JSON.stringify(new URL('./summers.ts', import.meta.url).href)};
      const summers = new Summers(1);
      const block = Buffer.from(new SharedArrayBuffer(1 << 20));
      summers.begin(false).drop();
      while (summers.running === 0) await new Promise(resolve => setTimeout(resolve, 5));
      const dropped = summers.begin(false);
      dropped.add(block);
      dropped.drop();
      const summing = summers.begin(false);
      summing.add(block);
      summing.last(block).then(({ bytes }) => console.log(bytes));
    `;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${2 << 20}\n`);
  });

  test('keep no process that has nothing for them to do', () => {
    const program = `
      import { Summers } from ${JSON.stringify(new URL('./summers.ts', import.meta.url).href)};
      const summers = new Summers(1);
      await summers.begin(false).last(Buffer.alloc(10));
      while (summers.running === 0) await new Promise(resolve => setTimeout(resolve, 5));
    `;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 0, stderr);
  });
});
