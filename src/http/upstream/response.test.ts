import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResponseFault } from './answerhead.ts';
import { type ParsedHead, ResponseParser } from './response.ts';

interface Read {
  status: number;
  reason: string;
  rawHeaders: readonly string[];
  length: number | undefined;
  body: string;
  trailers: readonly string[] | undefined;
  information: number[];
  keepAlive: boolean;
  keepAliveMs: number | undefined;
  behind: string;
  over: boolean;
  /** What `end` said. */
  ended: boolean;
  /** The last piece was told as such. */
  last: boolean;
}

function read(
  pieces: readonly Buffer[],
  { method = 'GET', upgrade = false, headBytes = 1024, end = false } = {},
): Read {
  const all: Partial<Read> & { body: string; information: number[]; behind: string } = {
    body: '',
    information: [],
    behind: '',
  };
  let [last, told] = [false, false];
  const parser = new ResponseParser(
    {
      information: status => all.information.push(status),
      head: head => Object.assign(all, head),
      data: (chunk, isLast) => {
        assert.equal(last, false, 'nothing comes behind the last piece');
        last = isLast;
        all.body += chunk.toString('latin1');
      },
      done: trailers => {
        if (last) assert.deepEqual(trailers, []);
        told = last;
        assert.equal(all.trailers, undefined, 'it is done once');
        all.trailers = trailers;
      },
    },
    headBytes,
  );
  parser.expect(method, upgrade);
  assert.equal(parser.begun, false);
  for (const piece of pieces) {
    if (parser.over) all.behind += piece.toString('latin1');
    else all.behind += parser.push(piece)?.toString('latin1') ?? '';
  }
  const ended = end && parser.end();
  const { over, keepAlive, keepAliveMs } = parser;
  if (last) assert.ok(told, 'the end follows the last piece at once');
  return { ...all, last: told, over, keepAlive, keepAliveMs, ended } as Read;
}

const whole = (text: string, options?: Parameters<typeof read>[1]) => read([Buffer.from(text, 'latin1')], options);

test('a body is as long as its header tells', () => {
  const got = whole('HTTP/1.1 200 OK\r\nX-a: 1\r\ncontent-length:  5 \r\nX-A:\t2\t\r\n\r\nhello');
  assert.equal(got.status, 200);
  assert.equal(got.reason, 'OK');
  assert.deepEqual(got.rawHeaders, ['X-a', '1', 'content-length', '5', 'X-A', '2']);
  assert.equal(got.length, 5);
  assert.equal(got.body, 'hello');
  assert.deepEqual(got.trailers, []);
  assert.ok(got.keepAlive);
});

test('what stands behind the answer is given back', () => {
  assert.equal(whole('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc').behind, 'bc');
});

test('chunks are put together, and their trailers told', () => {
  const got = whole(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n5;a="b"\r\nhello\r\n0A \r\n, world!..\r\n0\r\nX-Sum: 9\r\nContent-Length: 1\r\n\r\n',
  );
  assert.equal(got.body, 'hello, world!..');
  assert.deepEqual(got.trailers, ['X-Sum', '9']);
  assert.deepEqual(got.rawHeaders, []);
  assert.ok(got.keepAlive);
});

test('without a length a body ends with its connection', () => {
  const got = whole('HTTP/1.1 200\r\n\r\nhello', { end: true });
  assert.equal(got.reason, '');
  assert.equal(got.body, 'hello');
  assert.ok(got.ended);
  assert.equal(got.keepAlive, false);
});

test('an answer that stops before its end is not whole', () => {
  for (const text of [
    '',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell',
    'HTTP/1.1 200 OK\r\nContent-Le',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
  ])
    assert.equal(whole(text, { end: true }).ended, false, text);
});

