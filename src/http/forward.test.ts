import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { openUpstreams } from './forward.ts';
import { makeCertificate } from './testing-certificates.ts';
import { UpstreamError } from './upstream/errors.ts';
import type { ForwardRequest } from './upstream/flow.ts';
import { answering, OK, served } from './upstream/testing.ts';

const get = (change: Partial<ForwardRequest> = {}): ForwardRequest => ({
  method: 'GET',
  target: '/',
  rawHeaders: ['Host', 'a.example'],
  ...change,
});
const post = (body: ForwardRequest['body'], rawHeaders: readonly string[] = []) =>
  get({ method: 'POST', body, rawHeaders: ['Host', 'a', ...rawHeaders] });

/** The error that it ends with. */
async function faultOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof UpstreamError, String(error));
    return error.fault;
  }
  throw new Error('it did not fail');
}

const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const OK_CHUNKED = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n`;

test('a request arrives letter by letter, and so does its answer', async () => {
  await using server = await served(
    answering('HTTP/1.1 418 I am a teapot\r\nX-b: 1\r\nx-A: 2\r\nX-b: 3\r\nContent-Length: 2\r\n\r\nok'),
  );
  const rawHeaders = ['hOsT', 'a.example', 'X-b', '1', 'accept-encoding', 'gzip', 'X-b', '2', 'Connection', 'close'];
  const answer = await server.upstreams.forward(server.to, get({ target: '/a%2Fb?x=1&x=2', rawHeaders }));
  assert.equal(
    server.connections[0]?.text,
    'GET /a%2Fb?x=1&x=2 HTTP/1.1\r\nhOsT: a.example\r\nX-b: 1\r\naccept-encoding: gzip\r\nX-b: 2\r\n\r\n',
  );
  assert.equal(answer.status, 418);
  assert.equal(answer.reason, 'I am a teapot');
  assert.deepEqual(answer.rawHeaders, ['X-b', '1', 'x-A', '2', 'X-b', '3', 'Content-Length', '2']);
  assert.equal(await textOf(answer.body), 'ok');
});

test('a body keeps the length that its header tells, and is chunked without one', async () => {
  await using server = await served((socket, text) => {
    if (text.endsWith('hello') || text.endsWith('0\r\n\r\n')) socket.write(OK);
  });
  const { upstreams, to, connections } = server;
  await upstreams.forward(to, post(Readable.from([Buffer.from('hel'), Buffer.from('lo')]), ['content-length', '5']));
  assert.match(connections[0]?.text ?? '', /\r\ncontent-length: 5\r\n\r\nhello$/);
  await using other = await served((socket, text) => text.endsWith('0\r\n\r\n') && socket.write(OK));
  await other.upstreams.forward(other.to, post(Readable.from([Buffer.from('hel'), Buffer.from('lo')])));
  assert.match(
    other.connections[0]?.text ?? '',
    /\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n$/,
  );
});

test('a body in memory goes out with its length', async () => {
  await using server = await served((socket, text) => text.endsWith('hello') && socket.write(OK));
  await server.upstreams.forward(server.to, post(Buffer.from('hello'), ['Content-Length', '99']));
  assert.equal(server.connections[0]?.text, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
});

test('trailers are passed on both ways, but for those that would change the message', async () => {
  await using server = await served((socket, text) => {
    if (text.endsWith('X-Sum: 9\r\n\r\n')) socket.write(`${OK_CHUNKED}1\r\na\r\n0\r\nX-Back: 1\r\nHost: b\r\n\r\n`);
  });
  const body = Object.assign(Readable.from([Buffer.from('x')]), { rawTrailers: ['Content-Length', '7', 'X-Sum', '9'] });
  const answer = await server.upstreams.forward(server.to, post(body));
  assert.equal(await textOf(answer.body), 'a');
  assert.deepEqual(answer.trailers(), ['X-Back', '1']);
  assert.match(server.connections[0]?.text ?? '', /1\r\nx\r\n0\r\nX-Sum: 9\r\n\r\n$/);
});

test('a connection is used again once an answer is whole, unless one side says otherwise', async () => {
  await using server = await served(answering(OK));
  const { upstreams, to, connections } = server;
  for (let i = 0; i < 3; i++) await textOf((await upstreams.forward(to, get())).body);
  assert.equal(connections.length, 1);
  await using closing = await served(answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'));
  for (let i = 0; i < 2; i++) await textOf((await closing.upstreams.forward(closing.to, get())).body);
  assert.equal(closing.connections.length, 2);
});

test('a connection on which something came that nobody asked for is not used again', async () => {
  await using server = await served(answering(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad`));
  for (let i = 0; i < 2; i++) {
    const answer = await server.upstreams.forward(server.to, get());
    assert.equal(await textOf(answer.body), 'ok');
  }
  assert.equal(server.connections.length, 2);
});

