import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Told } from './testing-process.ts';

/** Of what the gateway keeps for a client that is connected and silent; what the kernel keeps is not counted. */
const IDLE_BYTES = 8 * 1024;
/** Lists that are made smaller later, and what V8 learns meanwhile. */
const GONE_BYTES = 800;
const CLIENTS = 500;

async function opened(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nOrigin: http://127.0.0.1\r\nCookie: session=0123456789abcdef\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
  return socket;
}

async function told(gateway: ChildProcess): Promise<Told> {
  gateway.send('tell');
  const [answer] = (await once(gateway, 'message')) as [Told];
  return answer;
}

it('a connection that rests costs 8 KB at most, and is forgotten when it is gone', async () => {
  const gateway = fork(join(import.meta.dirname, 'testing-process.ts'));
  try {
    const [{ port, path }] = (await once(gateway, 'message')) as [{ port: number; path: string }];
    const many = async () => {
      const sockets: Socket[] = [];
      for (let n = 0; n < CLIENTS; n++) sockets.push(await opened(port, path));
      return sockets;
    };
    const gone = async (sockets: readonly Socket[]) => {
      for (const socket of sockets) socket.resetAndDestroy();
      for (;;) {
        const now = await told(gateway);
        if (now.connections === 0) return now;
      }
    };
    // Code and shapes of objects come with the first ones.
    const before = await gone(await many());
    const sockets = await many();
    const { connections, heapBytes, externalBytes } = await told(gateway);
    assert.equal(connections, CLIENTS);
    const each = (heapBytes - before.heapBytes + externalBytes - before.externalBytes) / CLIENTS;
    assert.ok(each < IDLE_BYTES, `${Math.round(each)} bytes each`);
    assert.ok(each > 1000, `${Math.round(each)} bytes each are too few to be true`);
    const left = ((await gone(sockets)).heapBytes - before.heapBytes) / CLIENTS;
    assert.ok(left < GONE_BYTES, `${Math.round(left)} bytes each are left`);
  } finally {
    gateway.disconnect();
    if (gateway.exitCode === null) await once(gateway, 'exit');
  }
});
