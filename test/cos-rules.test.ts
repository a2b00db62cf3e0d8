// What a bucket does of itself, whole: objects that are fetched from a source, and copies to another bucket, each told to
// functions as what it is.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deadName, hostXml, openSource, originRule, originXml } from '../src/services/cos/origin/testing.ts';
import { BUCKET, cosOf, hostOf, REGION } from './cos.ts';
import { deploy, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const COPIES = 'copies-1250000000';
const PRINTS = 'exports.main_handler = async event => { console.log("EVENT " + JSON.stringify(event)); }';

interface CosRecord {
  readonly cos: { readonly cosObject: { readonly key: string; readonly size: number; readonly vid: string } };
  readonly event: { readonly eventName: string };
}

async function told(sdk: Scf, FunctionName: string): Promise<string[]> {
  const { Data = [] } = await sdk.GetFunctionLogs({ FunctionName, Order: 'asc', OrderBy: 'start_time', Limit: 1000 });
  return Data.flatMap(({ Log = '' }) => {
    const [, text] = /\tEVENT (.*)$/m.exec(Log) ?? [];
    const { Records = [] } = text === undefined ? {} : (JSON.parse(text) as { readonly Records: CosRecord[] });
    return Records.map(({ cos, event }) => `${event.eventName} ${cos.cosObject.key} ${cos.cosObject.size}`);
  }).sort();
}

const listen = (sdk: Scf, FunctionName: string, bucket: string, event: string) =>
  sdk.CreateTrigger({
    ...{
      FunctionName,
      TriggerName: hostOf(bucket),
      Type: 'cos',
      TriggerDesc: JSON.stringify({ event }),
      Enable: 'OPEN',
    },
  });

describe('objects that a bucket gets of itself', async () => {
  const server = await startTestServer();
  after(() => server.close());
  const sdk = sdkOf(server);
  const cos = await cosOf(server);

  before(async () => {
    for (const bucket of [BUCKET, COPIES]) await cos.done('/', { method: 'PUT' }, hostOf(bucket));
    await deploy(sdk, 'pulled', PRINTS);
    await deploy(sdk, 'copied', PRINTS);
    await listen(sdk, 'pulled', BUCKET, 'cos:ObjectCreated:Origin');
    await listen(sdk, 'copied', COPIES, 'cos:ObjectCreated:Replication');
    await listen(sdk, 'copied', COPIES, 'cos:ObjectRemove:*');
  });

  const all = (name: string, count: number) =>
    until(`${name} is told ${count} times`, async () => {
      const events = await told(sdk, name);
      return events.length >= count && events;
    });

  test('from a source, by GET; what is written is no such event', async () => {
    const large = Buffer.alloc(5_000_000, 'x');
    await using source = await openSource((request, response) => {
      response.end(request.url === '/large' ? large : 'hello');
    });
    const rules = originXml(
      originRule({ hosts: hostXml(source.name) }),
      originRule({ hosts: hostXml(await deadName()), type: 'Proxy', priority: 0, condition: '<Prefix>gone/</Prefix>' }),
    );
    await cos.done('/?origin', { method: 'PUT', body: rules });
    assert.equal((await cos.done('/a')).text, 'hello');
    assert.ok((await cos.done('/large')).body.equals(large));
    assert.equal((await cos.ask('/gone/a')).status, 302);
    await cos.done('/written', { method: 'PUT', body: 'x' });
    assert.equal((await cos.done('/a')).text, 'hello');
    assert.deepEqual(await all('pulled', 2), [
      'cos:ObjectCreated:Origin /1250000000/pictures/a 5',
      'cos:ObjectCreated:Origin /1250000000/pictures/large 5000000',
    ]);
    assert.equal(source.asked.length, 2);
    await cos.done('/?origin', { method: 'DELETE' });
  });

  test('from another bucket, with delete markers', async () => {
    const Status = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    for (const bucket of [BUCKET, COPIES])
      await cos.done('/?versioning', { method: 'PUT', body: Status }, hostOf(bucket));
    const rule = `<Rule><Status>Enabled</Status><Destination><Bucket>qcs::cos:${REGION}::${COPIES}</Bucket></Destination></Rule>`;
    const body = `<ReplicationConfiguration><Role>qcs::cam::uin/1:uin/1</Role>${rule}</ReplicationConfiguration>`;
    await cos.done('/?replication', { method: 'PUT', body });
    const written = await cos.done('/b', { method: 'PUT', body: 'hello' });
    await cos.done('/b', { method: 'DELETE' });
    assert.deepEqual(await all('copied', 2), [
      'cos:ObjectCreated:Replication /1250000000/copies/b 5',
      'cos:ObjectRemove:DeleteMarkerCreated /1250000000/copies/b 0',
    ]);
    const version = `/b?versionId=${String(written.headers['x-cos-version-id'])}`;
    assert.equal((await cos.done(version, {}, hostOf(COPIES))).text, 'hello');
  });
});
