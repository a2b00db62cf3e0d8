import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Clock, TurnableClock } from '../core/clock.ts';
import { Deadlines } from './deadlines.ts';

it('expires what is not stopped, at its own instant', async () => {
  const clock = new TurnableClock(0);
  const deadlines = new Deadlines(clock);
  const expired: string[] = [];
  const say = (name: string) => () => void expired.push(`${name}@${clock.now()}`);
  deadlines.start(1000, say('a'));
  const stop = deadlines.start(1000, say('b'));
  await clock.advance(500);
  deadlines.start(1000, say('c'));
  deadlines.start(100, say('d'));
  stop();
  await clock.advance(5000);
  assert.deepEqual(expired, ['d@600', 'a@1000', 'c@1500']);
  deadlines.start(1000, say('e'));
  await clock.advance(1000);
  assert.equal(expired.at(-1), 'e@6500');
});

it('needs one alarm for many calls', () => {
  let alarms = 0;
  const system = new TurnableClock(0);
  const counting: Clock = {
    now: () => system.now(),
    at: (instant, task) => {
      alarms++;
      return system.at(instant, task);
    },
    sleep: ms => system.sleep(ms),
    hold: () => system.hold(),
  };
  const deadlines = new Deadlines(counting);
  for (let i = 0; i < 5000; i++) deadlines.start(15_000, assert.fail)();
  assert.equal(alarms, 1);
});

it('calls everything off when it is closed', async () => {
  const clock = new TurnableClock(0);
  const deadlines = new Deadlines(clock);
  deadlines.start(1000, assert.fail);
  deadlines.start(2000, assert.fail);
  deadlines.close();
  await clock.advance(10_000);
});

it('in any interleaving expires exactly the ones that are not stopped in time', async () => {
  const step = fc.record({ gap: fc.nat(40), ms: fc.constantFrom(10, 50), life: fc.nat(80) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
      const clock = new TurnableClock(0);
      const deadlines = new Deadlines(clock);
      const expired = new Map<number, number>();
      const expected = new Map<number, number>();
      for (const [i, { gap, ms, life }] of steps.entries()) {
        await clock.advance(gap);
        const begun = clock.now();
        // Both fall on one instant when life equals ms: whichever is first, leave that out.
        const lasts = life === ms ? life + 1 : life;
        const stop = deadlines.start(ms, () => void expired.set(i, clock.now()));
        clock.at(begun + lasts, stop);
        if (lasts > ms) expected.set(i, begun + ms);
      }
      await clock.advance(1000);
      assert.deepEqual(new Map([...expired].sort()), new Map([...expected].sort()));
    }),
    { numRuns: 60 },
  );
});
