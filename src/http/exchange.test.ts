import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  request as ask,
  createServer,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { ClientGone, exchangeOf, type LiveExchange, upgradeExchangeOf } from './exchange.ts';

type Play = (exchange: LiveExchange) => void | Promise<void>;

const servers: { close(): void; closeAllConnections(): void }[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server whose requests are played by a test; the port. */
async function serving(play: Play, options: object = {}): Promise<number> {
  const all = { remoteAddress: '9.8.7.6', ...options };
  const server = createServer((request, response) => void play(exchangeOf(request, response, all)));
  server.on(
    'upgrade',
    (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      void play(upgradeExchangeOf(request, socket, head, all)),
  );
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const OK = { status: 200, reason: 'OK', rawHeaders: [] };

async function text(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString();
}

/** The answer, with its body read. */
async function call(port: number, options: RequestOptions = {}, body?: string) {
  const sent = ask({ port, host: '127.0.0.1', agent: false, ...options });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { answer, body: await text(answer) };
}

/** All that a connection gives for these bytes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let got = '';
    socket.setEncoding('latin1').on('data', chunk => {
      got += chunk;
    });
    socket.on('close', () => resolve(got)).on('error', reject);
  });
}

describe('a request as an exchange', () => {
  test('is passed on as it came', async () => {
    let seen: LiveExchange | undefined;
    const port = await serving(async exchange => {
      seen = exchange;
      const got = exchange.body ? await text(exchange.body) : 'none';
      const { stream } = exchange.respond(OK);
      stream.end(got);
    });
    const headers = { 'X-OwN': 'a', 'x-two': ['1', '2'], Host: 'somewhere' };
    const { body } = await call(port, { method: 'PATCH', path: '/a%20b//?q=%41&&', headers }, 'sent');
    assert.equal(body, 'sent');
    assert.equal(seen?.method, 'PATCH');
    assert.equal(seen?.target, '/a%20b//?q=%41&&');
    assert.equal(seen?.remoteAddress, '9.8.7.6');
    assert.equal(seen?.upgrade, undefined);
    const names = seen?.rawHeaders.filter((_, i) => i % 2 === 0) ?? [];
    assert.ok(names.includes('X-OwN'));
    assert.deepEqual(
      seen?.rawHeaders.filter((_, i, all) => all[i - 1] === 'x-two'),
      ['1', '2'],
    );
    assert.equal((await call(port)).body, 'none');
    assert.equal((await call(port, { method: 'POST', headers: { 'Content-Length': 0 } })).body, 'none');
  });

  test('may be given another target', async () => {
    const port = await serving(exchange => void exchange.respond(OK).stream.end(exchange.target), {
      target: '/rest?x',
    });
    assert.equal((await call(port, { path: '/front/rest?x' })).body, '/rest?x');
  });

  test('has its trailers when its body has been read', async () => {
    const port = await serving(async exchange => {
      await text(exchange.body as Readable);
      const { rawTrailers } = exchange.body as IncomingMessage;
      exchange.respond({ ...OK, rawHeaders: ['Connection', 'close'] }).stream.end(rawTrailers.join());
    });
    const got = await raw(
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n1\r\nz\r\n0\r\nA: b\r\n\r\n',
    );
    assert.match(got, /\r\nA,b\r\n/);
  });
});

describe('the answer of an exchange', () => {
  test('goes out as it is made, piece by piece', async () => {
    const pieces: string[] = [];
    let more: (() => void) | undefined;
    const port = await serving(exchange => {
      const { stream } = exchange.respond({ ...OK, rawHeaders: ['Content-Type', 'text/event-stream'] });
      stream.write('data: 1\n\n');
      more = () => stream.end('data: 2\n\n');
    });
    const sent = ask({ port, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    for await (const piece of answer) {
      pieces.push(String(piece));
      more?.();
    }
    assert.deepEqual(pieces, ['data: 1\n\n', 'data: 2\n\n']);
  });

  test('keeps status, reason and headers to the letter, with those of the front', async () => {
    const rawHeaders = ['sEt-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-mine', 'theirs', 'Content-Length', '2'];
    const port = await serving(
      exchange => void exchange.respond({ status: 299, reason: 'So so', rawHeaders }).stream.end('ok'),
      { own: ['X-Mine', 'ours'], drops: (name: string) => name === 'x-mine' },
    );
    const { answer, body } = await call(port);
    assert.deepEqual([answer.statusCode, answer.statusMessage, body], [299, 'So so', 'ok']);
    assert.deepEqual(answer.rawHeaders.slice(0, 8), [
      'sEt-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Content-Length',
      '2',
      'X-Mine',
      'ours',
    ]);
    assert.deepEqual(rawHeaders.length, 8, 'what the function said is left as it is');
  });

  test('ends with trailers', async () => {
    const port = await serving(exchange => {
      const { stream, trailers } = exchange.respond({ ...OK, rawHeaders: ['Trailer', 'Sum'] });
      stream.write('x');
      trailers(['Sum', '42', 'sum', '43']);
      stream.end();
    });
    const { answer } = await call(port);
    assert.deepEqual(answer.rawTrailers, ['Sum', '42', 'sum', '43']);
  });

  test('has no body for HEAD, and none without content', async () => {
    const port = await serving(exchange => {
      const status = exchange.method === 'HEAD' ? 200 : 204;
      const { stream } = exchange.respond({
        status,
        reason: '',
        rawHeaders: exchange.method === 'HEAD' ? ['Content-Length', '5'] : [],
      });
      stream.end(exchange.method === 'HEAD' ? 'hello' : '');
    });
    const head = await call(port, { method: 'HEAD' });
    assert.deepEqual([head.answer.headers['content-length'], head.body], ['5', '']);
    const none = await call(port);
    assert.deepEqual([none.answer.statusCode, none.answer.statusMessage, none.body], [204, 'No Content', '']);
  });

  test('waits for a slow client', async () => {
    const { promise: full, resolve } = Promise.withResolvers<number>();
    const port = await serving(exchange => {
      const { stream } = exchange.respond(OK);
      const chunk = Buffer.alloc(256 * 1024);
      let written = 0;
      const fill = () => {
        while (stream.write(chunk)) written += chunk.length;
        resolve(written);
        stream.once('drain', () => stream.end());
      };
      fill();
    });
    const sent = ask({ port, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    assert.ok((await full) < 64 * 1024 * 1024, 'it would have gone on for ever');
    answer.resume();
    await once(answer, 'end');
  });

  test('that breaks off breaks the connection', async () => {
    const port = await serving(exchange => {
      const { stream } = exchange.respond(OK);
      stream.write('half');
      setImmediate(() => stream.destroy());
    });
    const sent = ask({ port, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await assert.rejects(text(answer), { code: 'ECONNRESET' });
  });
});

describe('the signal of an exchange', () => {
  test('fires when the client goes, once, whether it was asked for before or after', async () => {
    for (const early of [true, false]) {
      const { promise: ended, resolve } = Promise.withResolvers<LiveExchange>();
      let fired = 0;
      let sent: ReturnType<typeof ask> | undefined;
      const port = await serving(exchange => {
        if (early) exchange.signal.addEventListener('abort', () => fired++);
        (exchange as LiveExchange & { body: Readable }).body.once('close', () => setImmediate(resolve, exchange));
        sent?.destroy();
      });
      sent = ask({ port, method: 'POST', headers: { 'Content-Length': 10 }, agent: false });
      sent.on('error', () => undefined);
      sent.write('half');
      const exchange = await ended;
      assert.ok(exchange.signal.aborted);
      assert.ok(exchange.signal.reason instanceof ClientGone);
      assert.equal(fired, early ? 1 : 0);
      exchange.abort(new Error('later'));
      assert.ok(exchange.signal.reason instanceof ClientGone);
    }
  });

  test('does not fire when all went well', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<LiveExchange>();
    const port = await serving(exchange => {
      const { stream } = exchange.respond(OK);
      stream.once('close', () => resolve(exchange));
      stream.end('x');
    });
    await call(port);
    assert.equal((await closed).signal.aborted, false);
  });

  test('fires when the front gives up; what the function says then is heard by nobody', async () => {
    const port = await serving(exchange => {
      const before = exchange.signal;
      exchange.abort(new Error('too late'));
      assert.ok(before.aborted);
      const { stream, trailers } = exchange.respond({ ...OK, status: 201 });
      trailers(['a', 'b']);
      stream.end('never');
      assert.equal(exchange.answered, false);
    });
    const sent = ask({ port, agent: false }).end();
    const first = await Promise.race([once(sent, 'response'), new Promise(soon => setImmediate(soon, 'nothing'))]);
    assert.equal(first, 'nothing');
    sent.on('error', () => undefined).destroy();
  });
});

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';

describe('a handshake as an exchange', () => {
  test('that is agreed to gives its connection, with what came behind it', async () => {
    const port = await serving(
      exchange => {
        const { socket, head } = exchange.upgrade ?? assert.fail();
        const { stream, trailers } = exchange.respond({
          status: 101,
          reason: 'Switching Protocols',
          rawHeaders: ['Sec-WebSocket-Accept', 'a'],
        });
        assert.equal(stream, socket);
        trailers(['x', 'y']);
        stream.end(`heard ${head}`);
      },
      { own: ['X-Own', '1'] },
    );
    const got = await raw(port, `${HANDSHAKE}early`);
    assert.equal(
      got,
      'HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\nX-Own: 1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nheard early',
    );
  });

  test('keeps the headers of the agreement where the function has said them', async () => {
    const rawHeaders = ['upgrade', 'WebSocket', 'connection', 'upgrade'];
    const port = await serving(exchange => void exchange.respond({ status: 101, reason: '', rawHeaders }).stream.end());
    assert.equal(
      await raw(port, HANDSHAKE),
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n\r\n',
    );
  });

  test('that is refused is answered like any request, and closed', async () => {
    const big = 'x'.repeat(3_000_000);
    const port = await serving(async exchange => {
      const { stream } = exchange.respond({ status: 403, reason: 'No', rawHeaders: ['X-Why', 'no'] });
      for (let i = 0; i < 3; i++) if (!stream.write(big)) await once(stream, 'drain');
      stream.end('end');
    });
    const got = await raw(port, HANDSHAKE);
    assert.match(got, /^HTTP\/1\.1 403 No\r\nX-Why: no\r\n/);
    assert.match(got, /\r\nConnection: close\r\n/);
    assert.ok(got.length > 9_000_000 && got.includes('\r\nend\r\n'), 'all of it came');
  });

  test('tells when the client goes', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const port = await serving(exchange => {
      exchange.signal.addEventListener('abort', () => resolve(exchange.signal.reason));
      exchange.respond({ status: 101, reason: '', rawHeaders: [] });
      exchange.upgrade?.socket.resume();
    });
    const socket = connect(port, '127.0.0.1', () => socket.write(HANDSHAKE));
    socket.once('data', () => socket.end());
    assert.ok((await promise) instanceof ClientGone);
  });
});

test('a request whose client is gone already is aborted from its beginning', () => {
  const request = { headers: {}, rawHeaders: [], on: () => undefined } as unknown as IncomingMessage;
  const response = { destroyed: true, on: () => undefined, once: () => undefined } as unknown as ServerResponse;
  const exchange = exchangeOf(request, response, { remoteAddress: '' });
  assert.ok(exchange.signal.aborted);
});
