import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { sendContent } from './content.ts';

const text = 'what is in the package';
const bytes = Buffer.byteLength(text);
const sha256 = 'abc';
const MARK = '"abc"';

/** What is sent next, in these pieces. */
let stream = Readable.from([]);
/** What became of the last answer. */
let sent: Promise<void> = Promise.resolve();
const server = createServer((asked, response) => {
  sent = sendContent(asked, response, { sha256, bytes, headers: { 'Content-Type': 'application/zip' }, stream });
  sent.catch(() => response.destroy());
});
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
after(() => server.close());
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const piecesOf = (...pieces: readonly string[]) => Readable.from(pieces.map(piece => Buffer.from(piece)));

async function ask(headers: Readonly<Record<string, string>> = {}, method = 'GET', pieces: readonly string[] = [text]) {
  stream = piecesOf(...pieces);
  const response = await fetch(address, { method, headers });
  const body = await response.text();
  assert.ok(stream.destroyed || stream.readableEnded, 'nothing stays open');
  return { status: response.status, body, header: (name: string) => response.headers.get(name) };
}

test('all of it, with what resuming needs', async () => {
  const { status, body, header } = await ask();
  assert.deepEqual([status, body], [200, text]);
  assert.deepEqual(['content-length', 'content-type', 'etag', 'accept-ranges', 'content-range'].map(header), [
    String(bytes),
    'application/zip',
    MARK,
    'bytes',
    null,
  ]);
});

test('the head tells the same, of which nothing is read', async () => {
  let reads = 0;
  stream = new Readable({ read: () => void reads++ });
  const response = await fetch(address, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.deepEqual(
    ['content-length', 'content-type', 'etag', 'accept-ranges'].map(name => response.headers.get(name)),
    [String(bytes), 'application/zip', MARK, 'bytes'],
  );
  assert.deepEqual([stream.destroyed, reads], [true, 0]);
  assert.equal((await ask({ Range: 'bytes=0-0' }, 'HEAD')).header('content-length'), String(bytes));
});

test('one part, and what there is when several are asked for', async () => {
  const part = await ask({ Range: 'bytes=5-9' });
  assert.deepEqual([part.status, part.body], [206, text.slice(5, 10)]);
  assert.deepEqual(['content-length', 'content-range', 'etag'].map(part.header), ['5', `bytes 5-9/${bytes}`, MARK]);
  assert.equal((await ask({ Range: 'bytes=-7' })).body, 'package');
  for (const Range of ['bytes=0-1,4-5', 'bytes=9-5', 'pages=1-2']) assert.equal((await ask({ Range })).status, 200);
  const beyond = await ask({ Range: `bytes=${bytes}-` });
  assert.deepEqual([beyond.status, beyond.header('content-range'), beyond.body], [416, `bytes */${bytes}`, '']);
});

test('property: the parts are those of the whole, in whatever pieces it comes', async () => {
  const cuts = fc.array(fc.nat(bytes), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.nat(bytes - 1), fc.nat(bytes), async (at, from, length) => {
      const ends = [0, ...at.toSorted((a, b) => a - b), bytes];
      const pieces = ends.slice(1).map((end, i) => text.slice(ends[i], end));
      const { status, body } = await ask({ Range: `bytes=${from}-${from + length}` }, 'GET', pieces);
      assert.deepEqual([status, body], [206, text.slice(from, from + length + 1)]);
    }),
    { numRuns: 60 },
  );
});

test('what the client has already is not sent again', async () => {
  for (const mark of [MARK, `W/${MARK}`, `"other", ${MARK}`, '*']) {
    const { status, header, body } = await ask({ 'If-None-Match': mark });
    assert.deepEqual([status, header('etag'), body], [304, MARK, ''], mark);
  }
  assert.equal((await ask({ 'If-None-Match': '"other"' })).status, 200);
  assert.equal((await ask({ 'If-None-Match': MARK }, 'HEAD')).status, 304);
});

test('the rest of another content is not joined to what the client has', async () => {
  const Range = 'bytes=5-';
  assert.equal((await ask({ Range, 'If-Range': MARK })).status, 206);
  assert.deepEqual([(await ask({ Range, 'If-Range': '"other"' })).body], [text]);
  assert.equal((await ask({ Range, 'If-Match': MARK })).status, 206);
  for (const mark of ['"other"', `W/${MARK}`]) assert.equal((await ask({ Range, 'If-Match': mark })).status, 412);
});

test('nobody gets all bytes of what is damaged', async () => {
  const damaged = async function* () {
    yield Buffer.from(text.slice(0, 4));
    yield Buffer.from(text.slice(4));
    throw new Error('damaged');
  };
  for (const headers of [{}, { Range: 'bytes=2-' }]) {
    stream = Readable.from(damaged());
    await assert.rejects(fetch(address, { headers }).then(response => response.arrayBuffer()));
    await assert.rejects(sent, /damaged/);
  }
});

test('what a client leaves is closed, and no fault', async () => {
  // Pieces stay pieces.
  stream = new Readable({ objectMode: true, read() {} });
  stream.push(Buffer.alloc(2));
  stream.push(Buffer.alloc(2));
  const asked = request(address).end();
  const [response] = await once(asked, 'response');
  const closed = once(stream, 'close');
  response.destroy();
  await closed;
  await sent;
});
