import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudError } from './errors.ts';
import type { FunctionEvent } from './event.ts';
import { anEntry, anEvent, anOutcome, aVersion, KEY, someEvents } from './fixture.ts';
import type { FunctionEntry } from './function.ts';
import type { Outcome } from './invocation.ts';
import { ASYNC_EVENT_BYTES, SYNC_EVENT_BYTES } from './limits.ts';
import { house, MINUTE, START, story } from './testing-invoker.ts';

describe('a synchronous call', () => {
  test('runs at once, without the queue, and is answered and recorded once', async () => {
    const { invoker, settled, accepted, queue, calls } = house(() => anOutcome());
    const event = anEvent();
    const outcome = await invoker.sync(event);
    assert.equal(outcome.body.toString(), '"ok"');
    assert.equal(calls.length, 1);
    // The very bytes, not a copy that was parsed and printed.
    assert.equal(calls[0]?.event, event);
    assert.deepEqual([calls[0]?.retryNum, calls[0]?.waitMs], [0, 3000]);
    assert.equal(settled.length, 1);
    const [record] = settled;
    assert.deepEqual([record?.mode, record?.verdict, record?.retryNum], ['sync', 'answered', 0]);
    assert.deepEqual([record?.acceptedAt, record?.startedAt], [START, START]);
    assert.equal(record?.version?.version, '$LATEST');
    assert.equal(record?.outcome, outcome);
    assert.deepEqual([accepted, await queue.pending(KEY)], [[], 0]);
  });

  test('the function’s failure is an outcome, and nobody tries again', async () => {
    for (const status of [430, 432, 433, 500]) {
      const { invoker, calls, settled, clock } = house(() => anOutcome(status));
      invoker.start();
      assert.equal((await invoker.sync(anEvent())).status, status);
      await clock.advance(10 * MINUTE);
      assert.equal(calls.length, 1);
      assert.deepEqual(story(settled), [`0 min ${status} answered`]);
    }
  });

  const refusals: readonly (readonly [string, number, Partial<FunctionEvent>])[] = [
    ['too large', 406, { body: Buffer.alloc(SYNC_EVENT_BYTES + 1) }],
    ['no such function', 435, { target: { ...KEY, name: 'nobody' } }],
    ['no such qualifier', 442, { qualifier: 'nothing' }],
  ];
  for (const [what, status, change] of refusals)
    test(`${what}: ${status}, recorded, not run`, async () => {
      const { invoker, calls, settled } = house(() => anOutcome());
      assert.equal((await invoker.sync(anEvent(change))).status, status);
      assert.equal(calls.length, 0);
      assert.deepEqual(story(settled), [`0 min ${status} answered`]);
      assert.equal(settled[0]?.version, undefined);
    });

  test('a runner that throws is the platform’s failure: 500, logged with its cause', async () => {
    const boom = new Error('boom');
    const { invoker, settled, log, clock } = house(() => Promise.reject(boom));
    assert.equal((await invoker.sync(anEvent())).status, 500);
    assert.deepEqual(story(settled), ['0 min 500 answered']);
    assert.deepEqual(log.lines[0]?.fields, { error: boom, requestId: 'request-1' });
    // The clock is not held any longer.
    await clock.advance(1);
  });

  test('a run that outlives its answer is recorded once, as it ended', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, settled, clock } = house(() => anOutcome(200, { ended: end.promise }));
    assert.equal((await invoker.sync(anEvent())).status, 200);
    assert.equal(settled.length, 0);
    const turned = clock.advance(1000);
    end.resolve(anOutcome(433, { durationMs: 3000 }));
    await turned;
    assert.deepEqual(story(settled), ['0 min 433 answered']);
    assert.equal(settled[0]?.outcome.durationMs, 3000);
  });

  test('if the end of such a run is lost, that is recorded and the clock goes on', async () => {
    const { invoker, settled, clock } = house(() => anOutcome(200, { ended: Promise.reject(new Error('gone')) }));
    assert.equal((await invoker.sync(anEvent())).status, 200);
    await clock.advance(1);
    assert.deepEqual(story(settled), ['0 min 500 answered']);
  });

  test('the clock does not move on while a call runs', async () => {
    const end = Promise.withResolvers<Outcome>();
    const { invoker, clock } = house(() => end.promise);
    const answered = invoker.sync(anEvent());
    const turned = clock.advance(5000);
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    assert.equal(clock.now(), START);
    end.resolve(anOutcome());
    await Promise.all([answered, turned]);
    assert.equal(clock.now(), START + 5000);
  });
});