test('a connection is not kept longer than the server says, nor than it may be', async () => {
  const answer = (seconds: number) => `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=${seconds}\r\nContent-Length: 0\r\n\r\n`;
  await using server = await served(answering(answer(1)));
  for (let i = 0; i < 2; i++) await textOf((await server.upstreams.forward(server.to, get())).body);
  assert.equal(server.connections.length, 2, 'a second before its end it is not used any more');
  await using never = await served(answering(OK), { idleSocketMs: 0 });
  for (let i = 0; i < 2; i++) await textOf((await never.upstreams.forward(never.to, get())).body);
  assert.equal(never.connections.length, 2);
});

test('a kept connection that the server has closed costs nobody an answer', async () => {
  // The second request on the first connection is what it dies of.
  await using server = await served((socket, text, connection) => {
    if (connection === 0 && text.split('\r\n\r\n').length > 2) socket.destroy();
    else socket.write(OK);
  });
  const { upstreams, to, connections } = server;
  await textOf((await upstreams.forward(to, get())).body);
  const answer = await upstreams.forward(to, get({ target: '/again' }));
  assert.equal(await textOf(answer.body), 'ok');
  assert.equal(connections.length, 2);
  assert.match(connections[1]?.text ?? '', /^GET \/again /);
});

test('what may have been done is not done twice', async () => {
  await using server = await served((socket, text) => {
    if (text.includes('POST')) socket.destroy();
    else socket.write(OK);
  });
  const { upstreams, to, connections } = server;
  for (const request of [
    get({ method: 'POST' }),
    post(Buffer.from('x')),
    // Its body has begun.
    get({ method: 'POST', rawHeaders: ['Host', 'a', 'Content-Length', '1'], body: Readable.from([Buffer.from('x')]) }),
  ]) {
    await textOf((await upstreams.forward(to, get())).body);
    const before = connections.length;
    assert.equal(await faultOf(upstreams.forward(to, request)), 'reset');
    assert.equal(connections.length, before);
  }
});

test('a body of which nothing has been read is sent again', async () => {
  const body = new PassThrough();
  await using server = await served((socket, text, connection) => {
    if (connection === 0 && text.includes('POST')) socket.destroy();
    else if (connection === 1 && !body.writableEnded) body.end('x');
    else if (!text.includes('POST') || text.endsWith('0\r\n\r\n')) socket.write(OK);
  });
  const { upstreams, to, connections } = server;
  await textOf((await upstreams.forward(to, get())).body);
  assert.equal((await upstreams.forward(to, post(body))).status, 200);
  assert.match(connections[1]?.text ?? '', /^POST .*1\r\nx\r\n0\r\n\r\n$/s);
});

test('a new connection that the server closes is not tried again', async () => {
  await using server = await served(socket => socket.destroy());
  assert.equal(await faultOf(server.upstreams.forward(server.to, get())), 'reset');
  assert.equal(server.connections.length, 1);
});

