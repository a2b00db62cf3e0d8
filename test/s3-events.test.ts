// Events of other object stores, whole: the messages that their makers document, and what a function is told of them.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../src/server.ts';
import { startLife } from './faults/life.ts';
import { type Callable, deploy, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer, testConfig } from './harness.ts';

const TOKEN = 'token-for-the-other-store';
const OURS = 'mirror-1250000000';
const HOST = `${OURS}.cos.ap-guangzhou.myqcloud.com`;
const SETTINGS = {
  's3.token': TOKEN,
  's3.buckets': `images=${OURS},mybucket1=${OURS},mybucket=${OURS}`,
};
const PRINTS = 'exports.main_handler = async event => { console.log("EVENT " + JSON.stringify(event)); }';

/** MinIO's guide to bucket notifications; its records are as its webhook sends them. */
const MINIO = {
  EventName: 's3:ObjectCreated:Put',
  Key: 'images/holiday/my photo.jpg',
  Records: [
    {
      eventVersion: '2.0',
      eventSource: 'minio:s3',
      awsRegion: '',
      eventTime: '2024-03-05T06:07:08.090Z',
      eventName: 's3:ObjectCreated:Put',
      userIdentity: { principalId: 'minio' },
      requestParameters: { principalId: 'minio', region: '', sourceIPAddress: '172.17.0.1' },
      responseElements: {
        'x-amz-id-2': 'dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8',
        'x-amz-request-id': '17B9D5D0B5A5E5D0',
        'x-minio-deployment-id': '4ab1eabb-7bd6-4d1b-84ac-3a3fd2d1d8d4',
        'x-minio-origin-endpoint': 'http://172.17.0.2:9000',
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'Config',
        bucket: { name: 'images', ownerIdentity: { principalId: 'minio' }, arn: 'arn:aws:s3:::images' },
        object: {
          key: 'holiday%2Fmy+photo.jpg',
          size: 2_560_000,
          eTag: 'd41d8cd98f00b204e9800998ecf8427e',
          contentType: 'image/jpeg',
          userMetadata: { 'content-type': 'image/jpeg', 'X-Amz-Meta-Owner': '%E5%AE%89' },
          sequencer: '17B9D5D0B8A0C0F0',
        },
      },
      source: { host: '172.17.0.1', port: '', userAgent: 'MinIO (linux; amd64) minio-go/v7.0.66 mc' },
    },
  ],
};

/** Ceph's page on bucket notifications. */
const CEPH = {
  Records: [
    {
      eventVersion: '2.1',
      eventSource: 'ceph:s3',
      awsRegion: 'zonegroup1',
      eventTime: '2019-11-22T13:47:35.124724Z',
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: 'tester' },
      requestParameters: { sourceIPAddress: '' },
      responseElements: {
        'x-amz-request-id': '503a4c37-85eb-47cd-8681-2817e80b4281.5330.903595',
        'x-amz-id-2': '14d2-zone1-zonegroup1',
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'mynotif1',
        bucket: {
          name: 'mybucket1',
          ownerIdentity: { principalId: 'tester' },
          arn: 'arn:aws:s3:zonegroup1::mybucket1',
          id: '503a4c37-85eb-47cd-8681-2817e80b4281.5332.38',
        },
        object: {
          key: 'myimage1.jpg',
          size: '1024',
          eTag: '37b51d194a7513e45b56f6524f2d51f2',
          versionId: '',
          sequencer: 'F7E6D75DC742D108',
          metadata: [],
          tags: [],
        },
      },
      eventId: '',
      opaqueData: 'me@example.com',
    },
  ],
};

/** The page of Amazon S3 on the structure of event messages. */
const AWS = {
  Records: [
    {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-west-2',
      eventTime: '1970-01-01T00:00:00.000Z',
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: 'AIDAJDPLRKLG7UEXAMPLE' },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: {
        'x-amz-request-id': 'C3D13FE58DE4C810',
        'x-amz-id-2': 'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD',
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'testConfigRule',
        bucket: { name: 'mybucket', ownerIdentity: { principalId: 'A3NL1KOZZKExample' }, arn: 'arn:aws:s3:::mybucket' },
        object: {
          key: 'HappyFace.jpg',
          size: 1024,
          eTag: 'd41d8cd98f00b204e9800998ecf8427e',
          versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
          sequencer: '0055AED6DCD90281E5',
        },
      },
    },
  ],
};

interface CosRecord {
  readonly cos: { readonly cosObject: Readonly<Record<string, unknown>>; readonly cosBucket: object };
  readonly event: Readonly<Record<string, unknown>>;
}

