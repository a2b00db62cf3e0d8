// An uploaded certificate on its way from the vendor's client to a TLS client, over real ports.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { KEYS, startApi } from '../api/fixture.ts';
import { bindService } from '../api/service.ts';
import { SSL_ACTIONS } from '../api/ssl/index.ts';
import { openCertificates } from '../control/certificates.ts';
import { TagTable } from '../control/tags.ts';
import { SystemClock } from '../core/clock.ts';
import { SystemIds } from '../core/ids.ts';
import { NO_LOG } from '../core/log.ts';
import { openFront } from '../http/server.ts';
import type { Site } from '../http/site.ts';
import { makeCertificate } from '../http/testing-certificates.ts';
import { openTls } from '../http/tls.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { certificateFor } from './certificates.ts';

const HOST = 'shop.example.com';

async function start(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-cert-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const wallClock = new SystemClock();
  const ids = new SystemIds();
  const store = await openSqliteStore({ file: ':memory:', clock: wallClock, log: NO_LOG });
  const certificates = await openCertificates({ store, clock: wallClock, ids });
  const tags = await TagTable.open(store);
  const account = { appId: '1250000000', uin: '100000000001' };
  const ssl = bindService('ssl', SSL_ACTIONS, { certificates, tags, account, wallClock });
  const api = await startApi({ services: new Map([['ssl', ssl]]), wallClock });
  t.after(() => api.front.close());
  const site: Site = { name: 'hello', claims: () => false, serve: (_, response) => void response.end('hello') };
  const tls = await openTls({
    ...{ dataDir, clock: wallClock, ids, baseDomain: 'scf.example' },
    certificateFor: certificateFor(certificates),
  });
  const front = await openFront({
    ...{ host: '127.0.0.1', port: 0, setting: 'portTls', sites: [], fallback: site, log: NO_LOG },
    tls: tls.options,
  });
  t.after(() => front.close());
  const endpoint = `127.0.0.1:${api.front.port}`;
  const client = new CommonClient(endpoint, '2019-12-05', {
    credential: KEYS,
    region: 'ap-guangzhou',
    profile: { httpProfile: { endpoint, protocol: 'http://' } },
  });
  /** As a client that trusts this certificate and no other. */
  async function reach(ca: string, servername: string): Promise<string> {
    const request = get({ port: front.port, host: '127.0.0.1', agent: false, ca, servername });
    const [response] = await once(request, 'response');
    return (await buffer(response)).toString();
  }
  return { client, reach, caPem: await readFile(tls.caPath, 'utf8') };
}

test('a wildcard certificate is served from its upload to its removal, without a restart', async t => {
  const { client, reach, caPem } = await start(t);
  const root = await makeCertificate({ commonName: 'shop root', ca: true });
  const wild = await makeCertificate({ names: ['*.example.com', '*.scf.example'], issuer: root });
  await assert.rejects(reach(root.certificatePem, HOST));
  assert.equal(await reach(caPem, 'a.scf.example'), 'hello', 'a name of ours has a certificate of ours');

  const { CertificateId } = await client.request('UploadCertificate', {
    CertificatePublicKey: wild.certificatePem + root.certificatePem,
    CertificatePrivateKey: wild.privateKeyPem,
    Alias: 'shop',
  });
  assert.equal(await reach(root.certificatePem, HOST), 'hello');
  assert.equal(await reach(root.certificatePem, 'a.scf.example'), 'hello', 'and now the uploaded one');
  await assert.rejects(reach(caPem, 'a.scf.example'));
  await assert.rejects(reach(root.certificatePem, 'a.b.example.com'), 'a star is one label');

  const { TotalCount, Certificates } = await client.request('DescribeCertificates', { SearchKey: 'example.com' });
  assert.deepEqual([TotalCount, Certificates[0].CertificateId, Certificates[0].Alias], [1, CertificateId, 'shop']);

  assert.equal((await client.request('DeleteCertificate', { CertificateId })).DeleteResult, true);
  await assert.rejects(reach(root.certificatePem, HOST));
  assert.equal(await reach(caPem, 'a.scf.example'), 'hello');
  await assert.rejects(client.request('DescribeCertificate', { CertificateId }), {
    code: 'FailedOperation.CertificateNotFound',
  });
});
