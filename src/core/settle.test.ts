import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from './clock.ts';
import { anEntry, anEvent, anOutcome, aVersion, KEY } from './fixture.ts';
import type { DeadLetterTarget, FunctionVersion } from './function.ts';
import type { Outcome } from './invocation.ts';
import { ASYNC_EVENT_BYTES } from './limits.ts';
import { house, MINUTE, START, story } from './testing-invoker.ts';

const to: DeadLetterTarget = { type: 'CMQ-TOPIC', name: 'lost', filterType: '' };
const entryOf = (change: Partial<FunctionVersion>) => anEntry({ versions: [aVersion(change)] });
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

describe('an event that is given up', () => {
  test('is a dead letter under the configured name, in place of its queue', async () => {
    const { invoker, clock, settled, events, log } = house(() => anOutcome(430), {
      entry: entryOf({ deadLetter: to }),
    });
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(3 * MINUTE);
    assert.deepEqual(story(settled).at(-1), '2 min 430 dead');
    assert.equal(settled.at(-1)?.why, 'retries used up');
    const { total, rows } = await events.letters.list({ to }, {});
    assert.equal(total, 1);
    assert.partialDeepStrictEqual(rows[0], {
      to: { type: 'CMQ-TOPIC', name: 'lost' },
      why: 'retries used up',
      status: 430,
      diedAt: START + 2 * MINUTE,
    });
    assert.equal(rows[0]?.item.retryNum, 2);
    assert.equal(await events.queue.pending(), 0);
    assert.equal(log.lines.at(-1)?.text, 'event kept as a dead letter');
  });

  test('for its age, with the reason', async () => {
    const entry = { ...entryOf({ deadLetter: to }), async: { retryNum: 2, msgTtlS: 60 } };
    const { invoker, clock, events } = house(() => anOutcome(432), { entry });
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(10 * MINUTE);
    const { rows } = await events.letters.list({}, {});
    assert.deepEqual([rows[0]?.why, rows[0]?.item.retryNum], ['too old', 1]);
  });

  test('for a full queue: the caller’s answer is the same, and the letter is kept before it', async () => {
    const { invoker, events, settled } = house(() => anOutcome(), {
      entry: entryOf({ deadLetter: to }),
      pendingEvents: 1,
    });
    await invoker.async(anEvent({ requestId: 'a' }));
    await invoker.async(anEvent({ requestId: 'b' }));
    const { rows } = await events.letters.list({}, {});
    assert.deepEqual(
      rows.map(({ item, why, status }) => [item.event.requestId, why, status]),
      [['b', 'queue full', 449]],
    );
    assert.deepEqual(story(settled), ['0 min 449 dead']);
  });

  test('sent again: it runs under its id, its attempts counted on, its retries anew', async () => {
    let broken = true;
    const { invoker, clock, events, settled, calls } = house(() => anOutcome(broken ? 430 : 200), {
      entry: entryOf({ deadLetter: to }),
    });
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(60 * MINUTE);
    assert.equal(await events.letters.redrive({}, clock.now()), 1);
    invoker.wake();
    await clock.advance(MINUTE);
    broken = false;
    await clock.advance(10 * MINUTE);
    assert.deepEqual(story(settled).slice(3), ['60 min 430 retried', '61 min 430 retried', '62 min 200 acked']);
    assert.deepEqual(
      calls.map(call => call.retryNum),
      [0, 1, 2, 3, 4, 5],
    );
  });
});

describe('a function of asynchronous execution', () => {
  const entry = entryOf({ asyncRun: true, traced: true, deadLetter: to, timeoutS: 86_400 });

  test('answers a call that waits at once, with the request id; the run follows', async () => {
    const { invoker, clock, events, settled, begun } = house(() => anOutcome(), { entry });
    const outcome = await invoker.sync(anEvent());
    assert.deepEqual(
      [outcome.status, outcome.accepted, outcome.body.toString()],
      [200, true, '{"RequestId":"request-1"}'],
    );
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), {
      state: 'RUNNING',
      status: 0,
      version: '$LATEST',
      startedAt: START,
      endedAt: 0,
    });
    invoker.start();
    await clock.advance(1000);
    assert.deepEqual([begun, story(settled)], [['request-1 0'], ['0 min 200 acked']]);
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'FINISHED', status: 200 });
  });

  test('a failed run is not retried', async () => {
    const { invoker, clock, events, settled } = house(() => anOutcome(430), { entry });
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(10 * MINUTE);
    assert.deepEqual(story(settled), ['0 min 430 dead']);
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), {
      state: 'FAILED',
      status: 430,
      endedAt: START,
    });
  });

  test('the platform’s failure is', async () => {
    const { invoker, clock, settled } = house(({ retryNum }) => anOutcome(retryNum < 2 ? 500 : 200), { entry });
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(10 * MINUTE);
    assert.deepEqual(story(settled), ['0 min 500 retried', '1 min 500 retried', '2 min 200 acked']);
  });

  test('an event that is too large for the queue is refused with 406, by a queue that fails with 500', async () => {
    const { invoker } = house(() => anOutcome(), { entry });
    const large = await invoker.sync(anEvent({ body: Buffer.alloc(ASYNC_EVENT_BYTES + 1) }));
    assert.equal(large.status, 406);
    const failing = house(() => anOutcome(), { entry, queue: { push: () => Promise.reject(new Error('disk full')) } });
    assert.equal((await failing.invoker.sync(anEvent())).status, 500);
    assert.equal(failing.log.lines[0]?.level, 'error');
    await failing.clock.advance(1);
  });
});

