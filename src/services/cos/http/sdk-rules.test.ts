// Rules of sources and of replication by the vendor's own client, as its examples have them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Cos from 'cos-nodejs-sdk-v5';
import { SystemClock } from '../../../core/clock.ts';
import { openSource } from '../origin/testing.ts';
import { addBucket, COPIES, copied, ROLE } from '../replication/testing.ts';
import { BUCKET, REGION } from '../testing.ts';
import { openShop, SECRET, type Shop } from './testing.ts';

const AT = { Bucket: BUCKET, Region: REGION };

let shop: Shop;
let cos: Cos;
before(async () => {
  shop = await openShop({ wallClock: new SystemClock() });
  cos = new Cos({
    ...{ SecretId: SECRET.secretId, SecretKey: SECRET.secretKey, Protocol: 'http:' },
    // The cloud's names stay in the header Host.
    Ip: `127.0.0.1:${shop.port}`,
    AutoSwitchHost: false,
  } as Cos.COSOptions);
});
after(() => shop[Symbol.asyncDispose]());

const refused = (asked: Promise<unknown>, statusCode: number, code: string) =>
  assert.rejects(asked, (error: { statusCode: number; code: string }) => {
    assert.deepEqual([error.statusCode, error.code], [statusCode, code]);
    return true;
  });

describe('a source', () => {
  const rule = (HostName: string) => ({
    OriginType: 'Mirror',
    OriginCondition: { HTTPStatusCode: 404, Prefix: '' },
    OriginParameter: {
      ...{ Protocol: 'HTTP', FollowQueryString: 'true', FollowRedirection: 'true', HttpRedirectCode: ['301', '302'] },
      HttpHeader: { NewHttpHeader: { Header: [{ Key: 'a', Value: 'b' }] } },
    },
    OriginInfo: {
      HostInfo: { HostName },
      FileInfo: { PrefixConfiguration: { Prefix: '123/' }, SuffixConfiguration: { Suffix: '.jpg' } },
    },
    RulePriority: 1,
  });

  test('is set, given back, asked and taken away', async () => {
    await using source = await openSource('from the source');
    await cos.putBucketOrigin({ ...AT, OriginRule: [rule(source.name)] } as never);
    const { OriginRule } = (await cos.getBucketOrigin(AT)) as unknown as { OriginRule: ReturnType<typeof rule>[] };
    assert.equal(OriginRule[0]?.OriginInfo.FileInfo.PrefixConfiguration.Prefix, '123/');
    const { Body, headers } = await cos.getObject({ ...AT, Key: 'a', Headers: { 'x-b': 'c' } });
    assert.equal(String(Body), 'from the source');
    assert.equal(headers?.['content-length'], '15');
    assert.deepEqual([source.targets, source.asked[0]?.headers.a], [['GET /123/a.jpg'], 'b']);
    assert.equal((await cos.headObject({ ...AT, Key: 'a' })).statusCode, 200);
    await cos.deleteBucketOrigin(AT);
    await refused(cos.getObject({ ...AT, Key: 'b' }), 404, 'NoSuchKey');
  });

  test('that does not answer is told as an error that is not tried again', async () => {
    await using source = await openSource((_request, response) => void response.writeHead(500).end());
    await cos.putBucketOrigin({ ...AT, OriginRule: [rule(source.name)] } as never);
    await refused(cos.getObject({ ...AT, Key: 'none' }), 424, 'FailedDependency');
    assert.equal(source.asked.length, 1);
    await cos.deleteBucketOrigin(AT);
  });
});

test('replication is set, given back, carried out and taken away', async () => {
  const Rules = [
    {
      ...{ ID: 'one', Status: 'Enabled', Prefix: 'sync/' },
      Destination: { Bucket: `qcs::cos:${REGION}::${COPIES}`, StorageClass: 'Standard_IA' },
    },
  ];
  const given = { ...AT, ReplicationConfiguration: { Role: ROLE, Rules } };
  await refused(cos.putBucketReplication(given as never), 400, 'BucketVersionNotOpen');
  await addBucket(shop.house, COPIES);
  await cos.putBucketVersioning({ ...AT, VersioningConfiguration: { Status: 'Enabled' } });
  await cos.putBucketReplication(given as never);
  const got = await cos.getBucketReplication(AT);
  assert.deepEqual(got.ReplicationConfiguration, given.ReplicationConfiguration);
  await cos.putObject({ ...AT, Key: 'sync/a', Body: 'x' });
  await copied(shop.house);
  const copy = await cos.headObject({ Bucket: COPIES, Region: REGION, Key: 'sync/a' });
  assert.equal(copy.headers?.['x-cos-replication-status'], 'Replica');
  assert.equal(copy.headers?.['x-cos-storage-class'], 'STANDARD_IA');
  await cos.deleteBucketReplication(AT);
  await refused(cos.getBucketReplication(AT), 404, 'ReplicationConfigurationNotFoundError');
});
