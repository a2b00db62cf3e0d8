import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { BodyAborted, BodyTooLarge, dropBody, hasBody, readBody } from './body.ts';

/** A stream with headers is all that readBody sees of a request. */
function request(headers: Record<string, string>): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

const chunked = { 'transfer-encoding': 'chunked' };

test('a body in any pieces is read whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), async pieces => {
      const incoming = request(chunked);
      const reading = readBody(incoming, 500);
      for (const piece of pieces) incoming.write(piece);
      incoming.end();
      assert.deepEqual(await reading, Buffer.concat(pieces));
    }),
  );
});

test('no body is no reading', async () => {
  const none = request({});
  assert.equal((await readBody(none, 10)).length, 0);
  assert.equal(none.listenerCount('data'), 0);
  assert.equal((await readBody(request({ 'content-length': '0' }), 10)).length, 0);
});

test('a length above the limit is refused before a byte is read', async () => {
  const incoming = request({ 'content-length': '11' });
  await assert.rejects(readBody(incoming, 10), (error: BodyTooLarge) => error.limitBytes === 10);
  assert.equal(incoming.listenerCount('data'), 0);
});

test('a chunked body is cut off when it passes the limit, not at it', async () => {
  const fits = request(chunked);
  fits.end('0123456789');
  assert.equal((await readBody(fits, 10)).length, 10);
  const over = request(chunked);
  const reading = readBody(over, 10);
  over.write('01234567890');
  await assert.rejects(reading, BodyTooLarge);
});

test('a client that goes away is an error of its own, also if it left before', async () => {
  const incoming = request(chunked);
  const reading = readBody(incoming, 10);
  incoming.destroy();
  await assert.rejects(reading, BodyAborted);
  await assert.rejects(readBody(incoming, 10), BodyAborted);
});

test('a body of bytes, or of a length that nobody knows, is one', () => {
  for (const headers of [chunked, { 'content-length': '1' }]) assert.ok(hasBody(request(headers)));
  for (const headers of [{}, { 'content-length': '0' }]) assert.ok(!hasBody(request(headers)));
});

test('what is left of a refused body is dropped, and then the answer is given', async () => {
  const incoming = request(chunked);
  let done = 0;
  dropBody(incoming, () => done++);
  incoming.write('more');
  await new Promise(setImmediate);
  assert.equal(done, 0);
  incoming.end('and more');
  await new Promise(resolve => incoming.once('close', resolve));
  assert.equal(done, 1);
  dropBody(incoming, () => done++);
  assert.equal(done, 2, 'nothing is left');
});

test('nobody waits for a body of any size', async () => {
  let done = 0;
  dropBody(request({ 'content-length': String(65 * 1024 * 1024) }), () => done++);
  assert.equal(done, 1);
  const endless = request(chunked);
  dropBody(endless, () => done++);
  for (let i = 0; i < 66 && !endless.destroyed; i++) {
    endless.write(Buffer.alloc(1024 * 1024));
    await new Promise(setImmediate);
  }
  assert.ok(endless.destroyed);
  assert.equal(done, 1);
});
