import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NO_LOG } from '../core/log.ts';
import { readBody } from './body.ts';
import { rawExchange } from './fixture.ts';
import { type Front, type FrontOptions, openFront } from './server.ts';
import type { Site } from './site.ts';

/** Tells what it was asked, and sees to it that two readings of a request are seen as two requests. */
const echo: Site = {
  name: 'echo',
  claims: () => false,
  async serve(request, response) {
    const body = await readBody(request, 1024 * 1024);
    response.end(`${request.method} ${request.url} ${request.headers.host} [${body}]`);
  },
};

async function front(options: Partial<FrontOptions> = {}): Promise<Front & AsyncDisposable> {
  const requestId = () => 'id-1';
  const settings = { host: '127.0.0.1', port: 0, setting: 'portApi', sites: [], log: NO_LOG, requestId };
  const open = await openFront({ ...settings, fallback: echo, ...options });
  return { ...open, [Symbol.asyncDispose]: () => open.close(0) };
}

/** Sends bytes, and gives all that comes until the connection ends; a request behind them asks for that. */
async function exchange(open: Front, text: string): Promise<string> {
  const socket = connect(open.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk)).on('error', () => undefined);
  socket.end(text, 'latin1');
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

const statuses = (answer: string) => [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(found => Number(found[1]));
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Each is followed by a request that must not be answered: nobody knows where the first one ends. */
const REFUSED: Readonly<Record<string, readonly [status: number, head: string, body?: string]>> = {
  'both lengths': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
  'both lengths, the other way': [
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3',
    '0\r\n\r\n',
  ],
  'two lengths': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4', 'abc'],
  'a list of lengths': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3', 'abc'],
  'a length with a sign': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3', 'abc'],
  'a coding that is not last': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip', '0\r\n\r\n'],
  'a coding before chunked': [501, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked', '0\r\n\r\n'],
  'a coding of another name': [501, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked', '0\r\n\r\n'],
  'a space before the colon': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked', '0\r\n\r\n'],
  'a coding in HTTP/1.0': [400, 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
  'a chunk of no number': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked', 'zz\r\nabc\r\n0\r\n\r\n'],
  'a negative chunk': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked', '-1\r\nabc\r\n0\r\n\r\n'],
  'an endless chunk': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked', `${'f'.repeat(17)}\r\na`],
  'chunks by bare LF': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked', '3\nabc\n0\n\n'],
  'a chunk that is longer': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked', '3\r\nabcX0\r\n\r\n'],
  'a folded header': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c'],
  'bare LF': [400, 'GET / HTTP/1.1\nHost: a\nX: y'],
  'bare CR': [400, 'GET / HTTP/1.1\r\nHost: a\rX: y'],
  'a NUL': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b'],
  'a space in a name': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX Y: a'],
  'no Host': [400, 'GET / HTTP/1.1\r\nX: a'],
  'two Hosts': [400, 'GET / HTTP/1.1\r\nHost: a\r\nhost: b'],
  'a list of Hosts': [400, 'GET / HTTP/1.1\r\nHost: a, b'],
  'a Host with a path': [400, 'GET / HTTP/1.1\r\nHost: a/b'],
  'a target without a host': [400, 'GET http:///x HTTP/1.1\r\nHost: a'],
  'a target with a user': [400, 'GET http://u@b/ HTTP/1.1\r\nHost: a'],
  'a fragment': [400, 'GET /a#b HTTP/1.1\r\nHost: a'],
  'an asterisk': [400, 'GET * HTTP/1.1\r\nHost: a'],
  'a bare word': [400, 'GET x HTTP/1.1\r\nHost: a'],
  'bytes above ASCII': [400, 'GET /\xe9 HTTP/1.1\r\nHost: a'],
  'a space in the target': [400, 'GET /a b HTTP/1.1\r\nHost: a'],
  'HTTP/2': [505, 'GET / HTTP/2.0\r\nHost: a'],
  'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM'],
  'no version': [400, 'GET /'],
  'a method that does not exist': [400, 'FOO / HTTP/1.1\r\nHost: a'],
  'a tunnel': [405, 'CONNECT a:80 HTTP/1.1\r\nHost: a'],
};

describe('requests that can be read in two ways', () => {
  for (const [name, [status, head, body = '']] of Object.entries(REFUSED)) {
    it(`are refused: ${name}`, async () => {
      await using open = await front();
      const answer = await exchange(open, `${head}\r\n\r\n${body}${SMUGGLED}`);
      assert.deepEqual(statuses(answer), [status], answer);
      assert.ok(!answer.includes('smuggled]') && !answer.includes('/smuggled'), answer);
      assert.match(answer, /\r\nX-Request-Id: id-1\r\n/);
      assert.match(answer, /\r\n\r\n\{"message":"[^"]+"\}$/);
      assert.match(await exchange(open, SMUGGLED), / 200 OK/, 'the port lives on');
    });
  }
});

describe('requests in other forms', () => {
  const served = async (text: string) => {
    await using open = await front();
    const answer = await exchange(open, text);
    assert.deepEqual(statuses(answer), [200], answer);
    return answer.slice(answer.indexOf('\r\n\r\n') + 4);
  };

  it('with a target in absolute form mean its host', async () => {
    const ask = (target: string) => served(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(await ask('http://b.example:81/x?y=1'), 'GET /x?y=1 b.example:81 []');
    assert.equal(await ask('HTTPS://b'), 'GET / b []');
    assert.equal(await ask('http://[::1]:8/?q'), 'GET /?q [::1]:8 []');
  });

  it('about the server as a whole', async () => {
    assert.equal(await served('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'), 'OPTIONS * a []');
  });

  it('with chunks, extensions and trailers', async () => {
    const chunks = '3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n';
    assert.equal(
      await served(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`),
      'POST / a [abcde]',
    );
  });

  it('with an empty Host, and an address for one', async () => {
    assert.equal(await served('GET / HTTP/1.1\r\nHost:\r\n\r\n'), 'GET /  []');
    assert.equal(await served('GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n'), 'GET / [::1]:80 []');
  });

  it('one behind another are answered in their order', async () => {
    await using open = await front();
    const many = Array.from({ length: 50 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
    const answer = await exchange(open, many);
    assert.deepEqual(
      [...answer.matchAll(/GET \/(\d+) a/g)].map(found => Number(found[1])),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });

  it('however they are cut into packets', async () => {
    await using open = await front();
    const text = `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde${SMUGGLED}`;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 6 }), async cuts => {
        const socket = connect(open.port, '127.0.0.1').setNoDelay();
        const chunks: Buffer[] = [];
        socket.on('data', chunk => chunks.push(chunk));
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let i = 1; i < edges.length; i++) {
          await new Promise(written => socket.write(text.slice(edges[i - 1], edges[i]), written));
          await new Promise(setImmediate);
        }
        socket.end();
        await once(socket, 'close');
        const answer = Buffer.concat(chunks).toString();
        assert.match(answer, /POST \/p a \[abcde\]HTTP\/1\.1 200/);
        assert.match(answer, /GET \/smuggled a \[\]$/);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a body that stops coming', () => {
  it('is given up with 408', async () => {
    await using open = await front({ bodyIdleMs: 30 });
    const socket = connect(open.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
    const chunks: Buffer[] = [];
    socket.on('data', chunk => chunks.push(chunk));
    await once(socket, 'close');
    assert.deepEqual(statuses(Buffer.concat(chunks).toString()), [408]);
  });

  it('is awaited as long as nobody reads it', async () => {
    const late: Site = {
      ...echo,
      async serve(request, response) {
        await once(request, 'timeout');
        // By now it would have been given up. How soon the rest comes is another matter.
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
        request.socket.setTimeout(0);
        const body = await readBody(request, 1e6);
        response.end(String(body.length));
      },
    };
    await using open = await front({ fallback: late, bodyIdleMs: 20 });
    // Some of the body comes along with the head.
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n';
    assert.match(await rawExchange(open, head + 'x'.repeat(400_000)), /^HTTP\/1\.1 200 .*\r\n400000$/s);
  });

  it('does not count against the answer, which may take its time', async () => {
    const slow: Site = {
      ...echo,
      async serve(request, response) {
        await readBody(request, 1e6);
        setTimeout(() => response.end('done'), 80);
      },
    };
    await using open = await front({ fallback: slow, bodyIdleMs: 20 });
    const whole = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx';
    assert.match(await rawExchange(open, whole), /^HTTP\/1\.1 200 .*\r\ndone/s);
  });
});