const create = (sdk: Scf, event: string, more: { Prefix?: string } = {}) =>
  sdk.CreateTrigger({
    ...{ FunctionName: 'told', TriggerName: HOST, Type: 'cos', Enable: 'OPEN' },
    TriggerDesc: JSON.stringify({ event, filter: more }),
  });

async function told(sdk: Scf): Promise<CosRecord[]> {
  const { Data = [] } = await sdk.GetFunctionLogs({ FunctionName: 'told', Order: 'asc', Limit: 100 });
  return Data.flatMap(({ Log = '' }) => {
    const [, text] = /\tEVENT (.*)$/m.exec(Log) ?? [];
    return text === undefined ? [] : (JSON.parse(text) as { Records: CosRecord[] }).Records;
  });
}

const toldOf = (sdk: Scf, key: string) =>
  until(`an event of ${key}`, async () => {
    const found = (await told(sdk)).filter(({ cos }) => cos.cosObject.key === `/1250000000/mirror/${key}`);
    return found.length > 0 && found;
  });

async function post({ endpoint }: Pick<Callable, 'endpoint'>, body: object, headers = {}, query = `?token=${TOKEN}`) {
  const response = await fetch(`${endpoint}/_openscf/v1/s3-events${query}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: await response.json() };
}

/** Another object of the same message. */
const withKey = (message: typeof AWS, ...keys: readonly string[]) => ({
  Records: keys.flatMap(key =>
    message.Records.map(record => ({ ...record, s3: { ...record.s3, object: { ...record.s3.object, key } } })),
  ),
});

const TAKEN = { status: 200, answer: { accepted: 1, ignored: 0, unmapped: [] } };

describe('a function is told of what another store tells', async () => {
  let server: TestServer = await startTestServer(SETTINGS);
  after(() => server.close());
  let sdk = sdkOf(server);

  before(async () => {
    await deploy(sdk, 'told', PRINTS);
    // Bound to a bucket that nobody has made here.
    await create(sdk, 'cos:ObjectCreated:*');
  });

  test('MinIO, which looks first whether anybody is there, and sends its token as a header', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
    const url = `${server.endpoint}/_openscf/v1/s3-events`;
    assert.equal((await fetch(url, { method: 'HEAD', headers })).status, 200);
    assert.deepEqual(await post(server, MINIO, headers, ''), TAKEN);
    const [record] = await toldOf(sdk, 'holiday/my photo.jpg');
    assert.deepEqual(record?.cos.cosObject, {
      url: `http://${HOST}/holiday/my%20photo.jpg`,
      meta: {
        'x-cos-request-id': '17B9D5D0B5A5E5D0',
        'Content-Type': 'image/jpeg',
        'x-cos-meta-owner': '%E5%AE%89',
        ETag: '"d41d8cd98f00b204e9800998ecf8427e"',
      },
      vid: '',
      key: '/1250000000/mirror/holiday/my photo.jpg',
      size: 2_560_000,
    });
    assert.deepEqual(record.cos.cosBucket, {
      ...{ region: 'gz', name: 'mirror', appid: '1250000000' },
      ...{ cosRegion: 'ap-guangzhou', s3Region: 'ap-guangzhou' },
    });
    const { eventName, eventTime, requestParameters } = record.event;
    assert.deepEqual([eventName, eventTime], ['cos:ObjectCreated:Put', Date.UTC(2024, 2, 5, 6, 7, 8) / 1000]);
    assert.deepEqual(requestParameters, { requestSourceIP: '172.17.0.1', requestHeaders: { Authorization: '' } });
  });

  test('Ceph', async () => {
    assert.deepEqual(await post(server, CEPH), TAKEN);
    const [record] = await toldOf(sdk, 'myimage1.jpg');
    const { size, meta, vid } = record?.cos.cosObject ?? {};
    assert.deepEqual([size, vid], [1024, '']);
    assert.deepEqual(meta, {
      'x-cos-request-id': '503a4c37-85eb-47cd-8681-2817e80b4281.5330.903595',
      'Content-Type': '',
      ETag: '"37b51d194a7513e45b56f6524f2d51f2"',
    });
  });

  test('S3', async () => {
    assert.deepEqual(await post(server, AWS), TAKEN);
    const [record] = await toldOf(sdk, 'HappyFace.jpg');
    const { size, vid } = record?.cos.cosObject ?? {};
    assert.deepEqual([size, vid, record?.event.eventTime], [1024, '096fKKXTRTtl3on89fVO.nfljtsv6qko', 0]);
  });

  test('once, however often it is told, and across a restart', async () => {
    await Promise.all([MINIO, CEPH, AWS, AWS].map(message => post(server, message)));
    server = await server.restart();
    sdk = sdkOf(server);
    await Promise.all([MINIO, CEPH, AWS].map(message => post(server, message)));
    await post(server, withKey(AWS, 'last', 'last'));
    await toldOf(sdk, 'last');
    const keys = (await told(sdk)).map(({ cos }) => String(cos.cosObject.key).replace('/1250000000/mirror/', ''));
    assert.deepEqual(keys.toSorted(), ['HappyFace.jpg', 'holiday/my photo.jpg', 'last', 'myimage1.jpg']);
  });

  test('and of nothing that it did not ask for; the rest is counted', async () => {
    const removed = { ...AWS.Records[0], eventName: 'ObjectRemoved:Delete' };
    const read = { ...AWS.Records[0], eventName: 's3:ObjectAccessed:Get' };
    const strange = { ...AWS.Records[0], s3: { ...AWS.Records[0]?.s3, bucket: { name: 'strange' } } };
    const { answer } = await post(server, { Records: [removed, read, strange] });
    assert.deepEqual(answer, { accepted: 1, ignored: 1, unmapped: ['strange'] });
    const counts = await server.get<{ unmapped: object }>('/s3-events');
    assert.deepEqual(counts.unmapped, { strange: 1 });
    await create(sdk, 'cos:ObjectRemove:*');
    await post(server, { Records: [{ ...removed, eventTime: '2024-01-01T00:00:00Z' }] });
    const [, record] = await until('the removal', async () => {
      const found = await toldOf(sdk, 'HappyFace.jpg');
      return found.length === 2 && found;
    });
    assert.deepEqual([record?.event.eventName, record?.cos.cosObject.size], ['cos:ObjectRemove:Delete', 0]);
  });

  test('with the right token alone', async () => {
    assert.equal((await post(server, AWS, {}, '')).status, 403);
    assert.equal((await post(server, AWS, {}, '?token=wrong')).status, 403);
    assert.equal((await post(server, { Records: 1 })).status, 400);
  });
});

