// Requests about one bucket that meet: each of them is done, or none of it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBucket, COPIES, replicationRule, replicationXml } from '../replication/testing.ts';
import { BUCKET } from '../testing.ts';
import { openShop, type Shop, textsIn } from './testing.ts';

const REFERER =
  '<RefererConfiguration><Status>Enabled</Status><RefererType>White-List</RefererType><DomainList><Domain>good.example</Domain></DomainList></RefererConfiguration>';
const WEBSITE =
  '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>';
const ACCELERATE = '<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>';

/** Sends all of them while somebody else has the rows, so that each of them waits for its turn to write. */
async function together<T>({ house }: Shop, send: () => readonly Promise<T>[]): Promise<T[]> {
  const asked: Promise<T>[] = [];
  const busy = Promise.withResolvers<void>();
  const held = house.rows.transaction(() => busy.promise);
  asked.push(...send());
  // Long enough for all of them to have come.
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  busy.resolve();
  await held;
  return Promise.all(asked);
}

test('configurations of a bucket do not take each other away', async () => {
  await using shop = await openShop();
  const put = (name: string, body: string) => shop.ask('PUT', `/?${name}`, { body });
  for (let round = 0; round < 5; round++) {
    const answers = await together(shop, () => [
      put('referer', REFERER),
      put('website', WEBSITE),
      put('accelerate', ACCELERATE),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.deepEqual(Object.keys(shop.house.cos.buckets.need(BUCKET).plain).sort(), [
      'accelerate',
      'referer',
      'website',
    ]);
    await together(shop, () => [shop.ask('DELETE', '/?website'), put('referer', ''), put('accelerate', ACCELERATE)]);
    assert.deepEqual(Object.keys(shop.house.cos.buckets.need(BUCKET).plain), ['accelerate']);
  }
});

test('inventories of a bucket do not take each other away', async () => {
  await using shop = await openShop();
  const inventory = (id: string) =>
    `<InventoryConfiguration><Id>${id}</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Schedule><Frequency>Daily</Frequency></Schedule><Destination><COSBucketDestination><Bucket>b</Bucket><Format>CSV</Format></COSBucketDestination></Destination></InventoryConfiguration>`;
  const ids = ['a', 'b', 'c', 'd', 'e'];
  await together(shop, () => ids.map(id => shop.ask('PUT', `/?inventory&id=${id}`, { body: inventory(id) })));
  assert.deepEqual(textsIn((await shop.ask('GET', '/?inventory')).text, 'Id').sort(), ids);
  const gone = await together(shop, () => ['a', 'b', 'c'].map(id => shop.ask('DELETE', `/?inventory&id=${id}`)));
  assert.deepEqual(
    gone.map(({ status }) => status),
    [204, 204, 204],
  );
  assert.deepEqual(textsIn((await shop.ask('GET', '/?inventory')).text, 'Id'), ['d', 'e']);
});

test('what is replicated keeps its versions', async () => {
  await using shop = await openShop();
  await addBucket(shop.house, COPIES);
  const { buckets } = shop.house.cos;
  const suspend = '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>';
  for (let round = 0; round < 10; round++) {
    await buckets.change(BUCKET, { plain: {} });
    await buckets.setVersioning(BUCKET, 'Enabled');
    const rule = () => shop.ask('PUT', '/?replication', { body: replicationXml(replicationRule()) });
    const stop = () => shop.ask('PUT', '/?versioning', { body: suspend });
    const answers = await together(shop, () => (round % 2 ? [rule(), stop()] : [stop(), rule()]));
    const { plain, versioning } = buckets.need(BUCKET);
    assert.ok(plain.replication === undefined || versioning === 'Enabled', `round ${round}`);
    assert.equal(answers.filter(({ status }) => status === 200).length, 1, `round ${round}`);
  }
});
