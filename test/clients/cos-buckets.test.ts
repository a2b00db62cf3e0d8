// Buckets by the vendor's Node.js client, unmodified; and each way in which it can be led to a server here.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { ask } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { byAddress, type Cos, cosClient, KEYS, MB, md5, REGION, RELEASES } from './cos.ts';
import { MISSING } from './installed.ts';

const server = await startTestServer();
const folder = await mkdtemp(join(tmpdir(), 'openscf-cos-'));
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
const { ports, caPath } = await server.get<{ ports: { portCos: number; portTls: number }; caPath: string }>('/status');
const { secretId: SecretId, secretKey: SecretKey } = server.credentials;

const bucketOf = (name: string, release: string) => `${name}-${release.at(-1)}-1250000000`;

/** Nobody's request. */
function nobody(bucket: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const Host = `${bucket}.cos.${REGION}.myqcloud.com`;
  return ask(`http://127.0.0.1:${ports.portCos}`, { path, method, headers: { ...headers, Host } });
}

for (const release of RELEASES)
  describe(release, { skip: MISSING }, () => {
    const client = (options: object = {}): Cos =>
      cosClient(release, { ...byAddress(server, ports.portCos), ...options });
    async function opened(name: string) {
      const AT = { Bucket: bucketOf(name, release), Region: REGION };
      const cos = client();
      await cos.putBucket(AT);
      return { cos, AT };
    }

    test('made, found, listed, removed', async () => {
      const { cos, AT } = await opened('life');
      await assert.rejects(cos.putBucket(AT), { statusCode: 409, code: 'BucketAlreadyOwnedByYou' });
      assert.equal((await cos.headBucket(AT)).headers?.['x-cos-bucket-region'], REGION);
      const { Buckets } = await cos.getService();
      const own = Buckets.find(one => one.Name === AT.Bucket);
      assert.equal(own?.Location, REGION);
      assert.equal((await cos.deleteBucket(AT)).statusCode, 204);
      await assert.rejects(cos.headBucket(AT), { statusCode: 404 });
    });

    test('versions: written twice, listed, read, hidden by a marker and found again', async () => {
      const { cos, AT } = await opened('versions');
      await cos.putBucketVersioning({ ...AT, VersioningConfiguration: { Status: 'Enabled' } });
      assert.equal((await cos.getBucketVersioning(AT)).VersioningConfiguration.Status, 'Enabled');
      const one = { ...AT, Key: 'a 中+' };
      for (const Body of ['first', 'second']) await cos.putObject({ ...one, Body });
      const marker = await cos.deleteObject(one);
      assert.equal(marker.headers?.['x-cos-delete-marker'], 'true');
      await assert.rejects(cos.getObject(one), { statusCode: 404, code: 'NoSuchKey' });
      const { Versions, DeleteMarkers } = await cos.listObjectVersions({ ...AT, Prefix: 'a' });
      assert.deepEqual(
        [Versions.map(({ Key, Size, IsLatest }) => [Key, Size, IsLatest]), DeleteMarkers.map(one => one.IsLatest)],
        [
          [
            [one.Key, '6', 'false'],
            [one.Key, '5', 'false'],
          ],
          ['true'],
        ],
      );
      const texts = await Promise.all(
        Versions.map(async ({ VersionId = '' }) => String((await cos.getObject({ ...one, VersionId })).Body)),
      );
      assert.deepEqual(texts, ['second', 'first']);
      await cos.deleteObject({ ...one, VersionId: DeleteMarkers[0]?.VersionId ?? '' } as never);
      assert.equal(String((await cos.getObject(one)).Body), 'second');
    });

    test('tags of objects and buckets', async () => {
      const { cos, AT } = await opened('tags');
      const Tags = [
        { Key: '键', Value: '值 & <1>' },
        { Key: 'team', Value: 'a+b' },
      ];
      await cos.putBucketTagging({ ...AT, Tags });
      assert.deepEqual((await cos.getBucketTagging(AT)).Tags, Tags);
      await cos.deleteBucketTagging(AT);
      assert.deepEqual((await cos.getBucketTagging(AT)).Tags, []);
      const one = { ...AT, Key: KEYS[0] ?? '' };
      await cos.putObject({ ...one, Body: 'x', Headers: { 'x-cos-tagging': 'by=header' } });
      assert.deepEqual((await cos.getObjectTagging(one)).Tags, [{ Key: 'by', Value: 'header' }]);
      await cos.putObjectTagging({ ...one, Tags });
      assert.deepEqual((await cos.getObjectTagging(one)).Tags, Tags);
      await cos.deleteObjectTagging(one);
      assert.deepEqual((await cos.getObjectTagging(one)).Tags, []);
    });

    test('access control: what is public can be read by anybody', async () => {
      const { cos, AT } = await opened('acl');
      const one = { ...AT, Key: 'a' };
      await cos.putObject({ ...one, Body: 'seen' });
      assert.equal((await nobody(AT.Bucket, '/a')).status, 403);
      await cos.putObjectAcl({ ...one, ACL: 'public-read' });
      assert.equal((await cos.getObjectAcl(one)).ACL, 'public-read');
      assert.deepEqual([(await nobody(AT.Bucket, '/a')).status, (await nobody(AT.Bucket, '/')).status], [200, 403]);
      const GrantRead = 'id="qcs::cam::uin/200000000002:uin/200000000002"';
      await cos.putBucketAcl({ ...AT, ACL: 'public-read', GrantRead });
      const { ACL, GrantRead: granted } = await cos.getBucketAcl(AT);
      assert.deepEqual([ACL, granted], ['public-read', GrantRead]);
      assert.equal((await nobody(AT.Bucket, '/')).status, 200);
    });

    test('pages of other origins', async () => {
      const { cos, AT } = await opened('cors');
      const CORSRules = [
        {
          ...{ AllowedOrigin: ['https://a.example'], AllowedMethod: ['GET', 'PUT'], AllowedHeader: ['x-cos-meta-a'] },
          ...{ ExposeHeader: ['ETag'], MaxAgeSeconds: '600' },
        },
      ];
      await cos.putBucketCors({ ...AT, CORSRules } as never);
      const asks = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'PUT' };
      const { status, headers } = await nobody(AT.Bucket, '/a', asks, 'OPTIONS');
      assert.deepEqual(
        [status, headers['access-control-allow-origin'], headers['access-control-max-age']],
        [200, 'https://a.example', '600'],
      );
      assert.equal((await nobody(AT.Bucket, '/a', { ...asks, Origin: 'https://b.example' }, 'OPTIONS')).status, 403);
      const [rule] = (await cos.getBucketCors(AT)).CORSRules as unknown as Record<string, unknown>[];
      assert.deepEqual([rule?.AllowedMethods, rule?.MaxAgeSeconds], [['GET', 'PUT'], '600']);
      await cos.deleteBucketCors(AT);
      assert.deepEqual((await cos.getBucketCors(AT)).CORSRules, []);
    });

    /** A bucket, an object and its list. */
    async function walk(cos: Cos, name: string) {
      const AT = { Bucket: bucketOf(name, release), Region: REGION };
      await cos.putBucket(AT);
      for (const Key of KEYS) {
        await cos.putObject({ ...AT, Key, Body: Key });
        assert.equal(String((await cos.getObject({ ...AT, Key })).Body), Key);
      }
      const { Contents } = await cos.getBucket(AT);
      assert.deepEqual(
        Contents.map(one => one.Key),
        KEYS,
      );
      assert.ok((await cos.getService()).Buckets.some(one => one.Name === AT.Bucket));
    }

    test('led here by a domain of its own', async t => {
      const { lookup } = dns;
      t.mock.method(dns, 'lookup', (name: string, ...rest: unknown[]) =>
        Reflect.apply(lookup, dns, [name.endsWith('.openscf.example') ? '127.0.0.1' : name, ...rest]),
      );
      const host = `cos.openscf.example:${ports.portCos}`;
      const way = { Domain: `{Bucket}.${host}`, ServiceDomain: host };
      await walk(cosClient(release, { SecretId, SecretKey, Protocol: 'http:', ...way }), 'domain');
    });

    test('led here by a proxy', async () => {
      const way = { Proxy: `http://127.0.0.1:${ports.portCos}` };
      await walk(cosClient(release, { SecretId, SecretKey, Protocol: 'http:', ...way }), 'proxy');
    });

    test("by the cloud's own names over TLS, in a process that trusts this server", async () => {
      const body = randomBytes(3 * MB);
      const path = join(folder, release);
      await writeFile(path, body);
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: caPath, TLS_PORT: String(ports.portTls), SecretId, SecretKey };
      const program = join(import.meta.dirname, 'cos-names.ts');
      const args = [program, release, bucketOf('names', release), REGION, path];
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise(resolve => child.once('exit', resolve));
      const said = await buffer(child.stdout);
      assert.equal(await ended, 0);
      const { location, etag, read, url, versions } = JSON.parse(said.toString());
      assert.equal(location, `${bucketOf('names', release)}.cos.${REGION}.myqcloud.com/n%20%2B%E4%B8%AD`);
      assert.match(etag, /-3"$/);
      assert.equal(read, md5(body));
      assert.match(url, /^https:/);
      assert.equal(versions, 'Enabled');
    });
  });