describe('an asynchronous event', () => {
  test('is accepted before it runs, then runs, and is gone', async () => {
    const { invoker, clock, settled, accepted, queue, calls } = house(() => anOutcome());
    await invoker.async(anEvent());
    assert.deepEqual([accepted, await queue.pending(KEY), calls.length], [['request-1'], 1, 0]);
    invoker.start();
    await clock.advance(0);
    assert.deepEqual(story(settled), ['0 min 200 acked']);
    assert.equal(settled[0]?.mode, 'async');
    assert.equal(await queue.pending(KEY), 0);
  });

  test('is told to be accepted before its run takes the thread', async () => {
    const { invoker, clock, calls } = house(() => anOutcome());
    invoker.start();
    await clock.advance(MINUTE);
    await invoker.async(anEvent());
    for (let turn = 0; turn < 50; turn++) await undefined;
    assert.equal(calls.length, 0);
    await clock.advance(0);
    assert.equal(calls.length, 1);
  });

  test('wakes a worker that sleeps', async () => {
    const { invoker, clock, calls } = house(() => anOutcome());
    invoker.start();
    await clock.advance(MINUTE);
    await invoker.async(anEvent());
    await clock.advance(0);
    assert.deepEqual(
      calls.map(call => call.at),
      [MINUTE],
    );
  });

  test('a handler that always throws is tried three times, a minute apart, under one request id', async () => {
    const { invoker, clock, settled, calls, queue, log } = house(() => anOutcome(430));
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(0);
    assert.equal(calls.length, 1);
    await clock.advance(MINUTE - 1);
    assert.equal(calls.length, 1);
    await clock.advance(1);
    assert.equal(calls.length, 2);
    await clock.advance(60 * MINUTE);
    assert.deepEqual(story(settled), ['0 min 430 retried', '1 min 430 retried', '2 min 430 dropped']);
    assert.deepEqual(
      calls.map(call => call.retryNum),
      [0, 1, 2],
    );
    assert.deepEqual(new Set(settled.map(it => `${it.event.requestId} ${it.acceptedAt}`)).size, 1);
    assert.equal(await queue.pending(KEY), 0);
    const dropped = log.lines.filter(line => line.text === 'event dropped');
    assert.equal(dropped.length, 1);
    assert.partialDeepStrictEqual(dropped[0]?.fields, { requestId: 'request-1', status: 430, why: 'retries used up' });
  });

  for (const retryNum of [0, 1])
    test(`RetryNum ${retryNum}`, async () => {
      const { invoker, clock, calls } = house(() => anOutcome(433), { async: { retryNum, msgTtlS: 21600 } });
      invoker.start();
      await invoker.async(anEvent());
      await clock.advance(10 * MINUTE);
      assert.equal(calls.length, retryNum + 1);
    });

  test('over the limit it waits minute by minute, which costs no retry', async () => {
    const answers = [432, 432, 430, 449, 430, 500, 200];
    const { invoker, clock, settled } = house(call => anOutcome(answers[call.retryNum]));
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(60 * MINUTE);
    assert.deepEqual(
      story(settled),
      answers.map((status, minute) => `${minute} min ${status} ${status === 200 ? 'acked' : 'retried'}`),
    );
  });

  test('six hours of platform failures, in order, then it is given up', async () => {
    const { invoker, clock, settled, queue } = house(() => anOutcome(500));
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(7 * 60 * MINUTE);
    const expected = Array.from({ length: 361 }, (_, i) => `${i} min 500 ${i === 360 ? 'dropped' : 'retried'}`);
    assert.deepEqual(story(settled), expected);
    assert.equal(await queue.pending(KEY), 0);
  });

  for (const [status, what] of [
    [400, 'no JSON'],
    [406, 'too large'],
    [441, 'not allowed'],
  ] as const)
    test(`a faulty request (${status}, ${what}) is dead at once`, async () => {
      const { invoker, clock, settled } = house(() => anOutcome(status));
      invoker.start();
      await invoker.async(anEvent());
      await clock.advance(10 * MINUTE);
      assert.deepEqual(story(settled), [`0 min ${status} dropped`]);
    });

  test('for a function that is gone by then: dead, nothing runs', async () => {
    const { invoker, clock, settled, calls } = house(() => anOutcome());
    invoker.start();
    await invoker.async(anEvent({ target: { ...KEY, name: 'gone' } }));
    await clock.advance(0);
    assert.deepEqual(story(settled), ['0 min 435 dropped']);
    assert.equal(calls.length, 0);
  });

  test('that waited longer than MsgTTL does not run', async () => {
    const { invoker, clock, settled, calls, log } = house(() => anOutcome(), { async: { retryNum: 2, msgTtlS: 60 } });
    await invoker.async(anEvent());
    await clock.advance(MINUTE + 1);
    invoker.start();
    await clock.advance(0);
    assert.equal(calls.length, 0);
    assert.equal(settled[0]?.verdict, 'dropped');
    assert.match(settled[0]?.outcome.errorMessage ?? '', /MsgTTL \(60 s\)/);
    assert.partialDeepStrictEqual(log.lines[0]?.fields, { why: 'too old' });
  });

  test('on the last instant of its life it still runs', async () => {
    const { invoker, clock, calls } = house(() => anOutcome(), { async: { retryNum: 2, msgTtlS: 60 } });
    await invoker.async(anEvent());
    await clock.advance(MINUTE);
    invoker.start();
    await clock.advance(0);
    assert.equal(calls.length, 1);
  });

  test('each attempt asks anew which version runs, and by which policy', async () => {
    let entry = anEntry({ versions: [aVersion({ timeoutS: 3 })] });
    const { invoker, clock, calls, settled } = house(
      () => {
        entry = anEntry({ versions: [aVersion({ timeoutS: 7 })], async: { retryNum: 1, msgTtlS: 21600 } });
        return anOutcome(430);
      },
      {
        entry: new Proxy({} as FunctionEntry, {
          get: (_, name) => entry[name as keyof FunctionEntry],
        }),
      },
    );
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(10 * MINUTE);
    assert.deepEqual(
      calls.map(call => call.timeoutS),
      [3, 7],
    );
    assert.deepEqual(story(settled), ['0 min 430 retried', '1 min 430 dropped']);
  });

  test('waits for the end of a run that answered early: that is what counts', async () => {
    const { invoker, clock, settled } = house(call =>
      anOutcome(200, { ended: Promise.resolve(anOutcome(call.retryNum === 0 ? 433 : 200)) }),
    );
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(2 * MINUTE);
    assert.deepEqual(story(settled), ['0 min 433 retried', '1 min 200 acked']);
  });

  test('the same request id twice, while it waits, is one event', async () => {
    const { invoker, clock, calls } = house(() => anOutcome());
    await invoker.async(anEvent());
    await invoker.async(anEvent());
    invoker.start();
    await clock.advance(MINUTE);
    assert.equal(calls.length, 1);
  });
});