describe('breaking off', () => {
  const entry = entryOf({ asyncRun: true, traced: true, deadLetter: to });

  test('an event that waits: it never runs', async () => {
    const { invoker, clock, events, settled, calls } = house(() => anOutcome(), { entry });
    await invoker.async(anEvent());
    assert.equal(await invoker.terminate('request-1', true), 'aborted');
    invoker.start();
    await clock.advance(MINUTE);
    assert.deepEqual([calls, story(settled)], [[], ['0 min 499 aborted']]);
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'ABORTED', status: 499 });
    assert.equal((await events.letters.list({}, {})).total, 0);
    assert.equal(await invoker.terminate('request-1', false), 'absent');
  });

  test('one that runs: over when it resolves, not retried, no dead letter', async () => {
    const end = Promise.withResolvers<Outcome>();
    const asked: unknown[] = [];
    const { invoker, clock, events, settled } = house(() => end.promise, {
      entry,
      terminate: (...given) => {
        asked.push(given);
        end.resolve(anOutcome(499));
        return true;
      },
    });
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    assert.equal(await invoker.terminate('request-1', false), 'aborted');
    assert.deepEqual(asked, [['request-1', false]]);
    assert.deepEqual(story(settled), ['0 min 499 aborted']);
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'ABORTED', status: 499 });
    assert.equal(await events.queue.pending(), 0);
    await clock.advance(10 * MINUTE);
    assert.equal((await events.letters.list({}, {})).total, 0);
  });

  test('with grace: told, and its own end counts', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, events } = house(() => end.promise, { entry, terminate: () => true });
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    assert.equal(await invoker.terminate('request-1', true), 'signalled');
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'RUNNING' });
    end.resolve(anOutcome(439));
    await settle();
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'FAILED', status: 439 });
  });

  test('one that ends by itself at that moment is not called broken off', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, events } = house(() => end.promise, { entry });
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    const told = invoker.terminate('request-1', false);
    end.resolve(anOutcome());
    assert.equal(await told, 'absent');
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'FINISHED' });
  });

  test('one that fails for the platform at that moment is not tried again', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, clock, events, calls } = house(() => end.promise, { entry });
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    const told = invoker.terminate('request-1', false);
    end.resolve(anOutcome(500));
    assert.equal(await told, 'aborted');
    await clock.advance(10 * MINUTE);
    assert.equal(calls.length, 1);
    assert.partialDeepStrictEqual(await events.executions.get('request-1'), { state: 'ABORTED', status: 499 });
  });

  test('one that nobody knows', async () => {
    const { invoker } = house(() => anOutcome());
    assert.equal(await invoker.terminate('nobody', false), 'absent');
  });
});

describe('when the server stops', () => {
  test('a run that is cut by it is given back as it was, and counts for nothing', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, clock, settled, queue } = house(() => end.promise);
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    const processClock = new TurnableClock(0);
    const closing = invoker.close(processClock, 1000);
    await processClock.advance(1000);
    await closing;
    end.resolve(anOutcome(500));
    await settle();
    assert.deepEqual(settled, []);
    const [lease] = await queue.lease(1, clock.now(), clock.now() + 1);
    assert.deepEqual([lease?.item.retryNum, lease?.item.runErrors, lease?.item.dueAt], [0, 0, START]);
  });

  test('one that ends well all the same is done', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, settled, queue } = house(() => end.promise);
    invoker.start();
    await invoker.async(anEvent());
    await settle();
    const processClock = new TurnableClock(0);
    const closing = invoker.close(processClock, 1);
    await processClock.advance(1);
    await closing;
    end.resolve(anOutcome());
    await settle();
    assert.deepEqual(story(settled), ['0 min 200 acked']);
    assert.equal(await queue.pending(KEY), 0);
  });
});

test('property: every accepted event ends in exactly one place, and its attempts are those of the table', async () => {
  const status = fc.constantFrom(200, 430, 433, 432, 449, 500, 441, 499);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(status, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
      fc.nat({ max: 2 }),
      fc.constantFrom(60, 120, 300, 21600),
      fc.boolean(),
      async (plans, retryNum, msgTtlS, hasLetters) => {
        const entry = { ...entryOf({ deadLetter: hasLetters ? to : null }), async: { retryNum, msgTtlS } };
        const planOf = (id: string) => plans[Number(id)] ?? [200];
        // After its plan it does well.
        const { invoker, clock, settled, events } = house(
          ({ event, retryNum: at }) => anOutcome(planOf(event.requestId)[at] ?? 200),
          { entry },
        );
        invoker.start();
        for (const id of plans.keys()) await invoker.async(anEvent({ requestId: String(id) }));
        await clock.advance(7 * 60 * MINUTE);
        assert.equal(await events.queue.pending(), 0);
        const letters = (await events.letters.list({}, {})).rows.map(({ item }) => item.event.requestId);
        for (const id of plans.keys()) {
          const mine = settled.filter(one => one.event.requestId === String(id));
          const last = mine.at(-1)?.verdict ?? 'none';
          assert.ok(['acked', 'dead', 'dropped', 'aborted'].includes(last), last);
          assert.ok(mine.slice(0, -1).every(one => one.verdict === 'retried'));
          assert.equal(letters.includes(String(id)), last === 'dead');
          assert.equal(last === 'dead' || last !== 'dropped' ? true : !hasLetters, true);
          const failures = mine.filter(one => [430, 433].includes(one.outcome.status)).length;
          assert.ok(failures <= retryNum + 1, `${failures} failures`);
          for (const [i, one] of mine.entries()) assert.equal(one.startedAt, START + i * MINUTE);
          assert.ok((mine.length - 1) * 60 <= msgTtlS);
        }
      },
    ),
    { numRuns: 150 },
  );
});
