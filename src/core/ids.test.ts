import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Ids, SeededIds, SystemIds, shortId, uuidAt, uuidOf } from './ids.ts';

const UUID = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

const sources: readonly (readonly [string, () => Ids])[] = [
  ['SystemIds', () => new SystemIds()],
  ['SeededIds', () => new SeededIds()],
];

for (const [name, make] of sources) {
  describe(name, () => {
    test('uuids have the shape of version 4 and do not repeat', () => {
      const ids = make();
      const seen = new Set(Array.from({ length: 1000 }, () => ids.uuid()));
      assert.equal(seen.size, 1000);
      for (const id of seen) assert.match(id, UUID(4));
    });

    test('rising uuids have the shape of version 7, do not repeat, and rise', () => {
      const ids = make();
      const made = Array.from({ length: 3000 }, () => ids.risingUuid());
      for (const id of made) assert.match(id, UUID(7));
      assert.equal(new Set(made).size, 3000);
      assert.deepEqual(made, made.toSorted());
      assert.equal(new Set(made.map(id => id.slice(24))).size, 3000, 'what follows the time is chance');
    });

    test('bytes come in the length that was asked for', () => {
      const ids = make();
      for (const count of [0, 1, 16, 31, 32, 33, 1000]) assert.equal(ids.bytes(count).length, count);
      assert.notDeepEqual(ids.bytes(32), ids.bytes(32));
      // 64 bytes from one draw are not one block twice.
      const twice = ids.bytes(64);
      assert.notDeepEqual(twice.subarray(0, 32), twice.subarray(32));
    });

    test('no bytes are given twice, and nobody who changes his changes another’s', () => {
      const ids = make();
      const counts = Array.from({ length: 600 }, (_, n) => 8 + (n % 7) * 40);
      const drawn = counts.map(count => ids.bytes(count).fill(0, 0, 4));
      assert.deepEqual(
        drawn.map(bytes => bytes.length),
        counts,
      );
      const pieces = drawn.map(bytes => bytes.toString('hex', 4, 8));
      // 32 bits each: of 600 two are the same once in 20,000 runs, three pairs never.
      assert.ok(new Set(pieces).size >= 598);
      for (const bytes of drawn) assert.equal(bytes.readUInt32BE(), 0);
    });

    test('fractions lie in [0, 1) and spread', () => {
      const ids = make();
      const drawn = Array.from({ length: 2000 }, () => ids.fraction());
      assert.ok(drawn.every(value => value >= 0 && value < 1));
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
      assert.ok(mean > 0.4 && mean < 0.6, String(mean));
    });

    test('short ids are lower-case letters and digits, a letter first', () => {
      const ids = make();
      for (let i = 0; i < 500; i++) assert.match(shortId(ids), /^[a-z][a-z0-9]{7}$/);
      assert.match(shortId(ids, 12), /^[a-z][a-z0-9]{11}$/);
    });
  });
}

describe('a seed', () => {
  const story = (ids: Ids) => [
    ids.uuid(),
    ids.risingUuid(),
    ids.bytes(40).toString('hex'),
    ids.fraction(),
    shortId(ids),
    ids.uuid(),
  ];

  test('gives the same ids again', () => {
    assert.deepEqual(story(new SeededIds('a')), story(new SeededIds('a')));
    assert.deepEqual(story(new SeededIds()), story(new SeededIds()));
  });

  test('another one gives others', () => {
    for (const [i, value] of story(new SeededIds('a')).entries()) assert.notEqual(value, story(new SeededIds('b'))[i]);
  });
});

describe('the UUID of a text', () => {
  test('is the same for the same text, in every process and release', () => {
    assert.equal(uuidOf('timer/tick/1'), uuidOf('timer/tick/1'));
    // Pinned: timer ticks pushed before an update and again after it must be one request.
    assert.equal(uuidOf(''), 'e3b0c442-98fc-5c14-9afb-f4c8996fb924');
  });

  test('has the shape of version 5, and differs with the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        assert.match(uuidOf(a), UUID(5));
        assert.equal(uuidOf(a) === uuidOf(b), Buffer.from(a).equals(Buffer.from(b)));
      }),
    );
  });
});

describe('the UUID of an instant and a text', () => {
  test('is the same for the same two, in every process and release', () => {
    // Pinned: what was told before an update and again after it must be one notice.
    assert.equal(uuidAt(0x0191_0000_abcd, ''), '01910000-abcd-8c14-9afb-f4c8996fb924');
  });

  test('has the shape of version 8, differs with the text, and rises with the instant', () => {
    const instants = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(instants, instants, fc.string(), fc.string(), (earlier, later, a, b) => {
        assert.match(uuidAt(earlier, a), UUID(8));
        assert.equal(uuidAt(earlier, a) === uuidAt(earlier, b), Buffer.from(a).equals(Buffer.from(b)));
        if (earlier < later) assert.ok(uuidAt(earlier, a) < uuidAt(later, b));
      }),
    );
  });

  test('has one of an instant out of reach', () => {
    assert.match(uuidAt(-1, 'a'), /^00000000-0000-8/);
    assert.match(uuidAt(8.64e15, 'a'), /^ffffffff-ffff-8/);
    assert.equal(uuidAt(1.5, 'a'), uuidAt(1, 'a'));
  });
});
