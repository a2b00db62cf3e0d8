import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { runsOf } from './read.ts';
import { objectIn, restoreEnd, restoreState, rowOf } from './row.ts';
import { House, someBytes } from './testing.ts';

const DAY = 86_400_000;

describe('runs of a range', () => {
  test('lie one behind the other and make up the range', () => {
    const lengths = fc.array(fc.nat(20), { maxLength: 8 });
    fc.assert(
      fc.property(lengths, fc.nat(170), fc.nat(170), (given, a, b) => {
        const total = given.reduce((sum, length) => sum + length, 0);
        const [from = 0, to = 0] = [Math.min(a, total), Math.min(b, total)].sort((x, y) => x - y);
        const pieces = given.map((bytes, i) => ({ file: String(i), bytes, crc64: '0' }));
        const places = given.flatMap((bytes, i) => Array.from({ length: bytes }, (_, place) => `${i}:${place}`));
        const runs = [...runsOf(pieces, { from, to })];
        assert.deepEqual(
          runs.flatMap(run => Array.from({ length: run.to - run.from }, (_, i) => `${run.piece.file}:${run.from + i}`)),
          places.slice(from, to),
        );
        assert.ok(
          runs.every(run => run.to > run.from),
          'no file is opened for nothing',
        );
      }),
    );
  });
});

describe('rows', () => {
  test('come back as they went', async () => {
    await using house = await House.open();
    const stored = await house.put('k', someBytes(20_000), {
      tags: [{ Key: 'a', Value: '"' }],
      headers: { 'x-cos-meta-ü': '\u0000' },
    });
    const restored = { ...stored, restore: { tier: 'Bulk', days: 2, askedAt: 1, doneAt: 2 } } as const;
    for (const object of [stored, restored, { ...stored, damagedAt: 5 }, { ...stored, inline: Buffer.from('x') }]) {
      const row = rowOf(object);
      assert.deepEqual(objectIn(row), object);
      assert.deepEqual(
        row.files,
        object.pieces.map(piece => piece.file),
      );
      assert.equal(JSON.parse(row.detail).inline, undefined);
    }
  });

  test('an object is restored from the end of its restoring for as many days', () => {
    const restore = { tier: 'Bulk', days: 2, askedAt: 1000, doneAt: 5000 } as const;
    assert.equal(restoreEnd(restore), 5000 + 2 * DAY);
    assert.equal(restoreState({ restore: undefined }, 0), 'none');
    const states = [1000, 4999, 5000, 5000 + 2 * DAY - 1, 5000 + 2 * DAY].map(now => restoreState({ restore }, now));
    assert.deepEqual(states, ['under way', 'under way', 'done', 'done', 'none']);
  });
});
