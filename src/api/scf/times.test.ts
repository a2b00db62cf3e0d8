import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wireTime } from '../times.ts';
import { parseWireInstant, parseWireTime, wireInstant } from './times.ts';

test('a time is written in UTC+8', () => {
  assert.equal(wireTime(Date.UTC(2024, 3, 19, 16, 0, 5)), '2024-04-20 00:00:05');
  assert.equal(wireTime(Date.UTC(2023, 11, 31, 15, 59, 59, 999)), '2023-12-31 23:59:59');
});

test('what is written is read back to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), s => {
      assert.equal(parseWireTime(wireTime(s * 1000)), s * 1000);
    }),
  );
});

test('other forms and impossible days are no times', () => {
  for (const text of [
    '',
    '2024-04-19',
    '2024-04-19T16:00:00Z',
    '2024-02-30 00:00:00',
    '2024-13-01 00:00:00',
    '2024-04-19 24:00:00',
    '2024-04-19 16:00:00.000',
    ' 2024-04-19 16:00:00',
  ]) {
    assert.equal(parseWireTime(text), undefined, text);
  }
});

test('thousandths are written and read; without them it is the whole second', () => {
  assert.equal(wireInstant(Date.UTC(2024, 3, 19, 16, 0, 5, 7)), '2024-04-20 00:00:05.007');
  assert.equal(parseWireInstant('2024-04-20 00:00:05'), Date.UTC(2024, 3, 19, 16, 0, 5));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), ms => {
      assert.equal(parseWireInstant(wireInstant(ms)), ms);
    }),
  );
  for (const text of ['', '2024-04-20', '2024-04-20 00:00:05.', '2024-04-20 00:00:05.07', '2024-04-20 00:00:05.0071'])
    assert.equal(parseWireInstant(text), undefined, text);
  assert.equal(parseWireInstant('2024-02-30 00:00:00.000'), undefined);
});
