import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BUCKET } from '../testing.ts';
import { openShop, type Shop, textIn, textsIn } from './testing.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop[Symbol.asyncDispose]());

const ROOT = 'IntelligentTieringConfiguration';
const at = (id?: string) => (id === undefined ? '/?intelligent-tiering' : `/?intelligent-tiering&id=${id}`);
const get = (target: string) => shop.ask('GET', target);
const put = (target: string, body: string) => shop.ask('PUT', target, { body });
const inner = (xml: string) => xml.replace(/^<\?xml.*\?>\s*/, '');
async function refused(asked: Promise<{ status: number; text: string }>, status: number, code: string) {
  const got = await asked;
  assert.deepEqual([got.status, textIn(got.text, 'Code')], [status, code], got.text);
}

const tier = (name: string, days = 90, more = '') =>
  `<Tiering><AccessTier>${name}</AccessTier><Days>${days}</Days>${more}</Tiering>`;
const rule = (id: string, tiers: string, status = 'Enabled') =>
  `<${ROOT}><Id>${id}</Id><Status>${status}</Status>${tiers}</${ROOT}>`;
const LIST = 'ListBucketIntelligentTieringConfigurationsOutput';

describe('rules of intelligent tiering', () => {
  test('none before one is set', async () => {
    await refused(get(at('default')), 404, 'IntelligentTieringConfigurationNotFoundError');
    await refused(get(at('a')), 404, 'IntelligentTieringConfigurationNotFoundError');
    assert.equal(inner((await get(at())).text), `<${LIST}/>`);
  });

  test('the default one is what the older call sets', async () => {
    await put('/?intelligenttiering', `<${ROOT}><Status>Enabled</Status></${ROOT}>`);
    const first = tier('INFREQUENT', 30, '<RequestFrequent>1</RequestFrequent>');
    assert.equal(inner((await get(at('default'))).text), rule('default', first));
    const transition = '<Transition><Days>60</Days><RequestFrequent>2</RequestFrequent></Transition>';
    const older = `<${ROOT}><Status>Suspended</Status>${transition}</${ROOT}>`;
    await put('/?intelligenttiering', older);
    const second = tier('INFREQUENT', 60, '<RequestFrequent>2</RequestFrequent>');
    assert.equal(inner((await get(at('default'))).text), rule('default', second, 'Suspended'));

    assert.equal((await put(at('default'), rule('default', tier('INFREQUENT')))).status, 200);
    const now = '<Transition><Days>90</Days><RequestFrequent>1</RequestFrequent></Transition>';
    assert.equal(inner((await get('/?intelligenttiering')).text), `<${ROOT}><Status>Enabled</Status>${now}</${ROOT}>`);
    await refused(shop.ask('DELETE', at('default')), 400, 'InvalidRequest');
    assert.equal((await get(at('default'))).status, 200);
  });

  test('others by their ids, with what they filter', async () => {
    const filter = '<Filter><And><Prefix>a &amp; b</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>';
    const both = tier('ARCHIVE_ACCESS') + tier('DEEP_ARCHIVE_ACCESS', 180);
    const bodies = ['a', '__proto__'].map(id => rule(id, filter + both));
    assert.equal((await put(at('a'), `<?xml version="1.0"?>\n${bodies[0]}`)).status, 200);
    assert.equal((await put(at('__proto__'), bodies[1] ?? '')).status, 200);
    assert.equal(inner((await get(at('a'))).text), bodies[0]);
    const { text } = await get(at());
    assert.deepEqual(textsIn(text, 'Id'), ['default', 'a', '__proto__']);
    assert.ok(text.includes(bodies.join('')), text);
    for (const id of ['constructor', 'b']) {
      await refused(get(at(id)), 404, 'IntelligentTieringConfigurationNotFoundError');
      assert.equal((await shop.ask('DELETE', at(id))).status, 204);
    }
    assert.equal((await shop.ask('DELETE', at('a'))).status, 204);
    await refused(get(at('a')), 404, 'IntelligentTieringConfigurationNotFoundError');
    assert.equal((await get(at('__proto__'))).status, 200);
  });

  test('are refused without an id, with another one, with too many of them', async () => {
    await refused(put(at(), rule('a', tier('ARCHIVE_ACCESS'))), 400, 'InvalidArgument');
    await refused(put(at('b'), rule('a', tier('ARCHIVE_ACCESS'))), 400, 'InvalidArgument');
    await refused(put(at('default'), rule('default', tier('ARCHIVE_ACCESS'))), 400, 'MalformedXML');
    await refused(put(at('a'), rule('a', '')), 400, 'MalformedXML');
    await refused(shop.ask('DELETE', at()), 400, 'InvalidArgument');
    const tierings = Object.fromEntries(Array.from({ length: 999 }, (_, index) => [`r${index}`, '<x/>']));
    await shop.house.cos.buckets.change(BUCKET, { tierings });
    await refused(put(at('last'), rule('last', tier('ARCHIVE_ACCESS'))), 400, 'InvalidRequest');
    assert.equal((await put(at('r1'), rule('r1', tier('ARCHIVE_ACCESS')))).status, 200);
  });
});
