import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queued } from '../samples.ts';
import { ownBytes, packed } from './pack.ts';

const op = (...texts: string[]) => {
  const bytes = texts.map(text => Buffer.from(text));
  return { bytes, size: bytes.reduce((sum, piece) => sum + piece.length, 0) };
};

test('pieces follow one another in one buffer, of which nothing else is part', () => {
  const buffer = packed([op('ab', '', 'c'), op(), op('中')]);
  assert.equal(Buffer.from(buffer).toString(), 'abc中');
  assert.equal(buffer.byteLength, 6);
  assert.equal(packed([]).byteLength, 0);
});

test('a small body in a large block is copied out of it, any other is left where it is', () => {
  const item = (body: Buffer) => ({ ...queued('a', 1), event: { ...queued('a', 1).event, body } });
  const block = Buffer.alloc(100_000, 'x');
  const small = item(block.subarray(10, 20));
  const own = ownBytes(small);
  assert.deepEqual(own, small);
  assert.equal(own.event.body.buffer.byteLength, 10);
  const large = item(block.subarray(0, 60_000));
  assert.equal(ownBytes(large), large);
  const near = item(Buffer.alloc(1_000).subarray(10, 20));
  assert.equal(ownBytes(near), near);
});
