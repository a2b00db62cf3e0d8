import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { FunctionVersion } from '../../core/function.ts';
import type { Outcome } from '../../core/invocation.ts';
import { upgradeExchangeOf } from '../../http/exchange.ts';
import { type StartedWeb, startedWeb } from './testing-instance.ts';

interface Meeting extends StartedWeb {
  readonly url: string;
  readonly clientPort: number;
  readonly outcomes: Outcome[];
  /** Connections of the function's server. */
  readonly peers: WebSocket[];
  /** A client that is connected. */
  join(): Promise<WebSocket>;
  outcome(): Promise<Outcome>;
}

/** A function's server and a front before it, both of this process. */
async function meeting(
  joined: (peer: WebSocket) => void = () => {},
  version: Partial<FunctionVersion> = {},
): Promise<Meeting> {
  const app = createServer((_, response) => response.end('plain'));
  const peers: WebSocket[] = [];
  new WebSocketServer({ server: app, maxPayload: 0 }).on('connection', peer => {
    peers.push(peer.on('error', () => {}));
    joined(peer);
  });
  return fronted(app, peers, version);
}

async function fronted(
  app: Parameters<typeof startedWeb>[0],
  peers: WebSocket[],
  version: Partial<FunctionVersion>,
): Promise<Meeting> {
  const at = await startedWeb(app, { version: { protocol: 'WS', wsIdleTimeoutS: 15, timeoutS: 600, ...version } });
  const outcomes: Outcome[] = [];
  const front = new Server();
  const sockets = new Set<Socket>();
  front.on('connection', (socket: Socket) => sockets.add(socket));
  front.on('upgrade', (request, socket, head) => {
    const exchange = upgradeExchangeOf(request, socket, head, { remoteAddress: '' });
    void at.begin(exchange as never).then(outcome => {
      outcomes.push(outcome);
      if (!exchange.answered) socket.end(`HTTP/1.1 ${outcome.status} x\r\nContent-Length: 0\r\n\r\n`);
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port: clientPort } = front.address() as AddressInfo;
  const url = `ws://127.0.0.1:${clientPort}`;
  return {
    ...at,
    clientPort,
    url,
    outcomes,
    peers,
    async join() {
      const before = peers.length;
      const client = new WebSocket(url, { perMessageDeflate: false }).on('error', () => {});
      await at.until(() => client.readyState === WebSocket.OPEN && peers.length > before);
      return client;
    },
    async outcome() {
      const before = 0;
      await at.until(() => outcomes.length > before);
      const [outcome] = outcomes.splice(0, 1);
      assert.ok(outcome);
      return outcome;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      front.close();
      await at[Symbol.asyncDispose]();
    },
  };
}

/** Messages as they come. */
function hearing(socket: WebSocket): string[] {
  const heard: string[] = [];
  socket.on('message', (data: RawData, binary) => heard.push(`${binary ? 'binary' : 'text'} ${data}`));
  socket.on('ping', data => heard.push(`ping ${data}`)).on('pong', data => heard.push(`pong ${data}`));
  socket.on('close', (code, reason) => heard.push(`close ${code} ${reason}`));
  return heard;
}

const echo = (peer: WebSocket) => peer.on('message', (data, binary) => peer.send(data, { binary }));

test('messages, fragments and pings go both ways as they are', async () => {
  await using at = await meeting(echo);
  const client = await at.join();
  const heard = hearing(client);
  const server = at.peers[0] as WebSocket;
  const heardThere = hearing(server);
  client.send('héllo');
  client.send(Buffer.from([1, 2, 3]));
  client.send('frag', { fin: false });
  client.ping('in between');
  client.send('ment', { fin: true });
  await at.until(() => heard.length === 4);
  assert.deepEqual(heardThere, ['text héllo', 'binary \x01\x02\x03', 'ping in between', 'text fragment']);
  assert.deepEqual(heard, ['text héllo', 'binary \x01\x02\x03', 'pong in between', 'text fragment']);
  assert.equal(at.instance.state, 'busy');
  client.close(1000, 'bye');
  const outcome = await at.outcome();
  assert.equal(outcome.status, 200);
  await at.until(() => heard.length === 5 && heardThere.length === 5);
  assert.equal(heard[4], 'close 1000 bye');
  assert.equal(at.instance.state, 'idle');
});

test('the first close frame says how a connection ends, and who has ended it', async () => {
  await using at = await meeting();
  const cases: readonly (readonly [by: 'client' | 'server', code: number | undefined, status: number])[] = [
    ['client', 1000, 200],
    ['server', 1000, 200],
    ['client', undefined, 200],
    ['client', 1010, 200],
    ['server', 1010, 439],
    ['client', 1011, 456],
    ['server', 1011, 200],
    ['client', 1001, 456],
    ['server', 1001, 439],
    ['client', 4000, 456],
    ['server', 4000, 439],
  ];
  for (const [by, code, status] of cases) {
    const client = await at.join();
    const server = at.peers.at(-1) as WebSocket;
    const heard = hearing(by === 'client' ? server : client);
    (by === 'client' ? client : server).close(code);
    const outcome = await at.outcome();
    assert.equal(outcome.status, status, `${by} ${code}`);
    if (status !== 200) assert.match(outcome.errorMessage, new RegExp(`with code ${code}`));
    await at.until(() => heard.length === 1);
    assert.equal(heard[0], `close ${code ?? 1005} `);
  }
});

test('a side that goes away without a word is told from one that says goodbye', async () => {
  await using at = await meeting();
  (await at.join()).terminate();
  const client = await at.outcome();
  assert.equal(client.status, 456);
  assert.match(client.errorMessage, /client closed the connection without a close frame/);
  const other = await at.join();
  const heard = hearing(other);
  at.peers.at(-1)?.terminate();
  // Its process may be ending: that is waited for.
  await at.until(() => heard.length === 1);
  for (let i = 0; i < 11; i++) await at.turn(100);
  const server = await at.outcome();
  assert.equal(server.status, 439);
  assert.equal(heard[0], 'close 1006 ');
});

test('a process that dies with its connection is 439 in its own words', async () => {
  await using at = await meeting();
  await at.join();
  at.peers[0]?.terminate();
  await at.turn();
  at.sandbox.die(1);
  const outcome = await at.outcome();
  assert.equal(outcome.status, 439);
  assert.equal(outcome.errorMessage, 'User process exit when running');
});

test('a connection without messages is 455, and both sides are told', async () => {
  await using at = await meeting(echo);
  const client = await at.join();
  const [heard, heardThere] = [hearing(client), hearing(at.peers[0] as WebSocket)];
  await at.turn(14_000);
  client.send('still here');
  await at.until(() => heard.length === 1);
  await at.turn(14_999);
  assert.equal(at.outcomes.length, 0);
  await at.turn(1);
  const outcome = await at.outcome();
  assert.equal(outcome.status, 455);
  assert.match(outcome.errorMessage, /No message came for 15 seconds/);
  await at.until(() => heard.length === 2 && heardThere.length === 2);
  assert.deepEqual([heard[1], heardThere[1]], ['close 1001 ', 'close 1001 ']);
});

test('time in which this server stood still makes no connection idle', async () => {
  await using at = await meeting(echo);
  const client = await at.join();
  const heard = hearing(client);
  await at.turn(10_000);
  at.slept.sleepFor(60_000);
  await at.turn(4000);
  client.send('still there');
  await at.until(() => heard.length === 1);
  assert.equal(heard[0], 'text still there');
});

test('a ping keeps a connection as a message does', async () => {
  await using at = await meeting();
  const client = await at.join();
  const heard = hearing(client);
  for (let i = 1; i <= 3; i++) {
    await at.turn(14_000);
    client.ping();
    await at.until(() => heard.length === i);
  }
  assert.equal(at.outcomes.length, 0);
});

test('a connection ends with the time of its run, which is 433', async () => {
  await using at = await meeting(echo, { timeoutS: 20 });
  const client = await at.join();
  const heard = hearing(client);
  await at.turn(10_000);
  client.send('x');
  await at.until(() => heard.length === 1);
  await at.turn(10_000);
  const outcome = await at.outcome();
  assert.equal(outcome.status, 433);
  await at.until(() => heard.length === 2);
  assert.equal(heard[1], 'close 1001 ');
});

test('a message of more than 256 KB closes with 1009, whoever sent it', async () => {
  await using at = await meeting(echo);
  const client = await at.join();
  const heard = hearing(client);
  client.send('a'.repeat(256 * 1024));
  // It has to wait for its allowance.
  for (let i = 0; i < 30; i++) await at.turn(100);
  assert.equal(heard.length, 1);
  client.send('a'.repeat(256 * 1024 + 1));
  const outcome = await at.outcome();
  assert.equal(outcome.status, 456);
  assert.match(outcome.errorMessage, /larger than 256 KB/);
  await at.until(() => heard.length === 2);
  assert.equal(heard[1], 'close 1009 ');

  const other = await at.join();
  const heardOther = hearing(other);
  at.peers.at(-1)?.send('a'.repeat(256 * 1024 + 1));
  assert.equal((await at.outcome()).status, 439);
  await at.until(() => heardOther.length === 1);
  assert.equal(heardOther[0], 'close 1009 ');
});

test('a client that sends more than 10 messages a second is slowed down, and loses none', async () => {
  await using at = await meeting();
  const client = await at.join();
  const heard = hearing(at.peers[0] as WebSocket);
  // More than the system holds in one piece.
  for (let i = 0; i < 40; i++) client.send(`${i} ${'x'.repeat(1000)}`);
  await at.until(() => heard.length > 0);
  for (let i = 0; i < 10; i++) await at.turn();
  // All that came in one piece went on together; the next has to wait for it.
  client.send('last');
  for (let i = 0; i < 10; i++) await at.turn();
  assert.ok(!heard.includes('text last'));
  for (let i = 0; i < 50; i++) await at.turn(100);
  assert.equal(heard.length, 41);
  assert.equal(heard.at(-1), 'text last');
});

test('a client that does not close in turn is not waited for', async () => {
  await using at = await meeting();
  const socket = connect(at.clientPort, '127.0.0.1');
  socket.on('error', () => {}).resume();
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  socket.write(
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await at.until(() => at.peers.length === 1);
  at.peers[0]?.close(1000);
  await at.turn();
  await at.turn(1999);
  assert.equal(at.outcomes.length, 0);
  await at.turn(1);
  assert.equal((await at.outcome()).status, 200);
  await at.turn(2000);
  await at.until(() => socket.destroyed);
});

test('what comes together with a handshake, or in pieces before its answer, arrives', async () => {
  await using at = await meeting(echo);
  const socket = connect(at.clientPort, '127.0.0.1').setNoDelay();
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk)).on('error', () => {});
  const head =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  // A mask of zeros leaves the bytes as they are.
  const frame = Buffer.concat([Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('early')]);
  socket.write(Buffer.concat([Buffer.from(head), frame, frame.subarray(0, 3)]));
  await new Promise(setImmediate);
  socket.write(frame.subarray(3));
  await at.until(() => Buffer.concat(heard).toString('latin1').endsWith('\x81\x05early\x81\x05early'));
  assert.match(Buffer.concat(heard).toString('latin1'), /^HTTP\/1\.1 101 /);
  socket.destroy();
  assert.equal((await at.outcome()).status, 456);
});

test('a server that does not take the connection has answered the request', async () => {
  const app = createServer((_, response) => response.end('plain'));
  app.on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 No\r\nX-Why: closed\r\nContent-Length: 2\r\n\r\nno'));
  await using at = await fronted(app, [], {});
  const client = new WebSocket(at.url).on('error', () => {});
  let answer = '';
  client.on('unexpected-response', (_, response) => {
    answer = `${response.statusCode} ${response.headers['x-why']}`;
    response.resume();
  });
  await at.until(() => answer !== '');
  assert.equal(answer, '403 closed');
  assert.equal((await at.outcome()).status, 200);
});

test('a server that never answers the handshake is 433, and one that breaks it off is 430', async () => {
  let silent = true;
  await using at = await fronted({ raw: socket => void socket.once('data', () => silent || socket.destroy()) }, [], {
    timeoutS: 20,
  });
  silent = false;
  new WebSocket(at.url).on('error', () => {});
  for (let i = 0; i < 10 && at.outcomes.length === 0; i++) {
    await at.until(() => at.instance.load > 0 || at.outcomes.length > 0);
    await at.turn(100);
  }
  assert.equal((await at.outcome()).status, 430);
  silent = true;
  new WebSocket(at.url).on('error', () => {});
  await at.until(() => at.instance.load === 1);
  await at.turn(20_000);
  assert.equal((await at.outcome()).status, 433);
});

test('a slow client does not make memory grow', async () => {
  await using at = await meeting();
  const client = await at.join();
  client.pause();
  const server = at.peers[0] as WebSocket;
  const message = Buffer.alloc(100_000);
  for (let i = 0; i < 640; i++) server.send(message);
  let before = -1;
  while (before !== server.bufferedAmount) {
    before = server.bufferedAmount;
    for (let i = 0; i < 20; i++) await at.turn();
  }
  assert.ok(before > 32_000_000, `${before} bytes wait where they were sent`);
  const heard = hearing(client);
  client.resume();
  await at.until(() => heard.length === 640);
});
