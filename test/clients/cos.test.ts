// Objects by the vendor's Node.js client, unmodified: what goes up comes back, byte by byte.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from '../fixture.ts';
import { startTestServer } from '../harness.ts';
import { byAddress, type Cos, cosClient, KEYS, MB, md5, REGION, RELEASES, sums } from './cos.ts';
import { clientFor, MISSING, requireClient } from './installed.ts';

const server = await startTestServer();
const { ports } = await server.get<{ ports: { portCos: number } }>('/status');
const folder = await mkdtemp(join(tmpdir(), 'openscf-cos-'));
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Of a URL whose host is one of the cloud's. */
function here(url: string, method = 'GET', body: Buffer | string = '', headers: Record<string, string> = {}) {
  const { host, pathname, search } = new URL(url);
  return ask(
    `http://127.0.0.1:${ports.portCos}`,
    { path: pathname + search, method, headers: { ...headers, Host: host } },
    body,
  );
}

for (const release of RELEASES)
  describe(release, { skip: MISSING }, () => {
    const Bucket = `objects-${release.at(-1)}-1250000000`;
    const AT = { Bucket, Region: REGION };
    const large = randomBytes(64 * MB);
    const largePath = join(folder, `large-${release}`);
    const sourceOf = (key: string) => `${Bucket}.cos.${REGION}.myqcloud.com/${encodeURIComponent(key)}`;
    let cos: Cos;

    before(async () => {
      cos = cosClient(release, byAddress(server, ports.portCos));
      await cos.putBucket(AT);
      await writeFile(largePath, large);
    });

    async function stored(Key: string) {
      const { headers = {} } = await cos.headObject({ ...AT, Key });
      return { bytes: Number(headers['content-length']), crc64: headers['x-cos-hash-crc64ecma'] };
    }

    test('is of the release that its name says', () => {
      const { version } = requireClient(release) as { version: string };
      assert.equal(version.split('.')[0], release.at(-1));
    });

    test('64 MB in parts, read whole, as a stream, in a range and in parts', async () => {
      const Key = 'large';
      const percents: number[] = [];
      const up = await cos.sliceUploadFile({
        ...{ ...AT, Key, FilePath: largePath, ChunkSize: 8 * MB, AsyncLimit: 3 },
        onProgress: ({ percent }) => percents.push(percent),
      });
      assert.match(up.ETag, /^"[0-9a-f]{32}-8"$/);
      assert.equal(percents.at(-1), 1);
      const { bytes, crc64 } = sums(large);
      assert.deepEqual(await stored(Key), { bytes, crc64 });

      const whole = await cos.getObject({ ...AT, Key });
      assert.equal(md5(whole.Body), md5(large));
      const range = await cos.getObject({ ...AT, Key, Range: `bytes=${8 * MB - 3}-${8 * MB + 2}` });
      assert.equal(range.statusCode, 206);
      assert.ok(range.Body.equals(large.subarray(8 * MB - 3, 8 * MB + 3)));
      const FilePath = join(folder, `down-${release}`);
      await cos.downloadFile({ ...AT, Key, FilePath, ChunkSize: 8 * MB, ParallelLimit: 3 } as never);
      assert.equal(md5(await readFile(FilePath)), md5(large));
    });

    test('from a stream and into one', async () => {
      const put = await cos.putObject({ ...AT, Key: 'stream', Body: createReadStream(largePath, { end: 5 * MB }) });
      const body = large.subarray(0, 5 * MB + 1);
      assert.equal(put.ETag, `"${md5(body)}"`);
      const path = join(folder, `stream-${release}`);
      const Output = createWriteStream(path);
      await cos.getObject({ ...AT, Key: 'stream', Output });
      assert.equal(md5(await readFile(path)), md5(body));
    });

    test('copies at once, in parts, and onto itself with other metadata', async () => {
      await cos.putObject({ ...AT, Key: '原 + 本', Body: large, Headers: { 'x-cos-meta-a': '1' } });
      const source = sourceOf('原 + 本');
      const { bytes, crc64 } = sums(large);
      const copied = await cos.putObjectCopy({ ...AT, Key: 'copied', CopySource: source });
      assert.equal(copied.ETag, `"${md5(large)}"`);
      const sliced = { ...AT, Key: 'sliced', CopySource: source, CopySliceSize: MB, CopyChunkSize: 16 * MB };
      assert.match(((await cos.sliceCopyFile(sliced)) as { ETag: string }).ETag, /-4"$/);
      for (const Key of ['copied', 'sliced']) {
        assert.deepEqual(await stored(Key), { bytes, crc64 });
        assert.equal((await cos.headObject({ ...AT, Key })).headers?.['x-cos-meta-a'], '1');
      }
      const Headers = { 'x-cos-meta-a': '2' };
      const itself = { ...AT, Key: 'copied', CopySource: sourceOf('copied'), MetadataDirective: 'Replaced', Headers };
      await cos.putObjectCopy(itself as never);
      assert.equal((await cos.headObject({ ...AT, Key: 'copied' })).headers?.['x-cos-meta-a'], '2');
    });

    test('keys of all letters; lists by prefix and delimiter, page by page', async () => {
      for (const Key of KEYS) {
        const Body = `content of ${Key}`;
        const { ETag } = await cos.putObject({ ...AT, Key: `keys/${Key}`, Body });
        assert.equal(ETag, `"${md5(Body)}"`);
        assert.equal(String((await cos.getObject({ ...AT, Key: `keys/${Key}` })).Body), Body);
      }
      const seen: string[] = [];
      for (let Marker: string | undefined = ''; Marker !== undefined; ) {
        const page: Cos.GetBucketResult = await cos.getBucket({ ...AT, Prefix: 'keys/', MaxKeys: 1, Marker });
        seen.push(...page.Contents.map(one => one.Key));
        Marker = page.IsTruncated === 'true' ? page.NextMarker : undefined;
      }
      assert.deepEqual(
        seen,
        KEYS.map(key => `keys/${key}`),
      );
      const { Contents, CommonPrefixes } = await cos.getBucket({ ...AT, Prefix: 'keys/', Delimiter: '/' });
      assert.deepEqual(
        Contents.map(one => one.Key),
        KEYS.filter(key => !key.includes('/')).map(key => `keys/${key}`),
      );
      assert.deepEqual(CommonPrefixes, [{ Prefix: 'keys/with space/' }, { Prefix: 'keys/中文/' }]);
    });

    test('presigned URLs put and get without the client', async () => {
      const Key = '签名/a b+c.txt';
      const sign = (Method: 'PUT' | 'GET', Query = {}) =>
        cos.getObjectUrl({ ...AT, Key, Method, Query, Sign: true, Expires: 60, Protocol: 'http:' }, () => {});
      assert.equal((await here(sign('PUT'), 'PUT', 'signed')).status, 200);
      const shown = await here(sign('GET', { 'response-content-disposition': 'attachment; filename=x' }));
      assert.deepEqual(
        [shown.status, String(shown.body), shown.headers['content-disposition']],
        [200, 'signed', 'attachment; filename=x'],
      );
      // It is for what it was signed for.
      assert.equal((await here(sign('GET'), 'PUT', 'other')).status, 403);
      assert.equal((await here(sign('GET').replace('a%20b', 'a%20c'))).status, 403);
      assert.equal(String((await cos.getObject({ ...AT, Key })).Body), 'signed');
    });

    test('removal of one and of many', async () => {
      const keys = KEYS.map(key => `gone/${key}`);
      for (const Key of keys) await cos.putObject({ ...AT, Key, Body: 'x' });
      const [first = '', ...rest] = keys;
      assert.equal((await cos.deleteObject({ ...AT, Key: first })).statusCode, 204);
      // What is not there counts as removed.
      const Objects = [...rest, 'gone/never'].map(Key => ({ Key }));
      const { Deleted, Error: failed } = await cos.deleteMultipleObject({ ...AT, Objects });
      assert.deepEqual([Deleted.map(one => one.Key).toSorted(), failed], [Objects.map(one => one.Key).toSorted(), []]);
      assert.deepEqual((await cos.getBucket({ ...AT, Prefix: 'gone/' })).Contents, []);
      await assert.rejects(cos.headObject({ ...AT, Key: first }), { statusCode: 404, code: '404' });
    });

    test('refusals are read by the client: code, message, request id', async () => {
      const refused = (asked: Promise<unknown>, statusCode: number, code: string, message: string | RegExp) =>
        assert.rejects(asked, (error: Record<string, unknown>) => {
          assert.deepEqual([error.statusCode, error.code], [statusCode, code]);
          assert.match(String(error.message), message instanceof RegExp ? message : RegExp(`^${message}$`));
          const { 'x-cos-request-id': id } = error.headers as Record<string, string>;
          assert.ok(id);
          assert.equal(error.RequestId, id);
          assert.equal((error.error as Record<string, string>).RequestId, id);
          return true;
        });
      const Key = 'missing 中文';
      await refused(cos.getObject({ ...AT, Key }), 404, 'NoSuchKey', 'The specified key does not exist.');
      const nobodys = { ...AT, Bucket: 'nobodys-1250000000' };
      await refused(cos.getBucket(nobodys), 404, 'NoSuchBucket', 'The specified bucket does not exist.');
      await refused(cos.deleteBucket(AT), 409, 'BucketNotEmpty', /./);
      const other = cosClient(release, { ...byAddress(server, ports.portCos), SecretKey: 'wrong' });
      await refused(other.getBucket(AT), 403, 'SignatureDoesNotMatch', /./);
      const gone = { ...AT, Key, UploadId: '1', PartNumber: 1, Body: 'x' };
      await refused(cos.multipartUpload(gone), 404, 'NoSuchUpload', /./);
    });

    test('temporary keys do what their policy allows', async () => {
      const action = ['name/cos:PutObject', 'name/cos:GetObject'];
      const resource = `qcs::cos:${REGION}:uid/1250000000:${Bucket}/mine/*`;
      const policy = { version: '2.0', statement: [{ effect: 'allow', action, resource }] };
      const getAuthorization = async (_options: object, callback: (keys: object) => void) => {
        const input = { Name: 'me', Policy: encodeURIComponent(JSON.stringify(policy)), DurationSeconds: 600 };
        const answer = (await clientFor(server, 'sts', 'v20180813')('GetFederationToken', input)) as {
          Credentials: Record<'TmpSecretId' | 'TmpSecretKey' | 'Token', string>;
          ExpiredTime: number;
        };
        const { Token: SecurityToken, ...keys } = answer.Credentials;
        callback({ ...keys, SecurityToken, StartTime: answer.ExpiredTime - 600, ExpiredTime: answer.ExpiredTime });
      };
      const { SecretId: _id, SecretKey: _key, ...way } = byAddress(server, ports.portCos);
      const mine = cosClient(release, { ...way, getAuthorization });
      await mine.putObject({ ...AT, Key: 'mine/中', Body: 'by a guest' });
      assert.equal(String((await mine.getObject({ ...AT, Key: 'mine/中' })).Body), 'by a guest');
      const denied = { statusCode: 403, code: 'AccessDenied' };
      await assert.rejects(mine.putObject({ ...AT, Key: 'yours', Body: 'x' }), denied);
      await assert.rejects(mine.getBucket(AT), denied);
    });
  });
