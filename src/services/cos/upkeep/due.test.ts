import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LifecycleRule } from '../model.ts';
import { IDLE_RULE } from '../testing.ts';
import { type Deed, deedOf, isUploadDue, prefixOf, type Versioned } from './due.ts';

const DAY = 86_400_000;
const T = Date.UTC(2024, 0, 10);

const rule = (change: Partial<LifecycleRule>): LifecycleRule => ({ ...IDLE_RULE, ...change });

const version = (change: Partial<Versioned> = {}): Versioned => ({
  key: 'logs/a',
  marker: false,
  newest: true,
  alone: true,
  modifiedAt: T,
  replacedAt: undefined,
  storageClass: 'STANDARD',
  tags: [],
  appendable: false,
  ...change,
});

const old = (change: Partial<Versioned> = {}) => version({ newest: false, alone: false, replacedAt: T, ...change });
const marker = (change: Partial<Versioned> = {}) => version({ marker: true, storageClass: '', ...change });
const EXPIRE: Deed = { act: 'expire' };
const REMOVE: Deed = { act: 'remove' };
const to = (storageClass: 'STANDARD_IA' | 'ARCHIVE' | 'DEEP_ARCHIVE'): Deed => ({ act: 'move', to: storageClass });

describe('what is due', () => {
  const rows: [string, LifecycleRule[], Versioned, number, Deed | undefined][] = [
    ['after its days', [rule({ expiration: { days: 3 } })], version(), 3, EXPIRE],
    ['not before', [rule({ expiration: { days: 3 } })], version(), 3 - 1 / DAY, undefined],
    ['at once, of no days', [rule({ expiration: { days: 0 } })], version(), 0, EXPIRE],
    ['from a date on', [rule({ expiration: { date: T + DAY } })], version(), 1, EXPIRE],
    ['not before the date', [rule({ expiration: { date: T + DAY } })], version(), 0.9, undefined],
    ['not of another prefix', [rule({ expiration: { days: 1 }, prefix: 'img/' })], version(), 9, undefined],
    ['of the prefix', [rule({ expiration: { days: 1 }, prefix: 'logs/' })], version(), 9, EXPIRE],
    ['not while disabled', [rule({ expiration: { days: 1 }, enabled: false })], version(), 9, undefined],
    [
      'not without all tags',
      [
        rule({
          expiration: { days: 1 },
          tags: [
            { Key: 'a', Value: '1' },
            { Key: 'b', Value: '2' },
          ],
        }),
      ],
      version({ tags: [{ Key: 'a', Value: '1' }] }),
      9,
      undefined,
    ],
    [
      'with the tag',
      [rule({ expiration: { days: 1 }, tags: [{ Key: 'a', Value: '1' }] })],
      version({
        tags: [
          { Key: 'c', Value: '' },
          { Key: 'a', Value: '1' },
        ],
      }),
      9,
      EXPIRE,
    ],
    ['old versions do not expire', [rule({ expiration: { days: 1 } })], old(), 9, undefined],
    ['old versions have days of their own', [rule({ noncurrentExpirationDays: 5 })], old(), 5, REMOVE],
    [
      'old ones count from their replacement',
      [rule({ noncurrentExpirationDays: 5 })],
      old({ modifiedAt: 0 }),
      4,
      undefined,
    ],
    [
      'old markers go as well',
      [rule({ noncurrentExpirationDays: 5 })],
      { ...marker(), newest: false, replacedAt: T },
      5,
      REMOVE,
    ],
    ['the newest is not old', [rule({ noncurrentExpirationDays: 1 })], version(), 9, undefined],
    ['a marker alone', [rule({ expiresLoneMarkers: true })], marker(), 0, REMOVE],
    ['a marker above others', [rule({ expiresLoneMarkers: true })], marker({ alone: false }), 9, undefined],
    ['a marker does not expire', [rule({ expiration: { days: 1 } })], marker(), 9, undefined],
    ['an object is no marker', [rule({ expiresLoneMarkers: true })], version(), 9, undefined],
    ['moves', [rule({ transitions: [{ days: 1, storageClass: 'STANDARD_IA' }] })], version(), 1, to('STANDARD_IA')],
    [
      'moves to the farthest that is due',
      [
        rule({
          transitions: [
            { days: 2, storageClass: 'ARCHIVE' },
            { days: 1, storageClass: 'STANDARD_IA' },
          ],
        }),
        rule({ transitions: [{ days: 9, storageClass: 'DEEP_ARCHIVE' }] }),
      ],
      version(),
      5,
      to('ARCHIVE'),
    ],
    [
      'never moves back',
      [rule({ transitions: [{ days: 1, storageClass: 'STANDARD_IA' }] })],
      version({ storageClass: 'ARCHIVE' }),
      9,
      undefined,
    ],
    [
      'is moved once',
      [rule({ transitions: [{ days: 1, storageClass: 'ARCHIVE' }] })],
      version({ storageClass: 'ARCHIVE' }),
      9,
      undefined,
    ],
    [
      'expiry outranks moving',
      [rule({ transitions: [{ days: 1, storageClass: 'ARCHIVE' }], expiration: { days: 1 } })],
      version(),
      1,
      EXPIRE,
    ],
    [
      'what is appended to stays',
      [rule({ transitions: [{ days: 1, storageClass: 'ARCHIVE' }] })],
      version({ appendable: true }),
      9,
      undefined,
    ],
    [
      'old ones move',
      [rule({ noncurrentTransitions: [{ days: 1, storageClass: 'DEEP_ARCHIVE' }] })],
      old(),
      1,
      to('DEEP_ARCHIVE'),
    ],
    [
      'old markers do not move',
      [rule({ noncurrentTransitions: [{ days: 1, storageClass: 'ARCHIVE' }] })],
      { ...marker(), newest: false, replacedAt: T },
      9,
      undefined,
    ],
  ];
  for (const [name, rules, about, days, deed] of rows)
    test(name, () => assert.deepEqual(deedOf(rules, about, T + days * DAY), deed));

  test('uploads', () => {
    const upload = { key: 'logs/a', startedAt: T };
    const rules = [rule({ abortUploadsAfterDays: 2, prefix: 'logs/' })];
    assert.equal(isUploadDue(rules, upload, T + 2 * DAY), true);
    assert.equal(isUploadDue(rules, upload, T + 2 * DAY - 1), false);
    assert.equal(isUploadDue(rules, { ...upload, key: 'img' }, T + 9 * DAY), false);
    assert.equal(isUploadDue([rule({ expiration: { days: 1 } })], upload, T + 9 * DAY), false);
    assert.equal(
      isUploadDue([rule({ abortUploadsAfterDays: 1, tags: [{ Key: 'a', Value: '' }] })], upload, T + 9 * DAY),
      false,
    );
  });

  test('all prefixes of enabled rules begin with the common one, and no longer one would do', () => {
    const prefixes = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀', '😁'), maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(prefixes, given => {
        const common = prefixOf([...given.map(prefix => rule({ prefix })), rule({ enabled: false, prefix: 'z' })]);
        assert.ok(given.every(prefix => prefix.startsWith(common)));
        assert.ok(common.isWellFormed());
        const longer = [...(given[0] ?? '')].slice(0, [...common].length + 1).join('');
        assert.ok(longer === common || !given.every(prefix => prefix.startsWith(longer)));
      }),
    );
    assert.equal(prefixOf([]), '');
  });
});
