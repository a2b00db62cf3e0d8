import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { describe, it } from 'node:test';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { makeCertificate } from '../../../http/testing-certificates.ts';
import { Backend, FakeCertificates, FakeTarget, REGION, refOf, refused, Stand } from '../fixture.ts';
import type { ListenerCertificate } from '../model.ts';

const shown = (id: string): ListenerCertificate => ({ mode: 'UNIDIRECTIONAL', ids: [id], caId: '' });

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
}

function ask(options: Asked): Promise<{ body: string; names: string; status: number }> {
  return new Promise((resolve, reject) => {
    const headers = { host: options.servername ?? 'a.test' };
    const request = httpsRequest({ ...options, headers, rejectUnauthorized: false, agent: false }, response => {
      const certificate: PeerCertificate = (response.socket as TLSSocket).getPeerCertificate();
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () =>
        resolve({ body, names: certificate.subjectaltname ?? '', status: response.statusCode ?? 0 }),
      );
    });
    request.once('error', reject).end();
  });
}

async function open() {
  const certificates = new FakeCertificates();
  for (const name of ['a', 'b']) await certificates.add(name, [`${name}.test`]);
  return { certificates, stand: await Stand.open({ certificates }) };
}

describe('a listener of HTTPS', () => {
  it('ends TLS with its certificate, the new one from the next handshake on', async () => {
    const { stand } = await open();
    await using _ = stand;
    const target = new FakeTarget();
    const { rule, listener } = await stand.function(target, {}, { protocol: 'HTTPS', certificate: shown('a') });
    const at = stand.clb.place(listener);
    assert.equal((await ask({ ...at, servername: 'a.test' })).names, 'DNS:a.test');
    assert.equal((await ask(at)).names, 'DNS:a.test');
    const headers = target.seen[0]?.headers ?? [];
    assert.equal(headers[headers.indexOf('X-Client-Proto') + 1], 'https');
    assert.equal(headers[headers.indexOf('X-Forwarded-Proto') + 1], 'https');
    assert.equal(target.seen[0]?.scheme, 'https');
    await stand.clb.listeners.modify(refOf(rule), { certificate: shown('b') });
    assert.equal((await ask({ ...at, servername: 'a.test' })).names, 'DNS:b.test');
    assert.equal((await ask(at)).names, 'DNS:b.test');
  });

  it('with SNI shows each domain’s certificate, the default domain’s to others', async () => {
    const { stand } = await open();
    await using _ = stand;
    const target = new FakeTarget();
    const bare = { protocol: 'HTTPS', sni: true } as const;
    await assert.rejects(stand.rule({}, bare), refused('MissingParameter', 'a.test'));
    const mutual = { mode: 'MUTUAL', ids: ['a'], caId: 'b' } as const;
    await assert.rejects(stand.rule({ certificate: mutual }, bare), refused('UnsupportedOperation'));
    const { rule, listener } = await stand.function(target, { certificate: shown('a') }, bare);
    const ref = refOf(rule);
    await stand.clb.rules.create(ref, [{ domains: ['b.test'], url: '/', certificate: shown('b') }]);
    const at = stand.clb.place(listener);
    assert.equal((await ask({ ...at, servername: 'a.test' })).names, 'DNS:a.test');
    assert.equal((await ask({ ...at, servername: 'B.test' })).names, 'DNS:b.test');
    assert.equal((await ask({ ...at, servername: 'c.test' })).names, 'DNS:a.test');
    assert.equal((await ask(at)).names, 'DNS:a.test');
    await stand.clb.rules.modifyDomain(ref, 'b.test', { certificate: shown('a') });
    assert.equal((await ask({ ...at, servername: 'b.test' })).names, 'DNS:a.test');
    const [more] = await stand.clb.rules.create(ref, [{ domains: ['b.test'], url: '/more' }]);
    assert.deepEqual(more?.certificate, shown('a'));
  });

  it('of mutual TLS refuses clients without a certificate of its CA, also after a change', async () => {
    const { stand, certificates } = await open();
    await using _ = stand;
    const ca = await makeCertificate({ commonName: 'ca', ca: true });
    const client = await makeCertificate({ commonName: 'client', issuer: ca });
    await certificates.add('ca', []);
    const kept = certificates.find('ca');
    if (kept) Object.assign(kept, { certificatePem: ca.certificatePem });
    const target = new FakeTarget();
    const { rule, listener } = await stand.function(target, {}, { protocol: 'HTTPS', certificate: shown('a') });
    const at = { ...stand.clb.place(listener), servername: 'a.test' };
    assert.equal((await ask(at)).status, 200);
    const certificate = { mode: 'MUTUAL', ids: ['a'], caId: 'ca' } as const;
    await stand.clb.listeners.modify(refOf(rule), { certificate });
    while (!stand.clb.place(listener).open) await new Promise(setImmediate);
    await assert.rejects(ask(at));
    const { certificatePem: cert, privateKeyPem: key } = client;
    assert.equal((await ask({ ...at, cert, key })).body, 'function');
  });

  it('speaks HTTP/2 for the domains that are to, to servers as HTTP/1.1', async () => {
    const { stand } = await open();
    await using _ = stand;
    await using server = await Backend.open((request, response) => {
      let body = '';
      request.on('data', chunk => {
        body += chunk;
      });
      request.on('end', () =>
        response.end(JSON.stringify({ version: request.httpVersion, headers: request.rawHeaders, body })),
      );
    });
    const target = new FakeTarget();
    const sni = { protocol: 'HTTPS', sni: true } as const;
    const { rule, listener } = await stand.function(target, { certificate: shown('a'), http2: true }, sni);
    const ref = refOf(rule);
    const [behind] = await stand.clb.rules.create(ref, [
      { domains: ['a.test'], url: '/server', health: { enabled: false } },
      { domains: ['b.test'], url: '/', certificate: shown('b') },
    ]);
    assert.equal(behind?.http2, true);
    await stand.clb.targets.register({ ...ref, locationId: behind.id }, [server.draft()]);
    const { host, port } = stand.clb.place(listener);
    const session = connectHttp2(`https://a.test:${port}`, { host, servername: 'a.test', rejectUnauthorized: false });
    const get = (headers: Record<string, string>, body?: string) =>
      new Promise<{ status: unknown; body: string }>((resolve, reject) => {
        const stream = session.request(headers, { endStream: body === undefined });
        let status: unknown;
        let text = '';
        stream.on('response', got => {
          status = got[':status'];
        });
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        stream.once('error', reject).once('end', () => resolve({ status, body: text }));
        if (body !== undefined) stream.end(body);
      });
    assert.deepEqual(await get({ ':path': '/f?x=1', 'X-Mine': '1' }), { status: 200, body: 'function' });
    const [seen] = target.seen;
    assert.deepEqual([seen?.httpVersion, seen?.path, seen?.query, seen?.body], ['2.0', '/f', 'x=1', undefined]);
    assert.equal(seen?.headers.includes('HTTP/2.0'), true);
    assert.equal(seen?.headers.includes('x-mine'), true);
    assert.deepEqual(seen?.headers.slice(-14, -12), ['host', `a.test:${port}`]);
    assert.equal(
      seen?.headers.some(text => text.startsWith(':')),
      false,
    );
    const answer = await get({ ':path': '/server', ':method': 'POST' }, 'body');
    const passed = JSON.parse(answer.body) as { version: string; headers: string[]; body: string };
    assert.deepEqual([passed.version, passed.body], ['1.1', 'body']);
    assert.equal(passed.headers[passed.headers.indexOf('X-Client-Proto-Ver') + 1], 'HTTP/2.0');
    assert.equal((await get({ ':path': '/f' })).status, 200);
    session.close();
    const other = connectHttp2(`https://b.test:${port}`, { host, servername: 'b.test', rejectUnauthorized: false });
    await assert.rejects(new Promise((_resolve, reject) => other.once('error', reject)));
    assert.equal((await ask({ host, port, servername: 'b.test' })).status, 502);
    assert.ok(REGION);
  });
});