test('answers that have no body have none, whatever their headers tell', () => {
  const head = whole('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD' });
  assert.deepEqual([head.over, head.rawHeaders, head.length], [true, ['Content-Length', '5'], undefined]);
  assert.ok(whole('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { method: 'HEAD' }).over);
  const bare = whole('HTTP/1.1 200 OK\r\n\r\n', { method: 'HEAD' });
  assert.deepEqual([bare.over, bare.keepAlive], [true, true]);
  const unchanged = whole('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
  assert.deepEqual([unchanged.over, unchanged.rawHeaders], [true, ['Content-Length', '5']]);
  const none = whole('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
  assert.deepEqual([none.over, none.rawHeaders], [true, []]);
});

test('what comes before the answer is told apart from it', () => {
  const got = whole(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n',
  );
  assert.deepEqual(got.information, [100, 103]);
  assert.equal(got.status, 201);
  assert.ok(got.over);
});

test('101 is the last of HTTP where it was asked for, and wrong where it was not', () => {
  const text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00';
  const got = whole(text, { upgrade: true });
  assert.deepEqual([got.status, got.behind, got.over], [101, '\x81\x00', true]);
  assert.deepEqual(got.rawHeaders, ['Upgrade', 'websocket', 'Connection', 'Upgrade']);
  assert.throws(() => whole(text), ResponseFault);
});

test('whether the connection stays is read from the version and the headers', () => {
  const keeps = (line: string, headers = '') => whole(`${line}\r\nContent-Length: 0\r\n${headers}\r\n`).keepAlive;
  assert.equal(keeps('HTTP/1.1 200 OK'), true);
  assert.equal(keeps('HTTP/1.1 200 OK', 'Connection: Close\r\n'), false);
  assert.equal(keeps('HTTP/1.1 200 OK', 'Connection: x, close\r\n'), false);
  assert.equal(keeps('HTTP/1.1 200 OK', 'Connection: closed\r\n'), true);
  assert.equal(keeps('HTTP/1.0 200 OK'), false);
  assert.equal(keeps('HTTP/1.0 200 OK', 'Connection: Keep-Alive\r\n'), true);
  assert.equal(whole('HTTP/1.1 200 OK\r\nKeep-Alive: max=3, timeout=5\r\nContent-Length: 0\r\n\r\n').keepAliveMs, 5000);
});

test('what could be read in two ways is refused', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  for (const text of [
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 O\rK\r\n\r\n',
    `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
    `${ok}Content-Length: +1\r\n\r\na`,
    `${ok}Content-Length: 1, 1\r\n\r\na`,
    `${ok}Content-Length: 0x1\r\n\r\na`,
    `${ok}Content-Length:\r\n\r\na`,
    `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `${ok}X : 1\r\n\r\n`,
    `${ok} folded: 1\r\n\r\n`,
    `${ok}X: 1\r\n folded\r\n\r\n`,
    `${ok}no colon\r\n\r\n`,
    `${ok}: 1\r\n\r\n`,
    `${ok}X: a\nY: b\r\n\r\n`,
    `${ok}X: a\rb\r\n\r\n`,
    `${ok}X: a\0b\r\n\r\n`,
    ...['-1', '0x5', '', ' 5', '5 5', '5\n', 'g', '11111111111111', ';a'].map(
      size => `${ok}Transfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
    ),
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n\nhello`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\rX`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n${' '.repeat(2000)}`,
  ])
    assert.throws(() => whole(text), { name: 'Error', fault: 'malformed' }, JSON.stringify(text));
});

test('the last piece is told as such where that is certain', () => {
  const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n';
  assert.ok(whole('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi').last);
  assert.ok(whole(`${chunks}0\r\n\r\n`).last);
  assert.ok(!whole(`${chunks}0\r\nX: 1\r\n\r\n`).last);
  assert.ok(!whole(`${chunks}0\r\n\r\nmore`).last);
  assert.ok(!whole('HTTP/1.1 200 OK\r\n\r\nhi', { end: true }).last);
});

test('white space that is none of HTTP stays in a value', () => {
  assert.deepEqual(whole('HTTP/1.1 204 x\r\nX: \xa0a\xa0 \r\n\r\n').rawHeaders, ['X', '\xa0a\xa0']);
});

test('heads and trailers have a limit, whole or not', () => {
  const filler = `X: ${'a'.repeat(100)}\r\n`;
  for (const text of [
    `HTTP/1.1 200 OK\r\n${filler}\r\n`,
    `HTTP/1.1 200 OK\r\n${filler}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${filler}${filler}\r\n`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${filler}`,
  ])
    assert.throws(() => whole(text, { headBytes: 64 }), { fault: 'head too large' }, text);
});

const TEXTS = [
  'HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 5\r\n\r\nhelloBEHIND',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1f;x=y\r\n0123456789012345678901234567890\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\nBEHIND',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nBEHIND',
  'HTTP/1.0 404 Not Found\r\nX: 1\r\n\r\nuntil the end',
];

test('an answer reads the same however it is cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TEXTS), fc.array(fc.nat(200), { maxLength: 12 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1');
      const places = [...new Set([0, ...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
      // In pieces the last one cannot always be told.
      const { last: _, ...inPieces } = read(pieces, { end: true });
      const { last: __, ...atOnce } = read([bytes], { end: true });
      assert.deepEqual(inPieces, atOnce);
    }),
    { numRuns: 500 },
  );
});

test('whatever comes is an answer, or not yet one, or refused', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.string().map(text => Buffer.from(text)),
  );
  const mutated = fc.tuple(fc.constantFrom(...TEXTS), fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
    const bytes = Buffer.from(text, 'latin1');
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(noise, mutated), bytes => {
      try {
        read([Buffer.from(bytes)], { end: true });
      } catch (error) {
        assert.ok(error instanceof ResponseFault);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a head that comes again says the same, but for what its request makes of it', () => {
  const heads: ParsedHead[] = [];
  let body = '';
  const parser = new ResponseParser(
    {
      information: () => assert.fail('none came'),
      head: head => heads.push(head),
      data: chunk => {
        body += chunk;
      },
      done: () => {},
    },
    1024,
  );
  const head = (date: string) =>
    `HTTP/1.1 200 OK\r\nDate: ${date}\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\n`;
  for (const [method, text] of [
    ['GET', `${head('a')}11`],
    ['HEAD', head('a')],
    ['GET', `${head('a')}22`],
    ['GET', `${head('b')}33`],
  ] as const) {
    parser.expect(method, false);
    assert.equal(parser.push(Buffer.from(text)), undefined);
    assert.deepEqual([parser.over, parser.keepAlive, parser.keepAliveMs], [true, true, 5000]);
  }
  assert.equal(body, '112233');
  assert.deepEqual(
    heads.map(({ rawHeaders, length }) => [rawHeaders[1], length]),
    [
      ['a', 2],
      ['a', undefined],
      ['a', 2],
      ['b', 2],
    ],
  );
  parser.expect('GET', false);
  assert.throws(
    () => parser.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n')),
    ResponseFault,
  );
});