test('a server that is killed before or behind the queue calls once, though all is posted again', async t => {
  const dataDir = await folder();
  const life = (kill?: string) => {
    const begun = startLife({ dataDir, settings: SETTINGS, ...(kill !== undefined && { kill }) });
    t.after(() => begun.kill());
    return begun;
  };
  const first = life();
  const sdk = sdkOf(await first.ready);
  await deploy(sdk, 'told', PRINTS);
  await create(sdk, 'cos:ObjectCreated:*');
  await first.stop();

  const second = life('push:1');
  await assert.rejects(post(await second.ready, withKey(AWS, 'before')), 'there is no answer');
  assert.equal(await second.ended, 'SIGKILL');

  // What the last one kept is the first that it pushes.
  const third = life('pushed:2');
  const server = await third.ready;
  await toldOf(sdkOf(server), 'before');
  await assert.rejects(post(server, withKey(AWS, 'behind')), 'there is no answer');
  assert.equal(await third.ended, 'SIGKILL');

  const last = await life().ready;
  const messages = ['before', 'behind', 'last'].map(key => withKey(AWS, key));
  for (const message of messages) assert.equal((await post(last, message)).status, 200);
  const again = sdkOf(last);
  for (const key of ['behind', 'last']) await toldOf(again, key);
  const keys = (await told(again)).map(({ cos }) => String(cos.cosObject.key).replace('/1250000000/mirror/', ''));
  // The first one was called in the life that was killed: its record is written behind, and may have gone with it.
  assert.ok(keys.filter(key => key === 'before').length <= 1);
  assert.deepEqual(keys.filter(key => key !== 'before').toSorted(), ['behind', 'last']);
});

test('without its settings nothing is taken, and the answer says which', async t => {
  const server = await startTestServer();
  t.after(() => server.close());
  const { status, answer } = await post(server, AWS);
  assert.equal(status, 403);
  assert.match(JSON.stringify(answer), /s3\.token/);
});

test('a bucket that cannot be made stops the start, with the name of the setting', async () => {
  const config = testConfig(await folder(), { 's3.buckets': 'a=mirror-1250000001' });
  await assert.rejects(startServer(config), /s3\.buckets/);
});

async function folder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'openscf-test-s3-'));
  // The last that is done: whoever writes there ends before.
  after(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}