test('what goes wrong is told apart', async () => {
  const script: Record<string, (socket: import('node:net').Socket) => void> = {
    '/short': socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'),
    '/half': socket => socket.end('HTTP/1.1 200 O'),
    '/bad': socket => socket.write('nonsense\r\n\r\n'),
    '/large': socket => socket.write(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(2000)}\r\n\r\n`),
    '/mute': () => {},
    '/stuck': socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'),
    '/101': socket => socket.write('HTTP/1.1 101 x\r\n\r\n'),
  };
  await using server = await served((socket, text) => script[text.split(' ')[1] ?? '']?.(socket), {
    maxHeadBytes: 1000,
  });
  const { upstreams, to } = server;
  const fault = async (target: string, change: Partial<ForwardRequest> = {}) =>
    faultOf(upstreams.forward(to, get({ target, ...change })).then(({ body }) => buffer(body)));
  assert.equal(await fault('/short'), 'cut short');
  assert.equal(await fault('/half'), 'cut short');
  assert.equal(await fault('/bad'), 'malformed');
  assert.equal(await fault('/large'), 'head too large');
  assert.equal(await fault('/101'), 'malformed');
  assert.equal(await fault('/mute', { headTimeoutMs: 20 }), 'timeout');
  assert.equal(await fault('/stuck', { headTimeoutMs: 60_000, idleTimeoutMs: 20 }), 'timeout');
  assert.equal(await fault('/a b'), 'invalid request');
  upstreams.close();
  assert.equal(await fault('/'), 'closed');
});

test('nobody there is told apart from nobody to be found, and the body is left alone', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const upstreams = openUpstreams();
  const body = Readable.from([Buffer.from('x')]);
  assert.equal(await faultOf(upstreams.forward({ host: '127.0.0.1', port }, post(body))), 'refused');
  assert.equal(await textOf(body), 'x');
  assert.equal(await faultOf(upstreams.forward({ host: 'a..b', port }, get())), 'unreachable');
  upstreams.close();
});

test('giving up destroys the connection, before and while an answer comes', async () => {
  await using server = await served((socket, text) => {
    if (text.startsWith('GET /begun')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
  });
  const { upstreams, to, connections } = server;
  const early = new AbortController();
  const waiting = upstreams.forward(to, get({ signal: early.signal }));
  while (!connections[0]) await new Promise(setImmediate);
  early.abort();
  assert.equal(await faultOf(waiting), 'aborted');
  await once(connections[0].socket, 'close');

  const late = new AbortController();
  const answer = await upstreams.forward(to, get({ target: '/begun', signal: late.signal }));
  late.abort();
  assert.equal(await faultOf(buffer(answer.body)), 'aborted');
  const second = connections[1];
  assert.ok(second);
  if (!second.socket.destroyed) await once(second.socket, 'close');
  assert.equal(await faultOf(upstreams.forward(to, get({ signal: AbortSignal.abort() }))), 'aborted');
  assert.equal(connections.length, 2);
});

test('destroying the body of an answer destroys the connection', async () => {
  await using server = await served(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'));
  const { body } = await server.upstreams.forward(server.to, get());
  body.destroy();
  const [connection] = server.connections;
  assert.ok(connection);
  if (!connection.socket.destroyed) await once(connection.socket, 'close');
});

test('a client that goes away in the middle of its request takes the connection along', async () => {
  await using server = await served(() => {});
  const body = new PassThrough();
  const answer = server.upstreams.forward(server.to, post(body));
  body.write('a');
  while (!server.connections[0]?.text.includes('a\r\n')) await new Promise(setImmediate);
  body.destroy();
  assert.equal(await faultOf(answer), 'request cut short');
  const { socket } = server.connections[0];
  if (!socket.destroyed) await once(socket, 'close');
});

test('a body that is not as long as its header tells never meets another request', async () => {
  await using server = await served(() => {});
  const { upstreams, to } = server;
  const short = post(Readable.from([Buffer.from('ab')]), ['Content-Length', '5']);
  assert.equal(await faultOf(upstreams.forward(to, short)), 'request cut short');
  const long = post(Readable.from([Buffer.from('abcdef')]), ['Content-Length', '5']);
  assert.equal(await faultOf(upstreams.forward(to, long)), 'invalid request');
  const tooMuch = { ...post(Readable.from([Buffer.from('ab'), Buffer.from('cd')])), bodyBytes: 3 };
  assert.equal(await faultOf(upstreams.forward(to, tooMuch)), 'request too large');
});

test('an answer that comes before its request is whole is passed on, and the rest of the request dropped', async () => {
  await using server = await served((socket, text) => text.includes('first') && socket.write(OK));
  const body = new PassThrough();
  body.write('first');
  const answer = await server.upstreams.forward(server.to, post(body));
  assert.equal(await textOf(answer.body), 'ok');
  const [connection] = server.connections;
  assert.ok(connection);
  if (!connection.socket.destroyed) await once(connection.socket, 'close');
  body.end('more');
  await once(body, 'end');
  assert.ok(!connection.text.includes('more'));
});

test('a server that answers early and closes is heard, however much is still being sent', async () => {
  const closing = 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno';
  const piece = Buffer.alloc(300_000);
  let body = new PassThrough();
  await using server = await served(socket => {
    // What it has not read makes the end a reset; what is sent then finds out before the answer has been read.
    socket.pause().write(closing, () => {
      socket.destroy();
      body.write(piece);
    });
  });
  for (let i = 0; i < 10; i++) {
    body = new PassThrough();
    body.write(piece);
    const answer = await server.upstreams.forward(server.to, post(body));
    assert.deepEqual([answer.status, await textOf(answer.body)], [413, 'no'], `number ${i}`);
    body.destroy();
  }
  assert.equal(server.connections.length, 10);
});

test('a server that resets without an answer is told as such', async () => {
  await using server = await served(socket => socket.resetAndDestroy());
  for (let i = 0; i < 10; i++) {
    const body = Readable.from(Array.from({ length: 60 }, () => Buffer.alloc(100_000)));
    assert.equal(await faultOf(server.upstreams.forward(server.to, post(body))), 'reset', `number ${i}`);
  }
});

test('no more is read of an answer than its reader takes', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'a');
  let written = 0;
  const total = 64 * 1024 * 1024;
  await using server = await served(socket => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    const more = () => {
      while (written < total) {
        written += chunk.length;
        if (!socket.write(chunk)) return socket.once('drain', more);
      }
      return undefined;
    };
    more();
  });
  const { body } = await server.upstreams.forward(server.to, get());
  let before = -1;
  // Until nothing moves any more.
  while (before !== written) {
    before = written;
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  }
  assert.ok(written < total / 2, `${written} bytes were taken`);
  assert.equal((await buffer(body)).length, total);
});

test('no more is read of a request than the server takes', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'a');
  let read = 0;
  const total = 64 * 1024 * 1024;
  const body = new Readable({
    read() {
      read += chunk.length;
      this.push(read > total ? null : chunk);
    },
  });
  await using server = await served(socket => socket.pause());
  const answer = server.upstreams.forward(server.to, post(body));
  let before = -1;
  while (before !== read || read === 0) {
    before = read;
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  }
  assert.ok(read < total / 2, `${read} bytes were taken`);
  server.connections[0]?.socket.destroy();
  assert.equal(await faultOf(answer), 'reset');
});

test('requests beyond the number of connections wait for one, and may stop waiting', async () => {
  const sockets: import('node:net').Socket[] = [];
  await using server = await served(
    (socket, text) => {
      if (text.includes('/hold')) sockets.push(socket);
      else socket.write(OK);
    },
    { maxSocketsPerHost: 1 },
  );
  const { upstreams, to, connections } = server;
  const first = upstreams.forward(to, get({ target: '/hold' }));
  const control = new AbortController();
  const second = upstreams.forward(to, get({ signal: control.signal }));
  const third = upstreams.forward(to, get({ method: 'POST', target: '/hold' }));
  const fourth = upstreams.forward(to, get());
  while (sockets.length === 0) await new Promise(setImmediate);
  control.abort();
  assert.equal(await faultOf(second), 'aborted');
  sockets[0]?.write(OK);
  assert.equal(await textOf((await first).body), 'ok');
  while (sockets.length < 2) await new Promise(setImmediate);
  assert.equal(connections.length, 1);
  sockets[1]?.destroy();
  assert.equal(await faultOf(third), 'reset');
  assert.equal((await fourth).status, 200);
  assert.equal(connections.length, 2);
});

test('an upgrade gives the connection away, with what came behind the answer', async () => {
  await using server = await served((socket, text) => {
    if (text.endsWith('ping')) socket.write('pong');
    else socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi');
  });
  const rawHeaders = ['Host', 'a', 'Connection', 'keep-alive, Upgrade', 'Upgrade', 'websocket'];
  const answer = await server.upstreams.upgrade(server.to, get({ rawHeaders }));
  assert.ok('socket' in answer);
  assert.match(server.connections[0]?.text ?? '', /Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
  assert.deepEqual(answer.rawHeaders, ['Upgrade', 'websocket', 'Connection', 'Upgrade']);
  assert.equal(answer.behind.toString(), 'hi');
  answer.socket.resume().write('ping');
  const [chunk] = await once(answer.socket, 'data');
  assert.equal(String(chunk), 'pong');
  // It is not the proxy's any more.
  server.upstreams.close();
  assert.equal(answer.socket.destroyed, false);
  answer.socket.destroy();
});

test('a server that does not upgrade has answered', async () => {
  await using server = await served(answering('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'));
  const rawHeaders = ['Host', 'a', 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  const answer = await server.upstreams.upgrade(server.to, get({ rawHeaders }));
  assert.ok('body' in answer);
  assert.equal(answer.status, 403);
  assert.equal(await textOf(answer.body), 'no');
});

test('1xx are heard of by who asks, and by nobody else', async () => {
  await using server = await served(answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`));
  const heard: unknown[] = [];
  await new Promise<void>((done, fail) => {
    server.upstreams.exchange(server.to, get(), {
      information: (status, rawHeaders) => heard.push(status, rawHeaders),
      head: head => heard.push(head.status),
      data: chunk => heard.push(chunk.toString()) > 0,
      end: () => done(),
      failed: fail,
    });
  });
  assert.deepEqual(heard, [103, ['Link', '</a>'], 200, 'ok']);
  assert.equal((await server.upstreams.forward(server.to, get())).status, 200);
});

