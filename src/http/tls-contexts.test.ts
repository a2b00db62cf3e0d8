import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { before, describe, type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type Server } from 'node:tls';
import { type Made, makeCertificate } from './testing-certificates.ts';
import { type KeyPair, KeyPairContexts, type ListenerTlsOptions, listenerTls, MAX_CONTEXTS } from './tls-contexts.ts';

const pair = (id: string, { certificatePem, privateKeyPem }: Made): KeyPair => ({
  id,
  certPem: certificatePem,
  keyPem: privateKeyPem,
});

async function listen(t: TestContext, options: ListenerTlsOptions) {
  const tls = listenerTls(options);
  const server = createServer(tls.options, socket => {
    socket.on('error', () => undefined);
    socket.end('hello');
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise(resolve => server.close(resolve)));
  return { server, refresh: () => tls.refresh(server) };
}

/** Who the server is, what was agreed on and what it said; rejects when there is no handshake. */
async function reach(server: Server, options: ConnectionOptions = {}) {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let said = '';
  socket.on('data', chunk => {
    said += chunk;
  });
  const name = new Promise<string>(resolve =>
    socket.on('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN))),
  );
  await once(socket, 'close');
  return { name: await name, protocol: socket.alpnProtocol, said };
}

describe('a listener with certificates of its own', () => {
  let a: Made;
  let b: Made;
  before(async () => {
    a = await makeCertificate({ commonName: 'a', names: ['a.example'] });
    b = await makeCertificate({ commonName: 'b', names: ['*.b.example'] });
  });

  test('with one certificate gives it to everybody', async t => {
    const { server } = await listen(t, { of: () => pair('1', a), alpn: ['http/1.1'] });
    assert.equal((await reach(server)).name, 'a');
    assert.equal((await reach(server, { servername: 'x.example' })).name, 'a');
  });

  test('picks by name, asks in lower case, and refuses a name without a certificate', async t => {
    const asked: (string | undefined)[] = [];
    const certificates = new Map([
      ['a.example', pair('1', a)],
      ['x.b.example', pair('2', b)],
    ]);
    const of = (sni: string | undefined) => {
      asked.push(sni);
      return certificates.get(sni ?? 'a.example');
    };
    const { server } = await listen(t, { of, alpn: [] });
    assert.equal((await reach(server, { servername: 'X.b.Example' })).name, 'b');
    assert.equal((await reach(server, { servername: 'a.example' })).name, 'a');
    assert.equal((await reach(server)).name, 'a');
    await assert.rejects(reach(server, { servername: 'other.example' }));
    assert.deepEqual(asked, [undefined, 'x.b.example', 'a.example', 'other.example']);
  });

  test('takes up a change with the next handshake; for clients without a name when told', async t => {
    let now = pair('1', a);
    const { server, refresh } = await listen(t, { of: () => now, alpn: [] });
    assert.equal((await reach(server, { servername: 'a.example' })).name, 'a');
    now = pair('2', b);
    assert.equal((await reach(server, { servername: 'a.example' })).name, 'b');
    assert.equal((await reach(server)).name, 'a');
    refresh();
    assert.equal((await reach(server)).name, 'b');
  });

  test('without a certificate for clients that name no host refuses these', async t => {
    const { server } = await listen(t, { of: sni => (sni ? pair('1', a) : undefined), alpn: [] });
    await assert.rejects(reach(server));
    assert.equal((await reach(server, { servername: 'a.example' })).name, 'a');
  });

  test('a certificate that cannot be used ends the handshake and nothing else', async t => {
    const of = (sni: string | undefined) =>
      sni === 'broken.example' ? { ...pair('9', a), keyPem: 'x' } : pair('1', a);
    const { server } = await listen(t, { of, alpn: [] });
    await assert.rejects(reach(server, { servername: 'broken.example' }));
    assert.equal((await reach(server, { servername: 'a.example' })).name, 'a');
  });

  test('agrees on the first protocol of its own that the client has', async t => {
    const { server } = await listen(t, { of: () => pair('1', a), alpn: ['h2', 'http/1.1'] });
    const protocol = async (ALPNProtocols: string[]) =>
      (await reach(server, { servername: 'a.example', ALPNProtocols })).protocol;
    assert.equal(await protocol(['http/1.1', 'h2']), 'h2');
    assert.equal(await protocol(['http/1.1']), 'http/1.1');
  });

  test('with a client CA lets in whom it has certified, with a name and without', async t => {
    const ca = await makeCertificate({ commonName: 'clients', ca: true });
    const otherCa = await makeCertificate({ commonName: 'others', ca: true });
    const client = await makeCertificate({ commonName: 'client', issuer: ca });
    const second = await makeCertificate({ commonName: 'second', issuer: otherCa });
    const stranger = await makeCertificate({ commonName: 'stranger' });
    const clientCaPem = ca.certificatePem + otherCa.certificatePem;
    const { server } = await listen(t, { of: () => pair('1', a), alpn: [], clientCaPem });
    const as = (made: Made, servername = '') =>
      reach(server, { servername, cert: made.certificatePem, key: made.privateKeyPem });
    for (const servername of ['', 'a.example']) {
      assert.equal((await as(client, servername)).said, 'hello');
      assert.equal((await as(second, servername)).said, 'hello');
      // The client's side is through before the server has refused its certificate (TLS 1.3).
      const said = (made: Promise<{ said: string }>) => made.then(one => one.said).catch(() => '');
      assert.equal(await said(as(stranger, servername)), '');
      assert.equal(await said(reach(server, { servername })), '');
    }
  });

  test('has a CA where it is to have one', () => {
    assert.throws(() => listenerTls({ of: () => undefined, alpn: [], clientCaPem: ' ' }), /needs the certificate/);
  });
});

test('contexts are kept by id, and not without end', async () => {
  const made = await makeCertificate({ names: ['a.example'] });
  const contexts = new KeyPairContexts();
  const of = (id: string) =>
    new Promise((resolve, reject) =>
      contexts.answer(pair(id, made), (error, context) => (error ? reject(error) : resolve(context))),
    );
  const first = await of('0');
  const second = await of('1');
  assert.notEqual(second, first);
  for (let i = 2; i < MAX_CONTEXTS; i++) await of(String(i));
  assert.equal(await of('0'), first, 'used again, and so the youngest');
  await of('one more');
  assert.equal(await of('0'), first);
  assert.notEqual(await of('1'), second);
});
