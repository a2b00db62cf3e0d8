import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { inChunks, someBytes } from '../testing.ts';
import { split as splitBy } from './split.ts';

const BODY = someBytes(1_000_000);
const AHEAD_BYTES = 20_000;
const split = (source: Readable, keep: (copy: Readable) => Promise<unknown>) => splitBy(source, keep, AHEAD_BYTES);
const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

describe('one stream for two', () => {
  test('both have all of it', async () => {
    let copy: Buffer | undefined;
    const { body, kept } = split(inChunks(BODY, 10_000), async stream => {
      copy = await buffer(stream);
    });
    assert.deepEqual(await buffer(body), BODY);
    await kept;
    assert.deepEqual(copy, BODY);
  });

  test('nothing, and a single piece', async () => {
    for (const text of ['', 'x']) {
      const { body, kept } = split(inChunks(Buffer.from(text), 10), stream => buffer(stream));
      assert.equal(String(await buffer(body)), text);
      await kept;
    }
  });

  test('the end is held back until it is kept', async () => {
    const keeping = Promise.withResolvers<void>();
    const { body, kept } = split(inChunks(Buffer.from('abcd'), 1), async stream => {
      await buffer(stream);
      await keeping.promise;
    });
    let got = '';
    body.on('data', chunk => (got += chunk));
    await turns();
    assert.equal(got, 'abc');
    keeping.resolve();
    await kept;
    await turns();
    assert.equal(got, 'abcd');
    assert.ok(body.readableEnded);
  });

  test('no more is read than the slower of the two takes', async () => {
    let read = 0;
    const endless = new Readable({
      read() {
        read += 10_000;
        this.push(Buffer.alloc(10_000));
      },
    });
    const { body, kept } = split(endless, stream => buffer(stream));
    await turns(100);
    assert.ok(read < 500_000, `${read}`);
    endless.destroy(new Error('enough'));
    body.destroy();
    await assert.rejects(kept);
  });
});

test('a client that takes nothing holds up no more than what there is no room for', async () => {
  for (const [bytes, isKept] of [
    [AHEAD_BYTES, true],
    [500_000, false],
  ] as const) {
    let ended = false;
    const { body, kept } = split(inChunks(BODY.subarray(0, bytes), 1000), async copy => {
      await buffer(copy);
      ended = true;
    });
    await turns(200);
    assert.equal(ended, isKept);
    body.destroy();
    await kept;
  }
});

describe('when one of them goes', () => {
  test('the client: it is kept all the same', async () => {
    let copy: Buffer | undefined;
    const { body, kept } = split(inChunks(BODY, 10_000), async stream => {
      copy = await buffer(stream);
    });
    await new Promise(resolve => body.once('data', resolve));
    body.destroy(new Error('gone'));
    await kept;
    assert.deepEqual(copy, BODY);
  });

  test('the disk: the client has all of it, and it is told that it is not kept', async () => {
    const { body, kept } = split(inChunks(BODY, 10_000), async stream => {
      await new Promise(resolve => stream.once('data', resolve));
      throw new Error('full');
    });
    assert.deepEqual(await buffer(body), BODY);
    await assert.rejects(kept, /full/);
  });

  test('the disk, before anything came', async () => {
    const { body, kept } = split(inChunks(BODY, 10_000), () => Promise.reject(new Error('there is one')));
    assert.deepEqual(await buffer(body), BODY);
    await assert.rejects(kept, /there is one/);
  });

  test('the source: neither takes it for the whole', async () => {
    const source = new PassThrough();
    const { body, kept } = split(source, stream => buffer(stream));
    const reading = assert.rejects(buffer(body), /broke/);
    source.write('half');
    await turns();
    source.destroy(new Error('broke'));
    await reading;
    await assert.rejects(kept, /broke/);
  });
});
