import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LifecycleRule } from '../model.ts';
import { readLifecycle, writeLifecycle } from './lifecycle.ts';
import { readXml } from './readxml.ts';
import { xmlDocument } from './xml.ts';

const NAME = 'LifecycleConfiguration';
const read = (inner: string) => readLifecycle(readXml(Buffer.from(`<${NAME}>${inner}</${NAME}>`), NAME));
const rule = (inner: string, status = 'Enabled') => `<Rule><Status>${status}</Status>${inner}</Rule>`;
const EXPIRES = '<Expiration><Days>1</Days></Expiration>';

/** As objects are that are written down. */
const PLAIN = { noNullPrototype: true } as const;

const NOTHING: LifecycleRule = {
  ...{ id: '', enabled: true, prefix: '', tags: [], transitions: [], expiration: undefined },
  ...{ expiresLoneMarkers: false, noncurrentTransitions: [], noncurrentExpirationDays: undefined },
  abortUploadsAfterDays: undefined,
};

describe('rules as clients write them', () => {
  for (const [inner, change] of [
    [EXPIRES, { expiration: { days: 1 } }],
    ['<Expiration><Date>2030-01-01T00:00:00+08:00</Date></Expiration>', { expiration: { date: 1893427200000 } }],
    [
      '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>',
      { expiresLoneMarkers: true },
    ],
    [
      '<Expiration><Days/><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>',
      { expiresLoneMarkers: true },
    ],
    [`<Prefix>old/</Prefix>${EXPIRES}`, { prefix: 'old/', expiration: { days: 1 } }],
    [`<Filter/>${EXPIRES}`, { expiration: { days: 1 } }],
    [`<Filter><Prefix>a </Prefix></Filter>${EXPIRES}`, { prefix: 'a ', expiration: { days: 1 } }],
    [
      `<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>${EXPIRES}`,
      { tags: [{ Key: 'k', Value: 'v' }], expiration: { days: 1 } },
    ],
    [
      '<Transition><Days>0</Days><StorageClass>Standard_IA</StorageClass></Transition><Transition><Days>9</Days><StorageClass>ARCHIVE</StorageClass></Transition>',
      {
        transitions: [
          { days: 0, storageClass: 'STANDARD_IA' },
          { days: 9, storageClass: 'ARCHIVE' },
        ],
      },
    ],
    [
      `<Filter><Prefix>a</Prefix></Filter><Transation><Days>30</Days></Transation>${EXPIRES}`,
      { prefix: 'a', expiration: { days: 1 } },
    ],
    [`<Prefix>a</Prefix><Whatever/>${EXPIRES}`, { prefix: 'a', expiration: { days: 1 } }],
    [
      '<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>',
      { noncurrentExpirationDays: 3 },
    ],
    [
      '<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
      { abortUploadsAfterDays: 3 },
    ],
  ] as const)
    test(inner, () => assert.deepEqual(read(rule(inner)), [{ ...NOTHING, ...change }]));

  test('switched off', () => assert.equal(read(rule(EXPIRES, 'Disabled'))[0]?.enabled, false));
});

