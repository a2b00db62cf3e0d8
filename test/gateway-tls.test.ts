// Domains of users' own at API Gateway over real TLS: certificate by name, protocol, path mappings.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { makeCertificate } from '../src/http/testing-certificates.ts';
import { ask, deploy, rawCall, sdkOf } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const { ports, caPath } = await server.get<{
  readonly ports: { readonly portHttp: number; readonly portTls: number };
  readonly caPath: string;
}>('/status');

const call =
  (service: string, version: string) =>
  async (action: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const { Error: refused, ...answer } = await rawCall(server, {
      service,
      version,
      action,
      body: JSON.stringify(body),
    });
    assert.equal(refused, undefined);
    return answer;
  };
const gateway = call('apigateway', '2018-08-08');
const ssl = call('ssl', '2019-12-05');

const sdk = sdkOf(server);
await deploy(sdk, 'echo', 'exports.main_handler = async event => event');
const { TriggerInfo } = await sdk.CreateTrigger({
  FunctionName: 'echo',
  TriggerName: 'http',
  Type: 'apigw',
  TriggerDesc: JSON.stringify({ api: { requestConfig: { method: 'ANY', path: '/fn' } } }),
  Enable: 'OPEN',
});
const { service } = JSON.parse(TriggerInfo?.TriggerDesc ?? '') as { service: { serviceId: string } };
const ServiceId = service.serviceId;
const NetSubDomain = `${ServiceId}-1250000000.ap-guangzhou.apigateway.localhost`;
await gateway('ReleaseService', { ServiceId, EnvironmentName: 'test', ReleaseDesc: 'as well' });

const root = await makeCertificate({ commonName: 'shop root', ca: true });
const leaf = await makeCertificate({ names: ['*.example.com'], issuer: root });
const { CertificateId } = await ssl('UploadCertificate', {
  CertificatePublicKey: leaf.certificatePem + root.certificatePem,
  CertificatePrivateKey: leaf.privateKeyPem,
});

const bind = (SubDomain: string, more: object) =>
  gateway('BindSubDomain', { ServiceId, SubDomain, NetSubDomain, NetType: 'OUTER', CertificateId, ...more });
const plainly = (Host: string, path: string) =>
  ask(`http://127.0.0.1:${ports.portHttp}${path}`, { headers: { Host: `${Host}:${ports.portHttp}` } });
const securely = (Host: string, path: string, ca: string = root.certificatePem) =>
  ask(`https://127.0.0.1:${ports.portTls}${path}`, { ca, servername: Host, headers: { Host } });

interface Event {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly stage: string };
}

describe('a domain with a certificate', () => {
  test('is served under it, over HTTPS alone where that is its protocol', async () => {
    await bind('shop.example.com', { Protocol: 'https', IsDefaultMapping: true });
    const answer = await securely('shop.example.com', '/test/fn/x');
    assert.equal(answer.status, 200, answer.body.toString());
    const event = JSON.parse(answer.body.toString()) as Event;
    assert.equal(event.path, '/fn/x');
    assert.equal(event.headers['x-api-scheme'], 'https');
    assert.equal(event.headers.host, 'shop.example.com');
    assert.equal(event.requestContext.stage, 'test');
    const plain = await plainly('shop.example.com', '/test/fn');
    assert.deepEqual([plain.status, plain.body.toString()], [426, '{"message":"Not allow use HTTP protocol"}']);
  });

  test('maps its paths to environments, and sends plain clients to HTTPS where that is forced', async () => {
    const PathMappingSet = [
      { Path: '/', Environment: 'release' },
      { Path: '/try', Environment: 'test' },
    ];
    const forced = { Protocol: 'http&https', IsForcedHttps: true };
    await bind('www.example.com', { ...forced, IsDefaultMapping: false, PathMappingSet });
    for (const [path, stage] of [
      ['/fn', 'release'],
      ['/try/fn', 'test'],
    ] as const) {
      const event = JSON.parse((await securely('www.example.com', path)).body.toString()) as Event;
      assert.deepEqual([event.path, event.requestContext.stage], ['/fn', stage]);
      const { status, headers } = await plainly('www.example.com', `${path}?a=1`);
      const location = `https://www.example.com:${ports.portTls}${path}?a=1`;
      assert.deepEqual([status, headers.location], [301, location]);
    }
    const unmapped = await securely('www.example.com', '/release/fn');
    const body = `{"message":"There is no api match uri '\\/release\\/fn'"}`;
    assert.deepEqual([unmapped.status, unmapped.body.toString()], [404, body]);
  });

  test('is nobody’s any more when it is unbound', async () => {
    await bind('gone.example.com', { Protocol: 'https', IsDefaultMapping: true });
    assert.equal((await securely('gone.example.com', '/release/fn')).status, 200);
    await gateway('UnBindSubDomain', { ServiceId, SubDomain: 'gone.example.com' });
    const after = await plainly('gone.example.com', '/release/fn');
    assert.equal(after.status, 404);
  });
});

test('a service of the protocol http refuses HTTPS, in the documented words', async () => {
  await gateway('ModifyService', { ServiceId, Protocol: 'http' });
  const ca = await readFile(caPath, 'utf8');
  const { status, body } = await securely(NetSubDomain, '/release/fn', ca);
  assert.deepEqual([status, body.toString()], [426, '{"message":"Not allow use HTTPS protocol"}']);
  assert.equal((await plainly(NetSubDomain, '/release/fn')).status, 200);
});
