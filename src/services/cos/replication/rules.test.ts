import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCOUNT } from '../../../core/fixture.ts';
import { readXml } from '../http/readxml.ts';
import type { Bucket } from '../model.ts';
import { BUCKET, fails, REGION } from '../testing.ts';
import { checkReplication } from './check.ts';
import { type ReplicationRule, readReplication, replicationRules } from './rules.ts';
import { COPIES, ROLE, replicationRule as rule, replicationXml as xml } from './testing.ts';

const read = (text: string) => readReplication(readXml(Buffer.from(text), 'ReplicationConfiguration'));

const PLAIN: ReplicationRule = {
  enabled: true,
  priority: undefined,
  prefix: '',
  tags: [],
  to: COPIES,
  region: REGION,
  storageClass: undefined,
  markers: true,
};
const NO_MARKERS = '<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>';
const TAG = '<Tag><Key>a</Key><Value>1</Value></Tag>';

describe('rules as clients write them', () => {
  for (const [what, text, expected] of [
    ['all of a bucket', rule(), {}],
    ['a prefix, and the id of a rule', rule('<ID>x</ID><Prefix>sync/</Prefix>'), { prefix: 'sync/' }],
    ['spaces of a prefix', rule('<Prefix> a </Prefix>'), { prefix: ' a ' }],
    ['one that is off', rule().replace('Enabled', 'Disabled'), { enabled: false }],
    [
      'a storage class, in any case',
      rule('', COPIES, '<StorageClass>Standard_IA</StorageClass>'),
      { storageClass: 'STANDARD_IA' },
    ],
    ['an empty storage class', rule('', COPIES, '<StorageClass/>'), {}],
    ['no delete markers', rule(NO_MARKERS), { markers: false }],
    ['a priority', rule('<Priority>7</Priority>'), { priority: 7 }],
    ['a filter by prefix', rule('<Filter><Prefix>p</Prefix></Filter>'), { prefix: 'p' }],
    [
      'a filter by tag',
      rule(`<Filter>${TAG}</Filter>${NO_MARKERS}`),
      { tags: [{ Key: 'a', Value: '1' }], markers: false },
    ],
    [
      'a filter by both',
      rule(`<Filter><And><Prefix>p</Prefix>${TAG}<Tag><Key>b</Key><Value/></Tag></And></Filter>${NO_MARKERS}`),
      {
        prefix: 'p',
        markers: false,
        tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '' },
        ],
      },
    ],
  ] as const)
    test(what, () => assert.deepEqual(read(xml(text)), [{ ...PLAIN, ...expected }]));

  test('a destination in the way of former years', () => {
    const old = rule().replace(/qcs::[^<]*/, 'qcs:id/0:cos:cn-south:appid/1250000000:south');
    const [{ to, region } = PLAIN] = read(xml(old));
    assert.deepEqual([to, region], ['south-1250000000', 'ap-guangzhou']);
  });

  test('a role of a service', () => {
    const text = xml(rule()).replace(ROLE, 'qcs::cam::uin/1:roleName/COS_QcsRole');
    assert.equal(read(text).length, 1);
  });

  test('rules that overlap, told apart by their priorities or their destinations', () => {
    const one = rule('<Priority>2</Priority><Prefix>a</Prefix>');
    assert.equal(read(xml(one, rule('<Priority>1</Priority><Prefix>ab</Prefix>'))).length, 2);
    assert.equal(
      read(xml(rule('<Prefix>a</Prefix>'), rule('<Prefix>ab</Prefix>', `other-${ACCOUNT.appId}`))).length,
      2,
    );
    assert.equal(read(xml(rule('<Prefix>ab</Prefix>'), rule('<Prefix>b</Prefix>'))).length, 2);
  });
});

