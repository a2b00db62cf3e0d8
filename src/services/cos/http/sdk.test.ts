// The vendor's own client against the port.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import { SystemClock } from '../../../core/clock.ts';
import { BUCKET, MB, REGION, someBytes } from '../testing.ts';
import { openShop, ROOT, SECRET, type Shop } from './testing.ts';

const AT = { Bucket: BUCKET, Region: REGION };
const md5 = (body: Buffer | string) => createHash('md5').update(body).digest('hex');

let shop: Shop;
let cos: Cos;
let folder: string;
before(async () => {
  shop = await openShop({ wallClock: new SystemClock() });
  folder = await mkdtemp(join(tmpdir(), 'cos-sdk-'));
  cos = new Cos({
    ...{ SecretId: SECRET.secretId, SecretKey: SECRET.secretKey, Protocol: 'http:' },
    // The cloud's names stay in the header Host.
    Ip: `127.0.0.1:${shop.port}`,
    UploadCheckContentMd5: true,
    AutoSwitchHost: false,
  } as Cos.COSOptions);
});
after(async () => {
  await shop[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const refused = (asked: Promise<unknown>, statusCode: number, code: string) =>
  assert.rejects(asked, (error: { statusCode: number; code: string }) => {
    assert.deepEqual([error.statusCode, error.code], [statusCode, code]);
    return true;
  });

describe('buckets', () => {
  test('are listed, made and removed', async () => {
    const Bucket = 'sdk-1250000000';
    await cos.putBucket({ Bucket, Region: 'ap-nanjing' });
    await refused(cos.putBucket({ Bucket, Region: 'ap-nanjing' }), 409, 'BucketAlreadyOwnedByYou');
    const { Buckets, Owner } = await cos.getService();
    assert.deepEqual(
      Buckets.map(bucket => [bucket.Name, bucket.Location]),
      [
        [BUCKET, REGION],
        [Bucket, 'ap-nanjing'],
      ],
    );
    assert.equal(Owner.ID, ROOT);
    assert.equal((await cos.headBucket({ Bucket, Region: 'ap-nanjing' })).statusCode, 200);
    await cos.deleteBucket({ Bucket, Region: 'ap-nanjing' });
    await assert.rejects(cos.headBucket({ Bucket, Region: 'ap-nanjing' }), { statusCode: 404 });
  });
});

describe('objects', () => {
  const keys = ['a.txt', '中文/文件 (1)+&%?#.txt', "it's*!~._-", 'a//b', '/c', '<x>&"y"', 'dir/'];
  for (const Key of keys)
    test(`${Key} is written, looked at, read and deleted`, async () => {
      const Body = `content of ${Key}`;
      const put = await cos.putObject({ ...AT, Key, Body, Headers: { 'x-cos-meta-a': '1' } });
      assert.equal(put.ETag, `"${md5(Body)}"`);
      assert.equal((await cos.headObject({ ...AT, Key })).headers?.['x-cos-meta-a'], '1');
      assert.equal(String((await cos.getObject({ ...AT, Key })).Body), Body);
      const deleted = await cos.deleteObject({ ...AT, Key });
      assert.equal(deleted.statusCode, 204);
      await assert.rejects(cos.headObject({ ...AT, Key }), { statusCode: 404 });
    });

  test('as streams', async () => {
    const Body = someBytes(MB);
    await cos.putObject({ ...AT, Key: 'stream', Body: Readable.from([Body]), ContentLength: Body.length });
    const file = join(folder, 'stream');
    await new Promise<void>((resolve, reject) => {
      const Output = file as never;
      cos.getObject({ ...AT, Key: 'stream', Output }, error => (error ? reject(error) : resolve()));
    });
    assert.ok((await readFile(file)).equals(Body));
    const range = await cos.getObject({ ...AT, Key: 'stream', Range: 'bytes=10-19' });
    assert.deepEqual([range.statusCode, range.Body.equals(Body.subarray(10, 20))], [206, true]);
  });

  test('with conditions', async () => {
    const { ETag } = await cos.putObject({ ...AT, Key: 'cond', Body: 'x' });
    const same = await cos.getObject({ ...AT, Key: 'cond', IfNoneMatch: ETag }).catch(error => error);
    assert.equal(same.statusCode, 304);
    await refused(cos.getObject({ ...AT, Key: 'cond', IfMatch: '"no"' }), 412, 'PreconditionFailed');
  });

  test('by presigned URLs', async () => {
    await cos.putObject({ ...AT, Key: '签/名.txt', Body: 'signed' });
    const url = cos.getObjectUrl(
      {
        ...{ ...AT, Key: '签/名.txt', Sign: true, Protocol: 'http:' },
        Query: { 'response-content-type': 'text/html' },
      },
      () => undefined,
    );
    const { host, pathname, search } = new URL(url);
    const got = await shop.ask('GET', `${pathname}${search}`, { host, unsigned: true });
    assert.deepEqual([got.status, got.text, got.headers['content-type']], [200, 'signed', 'text/html']);
    const other = await shop.ask('GET', `/a${search}`, { host, unsigned: true });
    assert.equal(other.status, 403);
  });

  test('are copied, also in parts', async () => {
    const Body = someBytes(3 * MB);
    await cos.putObject({ ...AT, Key: 'from 中', Body });
    const CopySource = `${BUCKET}.cos.${REGION}.myqcloud.com/${encodeURIComponent('from 中')}`;
    const copied = await cos.putObjectCopy({ ...AT, Key: 'to', CopySource });
    assert.equal(copied.ETag, `"${md5(Body)}"`);
    await cos.sliceCopyFile({ ...AT, Key: 'sliced', CopySource, CopySliceSize: MB, CopyChunkSize: MB });
    assert.ok((await shop.house.read('sliced')).equals(Body));
  });

  test('are deleted by the list', async () => {
    for (const Key of ['l1', 'l<2>']) await cos.putObject({ ...AT, Key, Body: 'x' });
    const { Deleted, Error: failed } = await cos.deleteMultipleObject({
      ...AT,
      Objects: [{ Key: 'l1' }, { Key: 'l<2>' }],
    });
    assert.deepEqual([Deleted.map(one => one.Key), failed], [['l1', 'l<2>'], []]);
  });

  test('are appended to', async () => {
    const append = (Position: number, Body: string) => cos.appendObject({ ...AT, Key: 'log', Position, Body });
    assert.equal((await append(0, 'abc')).headers?.['x-cos-next-append-position'], '3');
    await append(3, 'def');
    await refused(append(1, 'x'), 409, 'AppendPositionErr');
    assert.equal(await shop.house.text('log'), 'abcdef');
  });

  test('have tags and lists of their own', async () => {
    await cos.putObject({ ...AT, Key: 'own', Body: 'x' });
    const Tags = [{ Key: 'a', Value: '1 &<' }];
    await cos.putObjectTagging({ ...AT, Key: 'own', Tags });
    assert.deepEqual((await cos.getObjectTagging({ ...AT, Key: 'own' })).Tags, Tags);
    await cos.deleteObjectTagging({ ...AT, Key: 'own' });
    assert.deepEqual((await cos.getObjectTagging({ ...AT, Key: 'own' })).Tags, []);
    assert.equal((await cos.getObjectAcl({ ...AT, Key: 'own' })).ACL, 'default');
    for (const ACL of ['public-read', 'private'] as const) {
      await cos.putObjectAcl({ ...AT, Key: 'own', ACL });
      assert.equal((await cos.getObjectAcl({ ...AT, Key: 'own' })).ACL, ACL);
    }
  });
});

describe('uploads', () => {
  test('in slices, taken up where they broke off', async () => {
    const FilePath = join(folder, 'large');
    const Body = someBytes(5 * MB + 7);
    await writeFile(FilePath, Body);
    const { UploadId } = await cos.multipartInit({ ...AT, Key: 'large' });
    const one = { ...AT, Key: 'large', UploadId, PartNumber: 1 };
    const { ETag } = await cos.multipartUpload({ ...one, Body: Body.subarray(0, MB) });
    assert.equal(ETag, `"${md5(Body.subarray(0, MB))}"`);
    const { Part } = await cos.multipartListPart({ ...AT, Key: 'large', UploadId });
    assert.deepEqual(
      Part.map(part => [part.PartNumber, part.Size, part.ETag]),
      [['1', String(MB), ETag]],
    );
    const done = await cos.sliceUploadFile({ ...AT, Key: 'large', FilePath, SliceSize: MB, ChunkSize: MB });
    assert.match(done.ETag, /-6"$/);
    assert.ok((await shop.house.read('large')).equals(Body));
    const list: unknown = await cos.multipartList({ ...AT, Prefix: 'large' } as never);
    assert.deepEqual((list as { Upload: unknown }).Upload, []);
    const file = join(folder, 'down');
    await cos.downloadFile({ ...AT, Key: 'large', FilePath: file, ChunkSize: MB });
    assert.ok((await readFile(file)).equals(Body));
  });

  test('are aborted', async () => {
    const { UploadId } = await cos.multipartInit({ ...AT, Key: 'never' });
    await cos.multipartAbort({ ...AT, Key: 'never', UploadId });
    await refused(cos.multipartListPart({ ...AT, Key: 'never', UploadId }), 404, 'NoSuchUpload');
  });
});

describe('lists', () => {
  test('of keys, with encoded names', async () => {
    for (const Key of ['list/a b', 'list/c/1', 'list/中']) await cos.putObject({ ...AT, Key, Body: 'x' });
    const list = await cos.getBucket({ ...AT, Prefix: 'list/', Delimiter: '/', MaxKeys: 2 });
    assert.deepEqual([list.Contents.map(one => one.Key), list.CommonPrefixes], [['list/a b'], [{ Prefix: 'list/c/' }]]);
    assert.deepEqual([list.IsTruncated, list.NextMarker], ['true', 'list/c/']);
    const rest = await cos.getBucket({ ...AT, Prefix: 'list/', Delimiter: '/', Marker: list.NextMarker ?? '' });
    assert.deepEqual(
      rest.Contents.map(one => one.Key),
      ['list/中'],
    );
  });

  test('of versions', async () => {
    await cos.putBucketVersioning({ ...AT, VersioningConfiguration: { Status: 'Enabled' } });
    assert.equal((await cos.getBucketVersioning(AT)).VersioningConfiguration.Status, 'Enabled');
    const Key = 'versions/a';
    for (const Body of ['1', '2']) await cos.putObject({ ...AT, Key, Body });
    await cos.deleteObject({ ...AT, Key });
    const { Versions, DeleteMarkers } = await cos.listObjectVersions({ ...AT, Prefix: 'versions/' });
    assert.deepEqual([Versions.length, DeleteMarkers.length], [2, 1]);
    const VersionId = Versions[1]?.VersionId ?? '';
    assert.equal(String((await cos.getObject({ ...AT, Key, VersionId })).Body), '1');
    await cos.putBucketVersioning({ ...AT, VersioningConfiguration: { Status: 'Suspended' } });
  });
});

describe('configurations', () => {
  test('access control', async () => {
    const GrantRead = 'id="qcs::cam::uin/200000000002:uin/200000000002"';
    await cos.putBucketAcl({ ...AT, ACL: 'public-read', GrantRead });
    const got = await cos.getBucketAcl(AT);
    assert.deepEqual([got.ACL, got.GrantRead], ['public-read', GrantRead]);
    const { Owner, Grants } = got;
    await cos.putBucketAcl({ ...AT, ACL: 'private' });
    await cos.putBucketAcl({ ...AT, AccessControlPolicy: { Owner, Grants } as never });
    const again = await cos.getBucketAcl(AT);
    assert.deepEqual([again.ACL, again.GrantRead], ['public-read', GrantRead]);
  });

  test('cross-origin', async () => {
    assert.deepEqual((await cos.getBucketCors(AT)).CORSRules, []);
    const CORSRules = [
      {
        ...{ AllowedOrigin: ['*'], AllowedMethod: ['GET', 'PUT'], AllowedHeader: ['*'], ExposeHeader: ['ETag'] },
        MaxAgeSeconds: '5',
      },
    ];
    await cos.putBucketCors({ ...AT, CORSRules } as never);
    const [rule] = (await cos.getBucketCors(AT)).CORSRules as unknown as Record<string, unknown>[];
    // It calls them otherwise than it takes them.
    assert.deepEqual([rule?.AllowedMethods, rule?.MaxAgeSeconds], [['GET', 'PUT'], '5']);
    const options = await cos.optionsObject({
      ...{ ...AT, Key: 'a', AccessControlRequestMethod: 'PUT', AccessControlRequestHeaders: 'x-a' },
      ...{ Origin: 'https://example.com', Headers: { Origin: 'https://example.com' } },
    } as never);
    assert.equal(options.statusCode, 200);
    await cos.deleteBucketCors(AT);
    assert.deepEqual((await cos.getBucketCors(AT)).CORSRules, []);
  });

  test('lifecycle, tags, policy', async () => {
    assert.deepEqual((await cos.getBucketLifecycle(AT)).Rules, []);
    const Rules = [{ ID: '1', Filter: { Prefix: 'x/' }, Status: 'Enabled', Expiration: { Days: '30' } }];
    await cos.putBucketLifecycle({ ...AT, Rules } as never);
    assert.deepEqual((await cos.getBucketLifecycle(AT)).Rules, Rules);
    await cos.deleteBucketLifecycle(AT);

    assert.deepEqual((await cos.getBucketTagging(AT)).Tags, []);
    const Tags = [{ Key: 'k', Value: 'v' }];
    await cos.putBucketTagging({ ...AT, Tags });
    assert.deepEqual((await cos.getBucketTagging(AT)).Tags, Tags);
    await cos.deleteBucketTagging(AT);

    const Policy = {
      version: '2.0',
      Statement: [
        {
          effect: 'allow',
          principal: { qcs: ['qcs::cam::uin/200000000002:uin/200000000002'] },
          action: ['name/cos:GetBucket'],
          resource: [`qcs::cos:${REGION}:uid/1250000000:${BUCKET}/*`],
        },
      ],
    };
    await cos.putBucketPolicy({ ...AT, Policy } as never);
    assert.deepEqual((await cos.getBucketPolicy(AT)).Policy, Policy);
    await cos.deleteBucketPolicy(AT);
    await assert.rejects(cos.getBucketPolicy(AT), { statusCode: 404, message: 'Policy Not found' });
  });

  test('those that are kept as they came', async () => {
    const WebsiteConfiguration = {
      IndexDocument: { Suffix: 'index.html' },
      RedirectAllRequestsTo: { Protocol: 'https' },
    };
    await cos.putBucketWebsite({ ...AT, WebsiteConfiguration } as never);
    assert.deepEqual((await cos.getBucketWebsite(AT)).WebsiteConfiguration, WebsiteConfiguration);
    await cos.deleteBucketWebsite(AT);
    assert.deepEqual((await cos.getBucketWebsite(AT)).WebsiteConfiguration, {});
    const RefererConfiguration = {
      ...{ Status: 'Enabled', RefererType: 'White-List', DomainList: { Domains: ['*.qq.com', '*.qcloud.com'] } },
      EmptyReferConfiguration: 'Allow',
    };
    await cos.putBucketReferer({ ...AT, RefererConfiguration } as never);
    assert.deepEqual((await cos.getBucketReferer(AT)).RefererConfiguration, RefererConfiguration);
    const given = { AccelerateConfiguration: { Status: 'Enabled' } };
    await cos.putBucketAccelerate({ ...AT, ...given } as never);
    const accelerate: unknown = await cos.getBucketAccelerate(AT);
    assert.deepEqual((accelerate as typeof given).AccelerateConfiguration, given.AccelerateConfiguration);
    assert.equal((await cos.getBucketLocation(AT)).LocationConstraint, REGION);
    await refused(cos.getBucketReplication(AT), 404, 'ReplicationConfigurationNotFoundError');
  });
});

test('what the client is refused', async () => {
  const stranger = new Cos({
    ...{ SecretId: SECRET.secretId, SecretKey: 'x'.repeat(32), Protocol: 'http:', Ip: `127.0.0.1:${shop.port}` },
    AutoSwitchHost: false,
  } as Cos.COSOptions);
  await refused(stranger.getObject({ ...AT, Key: 'a' }), 403, 'SignatureDoesNotMatch');
  await refused(cos.getObject({ ...AT, Key: 'no such' }), 404, 'NoSuchKey');
  await refused(cos.getBucket({ ...AT, Region: 'ap-tokyo' }), 404, 'NoSuchBucket');
});
