import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../../core/errors.ts';
import type { OutsideNotice } from '../contract.ts';
import type { ObjectNotice } from '../model.ts';
import { type BucketMap, readS3Events } from './s3events.ts';

const BUCKETS: BucketMap = new Map([
  ['photos', { id: 'photos-1250000000', region: 'ap-guangzhou' }],
  ['logs', { id: 'old-logs-1250000000', region: 'ap-beijing' }],
]);

type Fields = Record<string, unknown>;

/** As MinIO posts it. */
function minioRecord(eventName: string, object: Fields = {}, record: Fields = {}): Fields {
  return {
    eventVersion: '2.0',
    eventSource: 'minio:s3',
    awsRegion: '',
    eventTime: '2024-03-05T06:07:08.090Z',
    eventName,
    userIdentity: { principalId: 'minioadmin' },
    requestParameters: { principalId: 'minioadmin', region: '', sourceIPAddress: '172.18.0.1' },
    responseElements: {
      'x-amz-id-2': 'dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8',
      'x-amz-request-id': '17B9D5D0B5A5E5D0',
      'x-minio-deployment-id': '0170a4cc-dca6-4e72-86f1-c0cc760dff7f',
      'x-minio-origin-endpoint': 'http://172.18.0.2:9000',
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'Config',
      bucket: { name: 'photos', ownerIdentity: { principalId: 'minioadmin' }, arn: 'arn:aws:s3:::photos' },
      object: {
        key: 'summer+2024%2Fred%2Bblue%20%E8%8A%B1.jpg',
        size: 224_662,
        eTag: '5fc7298143efe1276d39a3466d4e255f-1',
        contentType: 'image/jpeg',
        userMetadata: { 'X-Amz-Meta-Owner': 'Ann', 'cache-control': 'no-store', 'content-type': 'image/jpeg' },
        versionId: '1',
        sequencer: '17B9D5D0B8A0C0F0',
        ...object,
      },
    },
    source: { host: '172.18.0.1', port: '', userAgent: 'MinIO (linux; amd64) minio-go/v7.0.66' },
    ...record,
  };
}

const minio = (...records: Fields[]) =>
  JSON.stringify({ EventName: records[0]?.eventName, Key: 'photos/summer 2024', Records: records });

/** As Ceph posts it. */
const CEPH = {
  eventVersion: '2.2',
  eventSource: 'ceph:s3',
  awsRegion: 'default',
  eventTime: '2019-11-22T13:47:35.124724Z',
  eventName: 'ObjectCreated:Put',
  userIdentity: { principalId: 'tester' },
  requestParameters: { sourceIPAddress: '' },
  responseElements: { 'x-amz-request-id': '503a4c37.5330.903595', 'x-amz-id-2': '14d2-zone1-zonegroup1' },
  s3: {
    s3SchemaVersion: '1.0',
    configurationId: 'mynotif1',
    bucket: { name: 'logs', ownerIdentity: { principalId: 'tester' }, arn: 'arn:aws:s3:default::logs', id: 'x.38' },
    object: {
      key: 'a+b/50%25 off.txt',
      size: '1024',
      eTag: '37b51d194a7513e45b56f6524f2d51f2',
      versionId: '',
      sequencer: 'F7E6D75DC742D108',
      metadata: [
        { key: 'x-amz-content-sha256', val: 'UNSIGNED-PAYLOAD' },
        { key: 'x-amz-meta-mykey', val: 'myvalue' },
      ],
      tags: [],
    },
  },
  eventId: '1574430455.124724.37b51d194a7513e45b56f6524f2d51f2',
  opaqueData: 'me@example.com',
};

const read = (text: string) => readS3Events(JSON.parse(text), BUCKETS);

function only(text: string): OutsideNotice {
  const { notices, unmapped, ignored } = read(text);
  const [first] = notices;
  assert.ok(first && notices.length === 1);
  assert.deepEqual([unmapped, ignored], [[], 0]);
  return first;
}

const one = (text: string): ObjectNotice => only(text).notice;
const nameOf = (eventName: string) => read(minio(minioRecord(eventName))).notices[0]?.notice.name;

const refused = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CloudError, String(error));
  assert.equal(error.code, 'MalformedNotification');
  assert.match(error.text('en'), words);
  assert.match(error.text('zh'), /^不是 S3 格式的存储桶事件通知：.*[\u4e00-\u9fff]/);
  return true;
};