test('a real server gets and gives what it would without a proxy', async () => {
  const server = createHttpServer((request, response) => {
    response.writeHead(200, ['X-Got', request.rawHeaders.join('|'), 'Trailer', 'X-Length']);
    let length = 0;
    request.on('data', chunk => {
      length += chunk.length;
      response.write(chunk);
    });
    request.on('end', () => {
      response.addTrailers([
        ['X-Length', String(length)],
        ['X-Sent', request.rawTrailers.join('|')],
      ]);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upstreams = openUpstreams();
  const sent = Buffer.alloc(5_000_000, 'abc');
  for (let i = 0; i < 3; i++) {
    const answer = await upstreams.forward({ host: '127.0.0.1', port }, post(Readable.from([sent])));
    assert.ok((await buffer(answer.body)).equals(sent));
    assert.deepEqual(answer.rawHeaders.slice(0, 2), ['X-Got', 'Host|a|Transfer-Encoding|chunked']);
    assert.deepEqual(answer.trailers(), ['X-Length', '5000000', 'X-Sent', '']);
  }
  upstreams.close();
  server.close();
  await once(server, 'close');
});

test('servers are reached over TLS, if they are who they are asked for', async () => {
  const { certificatePem, privateKeyPem } = await makeCertificate({ names: ['backend.example'] });
  const server = createHttpsServer({ cert: certificatePem, key: privateKeyPem }, (_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upstreams = openUpstreams();
  const tls = { servername: 'backend.example', ca: certificatePem };
  const answer = await upstreams.forward({ host: '127.0.0.1', port, tls }, get());
  assert.equal(await textOf(answer.body), 'ok');
  const other = { host: '127.0.0.1', port, tls: { ...tls, servername: 'other.example' } };
  assert.equal(await faultOf(upstreams.forward(other, get())), 'unreachable');
  upstreams.close();
  server.close();
});
