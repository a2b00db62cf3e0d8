import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import { FakeCertificates, freePort, Stand } from '../fixture.ts';

/** Says its name, then what it hears, and ends when the other side has ended. */
async function echo(name: string) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket);
    socket.on('error', () => {}).write(`${name}:`);
    socket.pipe(socket);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    draft: (weight = 10) => ({ id: '', address: '127.0.0.1', port, weight }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(closed => server.close(closed));
    },
  };
}

async function talk(socket: Socket, text: string): Promise<string> {
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    heard += chunk;
  });
  socket.end(text);
  await once(socket, 'close');
  return heard;
}

describe('a listener of TCP', () => {
  const TCP = { protocol: 'TCP', forwarding: { health: { enabled: false } } } as const;

  it('passes bytes on both ways, each half to its end, by weight', async () => {
    await using a = await echo('a');
    await using b = await echo('b');
    await using stand = await Stand.open();
    const { ref, listener } = await stand.listener(TCP);
    const { host, port } = stand.clb.place(listener);
    assert.equal(await talk(connect(port, host), 'x'), '');
    await stand.clb.targets.register(ref, [a.draft(20), b.draft(10)]);
    const heard: string[] = [];
    for (let i = 0; i < 6; i++) heard.push(await talk(connect(port, host), 'hello'));
    assert.deepEqual(heard.toSorted(), ['a:hello', 'a:hello', 'a:hello', 'a:hello', 'b:hello', 'b:hello']);
    const large = 'x'.repeat(1_000_000);
    assert.equal((await talk(connect(port, host), large)).length, large.length + 2);
  });

  it('takes another server where a connection is refused', async () => {
    await using a = await echo('a');
    await using stand = await Stand.open();
    const { ref, listener } = await stand.listener(TCP);
    const dead = await freePort('127.0.0.1');
    await stand.clb.targets.register(ref, [a.draft(), { id: '', address: '127.0.0.1', port: dead }]);
    const { host, port } = stand.clb.place(listener);
    for (let i = 0; i < 4; i++) assert.equal(await talk(connect(port, host), 'x'), 'a:x');
  });

  it('keeps an address with its server for the session’s time', async () => {
    await using a = await echo('a');
    await using b = await echo('b');
    await using stand = await Stand.open();
    const { ref, listener } = await stand.listener({ ...TCP, forwarding: { ...TCP.forwarding, sessionExpireS: 30 } });
    await stand.clb.targets.register(ref, [a.draft(), b.draft()]);
    const { host, port } = stand.clb.place(listener);
    const say = () => talk(connect(port, host), '');
    const first = await say();
    for (let i = 0; i < 4; i++) assert.equal(await say(), first);
    await stand.clock.advance(30_000);
    assert.notEqual(await say(), first);
  });

  it('with a certificate ends TLS', async () => {
    const certificates = new FakeCertificates();
    await certificates.add('c', ['a.test']);
    await using a = await echo('a');
    await using stand = await Stand.open({ certificates });
    const certificate = { mode: 'UNIDIRECTIONAL', ids: ['c'], caId: '' } as const;
    const { ref, listener } = await stand.listener({ ...TCP, protocol: 'TCP_SSL', certificate });
    await stand.clb.targets.register(ref, [a.draft()]);
    const { host, port } = stand.clb.place(listener);
    const socket = connectSecure({ host, port, servername: 'a.test', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:a.test');
    assert.equal(await talk(socket, 'secret'), 'a:secret');
  });
});
