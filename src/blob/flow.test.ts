import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { flow } from './flow.ts';

const turn = () => new Promise(setImmediate);
const stop = new Error('stop');

/** Chunks that are numbered. */
function numbered(count = Number.POSITIVE_INFINITY): Readable {
  let next = 0;
  const chunks = function* () {
    while (next < count) yield Buffer.from([next++]);
  };
  return Readable.from(chunks(), { objectMode: false });
}

describe('chunks of a stream', () => {
  test('come in their order, text as its bytes', async () => {
    const got: number[] = [];
    await flow(numbered(200), chunk => void got.push(...chunk));
    assert.deepEqual(got, [...Array(200).keys()]);
    const words: Buffer[] = [];
    await flow(Readable.from(['对', '象']), chunk => void words.push(chunk));
    assert.equal(Buffer.concat(words).toString(), '对象');
  });

  test('wait while one that was taken asks for time', async () => {
    const got: number[] = [];
    let busy = 0;
    await flow(numbered(100), async chunk => {
      assert.equal(++busy, 1);
      await turn();
      await turn();
      busy--;
      got.push(chunk.length);
    });
    assert.equal(
      got.reduce((sum, bytes) => sum + bytes, 0),
      100,
    );
    assert.ok(got.length > 1);
  });

  test('are given up without harm to the stream: by a taker that throws, and by one that rejects', async () => {
    const takers = [
      () => {
        throw stop;
      },
      () => Promise.reject(stop),
    ];
    for (const take of takers) {
      const content = numbered();
      let count = 0;
      await assert.rejects(
        flow(content, () => (count++ < 3 ? undefined : take())),
        error => error === stop,
      );
      await turn();
      assert.equal(count, 4);
      assert.equal(content.destroyed, false);
      // Whoever has it may go on with it.
      const { value } = await content.iterator({ destroyOnReturn: false }).next();
      assert.equal((value as Buffer)[0], 4);
      content.destroy();
    }
  });

  test('end with the stream’s error, also while the taker is at work', async () => {
    for (const isBusy of [false, true]) {
      const content = new PassThrough();
      content.on('error', () => undefined);
      content.write('x');
      const taken = flow(content, () => (isBusy ? new Promise<void>(() => undefined) : undefined));
      await turn();
      content.destroy(stop);
      await assert.rejects(taken, error => error === stop);
    }
  });

  test('of a stream that is over already', async () => {
    const nobody = () => assert.fail();
    const read = Readable.from([]);
    for await (const _ of read) assert.fail();
    await flow(read, nobody);
    const closed = new PassThrough();
    closed.destroy();
    await assert.rejects(flow(closed, nobody), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    const failed = new PassThrough();
    failed.on('error', () => undefined);
    failed.destroy(stop);
    await turn();
    await assert.rejects(flow(failed, nobody), error => error === stop);
  });
});
