import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { LateClock } from '../../core/testing-clock.ts';
import { Ticker } from './ticker.ts';

function ticking(clock: TurnableClock | LateClock, wanted = Number.POSITIVE_INFINITY) {
  const seen: string[] = [];
  const ticker = new Ticker(
    clock,
    now => {
      seen.push(`tick ${now}`);
      if (seen.length < wanted) ticker.soon();
    },
    ms => seen.push(`lost ${ms}`),
  );
  return { ticker, seen };
}

test('it beats every 20 ms as long as that is wanted', async () => {
  const clock = new TurnableClock(1000);
  const { ticker, seen } = ticking(clock, 3);
  await clock.advance(100);
  assert.deepEqual(seen, [], 'nobody wanted it yet');
  ticker.soon();
  ticker.soon();
  await clock.advance(100);
  assert.deepEqual(seen, ['tick 1120', 'tick 1140', 'tick 1160']);
});

test('a beat that comes late counts; one that comes far too late tells how much was lost, and the next one counts', () => {
  const clock = new LateClock(1000);
  const { ticker, seen } = ticking(clock);
  ticker.soon();
  clock.pass(219);
  assert.deepEqual(seen.splice(0), ['tick 1219']);
  clock.pass(220);
  assert.deepEqual(seen.splice(0), ['lost 200']);
  clock.pass(20);
  assert.deepEqual(seen.splice(0), ['tick 1459']);
  clock.pass(3_600_000);
  assert.deepEqual(seen.splice(0), ['lost 3599980']);
});

test('of beats that are all far too late every second one counts', () => {
  const clock = new LateClock(1000);
  const { ticker, seen } = ticking(clock);
  ticker.soon();
  for (let beat = 0; beat < 4; beat++) clock.pass(520);
  assert.deepEqual(seen, ['lost 500', 'tick 2040', 'lost 500', 'tick 3080']);
});

test('stopped, it beats no more until it is wanted again', () => {
  const clock = new LateClock(1000);
  const { ticker, seen } = ticking(clock);
  ticker.soon();
  ticker.stop();
  clock.pass(50);
  assert.deepEqual(seen, []);
  ticker.soon();
  clock.pass(20);
  assert.deepEqual(seen, ['tick 1070']);
});
