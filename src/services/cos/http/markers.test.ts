// Delete markers, as answers tell of them. Documented: "Delete Markers", "DELETE Object".

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openShop, type Shop, textIn } from './testing.ts';

const versioning = (shop: Shop, status: string) =>
  shop.ask('PUT', '/?versioning', {
    body: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
  });

const told = ({ status, headers }: Awaited<ReturnType<Shop['ask']>>) => [
  status,
  headers['x-cos-version-id'],
  headers['x-cos-delete-marker'],
];

async function withMarker(status: 'Enabled' | 'Suspended') {
  const shop = await openShop();
  await versioning(shop, status);
  const put = await shop.ask('PUT', '/k', { body: 'x' });
  const removed = await shop.ask('DELETE', '/k');
  const version = String(put.headers['x-cos-version-id'] ?? 'null');
  return { shop, version, removed, marker: String(removed.headers['x-cos-version-id']) };
}

describe('a delete marker', () => {
  test('is named by the request that makes it', async () => {
    const { shop, version, removed, marker } = await withMarker('Enabled');
    await using _ = shop;
    assert.deepEqual(told(removed), [204, marker, 'true']);
    assert.ok(marker.length > 10 && marker !== version);
    assert.notEqual((await shop.ask('DELETE', '/k')).headers['x-cos-version-id'], marker, 'another on top of it');
  });

  test('is told of where it is found, by its version as well', async () => {
    const { shop, marker } = await withMarker('Enabled');
    await using _ = shop;
    for (const target of ['/k', `/k?versionId=${marker}`]) {
      const got = await shop.ask('GET', target);
      assert.deepEqual(told(got), [404, marker, 'true'], target);
      assert.equal(textIn(got.text, 'Code'), 'NoSuchKey');
      const head = await shop.ask('HEAD', target);
      assert.deepEqual([...told(head), head.text], [404, marker, 'true', ''], target);
    }
  });

  test('is not there where there is none, and hides no other version', async () => {
    const { shop, version } = await withMarker('Enabled');
    await using _ = shop;
    assert.deepEqual(told(await shop.ask('GET', '/none')), [404, undefined, undefined]);
    assert.deepEqual(told(await shop.ask('GET', '/k?versionId=none')), [404, undefined, undefined]);
    const got = await shop.ask('GET', `/k?versionId=${version}`);
    assert.deepEqual([...told(got), got.text], [200, version, undefined, 'x']);
  });

  test('is told of when it is removed, and a version is no marker', async () => {
    const { shop, version, marker } = await withMarker('Enabled');
    await using _ = shop;
    assert.deepEqual(told(await shop.ask('DELETE', `/k?versionId=${marker}`)), [204, marker, 'true']);
    assert.deepEqual(told(await shop.ask('GET', '/k')), [200, version, undefined]);
    assert.deepEqual(told(await shop.ask('DELETE', `/k?versionId=${version}`)), [204, version, undefined]);
    assert.deepEqual(told(await shop.ask('GET', '/k')), [404, undefined, undefined]);
  });

  test('has the id null while versioning is suspended', async () => {
    const { shop, removed } = await withMarker('Suspended');
    await using _ = shop;
    assert.deepEqual(told(removed), [204, 'null', 'true']);
    assert.deepEqual(told(await shop.ask('GET', '/k')), [404, 'null', 'true']);
    assert.deepEqual(told(await shop.ask('HEAD', '/k?versionId=null')), [404, 'null', 'true']);
  });

  test('of the source of a copy is nothing of the target', async () => {
    const { shop, marker } = await withMarker('Enabled');
    await using _ = shop;
    const source = `pictures-1250000000.cos.ap-guangzhou.myqcloud.com/k?versionId=${marker}`;
    const copied = await shop.ask('PUT', '/to', { headers: { 'x-cos-copy-source': source } });
    assert.deepEqual(told(copied), [404, undefined, undefined]);
  });

  test('is in the answer to the removal of several', async () => {
    const { shop, marker } = await withMarker('Enabled');
    await using _ = shop;
    const body = `<Delete><Object><Key>k</Key><VersionId>${marker}</VersionId></Object></Delete>`;
    const { text } = await shop.ask('POST', '/?delete', { body });
    assert.equal(textIn(text, 'DeleteMarker'), 'true');
    assert.equal(textIn(text, 'DeleteMarkerVersionId'), marker);
  });
});
