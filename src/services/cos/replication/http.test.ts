import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Policy } from '../../../core/policy.ts';
import { readPolicy } from '../../../core/policy-text.ts';
import { openShop, type Shop, textIn } from '../http/testing.ts';
import { BUCKET, REGION } from '../testing.ts';
import { addBucket, COPIES, copied, replicationRule as rule, replicationXml as xml } from './testing.ts';

const AT_COPIES = { host: `${COPIES}.cos.${REGION}.myqcloud.com` };

async function openPair(limits: readonly Policy[] = []): Promise<Shop> {
  const shop = await openShop({ limits });
  await addBucket(shop.house, COPIES);
  await shop.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
  return shop;
}

async function refused(asked: ReturnType<Shop['ask']>, status: number, code: string): Promise<string> {
  const got = await asked;
  assert.deepEqual([got.status, textIn(got.text, 'Code')], [status, code], got.text);
  return textIn(got.text, 'Message') ?? '';
}

describe('?replication', () => {
  test('is kept, given back as it came, and removed', async () => {
    await using shop = await openPair();
    const body = `<?xml version="1.0"?>\n${xml(rule('<ID>one</ID>'))}\n`;
    await refused(shop.ask('GET', '/?replication'), 404, 'ReplicationConfigurationNotFoundError');
    assert.equal((await shop.ask('PUT', '/?replication', { body })).status, 200);
    assert.equal((await shop.ask('GET', '/?replication')).text, body);
    assert.equal((await shop.ask('DELETE', '/?replication')).status, 204);
    await refused(shop.ask('GET', '/?replication'), 404, 'ReplicationConfigurationNotFoundError');
    await shop.ask('PUT', '/a', { body: 'x' });
    await copied(shop.house);
    await refused(shop.ask('GET', '/a', AT_COPIES), 404, 'NoSuchKey');
  });

  test('what cannot be carried out is refused, and nothing of it is kept', async () => {
    await using shop = await openPair();
    const put = (body: string) => shop.ask('PUT', '/?replication', { body });
    await refused(put(xml(rule('', `nobody-${COPIES.split('-')[1]}`))), 404, 'NoSuchBucket');
    await refused(put(xml(rule('', BUCKET))), 400, 'InvalidArgument');
    await refused(put(xml(rule()).replace(`cos:${REGION}`, 'cos:ap-beijing')), 404, 'NoSuchBucket');
    await refused(put(xml(rule('<SourceSelectionCriteria/>'))), 501, 'NotImplemented');
    await refused(put('<ReplicationConfiguration/>'), 400, 'MalformedXML');
    await shop.house.cos.buckets.setVersioning(BUCKET, 'Suspended');
    const message = await refused(put(xml(rule())), 400, 'BucketVersionNotOpen');
    assert.match(message, new RegExp(BUCKET));
    await refused(shop.ask('GET', '/?replication'), 404, 'ReplicationConfigurationNotFoundError');
  });

  test('a key that may not write there cannot have it written', async () => {
    const own = `qcs::cos:${REGION}:uid/1250000000:${BUCKET}/*`;
    const there = (path: string) => `qcs::cos:${REGION}:uid/1250000000:${COPIES}/${path}`;
    const open = async (...statement: object[]) => {
      const shop = await openPair([readPolicy(JSON.stringify({ version: '2.0', statement }))]);
      return { shop, put: (body: string) => shop.ask('PUT', '/?replication', { body }) };
    };
    const all = { effect: 'allow', action: '*', resource: own };
    const without = await open(all);
    await using _one = without.shop;
    await refused(without.put(xml(rule())), 403, 'AccessDenied');
    await refused(without.shop.ask('GET', '/?replication'), 404, 'ReplicationConfigurationNotFoundError');
    const writes = { effect: 'allow', action: 'name/cos:PutObject', resource: there('a/*') };
    const some = await open(all, writes);
    await using _two = some.shop;
    const unmarked = '<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>';
    await refused(some.put(xml(rule(unmarked))), 403, 'AccessDenied');
    assert.equal((await some.put(xml(rule(`<Prefix>a/</Prefix>${unmarked}`)))).status, 200);
    await refused(some.put(xml(rule('<Prefix>a/</Prefix>'))), 403, 'AccessDenied');
  });

  test('nor where it may not write some of it', async () => {
    const there = (path: string) => `qcs::cos:${REGION}:uid/1250000000:${COPIES}/${path}`;
    const statement = [
      { effect: 'allow', action: '*', resource: '*' },
      { effect: 'deny', action: 'name/cos:PutObject', resource: there('a/secret/*') },
      { effect: 'deny', action: 'name/cos:DeleteObject', resource: there('b/*/kept') },
    ];
    await using shop = await openPair([readPolicy(JSON.stringify({ version: '2.0', statement }))]);
    const put = async (prefix: string) =>
      (await shop.ask('PUT', '/?replication', { body: xml(rule(`<Prefix>${prefix}</Prefix>`)) })).status;
    for (const prefix of ['', 'a', 'a/', 'a/secret/', 'a/secret/x', 'b', 'b/x', 'b/x/kept'])
      assert.equal(await put(prefix), 403, prefix);
    for (const prefix of ['a/s/', 'a/secrets', 'c/']) assert.equal(await put(prefix), 200, prefix);
  });

  test('how far it is stands in a header, on both sides', async () => {
    await using shop = await openPair();
    await shop.ask('PUT', '/?replication', { body: xml(rule()) });
    const written = await shop.ask('PUT', '/a', { body: 'hello', headers: { 'x-cos-meta-a': 'b' } });
    const state = async (given = {}) => (await shop.ask('HEAD', '/a', given)).headers['x-cos-replication-status'];
    // The clock stands still, but what is due now is done.
    await copied(shop.house);
    assert.equal(await state(), 'Complete');
    assert.equal(await state(AT_COPIES), 'Replica');
    const copy = await shop.ask('GET', '/a', AT_COPIES);
    assert.deepEqual([copy.text, copy.headers['x-cos-meta-a']], ['hello', 'b']);
    assert.equal(copy.headers['x-cos-version-id'], written.headers['x-cos-version-id']);
    const other = await shop.ask('PUT', '/b', { host: AT_COPIES.host, body: 'x' });
    assert.equal(other.headers['x-cos-replication-status'], undefined);
    const suspend = '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>';
    await refused(shop.ask('PUT', '/?versioning', { body: suspend }), 409, 'InvalidBucketState');
  });
});
