import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCron } from '../../triggers/timer/cron.ts';
import { dueAt, nextTick, type Planned, plan, type Ticks } from './schedule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Midnight in Beijing. */
const MIDNIGHT = Date.UTC(2030, 0, 1, 16);

/** The documents' own example: 30 from six, 80 from ten, 40 from six in the evening, none from midnight. */
const DAY = plan(
  [
    { name: 'six', instances: 30, cron: '0 0 6 * * * *' },
    { name: 'ten', instances: 80, cron: '0 0 10 * * * *' },
    { name: 'evening', instances: 40, cron: '0 0 18 * * * *' },
    { name: 'midnight', instances: 0, cron: '0 0 0 * * * *' },
  ],
  parseCron,
);

test('the next tick is the earliest of all', () => {
  assert.equal(nextTick(DAY, MIDNIGHT), MIDNIGHT + 6 * HOUR_MS);
  assert.equal(nextTick(DAY, MIDNIGHT + 6 * HOUR_MS), MIDNIGHT + 10 * HOUR_MS);
  assert.equal(nextTick([], MIDNIGHT), undefined);
  assert.equal(
    nextTick(plan([{ name: 'once', instances: 1, cron: '0 0 0 1 1 * 2029' }], parseCron), MIDNIGHT),
    undefined,
  );
});

test('at each hour the number of the last tick holds, whenever one looks', () => {
  const expected = (hour: number) => (hour < 6 ? 0 : hour < 10 ? 30 : hour < 18 ? 80 : 40);
  for (let hour = 0; hour < 24; hour++) {
    const due = dueAt(DAY, MIDNIGHT - 1000, MIDNIGHT + hour * HOUR_MS);
    assert.equal(due?.instances, expected(hour), `${hour} h`);
    const late = dueAt(DAY, MIDNIGHT - 40 * DAY_MS, MIDNIGHT + hour * HOUR_MS + 1);
    assert.equal(late?.instances, expected(hour), `${hour} h, after forty days`);
  }
});

test('what fell due before has had its effect', () => {
  const six = MIDNIGHT + 6 * HOUR_MS;
  assert.deepEqual(dueAt(DAY, six - 1, six), { at: six, instances: 30 });
  assert.equal(dueAt(DAY, six, six), undefined);
  assert.equal(dueAt(DAY, six, six + HOUR_MS), undefined);
});

test('of two at one instant the later in the list holds', () => {
  const both = (first: number, second: number) =>
    plan(
      [
        { name: 'a', instances: first, cron: '0 0 6 * * * *' },
        { name: 'b', instances: second, cron: '0 0 6 * * * *' },
      ],
      parseCron,
    );
  const six = MIDNIGHT + 6 * HOUR_MS;
  assert.equal(dueAt(both(1, 2), MIDNIGHT, six)?.instances, 2);
  assert.equal(dueAt(both(2, 1), MIDNIGHT, six)?.instances, 1);
});

test('a month of seconds is asked for in few questions', () => {
  let asked = 0;
  const everySecond: Ticks = {
    next(afterMs) {
      asked++;
      return Math.floor(afterMs / 1000) * 1000 + 1000;
    },
  };
  const until = MIDNIGHT + 31 * DAY_MS + 500;
  assert.deepEqual(dueAt([{ ticks: everySecond, instances: 1 }], MIDNIGHT, until), { at: until - 500, instances: 1 });
  assert.ok(asked < 40, `${asked}`);
});

test('the last tick is the one that walking finds', () => {
  const ticks = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { maxLength: 20 });
  const planned = fc.array(fc.tuple(ticks, fc.integer({ min: 0, max: 9 })), { maxLength: 3 });
  const bounds = fc.tuple(fc.integer({ min: 0, max: 5_000_000 }), fc.integer({ min: 0, max: 5_000_000 }));
  fc.assert(
    fc.property(planned, bounds, (schedules, [a, b]) => {
      const [after, until] = [Math.min(a, b), Math.max(a, b)];
      const sorted = schedules.map(([seconds, instances]) => ({
        at: seconds.map(second => second * 1000).sort((x, y) => x - y),
        instances,
      }));
      const plans: Planned[] = sorted.map(({ at, instances }) => ({
        ticks: { next: from => at.find(tick => tick > from) },
        instances,
      }));
      let walked: { at: number; instances: number } | undefined;
      for (const { at, instances } of sorted)
        for (const tick of at)
          if (tick > after && tick <= until && tick >= (walked?.at ?? 0)) walked = { at: tick, instances };
      assert.deepEqual(dueAt(plans, after, until), walked);
    }),
    { numRuns: 300 },
  );
});
