// The object store's trigger, whole: what an operation on a bucket does, and what a function is told of it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { BUCKET, cosOf, hostOf } from './cos.ts';
import { deploy, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer, type TestServer } from './harness.ts';

const HOST = hostOf(BUCKET);
const PRINTS = 'exports.main_handler = async event => { console.log("EVENT " + JSON.stringify(event)); }';

interface CosRecord {
  readonly cos: {
    readonly cosObject: { url: string; meta: Record<string, string>; vid: string; key: string; size: number };
    readonly cosBucket: Record<string, string>;
  };
  readonly event: { eventName: string; eventTime: number; reqid: number } & Record<string, unknown>;
}

const create = (
  sdk: Scf,
  FunctionName: string,
  desc: object,
  more: Partial<Parameters<Scf['CreateTrigger']>[0]> = {},
) =>
  sdk.CreateTrigger({
    ...{ FunctionName, TriggerName: HOST, Type: 'cos', TriggerDesc: JSON.stringify(desc), Enable: 'OPEN' },
    ...more,
  });

/** What a function has been told so far, oldest first. */
async function told(sdk: Scf, FunctionName: string): Promise<CosRecord[]> {
  const { Data = [] } = await sdk.GetFunctionLogs({ FunctionName, Order: 'asc', OrderBy: 'start_time', Limit: 1000 });
  return Data.flatMap(({ Log = '' }) => {
    const [, text] = /\tEVENT (.*)$/m.exec(Log) ?? [];
    return text === undefined ? [] : (JSON.parse(text) as { Records: CosRecord[] }).Records;
  });
}

const toldOf = (sdk: Scf, name: string, count: number) =>
  until(`${name} is told ${count} times`, async () => {
    const records = await told(sdk, name);
    return records.length >= count && records;
  });

/** Created, restored, removed; the smaller first. */
const ORDER = [/Created:/, /Restore:Post$/, /Restore:Completed$/, /MarkerCreated$/, /Remove:Delete$/];
const rank = ({ cos, event }: CosRecord): number =>
  ORDER.findIndex(name => name.test(event.eventName)) * 1000 + cos.cosObject.size;

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

