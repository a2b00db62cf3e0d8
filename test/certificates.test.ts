// Certificates and tags of a whole server, by the vendor's clients and by the command line.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { runIn } from '../src/cli/fixture.ts';
import { makeCertificate } from '../src/http/testing-certificates.ts';
import { ask, deploy, sdkOf, settled } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

let server = await startTestServer();
after(() => server.close());

function client({ endpoint, credentials }: TestServer, version: string) {
  const host = endpoint.replace('http://', '');
  const httpProfile = { endpoint: host, protocol: 'http://' };
  return new CommonClient(host, version, { credential: credentials, region: 'ap-guangzhou', profile: { httpProfile } });
}

async function reach(ca: string, servername: string): Promise<number | undefined> {
  const { ports } = await server.get<{ readonly ports: { readonly portTls: number } }>('/status');
  const url = `https://127.0.0.1:${ports.portTls}/nothing`;
  return (await ask(url, { ca, servername, headers: { Host: servername } })).status;
}

test('a certificate of the command line is served at once, after a restart, and until it is removed', async () => {
  const root = await makeCertificate({ commonName: 'shop root', ca: true });
  const wild = await makeCertificate({ names: ['*.example.com'], issuer: root });
  const trusted = root.certificatePem;
  await assert.rejects(reach(trusted, 'www.example.com'));
  await writeFile(join(server.dataDir, 'wild.pem'), wild.certificatePem + root.certificatePem);
  await writeFile(join(server.dataDir, 'wild.key'), wild.privateKeyPem);
  const cert = (...args: string[]) => runIn(server.dataDir, ['--data', '.', 'cert', ...args]);
  const added = await cert('add', 'wild.pem', 'wild.key', '--alias', 'shop');
  assert.equal(added.status, 0, added.note);
  const id = added.out.trim().split(' ')[1] ?? '';
  assert.ok(await reach(trusted, 'www.example.com'));
  assert.match((await cert('ls')).out, new RegExp(`^${id}  SVR  \\*\\.example\\.com  \\d{4}-.*  shop\n$`));
  server = await server.restart();
  assert.ok(await reach(trusted, 'www.example.com'));
  const caPem = await readFile(join(server.dataDir, 'ca', 'ca.crt'), 'utf8');
  assert.ok(await reach(caPem, 'localhost'));
  assert.equal((await cert('rm', id)).out, `Removed ${id}\n`);
  await assert.rejects(reach(trusted, 'www.example.com'));
  const again = await cert('rm', id);
  assert.match(again.note, /FailedOperation\.CertificateNotFound/);
});

test('the tags of a function are those of the tag service, in both directions', async () => {
  const sdk = sdkOf(server);
  const tag = client(server, '2018-08-13');
  await deploy(sdk, 'tagged', 'exports.main_handler = async () => 1;');
  const { FunctionId } = await settled(sdk, 'tagged');
  const where = { ServiceType: 'scf', ResourceRegion: 'ap-guangzhou' };
  const byName = { ...where, ResourcePrefix: 'namespace', ResourceIds: ['default/function/tagged'] };
  const before = await tag.request('DescribeResourceTagsByResourceIds', { ...byName, Limit: 100, Offset: 0 });
  assert.deepEqual([before.TotalCount, before.Tags], [0, []]);
  const team = { TagKey: 'team', TagValue: 'a' };
  assert.deepEqual((await tag.request('DescribeTags', team)).Tags, []);
  await tag.request('CreateTag', team);
  await tag.request('AttachResourcesTag', { ...byName, ...team });
  assert.deepEqual((await settled(sdk, 'tagged')).Tags, [{ Key: 'team', Value: 'a' }]);
  const byId = await tag.request('DescribeResourceTagsByResourceIds', {
    ...{ ...where, ResourcePrefix: 'lam', ResourceIds: [FunctionId] },
  });
  assert.deepEqual([byId.TotalCount, byId.Tags[0].ResourceId], [1, FunctionId]);
  const { Functions } = await sdk.ListFunctions({ Filters: [{ Name: 'tag-team', Values: ['a'] }] });
  assert.deepEqual(
    Functions?.map(one => one.FunctionName),
    ['tagged'],
  );
  server = await server.restart();
  const later = sdkOf(server);
  assert.deepEqual((await settled(later, 'tagged')).Tags, [{ Key: 'team', Value: 'a' }]);
  await later.DeleteFunction({ FunctionName: 'tagged' });
  const { ResourceTagMappingList } = await client(server, '2018-08-13').request('GetResources', {});
  assert.deepEqual(ResourceTagMappingList, []);
});