describe('a notification', () => {
  it('of MinIO tells what it knows', () => {
    assert.deepEqual(one(minio(minioRecord('s3:ObjectCreated:CompleteMultipartUpload'))), {
      name: 'ObjectCreated:CompleteMultipartUpload',
      bucket: 'photos-1250000000',
      region: 'ap-guangzhou',
      key: 'summer 2024/red+blue 花.jpg',
      versionId: '1',
      bytes: 224_662,
      etag: '5fc7298143efe1276d39a3466d4e255f-1',
      storageClass: '',
      headers: { 'content-type': 'image/jpeg', 'x-cos-meta-owner': 'Ann' },
      at: Date.UTC(2024, 2, 5, 6, 7, 8, 90),
      cause: { requestId: '17B9D5D0B5A5E5D0', sourceIp: '172.18.0.1', authorization: '' },
    });
  });

  it('of Ceph has its key as it is, and other forms of size and metadata', () => {
    assert.deepEqual(one(JSON.stringify({ Records: [CEPH] })), {
      name: 'ObjectCreated:Put',
      bucket: 'old-logs-1250000000',
      region: 'ap-beijing',
      key: 'a+b/50%25 off.txt',
      versionId: '',
      bytes: 1024,
      etag: '37b51d194a7513e45b56f6524f2d51f2',
      storageClass: '',
      headers: { 'x-cos-meta-mykey': 'myvalue' },
      at: Date.UTC(2019, 10, 22, 13, 47, 35, 124),
      cause: { requestId: '503a4c37.5330.903595', sourceIp: '', authorization: '' },
    });
  });

  it('of S3 has neither metadata nor type', () => {
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-west-2',
      eventTime: '1970-01-01T00:00:00.000Z',
      eventName: 'ObjectCreated:Put',
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' },
      s3: {
        bucket: { name: 'photos', arn: 'arn:aws:s3:::photos' },
        object: { key: 'red+flower.jpg', size: 1024, eTag: 'd41d8cd98f00b204e9800998ecf8427e', sequencer: '0055' },
      },
    };
    const { key, bytes, versionId, headers, at } = one(JSON.stringify({ Records: [record] }));
    assert.deepEqual([key, bytes, versionId, headers, at], ['red flower.jpg', 1024, '', {}, 0]);
  });

  it('of what was removed has neither size nor ETag', () => {
    const { name, bytes, etag, versionId } = one(minio(minioRecord('s3:ObjectRemoved:DeleteMarkerCreated')));
    assert.deepEqual([name, bytes, etag, versionId], ['ObjectRemove:DeleteMarkerCreated', 0, '', '1']);
  });

  it('may leave out what need not be there', () => {
    const bare = minioRecord('s3:ObjectRemoved:Delete', {
      size: undefined,
      userMetadata: undefined,
      contentType: undefined,
    });
    const { cause, headers } = one(minio({ ...bare, responseElements: undefined, requestParameters: null }));
    assert.deepEqual(cause, { requestId: '', sourceIp: '', authorization: '' });
    assert.deepEqual(headers, {});
    assert.equal(one(minio(minioRecord('s3:ObjectCreated:Put', { size: undefined }))).bytes, 0, 'MinIO leaves 0 out');
  });

  it('may have the port in its address', () => {
    const from = (sourceIPAddress: string) =>
      one(minio(minioRecord('s3:ObjectCreated:Put', {}, { requestParameters: { sourceIPAddress } }))).cause.sourceIp;
    assert.deepEqual(['192.168.1.130:53175', '[::1]:5000', '[fe80::1]', 'fe80::1', '10.0.0.1'].map(from), [
      '192.168.1.130',
      '::1',
      'fe80::1',
      'fe80::1',
      '10.0.0.1',
    ]);
  });
});

describe('the names of events', () => {
  it('are those of this store, whatever the other one calls them', () => {
    for (const [there, here] of [
      ['s3:ObjectCreated:Put', 'ObjectCreated:Put'],
      ['ObjectCreated:Post', 'ObjectCreated:Post'],
      ['s3:ObjectCreated:Copy', 'ObjectCreated:Copy'],
      ['s3:ObjectRemoved:Delete', 'ObjectRemove:Delete'],
      ['s3:ObjectRemoved:DeleteAllVersions', 'ObjectRemove:Delete'],
      ['s3:ObjectRestore:Post', 'ObjectRestore:Post'],
      ['s3:ObjectRestore:Completed', 'ObjectRestore:Completed'],
      ['LifecycleExpiration:DeleteMarkerCreated', 'ObjectRemove:DeleteMarkerCreated'],
      ['s3:LifecycleDelMarkerExpiration:Delete', 'ObjectRemove:Delete'],
      ['ObjectLifecycle:Expiration:NonCurrent', 'ObjectRemove:Delete'],
      ['ObjectLifecycle:Expiration:Noncurrent', 'ObjectRemove:Delete'],
      ['ObjectSynced:Create', 'ObjectCreated:Replication'],
      ['Replication:DeletionMarkerCreated', 'ObjectRemove:DeleteMarkerCreated'],
    ] as const)
      assert.equal(nameOf(there), here, there);
  });

  it('are left out where they are none here', () => {
    for (const name of [
      's3:ObjectAccessed:Get',
      's3:ObjectCreated:PutTagging',
      's3:ObjectCreated:PutRetention',
      's3:ObjectRemoved:NoOP',
      's3:ObjectTransition:Complete',
      'ObjectLifecycle:Expiration:AbortMPU',
      'ObjectRestore:Delete',
      'constructor',
    ])
      assert.equal(nameOf(name), undefined, name);
    const bucketMade = { eventName: 's3:BucketCreated:*', s3: null };
    assert.deepEqual(read(minio(bucketMade, bucketMade)), { notices: [], ignored: 2, unmapped: [] });
  });
});

