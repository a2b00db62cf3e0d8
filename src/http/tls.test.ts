import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { TurnableClock } from '../core/clock.ts';
import { SeededIds, SystemIds } from '../core/ids.ts';
import { NO_LOG } from '../core/log.ts';
import { type Ca, openCa } from './ca.ts';
import { type Front, openFront } from './server.ts';
import type { Site } from './site.ts';
import { makeCertificate } from './testing-certificates.ts';
import { openTls, servesHost } from './tls.ts';
import type { KeyPair } from './tls-contexts.ts';

const site: Site = { name: 'hello', claims: () => false, serve: (_, response) => void response.end('hello') };

describe('TLS', () => {
  let dataDir: string;
  let front: Front;
  let ca: string;
  const uploaded = new Map<string, KeyPair>();
  const clock = new TurnableClock();

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'openscf-tls-'));
    const tls = await openTls({
      ...{ dataDir, clock, ids: new SystemIds(), baseDomain: 'scf.example' },
      serves: host => host === 'bound.example.org',
      certificateFor: host => uploaded.get(host),
    });
    assert.equal(tls.caPath, join(dataDir, 'ca', 'ca.crt'));
    ca = await readFile(tls.caPath, 'utf8');
    assert.equal(tls.caPem, ca);
    front = await openFront({
      ...{ host: '127.0.0.1', port: 0, setting: 'portTls', sites: [], log: NO_LOG, fallback: site },
      tls: tls.options,
    });
  });
  after(async () => {
    await front.close();
    await rm(dataDir, { recursive: true });
  });

  /** A client that trusts nothing but the CA. */
  async function ask(options: RequestOptions): Promise<string> {
    const request = get({ port: front.port, host: '127.0.0.1', agent: false, ca, ...options });
    const [response] = await once(request, 'response');
    return (await buffer(response)).toString();
  }

  /** The certificate that a client gets to see, trusted or not. */
  async function seen(servername: string): Promise<{ fingerprint256: string; valid_to: string; valid_from: string }> {
    const socket = connect({ port: front.port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerCertificate();
    socket.destroy();
    return certificate;
  }

  for (const servername of [
    'localhost',
    'scf.tencentcloudapi.com',
    'b-1250000000.cos.ap-guangzhou.myqcloud.com',
    'ap-guangzhou.cls.tencentcs.com',
    'service-abcdefgh-1250000000.gz.tencentapigw.com',
    '1250000000-abcdefghij.ap-guangzhou.tencentscf.com',
    'service-x.scf.example',
    'SCF.Example',
    'bound.example.org',
    `${'a'.repeat(63)}.scf.example`,
  ]) {
    test(`a client that trusts the CA reaches ${servername}`, async () => {
      assert.equal(await ask({ servername }), 'hello');
    });
  }

  test('it is reached by address, without a name', async () => {
    assert.equal(await ask({ servername: '' }), 'hello');
  });

  test('nobody is told that a foreign name is here', async () => {
    await assert.rejects(ask({ servername: 'www.example.org' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('a client without the CA refuses', async () => {
    await assert.rejects(ask({ servername: 'localhost', ca: [] }), /self.signed|unable to/i);
  });

  test('plain HTTP on the TLS port does no harm', async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${front.port}/`));
    assert.equal(await ask({ servername: 'localhost' }), 'hello');
  });

  test('a certificate is kept for the next client and renewed before it ends', async () => {
    const first = await seen('kept.scf.example');
    assert.equal((await seen('kept.scf.example')).fingerprint256, first.fingerprint256);
    const together = await Promise.all([seen('twice.scf.example'), seen('twice.scf.example')]);
    assert.equal(together[0].fingerprint256, together[1].fingerprint256);
    await clock.moveTo(Date.parse(first.valid_to) - 86_400_000);
    const second = await seen('kept.scf.example');
    assert.notEqual(second.fingerprint256, first.fingerprint256);
    assert.ok(
      Date.parse(second.valid_from) < Date.parse(first.valid_to) - 86_400_000,
      'callers with true clocks take it',
    );
  });

  test('an uploaded certificate goes before a made one from the next handshake on, under foreign names too', async () => {
    const made = async (id: string, names: string[]): Promise<KeyPair> => {
      const { certificatePem, privateKeyPem } = await makeCertificate({ names });
      return { id, certPem: certificatePem, keyPem: privateKeyPem };
    };
    const before = await seen('up.scf.example');
    const first = await made('1', ['up.scf.example', 'www.example.org']);
    uploaded.set('up.scf.example', first).set('www.example.org', first);
    const after = await seen('UP.scf.example');
    assert.notEqual(after.fingerprint256, before.fingerprint256);
    assert.equal(after.fingerprint256, new X509Certificate(first.certPem).fingerprint256);
    assert.equal(await ask({ servername: 'www.example.org', ca: first.certPem }), 'hello');
    const second = await made('2', ['up.scf.example']);
    uploaded.set('up.scf.example', second);
    assert.equal(await ask({ servername: 'up.scf.example', ca: second.certPem }), 'hello');
    uploaded.clear();
    assert.equal((await seen('up.scf.example')).fingerprint256, before.fingerprint256);
    await assert.rejects(ask({ servername: 'www.example.org' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describe('the CA', () => {
  let dataDir: string;
  const clock = new TurnableClock(Date.parse('2026-03-01T00:00:00Z'));
  const open = (): Promise<Ca> => openCa({ dataDir, clock, ids: new SeededIds() });

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'openscf-ca-'));
  });
  after(() => rm(dataDir, { recursive: true }));

  test('it may sign and do nothing else, for ten years, its key for the owner alone', async () => {
    const { certPath, certPem } = await open();
    const certificate = new X509Certificate(certPem);
    assert.equal(certificate.ca, true);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    const years = (certificate.validToDate.getTime() - clock.now()) / (365.25 * 86_400_000);
    assert.ok(years > 9.9 && years < 10.1, String(years));
    assert.equal((await stat(join(dataDir, 'ca', 'ca.key'))).mode & 0o777, 0o600);
    assert.equal(certPath, join(dataDir, 'ca', 'ca.crt'));
  });

  test('it is the same on the next start, and its leaves are for servers', async () => {
    const first = await open();
    const second = await open();
    assert.equal(second.certPem, first.certPem);
    const root = new X509Certificate(first.certPem);
    const leaf = new X509Certificate((await second.sign(['a.example', '127.0.0.1', '::1'])).cert);
    assert.ok(leaf.checkIssued(root) && leaf.verify(root.publicKey));
    assert.equal(leaf.ca, false);
    assert.equal(leaf.subjectAltName, 'DNS:a.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  });

  test('a key without its certificate is made anew', async () => {
    const before = (await open()).certPem;
    await rm(join(dataDir, 'ca', 'ca.crt'));
    const after = await open();
    assert.notEqual(after.certPem, before);
    const leaf = new X509Certificate((await after.sign(['a.example'])).cert);
    assert.ok(leaf.verify(new X509Certificate(after.certPem).publicKey));
  });

  test('a certificate that has expired is told, not served', async () => {
    await clock.advance(11 * 366 * 86_400_000);
    await assert.rejects(open(), /has expired: remove the folder/);
  });

  test('a file that is no certificate is an error', async () => {
    await writeFile(join(dataDir, 'ca', 'ca.crt'), 'text');
    await assert.rejects(open());
  });
});

test('names that have no business here are not served', () => {
  const source = { baseDomain: 'scf.example' };
  for (const host of [
    'www.google.com',
    'console.qcloud.com',
    'tencentcloudapi.com',
    'evil-scf.example',
    '',
    '.localhost',
    'a b.localhost',
    '-',
  ]) {
    assert.equal(servesHost(host, source), false, host);
  }
  for (const host of ['localhost', 'x.localhost', 'scf.example', 'a.b.scf.example', 'cls.tencentcloudapi.com']) {
    assert.equal(servesHost(host, source), true, host);
  }
});