describe('others are refused', () => {
  for (const [code, what, text] of [
    ['MalformedXML', 'no rule', xml()],
    ['MalformedXML', 'too many rules', xml(rule().repeat(1001))],
    ['MalformedXML', 'no role', xml(rule()).replace(/<Role>.*<\/Role>/, '')],
    ['InvalidArgument', 'a role that is none', xml(rule()).replace(ROLE, 'r')],
    ['MalformedXML', 'no status', xml(rule().replace('<Status>Enabled</Status>', ''))],
    ['MalformedXML', 'another status', xml(rule().replace('Enabled', 'Perhaps'))],
    ['MalformedXML', 'no destination', xml('<Rule><Status>Enabled</Status></Rule>')],
    ['MalformedXML', 'no bucket', xml('<Rule><Status>Enabled</Status><Destination/></Rule>')],
    ['InvalidArgument', 'a bucket by its bare name', xml(rule().replace(/qcs::[^<]*/, 'b-1'))],
    ['NotSupportedStorageClass', 'another class', xml(rule('', COPIES, '<StorageClass>ICE</StorageClass>'))],
    ['MalformedXML', 'an option that there is not', xml(rule('<Later/>'))],
    ['NotImplemented', 'encryption of copies', xml(rule('', COPIES, '<EncryptionConfiguration/>'))],
    ['NotImplemented', 'a choice by encryption', xml(rule('<SourceSelectionCriteria/>'))],
    ['InvalidArgument', 'two prefixes', xml(rule('<Prefix>a</Prefix><Filter><Prefix>a</Prefix></Filter>'))],
    [
      'InvalidArgument',
      'a filter by both without And',
      xml(rule(`<Filter><Prefix>a</Prefix>${TAG}</Filter>${NO_MARKERS}`)),
    ],
    [
      'MalformedXML',
      'And beside another',
      xml(rule('<Filter><And><Prefix>a</Prefix></And><Prefix>a</Prefix></Filter>')),
    ],
    ['MalformedXML', 'a tag without a key', xml(rule(`<Filter><Tag><Key/><Value/></Tag></Filter>${NO_MARKERS}`))],
    ['InvalidArgument', 'too many tags', xml(rule(`<Filter><And>${TAG.repeat(11)}</And></Filter>${NO_MARKERS}`))],
    ['InvalidArgument', 'tags with delete markers', xml(rule(`<Filter>${TAG}</Filter>`))],
    ['MalformedXML', 'a priority out of bounds', xml(rule('<Priority>1001</Priority>'))],
    ['InvalidArgument', 'priorities of some', xml(rule('<Priority>1</Priority>'), rule('<Prefix>a</Prefix>'))],
    ['InvalidArgument', 'one priority twice', xml(rule('<Priority>1</Priority>').repeat(2))],
    ['InvalidArgument', 'an id twice', xml(rule('<ID>1</ID><Prefix>a</Prefix>'), rule('<ID>1</ID><Prefix>b</Prefix>'))],
    [
      'InvalidArgument',
      'prefixes that overlap',
      xml(rule('<Prefix>ab</Prefix>'), rule('<Prefix>b</Prefix>'), rule('<Prefix>a</Prefix>')),
    ],
  ] as const)
    test(`${what}: ${code}`, async () => {
      const error = await fails(code, () => read(text));
      assert.notEqual(error.text('zh'), error.text('en'));
    });
});

const bucketOf = (change: Partial<Bucket>): Bucket => ({
  ...{ id: BUCKET, name: '', appId: '', region: REGION, createdAt: 0, versioning: 'Enabled' },
  ...{ acl: { canned: 'private', grants: [] }, cors: undefined, lifecycle: undefined, policy: undefined },
  ...{ tags: [], plain: {}, inventories: {} },
  ...change,
});

describe('what can be carried out here', () => {
  const buckets = (copies: Partial<Bucket> = {}) => ({ need: (id: string) => bucketOf({ id, ...copies }) });

  test('both have versions', () => checkReplication(read(xml(rule())), bucketOf({}), buckets()));

  for (const versioning of ['never', 'Suspended'] as const)
    test(`versions: ${versioning}`, async () => {
      const rules = read(xml(rule()));
      const source = await fails('BucketVersionNotOpen', () =>
        checkReplication(rules, bucketOf({ versioning }), buckets()),
      );
      assert.match(source.message, new RegExp(BUCKET));
      const copies = await fails('BucketVersionNotOpen', () =>
        checkReplication(rules, bucketOf({}), buckets({ versioning })),
      );
      assert.match(copies.message, new RegExp(COPIES));
    });

  test('not to itself, and not to another region', async () => {
    await fails('InvalidArgument', () => checkReplication(read(xml(rule('', BUCKET))), bucketOf({}), buckets()));
    await fails('NoSuchBucket', () =>
      checkReplication(read(xml(rule())), bucketOf({}), buckets({ region: 'ap-beijing' })),
    );
  });
});

describe('rules of a bucket', () => {
  const withXml = (replication: string) => bucketOf({ plain: { replication } });

  test('those that are on, by their priorities', () => {
    const rules = replicationRules(
      withXml(
        xml(
          rule('<Priority>9</Priority>'),
          rule('<Priority>1</Priority><Prefix>off</Prefix>').replace('Enabled', 'Disabled'),
          rule('<Priority>3</Priority><Prefix>a</Prefix>'),
        ),
      ),
    );
    assert.deepEqual(
      rules.map(({ priority }) => priority),
      [3, 9],
    );
  });

  test('they are read once', () => {
    const bucket = withXml(xml(rule()));
    assert.equal(replicationRules(bucket), replicationRules(bucket));
    assert.notEqual(replicationRules(bucket), replicationRules({ ...bucket }));
  });

  test('none of what could not be put today, and none without a configuration', () => {
    assert.deepEqual(replicationRules(withXml('<ReplicationConfiguration/>')), []);
    assert.deepEqual(replicationRules(bucketOf({})), []);
  });
});
