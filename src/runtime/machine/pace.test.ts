import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pace } from './pace.ts';

const NOW = 1_000_000;

/** A handler that has run so often, each time so long. */
function paceOf(count: number, ms: number, { waited = false, now = NOW } = {}): Pace {
  const pace = new Pace();
  for (let i = 0; i < count; i++) pace.learn(ms, waited, now);
  return pace;
}

test('nothing is sent ahead before eight events have been seen', () => {
  const pace = paceOf(7, 0.02);
  assert.deepEqual([pace.isShort(NOW), pace.ahead(NOW)], [false, 0]);
  pace.learn(0.02, false, NOW);
  assert.deepEqual([pace.isShort(NOW), pace.ahead(NOW)], [true, 16]);
});

test('as much work ahead as half a millisecond, at most sixteen events', () => {
  const aheadOf = (ms: number) => paceOf(100, ms).ahead(NOW);
  assert.equal(aheadOf(0.001), 16);
  assert.ok([4, 5].includes(aheadOf(0.1)), 'the estimate wavers by a tenth');
  assert.ok([1, 2].includes(aheadOf(0.24)));
  assert.equal(aheadOf(0.4), 1);
  assert.equal(aheadOf(0.6), 0);
});

test('runs too short to be measured are as short as any', () => {
  const pace = paceOf(1000, 0);
  for (let i = 0; i < 50; i++) {
    pace.learn(0, false, NOW);
    assert.equal(pace.ahead(NOW), 16);
  }
});

test('a handler of half a millisecond to one is short, though none fits ahead', () => {
  const pace = paceOf(100, 0.8);
  assert.deepEqual([pace.isShort(NOW), pace.ahead(NOW)], [true, 0]);
});

test('a handler over a millisecond gets one event at a time', () => {
  assert.equal(paceOf(1000, 1.2).isShort(NOW), false);
});

test('one event of ten over a millisecond is too many, one of forty is not', () => {
  const mixed = (every: number) => {
    const pace = new Pace();
    for (let i = 0; i < 2000; i++) pace.learn(i % every === 0 ? 1.5 : 0.05, false, NOW);
    return pace;
  };
  assert.equal(mixed(10).ahead(NOW), 0);
  assert.ok(mixed(40).ahead(NOW) > 0);
});

test('a first run that takes long is forgotten', () => {
  const pace = new Pace();
  pace.learn(4, false, NOW);
  for (let i = 0; i < 10; i++) pace.learn(0.02, false, NOW);
  assert.equal(pace.ahead(NOW), 0);
  for (let i = 0; i < 1000; i++) pace.learn(0.02, false, NOW);
  assert.ok(pace.ahead(NOW) > 8);
});

test('a handler that gives up its thread gets one event at a time', () => {
  assert.equal(paceOf(1000, 0.02, { waited: true }).isShort(NOW), false);
  const half = new Pace();
  for (let i = 0; i < 1000; i++) half.learn(0.02, i % 2 === 0, NOW);
  assert.equal(half.isShort(NOW), false);
});

test('one that did so once, and shortly, is not held to it', () => {
  const pace = paceOf(100, 0.02);
  pace.learn(0.3, true, NOW);
  assert.ok(pace.ahead(NOW) > 0);
  pace.learn(0.3, true, NOW);
  assert.equal(pace.ahead(NOW), 0, 'two of a hundred are over the share');
});

test('the average of runs follows what is measured', () => {
  const pace = new Pace();
  assert.equal(pace.runMs, undefined);
  pace.learn(8, false, NOW);
  assert.equal(pace.runMs, 8);
  pace.learn(16, false, NOW);
  assert.equal(pace.runMs, 9);
});

test('an event that waits long among fast ones stops sending ahead for a second', () => {
  const pace = paceOf(100, 0.02);
  assert.equal(pace.learn(0.02, false, NOW), false);
  assert.equal(pace.learn(2.1, true, NOW), true);
  assert.equal(pace.isShort(NOW + 999), false);
  assert.equal(pace.isShort(NOW + 1000), true);
  assert.ok(pace.ahead(NOW + 1000) > 0);
});