describe('the id of an event', () => {
  const idOf = (eventName: string, object: Fields = {}, record: Fields = {}) =>
    only(minio(minioRecord(eventName, object, record))).id;
  const PUT = 's3:ObjectCreated:Put';

  it('is the same when it is told of again, by whatever rule and of whatever version', () => {
    const again = { eventVersion: '2.3', eventName: 'ObjectCreated:Put', source: undefined };
    assert.equal(idOf(PUT, { size: 1, configurationId: 'other' }, again), idOf(PUT));
  });

  it('is another for anything else that happened', () => {
    const ids = [
      idOf(PUT),
      idOf('s3:ObjectCreated:Post'),
      idOf(PUT, { key: 'other' }),
      idOf(PUT, { versionId: '2' }),
      idOf(PUT, { versionId: undefined }),
      idOf(PUT, { sequencer: '17B9D5D0B8A0C0F1' }),
      idOf(PUT, {}, { eventTime: '2024-03-05T06:07:08.091Z' }),
      idOf(PUT, {}, { responseElements: { 'x-amz-request-id': '17B9D5D0B5A5E5D1' } }),
      idOf(PUT, {}, { responseElements: undefined }),
      idOf(PUT, {}, { s3: { bucket: { name: 'logs' }, object: { key: 'summer+2024%2Fred%2Bblue%20%E8%8A%B1.jpg' } } }),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('several records', () => {
  it('are told in their order, and those of other buckets by name', () => {
    const elsewhere = { ...CEPH, s3: { ...CEPH.s3, bucket: { name: 'private' } } };
    const records = [CEPH, elsewhere, minioRecord('s3:ObjectCreated:Put'), elsewhere];
    const { notices, unmapped } = readS3Events({ Records: records }, BUCKETS);
    assert.deepEqual(
      notices.map(({ notice }) => notice.bucket),
      ['old-logs-1250000000', 'photos-1250000000'],
    );
    assert.deepEqual(unmapped, ['private', 'private']);
  });

  it('may be none', () => {
    const nothing = { notices: [], ignored: 0, unmapped: [] };
    assert.deepEqual(read('{"Records":[]}'), nothing);
    const trial = '{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"photos"}';
    assert.deepEqual(read(trial), nothing);
  });
});

describe('what is no notification', () => {
  const put = (object: Fields, record: Fields = {}) => minio(minioRecord('s3:ObjectCreated:Put', object, record));

  it('is refused with the place', () => {
    for (const [text, words] of [
      ['null', /no JSON object/],
      ['[]', /no JSON object/],
      ['{}', /Records is not a list/],
      ['{"Records":{}}', /Records is not a list/],
      ['{"Records":[1]}', /Records\[0\] is no object/],
      ['{"Records":[{}]}', /Records\[0\]\.eventName/],
      ['{"Records":[{"eventName":"ObjectCreated:Put"}]}', /Records\[0\]\.s3 is no object/],
      [put({ key: '' }), /object\.key is no text/],
      [put({ key: '%zz' }), /object\.key is not escaped/],
      [put({ size: -1 }), /size is no number of bytes/],
      [put({ size: 'many' }), /size is no number of bytes/],
      [put({ versionId: 7 }), /versionId is no text/],
      [put({}, { eventTime: 'yesterday' }), /eventTime is no time/],
      [put({}, { responseElements: 'none' }), /responseElements is no object/],
    ] as const)
      assert.throws(() => read(text), refused(words), text);
  });

  it('is refused in these words, whatever it is', () => {
    const values = fc.oneof(fc.jsonValue(), fc.record({ Records: fc.array(fc.jsonValue()) }));
    const pieces = fc.dictionary(
      fc.constantFrom('eventName', 'eventTime', 's3', 'requestParameters', 'eventSource'),
      fc.oneof(fc.jsonValue(), fc.constantFrom('s3:ObjectCreated:Put', '2024-01-01T00:00:00Z')),
    );
    const records = pieces.map(change => ({ Records: [minioRecord('s3:ObjectCreated:Put', {}, change)] }));
    fc.assert(
      fc.property(fc.oneof(values, records), value => {
        try {
          readS3Events(value, BUCKETS);
        } catch (error) {
          refused(/./)(error);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps any key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), key => {
        const escaped = encodeURIComponent(key).replaceAll('%20', '+');
        assert.equal(one(put({ key: escaped })).key, key);
        assert.equal(one(put({ key }, { eventSource: 'ceph:s3' })).key, key);
      }),
    );
  });
});