describe('what is not accepted', () => {
  test('more than 128 KB is refused with the caller’s error, and leaves nothing', async () => {
    const { invoker, queue, accepted, settled } = house(() => anOutcome());
    await invoker.async(anEvent({ body: Buffer.alloc(ASYNC_EVENT_BYTES) }));
    await assert.rejects(
      invoker.async(anEvent({ requestId: 'request-2', body: Buffer.alloc(ASYNC_EVENT_BYTES + 1) })),
      (error: unknown) =>
        error instanceof CloudError && error.code === 'InvalidParameterValue' && /131073/.test(error.text('zh')),
    );
    assert.deepEqual([await queue.pending(KEY), accepted, settled], [1, ['request-1'], []]);
  });

  test('a full queue drops the event, recorded; other functions are not full', async () => {
    const { invoker, queue, settled, log, clock } = house(() => anOutcome(), { pendingEvents: 2 });
    for (const requestId of ['a', 'b', 'c']) await invoker.async(anEvent({ requestId }));
    await invoker.async(anEvent({ requestId: 'd', target: { ...KEY, name: 'other' } }));
    assert.deepEqual(
      (await queue.lease(9, clock.now(), clock.now() + 1)).map(it => it.item.event.requestId),
      ['a', 'b', 'd'],
    );
    assert.equal(settled.length, 1);
    assert.deepEqual([settled[0]?.event.requestId, settled[0]?.verdict], ['c', 'dropped']);
    assert.match(settled[0]?.outcome.errorMessage ?? '', /full \(2 events\)/);
    assert.partialDeepStrictEqual(log.lines[0]?.fields, { requestId: 'c', why: 'queue full' });
  });

  test('a queue that cannot keep the event says so to the caller, and the clock goes on', async () => {
    const { invoker, clock } = house(() => anOutcome(), {
      queue: { push: () => Promise.reject(new Error('disk full')) },
    });
    await assert.rejects(invoker.async(anEvent()), /disk full/);
    await clock.advance(1);
  });
});

describe('nothing is lost when', () => {
  test('the runner throws: a failure of the platform, tried again in a minute', async () => {
    const { invoker, clock, settled } = house(call =>
      call.retryNum === 0 ? Promise.reject(new Error('boom')) : anOutcome(),
    );
    invoker.start();
    await invoker.async(anEvent());
    await clock.advance(2 * MINUTE);
    assert.deepEqual(story(settled), ['0 min 500 retried', '1 min 200 acked']);
  });

  for (const [verb, status] of [
    ['ack', 200],
    ['later', 430],
  ] as const)
    test(`the queue fails at ${verb}: the lease runs out and the event runs again`, async () => {
      let broken = true;
      const events = someEvents();
      const own = events.queue;
      const failing = async () => {
        broken = false;
        throw new Error('disk full');
      };
      const { invoker, clock, calls, log } = house(() => anOutcome(broken ? status : 200), {
        events,
        queue: {
          ack: (lease, end) => (broken ? failing() : own.ack(lease, end)),
          later: (lease, change) => (broken ? failing() : own.later(lease, change)),
        },
      });
      invoker.start();
      await invoker.async(anEvent());
      await clock.advance(60 * MINUTE);
      assert.equal(calls.length, 2);
      // As long as a lease lasts that nobody renews.
      assert.equal(calls[1]?.at, MINUTE);
      assert.equal(await own.pending(KEY), 0);
      assert.equal(log.lines[0]?.level, 'error');
    });

  test('the server stops between accepting and running: the next one runs it', async () => {
    const first = house(() => anOutcome());
    await first.invoker.async(anEvent());
    const { invoker, clock, calls } = house(() => anOutcome(), { events: first.events });
    invoker.start();
    await clock.advance(0);
    assert.equal(calls[0]?.event.requestId, 'request-1');
  });
});