test('the pause doubles while slow events come back soon, up to a minute', () => {
  const pace = paceOf(100, 0.02);
  let now = NOW;
  const pauses: number[] = [];
  for (let i = 0; i < 9; i++) {
    pace.learn(5, true, now);
    for (let fast = 0; fast < 300; fast++) pace.learn(0.02, false, now);
    let ms = 0;
    while (!pace.isShort(now + ms)) ms += 500;
    pauses.push(ms);
    now += ms;
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('slow events during a pause make it last, not longer each time', () => {
  const pace = paceOf(100, 0.02);
  for (let ms = 0; ms < 1000; ms += 100) pace.learn(5, true, NOW + ms);
  for (let fast = 0; fast < 300; fast++) pace.learn(0.02, false, NOW + 1000);
  assert.equal(pace.isShort(NOW + 900 + 999), false);
  assert.equal(pace.isShort(NOW + 900 + 1000), true);
});

test('a slow event long ago is forgotten: the next pause is the first again', () => {
  const pace = paceOf(100, 0.02);
  const pauseAt = (now: number) => {
    pace.learn(5, true, now);
    for (let fast = 0; fast < 300; fast++) pace.learn(0.02, false, now);
    return [pace.isShort(now + 999), pace.isShort(now + 1000)];
  };
  assert.deepEqual(pauseAt(NOW), [false, true]);
  assert.deepEqual(pauseAt(NOW + 2000), [false, false], 'a second after the end of the first one');
  // That one was two seconds long; four after its end are long ago.
  assert.deepEqual(pauseAt(NOW + 4000 + 4000), [false, true]);
});

test('two of a thousand that lost their core to others pause nothing', () => {
  const pace = paceOf(100, 0.02);
  for (let i = 0; i < 10_000; i++) {
    const lost = i % 1000 === 400 || i % 1000 === 401;
    assert.equal(pace.learn(lost ? 15 : 0.02, false, NOW), false);
  }
  assert.ok(pace.ahead(NOW) > 8);
});

test('as many as two of a hundred are slow events, whether they wait or not', () => {
  const pace = paceOf(100, 0.02);
  let slow = 0;
  for (let i = 0; i < 1000; i++) if (pace.learn(i % 50 === 0 ? 15 : 0.02, false, NOW)) slow++;
  assert.ok(slow > 10, `${slow}`);
  assert.equal(pace.ahead(NOW), 0);
});

test('a function that is slow from the start is not paused, just never short', () => {
  const pace = new Pace();
  for (let i = 0; i < 7; i++) pace.learn(100, true, NOW);
  for (let i = 0; i < 2000; i++) pace.learn(0.02, false, NOW);
  assert.equal(pace.isShort(NOW), true);
});

test('suspended: nothing is sent ahead for that long, though the handler is as short as before', () => {
  const pace = paceOf(100, 0.02);
  pace.suspend(NOW + 50);
  assert.deepEqual([pace.ahead(NOW + 49), pace.isShort(NOW + 49)], [0, true]);
  assert.equal(pace.ahead(NOW + 50), 16);
});

test('whatever is measured, the number ahead is whole, from 0 to 16, and 0 for what is not short', () => {
  const run = fc.record({ ms: fc.double({ min: 0, max: 5000, noNaN: true }), waited: fc.boolean(), gap: fc.nat(2000) });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 200 }), runs => {
      const pace = new Pace();
      let now = NOW;
      for (const { ms, waited, gap } of runs) {
        now += gap;
        pace.learn(ms, waited, now);
        const ahead = pace.ahead(now);
        assert.ok(Number.isInteger(ahead) && ahead >= 0 && ahead <= 16, `${ahead}`);
        if (!pace.isShort(now)) assert.equal(ahead, 0);
      }
    }),
  );
});
