import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awake } from './awake.ts';
import { TurnableClock } from './clock.ts';
import { LateClock } from './testing-clock.ts';

function waiting(start = 1000) {
  const base = new LateClock(start);
  const clock = awake(base);
  const rung: string[] = [];
  const from = clock.now();
  const wait = (name: string, ms: number) =>
    clock.at(from + ms, () => void rung.push(`${name} after ${clock.now() - from}`));
  return { base, clock, rung, wait };
}

test('it rings as the other clock does as long as that one goes on', async () => {
  const base = new TurnableClock(0);
  const clock = awake(base);
  const rung: number[] = [];
  for (const ms of [0, 1, 999, 1000, 1001, 60_000]) clock.at(ms, () => void rung.push(base.now()));
  clock.at(50, assert.fail)[Symbol.dispose]();
  await base.advance(120_000);
  assert.deepEqual(rung, [0, 1, 999, 1000, 1001, 60_000]);
  assert.equal(clock.now(), base.now());
});

test('whoever waited while the process stood still has what was left of the wait', () => {
  const { base, rung, wait } = waiting();
  wait('request', 5000);
  for (let second = 0; second < 3; second++) base.pass(1000);
  base.pass(3_600_000);
  assert.deepEqual(rung, []);
  base.pass(1000);
  assert.deepEqual(rung, []);
  base.pass(1000);
  assert.deepEqual(rung, ['request after 5000']);
});

test('an alarm that comes before the beat finds it out as well', () => {
  const { base, rung, wait } = waiting();
  wait('short', 10);
  wait('long', 1500);
  base.pass(3_600_000);
  assert.deepEqual(rung, []);
  base.pass(10);
  assert.deepEqual(rung.splice(0), ['short after 10']);
  base.pass(1000);
  base.pass(490);
  assert.deepEqual(rung, ['long after 1500']);
});

test('a wait that begins before the standstill is noticed is not made longer by it', () => {
  const { base, clock, rung, wait } = waiting();
  wait('old', 60_000);
  // A system timer does not go on while a machine sleeps: the beat may come later than the first request.
  base.jump(3_600_000);
  const from = clock.now();
  clock.at(from + 1500, () => void rung.push('new'));
  base.pass(1000);
  assert.deepEqual(rung, []);
  base.pass(500);
  assert.deepEqual(rung, ['new']);
});

test('beats that are all late are a machine with too much to do: limits hold there', () => {
  const { base, rung, wait } = waiting();
  wait('request', 6000);
  for (let turn = 0; turn < 8; turn++) base.pass(1500);
  assert.deepEqual(rung, ['request after 6000']);
});

test('a little late is no standstill', () => {
  const { base, rung, wait } = waiting();
  wait('request', 1190);
  base.pass(1199);
  assert.deepEqual(rung, ['request after 1199']);
});

test('without anybody who waits it keeps nothing going', () => {
  const { base, clock, rung, wait } = waiting();
  const called = wait('off', 10_000);
  wait('on', 20);
  assert.equal(base.waiting, 3);
  base.pass(20);
  called[Symbol.dispose]();
  called[Symbol.dispose]();
  assert.equal(base.waiting, 0);
  base.pass(3_600_000);
  const from = clock.now();
  clock.at(from + 100, () => void rung.push('later'));
  base.pass(100);
  assert.deepEqual(rung, ['on after 20', 'later']);
  assert.equal(base.waiting, 0);
});

test('there is one for each clock', () => {
  const [one, other] = [new LateClock(0), new LateClock(0)];
  assert.equal(awake(one), awake(one));
  assert.notEqual(awake(one), awake(other));
});