describe('rules that are refused', () => {
  for (const inner of [
    '',
    rule(''),
    rule(EXPIRES, 'enabled'),
    rule(`${EXPIRES}${EXPIRES}`),
    rule(`${EXPIRES}<Whatever/>`),
    rule(`<Filtre><Prefix>a</Prefix></Filtre>${EXPIRES}`),
    rule('<Filter><Prefix>a</Prefix></Filter><Transation><Days>30</Days></Transation>'),
    rule('<Expiration/>'),
    rule('<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>'),
    rule('<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>'),
    rule('<Expiration><Days>-1</Days></Expiration>'),
    rule('<Expiration><Days/></Expiration>'),
    rule('<Expiration><Days>40000</Days></Expiration>'),
    rule('<Expiration><Date>some day</Date></Expiration>'),
    // Days in the wrong place; some numbers would be years that are over.
    rule('<Expiration><Date>1</Date></Expiration>'),
    rule('<Transition><Date>10</Date><StorageClass>ARCHIVE</StorageClass></Transition>'),
    rule('<Expiration><Date>2030</Date></Expiration>'),
    rule('<Expiration><Date>01/02/2030</Date></Expiration>'),
    rule('<Transition><Days>1</Days></Transition>'),
    rule('<Transition><StorageClass>ARCHIVE</StorageClass></Transition>'),
    rule('<NoncurrentVersionExpiration/>'),
    rule('<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>'),
    rule('<NoncurrentVersionTransition><StorageClass>ARCHIVE</StorageClass></NoncurrentVersionTransition>'),
    rule('<AbortIncompleteMultipartUpload/>'),
    rule(`<Filter><Size>1</Size></Filter>${EXPIRES}`),
    rule('<Expiration><Days>0</Days></Expiration>'),
    rule('<Expiration><Days>1</Days><Size>1</Size></Expiration>'),
    rule('<Transition><Days>1</Days><StorageClass>ARCHIVE</StorageClass><Size>1</Size></Transition>'),
    // Whatever is passed over here makes a rule mean more objects than its writer does.
    rule(`<Filter/><Prefix>old/</Prefix>${EXPIRES}`),
    rule(`<Filter><Prefix>old/</Prefix><And><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>${EXPIRES}`),
    rule(`<Filter><And><Prefix>old/</Prefix><Size>1</Size></And></Filter>${EXPIRES}`),
    rule(EXPIRES).repeat(1001),
  ])
    test(inner.slice(0, 120) || 'none', () => assert.throws(() => read(inner), { code: 'MalformedXML' }));

  for (const inner of [
    `<Filter><And><Prefix>a</Prefix><PrefixNotEquals>a/keep/</PrefixNotEquals></And></Filter>${EXPIRES}`,
    `<Filter><And><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></And></Filter>${EXPIRES}`,
    `<Filter><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>${EXPIRES}`,
    `<Prefix>a</Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan>${EXPIRES}`,
    '<Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass><AccessFrequency/></Transition>',
    '<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays><StorageClass>ARCHIVE</StorageClass><AccessFrequency/></NoncurrentVersionTransition>',
  ])
    test(`documented and not done: ${inner.slice(0, 100)}`, () =>
      assert.throws(() => read(rule(inner)), { code: 'NotImplemented' }));

  test('two of one name, and classes that there are none of', () => {
    assert.throws(() => read(rule(`<ID>a</ID>${EXPIRES}`).repeat(2)), { code: 'InvalidArgument' });
    const transition = '<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>';
    assert.throws(() => read(rule(transition)), { code: 'NotSupportedStorageClass' });
  });
});

test('what is written is read again', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab/<&> é'), maxLength: 8 });
  const days = fc.integer({ min: 1, max: 36_500 });
  const due = fc.oneof(
    days.map(count => ({ days: count })),
    fc.integer({ min: 0, max: 4e12 }).map(date => ({ date })),
  );
  const storageClass = fc.constantFrom('STANDARD_IA', 'ARCHIVE', 'DEEP_ARCHIVE');
  const given: fc.Arbitrary<LifecycleRule> = fc
    .record(
      {
        id: fc.constant(''),
        enabled: fc.boolean(),
        prefix: text,
        tags: fc.array(fc.record({ Key: text, Value: text }, PLAIN), { maxLength: 2 }),
        transitions: fc.array(
          fc.tuple(due, storageClass).map(([when, to]) => ({ ...when, storageClass: to })),
          {
            maxLength: 2,
          },
        ),
        expiration: fc.option(due, { nil: undefined }),
        expiresLoneMarkers: fc.constant(false),
        noncurrentTransitions: fc.array(fc.record({ days, storageClass }, PLAIN), { maxLength: 2 }),
        noncurrentExpirationDays: fc.option(days, { nil: undefined }),
        abortUploadsAfterDays: days,
      },
      PLAIN,
    )
    .map(one => ({ ...one, expiresLoneMarkers: one.expiration === undefined }));
  fc.assert(
    fc.property(fc.array(given, { minLength: 1, maxLength: 3 }), rules => {
      const xml = Buffer.from(xmlDocument(NAME, writeLifecycle(rules)));
      assert.deepEqual(readLifecycle(readXml(xml, NAME)), rules);
    }),
  );
});