describe('each operation is told of as itself', async () => {
  const server = await startTestServer();
  after(() => server.close());
  const sdk = sdkOf(server);
  const cos = await cosOf(server);

  before(async () => {
    await cos.done('/', { method: 'PUT' });
    await deploy(sdk, 'all', PRINTS);
    for (const event of ['cos:ObjectCreated:*', 'cos:ObjectRemove:*', 'cos:ObjectRestore:*'])
      await create(sdk, 'all', { event });
  });

  /** What is told of the key, once there is as much as that. */
  const of = (key: string, count: number) =>
    until(`${count} events of ${key}`, async () => {
      const records = (await told(sdk, 'all')).filter(({ cos }) => cos.cosObject.key.endsWith(`/${key}`));
      // Events of one function run side by side: which one ends first is nobody's business.
      return records.length >= count && records.toSorted((a, b) => rank(a) - rank(b));
    });
  const names = async (key: string, count: number) => (await of(key, count)).map(({ event }) => event.eventName);

  test('put: with its size, its type, its own metadata and what the sheet of the cloud adds', async () => {
    const headers = { 'Content-Type': 'text/plain', 'x-cos-meta-who': 'Ada', 'x-cos-storage-class': 'STANDARD_IA' };
    const { headers: answered } = await cos.done('/a%20b', { method: 'PUT', body: 'hello', headers });
    const [record] = await of('a b', 1);
    assert.ok(record);
    assert.equal(record.event.eventName, 'cos:ObjectCreated:Put');
    assert.deepEqual(record.cos.cosObject, {
      url: `http://${HOST}/a%20b`,
      meta: {
        'x-cos-request-id': answered['x-cos-request-id'],
        'Content-Type': 'text/plain',
        'x-cos-meta-who': 'Ada',
        ETag: `"${md5('hello')}"`,
        'x-cos-storage-class': 'Standard_IA',
      },
      vid: '',
      key: '/1250000000/pictures/a b',
      size: 5,
    });
    assert.deepEqual(record.cos.cosBucket, {
      ...{ region: 'gz', name: 'pictures', appid: '1250000000' },
      ...{ cosRegion: 'ap-guangzhou', s3Region: 'ap-guangzhou' },
    });
  });

  test('a form', async () => {
    const lines = ['--x', 'Content-Disposition: form-data; name="key"', '', 'form', '--x'];
    const body = [...lines, 'Content-Disposition: form-data; name="file"; filename="f"', '', 'hi', '--x--', ''].join(
      '\r\n',
    );
    await cos.done('/', { method: 'POST', body, headers: { 'Content-Type': 'multipart/form-data; boundary=x' } });
    assert.deepEqual(await names('form', 1), ['cos:ObjectCreated:Post']);
  });

  test('a copy', async () => {
    await cos.done('/from', { method: 'PUT', body: 'x' });
    await cos.done('/copied', { method: 'PUT', headers: { 'x-cos-copy-source': `${HOST}/from` } });
    assert.deepEqual(await names('copied', 1), ['cos:ObjectCreated:Copy']);
  });

  test('an upload in parts, once, when it is complete', async () => {
    const begun = await cos.done('/parts?uploads', { method: 'POST' });
    const [, id = ''] = /<UploadId>(.*)<\/UploadId>/.exec(begun.text) ?? [];
    const { headers } = await cos.done(`/parts?partNumber=1&uploadId=${id}`, { method: 'PUT', body: 'part' });
    const xml = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    await cos.done(`/parts?uploadId=${id}`, { method: 'POST', body: xml });
    const records = await of('parts', 1);
    assert.deepEqual(
      records.map(({ event, cos }) => [event.eventName, cos.cosObject.size]),
      [['cos:ObjectCreated:CompleteMultipartUpload', 4]],
    );
  });

  test('appending, to rules that mean everything', async () => {
    await cos.done('/log?append&position=0', { method: 'POST', body: 'one' });
    await cos.done('/log?append&position=3', { method: 'POST', body: 'two!' });
    assert.deepEqual(
      (await of('log', 2)).map(({ event, cos }) => [event.eventName, cos.cosObject.size]),
      [
        ['cos:ObjectCreated:AppendObject', 3],
        ['cos:ObjectCreated:AppendObject', 7],
      ],
    );
  });

  test('removal, of one and of several', async () => {
    for (const key of ['gone', 'gone2']) await cos.done(`/${key}`, { method: 'PUT', body: 'x' });
    await cos.done('/gone', { method: 'DELETE' });
    const body = '<Delete><Object><Key>gone2</Key></Object></Delete>';
    const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') };
    await cos.done('/?delete', { method: 'POST', body, headers });
    for (const key of ['gone', 'gone2']) {
      assert.deepEqual(await names(key, 2), ['cos:ObjectCreated:Put', 'cos:ObjectRemove:Delete']);
      assert.equal((await of(key, 2))[1]?.cos.cosObject.size, 0);
    }
  });

  test('a restore, when it is asked for and when it is done', async () => {
    await cos.done('/old', { method: 'PUT', body: 'x', headers: { 'x-cos-storage-class': 'ARCHIVE' } });
    const body =
      '<RestoreRequest><Days>1</Days><CASJobParameters><Tier>Expedited</Tier></CASJobParameters></RestoreRequest>';
    await cos.done('/old?restore', { method: 'POST', body });
    await server.post('/clock', { action: 'advance', ms: 5000 });
    assert.deepEqual(await names('old', 3), [
      'cos:ObjectCreated:Put',
      'cos:ObjectRestore:Post',
      'cos:ObjectRestore:Completed',
    ]);
  });

  test('in a bucket with versions a marker is another event than the removal of a version', async () => {
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await cos.done('/?versioning', { method: 'PUT', body });
    const put = await cos.done('/v', { method: 'PUT', body: 'x' });
    const version = String(put.headers['x-cos-version-id']);
    await cos.done('/v', { method: 'DELETE' });
    await cos.done(`/v?versionId=${version}`, { method: 'DELETE' });
    const records = await of('v', 3);
    assert.deepEqual(
      records.map(({ event }) => event.eventName),
      ['cos:ObjectCreated:Put', 'cos:ObjectRemove:DeleteMarkerCreated', 'cos:ObjectRemove:Delete'],
    );
    assert.equal(records[0]?.cos.cosObject.vid, version);
    assert.equal(records[2]?.cos.cosObject.vid, version);
  });

  test('nothing of what failed', async () => {
    const refused = await cos.ask('/wrong', {
      method: 'PUT',
      body: 'x',
      headers: { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    });
    assert.equal(refused.status, 400);
    await cos.done('/behind', { method: 'PUT', body: 'x' });
    await of('behind', 1);
    const keys = (await told(sdk, 'all')).map(({ cos }) => cos.cosObject.key);
    assert.ok(!keys.some(key => key.endsWith('/wrong')));
  });
});

describe('rules', async () => {
  let server: TestServer = await startTestServer({ 'compat.cosEventName': 'rule' });
  after(() => server.close());
  let sdk = sdkOf(server);
  let cos = await cosOf(server);
  before(async () => {
    await cos.done('/', { method: 'PUT' });
    await deploy(sdk, 'one', PRINTS);
    await deploy(sdk, 'two', PRINTS);
  });

  test('the switch gives the event of the rule, and the documents’ event as they print it', async () => {
    await create(sdk, 'one', { event: 'cos:ObjectCreated:*', filter: { Prefix: 'in/', Suffix: '.jpg' } });
    await cos.done('/testfile', { method: 'PUT', body: 'not meant' });
    await cos.done('/in/a.png', { method: 'PUT', body: 'not meant' });
    await cos.done('/in/a.jpg', { method: 'PUT', body: 'meant' });
    const [record] = await toldOf(sdk, 'one', 1);
    const golden = JSON.parse(
      readFileSync(new URL('../src/triggers/cos/golden/cos.json', import.meta.url), 'utf8'),
    ) as { Records: CosRecord[] };
    assert.equal(record?.event.eventName, golden.Records[0]?.event.eventName);
    assert.deepEqual(Object.keys(record?.event ?? {}), Object.keys(golden.Records[0]?.event ?? {}));
    assert.equal((await told(sdk, 'one')).length, 1);
  });

  test('shown as the vendor shows them, and with the function', async () => {
    const { Triggers = [] } = await sdk.ListTriggers({ FunctionName: 'one' });
    assert.deepEqual(
      Triggers.map(({ Type, TriggerName, TriggerDesc }) => [Type, TriggerName, JSON.parse(TriggerDesc ?? '')]),
      [['cos', HOST, { bucketUrl: HOST, event: 'cos:ObjectCreated:*', filter: { Prefix: 'in/', Suffix: '.jpg' } }]],
    );
  });

  test('no two that mean the same, in both languages', async () => {
    await assert.rejects(
      create(sdk, 'two', { event: 'cos:ObjectCreated:Put', filter: { Prefix: 'in/', Suffix: '.jpg' } }),
      { code: 'ResourceInUse.Cos', message: /overlaps with/ },
    );
    await assert.rejects(
      create(sdkOf(server, 'zh-CN'), 'two', { event: 'cos:ObjectCreated:*', filter: { Prefix: 'in/a' } }),
      { code: 'ResourceInUse.Cos', message: /重叠/ },
    );
    await create(sdk, 'two', { event: 'cos:ObjectCreated:*', filter: { Prefix: 'out/' } });
  });

  test('a bucket that is not there has none, and neither one of another region', async () => {
    const named = (TriggerName: string) => create(sdk, 'two', { event: 'cos:ObjectRemove:*' }, { TriggerName });
    await assert.rejects(named(hostOf('other-1250000000')), { code: 'ResourceNotFound.Cos' });
    await assert.rejects(named(hostOf(BUCKET, 'ap-beijing')), { code: 'InvalidParameterValue.CosBucketRegion' });
  });

  test('off and on again, and over a restart', async () => {
    const desc = JSON.stringify({ event: 'cos:ObjectCreated:*', filter: { Prefix: 'out/' } });
    const turn = (Enable: string) =>
      sdk.UpdateTriggerStatus({ FunctionName: 'two', TriggerName: HOST, Type: 'cos', Enable, TriggerDesc: desc });
    await turn('CLOSE');
    await cos.done('/out/unheard', { method: 'PUT', body: 'x' });
    await turn('OPEN');
    await cos.done('/out/heard', { method: 'PUT', body: 'x' });
    await toldOf(sdk, 'two', 1);
    server = await server.restart();
    [sdk, cos] = [sdkOf(server), await cosOf(server)];
    assert.equal((await cos.done('/out/heard')).text, 'x');
    await cos.done('/out/again', { method: 'PUT', body: 'x' });
    const records = await toldOf(sdk, 'two', 2);
    assert.deepEqual(
      records.map(record => record.cos.cosObject.key),
      ['/1250000000/pictures/out/heard', '/1250000000/pictures/out/again'],
    );
  });

  test('removed with what it says', async () => {
    const TriggerDesc = JSON.stringify({ event: 'cos:ObjectCreated:*', filter: { Prefix: 'out/' } });
    await sdk.DeleteTrigger({ FunctionName: 'two', TriggerName: HOST, Type: 'cos', TriggerDesc });
    assert.deepEqual((await sdk.ListTriggers({ FunctionName: 'two' })).Triggers, []);
  });
});
