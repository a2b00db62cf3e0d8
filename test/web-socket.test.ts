// WebSocket connections to web functions, behind function URLs of the real server: how they go on and how they end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { ask, sdkOf } from './fixture.ts';
import { startTestServer } from './harness.ts';
import { bindUrl, deployWeb, endedRun, wsFiles } from './web.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);
const json = (body: Buffer | string) => JSON.parse(String(body));

describe('a WebSocket connection', () => {
  const SOCKETS = {
    ...wsFiles(),
    'app.js': `
      const { WebSocketServer } = require('ws');
      const { createServer } = require('node:http');
      const server = createServer((q, r) => r.end('plain'));
      server.on('upgrade', (q, socket) => { if (q.url === '/refuse') socket.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno'); });
      const sockets = new WebSocketServer({ server, handleProtocols: all => [...all][0], verifyClient: ({ req }) => req.url !== '/refuse' });
      sockets.on('connection', (peer, q) => {
        peer.send(JSON.stringify({ url: q.url, id: q.headers['x-scf-request-id'] }));
        peer.on('message', (data, binary) => {
          const said = String(data);
          if (said.startsWith('close ')) peer.close(Number(said.slice(6)));
          else if (said === 'break') peer.terminate();
          else if (said === 'exit') process.exit(1);
          else peer.send(data, { binary });
        });
      });
      server.listen(9000, '0.0.0.0');`,
  };
  /** Out of reach of each other, and of a machine that has something else to do. */
  const RUN_S = 60;
  const IDLE_S = 40;
  let address: string;
  before(async () => {
    await deployWeb(sdk, 'sockets', SOCKETS, {
      ...{ Timeout: RUN_S, ProtocolType: 'WS', ProtocolParams: { WSParams: { IdleTimeOut: IDLE_S } } },
    });
    address = String((await bindUrl(sdk, 'sockets')).net.WsExtranetUrl);
  });

  async function open(path = '/chat?room=1', protocols: string[] = []) {
    const socket = new WebSocket(address + path, protocols);
    const [hello] = await once(socket, 'message');
    return { socket, ...(json(hello) as { url: string; id: string }) };
  }

  test('goes through with path, query, subprotocol and messages of both kinds', async () => {
    const { socket, url: seen } = await open('/chat?room=1', ['chat', 'other']);
    assert.deepEqual([seen, socket.protocol], ['/chat?room=1', 'chat']);
    socket.send('text');
    assert.deepEqual(await once(socket, 'message'), [Buffer.from('text'), false]);
    socket.send(Buffer.from([0, 255]));
    assert.deepEqual(await once(socket, 'message'), [Buffer.from([0, 255]), true]);
    socket.terminate();
  });

  const pass = (seconds: number) => server.passForFunctions(seconds * 1000);
  /** A message there and back shows that both sides have had it before time goes on. */
  const outlast = async (socket: WebSocket) => {
    await pass(RUN_S / 2);
    socket.send('still here');
    await once(socket, 'message');
    await pass(RUN_S / 2);
  };

  const ends: readonly [what: string, status: number, end: (socket: WebSocket) => unknown, seen: number][] = [
    ['1000 of the client', 200, socket => socket.close(1000), 1000],
    ['no code of the client', 200, socket => socket.close(), 1005],
    ['4001 of the client', 456, socket => socket.close(4001), 4001],
    ['1011 of the client', 456, socket => socket.close(1011), 1011],
    ['a break of the client', 456, socket => socket.terminate(), 1006],
    ['1000 of the server', 200, socket => socket.send('close 1000'), 1000],
    ['1011 of the server', 200, socket => socket.send('close 1011'), 1011],
    ['4001 of the server', 439, socket => socket.send('close 4001'), 4001],
    ['1010 of the server', 439, socket => socket.send('close 1010'), 1010],
    ['a break of the server', 439, socket => socket.send('break'), 1006],
    ['the process', 439, socket => socket.send('exit'), 1006],
    ['silence', 455, () => pass(IDLE_S), 1001],
    ['the time of a run', 433, outlast, 1001],
    ['a message of more than 256 KB', 456, socket => socket.send('x'.repeat(256 * 1024 + 1)), 1009],
  ];
  for (const [what, status, end, seen] of ends) {
    test(`is ${status} when ended by ${what}`, async () => {
      const { socket, id } = await open();
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      await end(socket);
      assert.equal((await closed)[0], seen);
      assert.equal((await endedRun(server, id)).status, status);
    });
  }

  test('may be refused by the function, and a plain request is a plain request', async () => {
    const socket = new WebSocket(`${address}/refuse`).on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.ok([401, 403].includes(response.statusCode ?? 0));
    response.destroy();
    assert.equal(String((await ask(address.replace('ws:', 'http:'))).body), 'plain');
  });

  test('is no business of functions that do not speak it', async () => {
    await deployWeb(sdk, 'plain', SOCKETS);
    const { url } = await bindUrl(sdk, 'plain');
    const socket = new WebSocket(url.replace('http:', 'ws:')).on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 426);
    assert.equal(json(await buffer(response)).statusCode, 426);
  });
});
