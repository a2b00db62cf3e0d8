import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from '../../../core/clock.ts';
import { Pace } from './pace.ts';

describe('pace', () => {
  test('any amounts take as long as their sum is worth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 5000 }), { maxLength: 40 }),
        fc.integer({ min: 100, max: 100_000 }),
        async (amounts, bytesPerS) => {
          const clock = new TurnableClock(0);
          const pace = new Pace(clock, bytesPerS, new AbortController().signal);
          let endedAt: number | undefined;
          const work = pace.work(async () => {
            for (const amount of amounts) await pace.spend(amount);
            endedAt = clock.now();
          });
          await clock.advance(10_000_000);
          await work;
          const worthMs = (amounts.reduce((all, amount) => all + amount, 0) * 1000) / bytesPerS;
          assert.ok(endedAt !== undefined && endedAt > worthMs - 21 && endedAt <= worthMs + 1, `${endedAt} ${worthMs}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('the clock stays at whole milliseconds', async () => {
    const clock = new TurnableClock(0);
    const pace = new Pace(clock, 3, new AbortController().signal);
    const woken: number[] = [];
    const work = pace.work(async () => {
      for (let i = 0; i < 3; i++) {
        await pace.spend(1);
        woken.push(clock.now());
      }
    });
    await clock.advance(2000);
    await work;
    assert.deepEqual(woken, [334, 667, 1000]);
  });

  test('a turned clock waits for work, and not for sleep', async () => {
    const clock = new TurnableClock(0);
    const pace = new Pace(clock, 1000, new AbortController().signal);
    const steps: string[] = [];
    const work = pace.work(async () => {
      for (let i = 0; i < 3; i++) {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        steps.push(`${i} at ${clock.now()}`);
        await pace.spend(100);
      }
    });
    await clock.advance(1000);
    assert.deepEqual(steps, ['0 at 0', '1 at 100', '2 at 200']);
    await work;
    // It holds the clock no longer.
    await clock.advance(1000);
  });

  test('a slow disk is made up for, within limits', async () => {
    const clock = new TurnableClock(0);
    const pace = new Pace(clock, 1000, new AbortController().signal);
    const spend = async (bytes: number) => {
      const before = clock.now();
      let after = Number.NaN;
      const spending = pace.spend(bytes).then(() => {
        after = clock.now();
      });
      await new Promise(setImmediate);
      if (Number.isNaN(after)) await clock.advance(10_000);
      await spending;
      return after - before;
    };
    await clock.advance(200);
    assert.equal(await spend(150), 0);
    await clock.advance(3_600_000);
    assert.equal(await spend(200), 0, 'a quarter of a second of it is caught up');
    assert.equal(await spend(200), 150);
  });

  test('called off: at once in a sleep, and before any further work', async () => {
    const clock = new TurnableClock(0);
    const closing = new AbortController();
    const pace = new Pace(clock, 1000, closing.signal);
    const work = pace.work(() => pace.spend(5000));
    await clock.advance(100);
    const stop = new Error('closing');
    closing.abort(stop);
    await assert.rejects(work, error => error === stop);
    await assert.rejects(pace.spend(0), error => error === stop);
    await clock.advance(10_000);
  });
});
