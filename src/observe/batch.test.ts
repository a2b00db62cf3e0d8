import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latestOf, slicesOf } from './batch.ts';
import { aBegun, anAccepted, anAttempt } from './fixture.ts';
import { type Entry, isAttempt, isBegun, retryNumOf } from './row.ts';

const async = { mode: 'async', verdict: 'acked' } as const;

test('the end of an attempt outranks its beginning, and that its acceptance, whatever came first', () => {
  const [accepted, begun, ended] = [anAccepted('a'), aBegun('a'), anAttempt('a', async)];
  for (const order of [
    [accepted, begun, ended],
    [ended, begun, accepted],
    [begun, ended, accepted],
  ])
    assert.deepEqual(latestOf(order), { rows: [ended], payloads: [ended] });
  for (const order of [
    [accepted, begun],
    [begun, accepted],
  ])
    assert.deepEqual(latestOf(order), { rows: [begun], payloads: [accepted] });
});

test('of two ends the later one stays, as of two beginnings', () => {
  const [first, second] = [aBegun('a', { startedAt: 1 }), aBegun('a', { startedAt: 2 })];
  assert.deepEqual(latestOf([first, second]).rows, [second]);
  const [old, young] = [anAttempt('a', { ...async, verdict: 'retried' }), anAttempt('a', async)];
  assert.deepEqual(latestOf([anAccepted('a'), old, young]).rows, [young]);
});

test('the beginning of a retry alone brings no bytes', () => {
  assert.deepEqual(latestOf([aBegun('a', { retryNum: 1 })]).payloads, []);
});

test('calls alone are passed on as they are', () => {
  const batch = [anAttempt('a'), anAttempt('b')];
  assert.equal(latestOf(batch).rows, batch);
  assert.equal(latestOf(batch).payloads, batch);
});

const anEntry: fc.Arbitrary<Entry> = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2), fc.constantFrom('accepted', 'begun', 'ended'), fc.nat(9))
  .map(([id, retryNum, stage, startedAt]) => {
    if (stage === 'accepted') return anAccepted(id);
    return stage === 'begun' ? aBegun(id, { retryNum, startedAt }) : anAttempt(id, { ...async, retryNum, startedAt });
  });
const keyOf = (entry: Entry) => `${entry.event.requestId} ${retryNumOf(entry)}`;

test('of any batch there is one row per attempt: an end if there is one, and bytes unless it has only begun', () => {
  fc.assert(
    fc.property(fc.array(anEntry), entries => {
      const batch = [anAccepted('d'), ...entries];
      const { rows, payloads } = latestOf(batch);
      assert.deepEqual([...new Set(batch.map(keyOf))].sort(), rows.map(keyOf).toSorted());
      for (const row of rows) {
        const mine = batch.filter(entry => keyOf(entry) === keyOf(row));
        const ends = mine.filter(isAttempt);
        const begins = mine.filter(isBegun);
        assert.equal(row, ends.at(-1) ?? begins.at(-1) ?? mine.at(-1));
        const bearing = payloads.filter(entry => keyOf(entry) === keyOf(row));
        assert.deepEqual(bearing, [ends.at(-1) ?? mine.find(entry => !isBegun(entry))].filter(Boolean));
      }
    }),
  );
});

test('slices are all of it in order, none too long, none too large that could be smaller', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 5 }), fc.nat(30), (all, count, limit) => {
      const slices = [...slicesOf(all, count, { limit, of: size => size })];
      assert.deepEqual(slices.flat(), all);
      for (const [place, slice] of slices.entries()) {
        const sum = slice.reduce((total, size) => total + size, 0);
        assert.ok(slice.length > 0 && slice.length <= count);
        assert.ok(slice.length === 1 || sum <= limit);
        const next = slices[place + 1]?.[0];
        if (next !== undefined) assert.ok(slice.length === count || sum + next > limit, 'no slice ends too early');
      }
    }),
  );
  assert.deepEqual([...slicesOf([1, 2, 3], 2)], [[1, 2], [3]]);
});
