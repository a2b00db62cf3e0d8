// Events that are sent while another one runs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AHEAD } from './frames.ts';
import { call, type Started, started } from './testing-instance.ts';
import { begun } from './turn.ts';

/** Sends events r1, r2, …; the first begins, the others are ahead. */
async function loaded(count: number): Promise<Started & { readonly runs: ReturnType<Started['begin']>[] }> {
  const it = await started();
  const runs = Array.from({ length: count }, (_, index) => it.begin(call(`r${index + 1}`)));
  await it.turn();
  it.heard.length = 0;
  return { ...it, runs };
}

const ids = (events: readonly { readonly call: ReturnType<typeof call> }[]) =>
  events.map(one => one.call.event.requestId);

describe('in order', () => {
  test('all but the first may be taken back; they are answered in the order in which they were sent', async () => {
    const { process, instance, heard, runs, turn } = await loaded(3);
    assert.deepEqual(process.invoked, ['r1', 'r2'], 'it has enough to do: the third is held');
    assert.deepEqual([instance.load, instance.runs, instance.state], [3, 3, 'busy']);
    process.answer('1', { durationMs: 1 });
    await turn();
    assert.deepEqual(process.turns, [1, 2, 3]);
    assert.deepEqual(process.flags, [0, AHEAD, AHEAD]);
    for (const text of ['2', '3']) process.answer(text, { durationMs: Number(text) });
    await turn();
    const outcomes = await Promise.all(runs);
    assert.deepEqual(
      outcomes.map(outcome => [outcome.body.toString(), outcome.durationMs]),
      [
        ['1', 1],
        ['2', 2],
        ['3', 3],
      ],
    );
    assert.deepEqual([instance.load, instance.state], [0, 'idle']);
    assert.deepEqual(heard, ['ran 1', 'free', 'ran 2', 'free', 'ran 3', 'free']);
  });

  test('what is held leaves together, as soon as one is left', async () => {
    const { process, instance, turn } = await loaded(9);
    assert.equal(process.invoked.length, 2);
    process.answer();
    await turn();
    assert.equal(process.invoked.length, 9);
    assert.equal(instance.load, 8);
  });

  test('what is held comes back as well, and is never sent', async () => {
    const { process, instance, runs, turn } = await loaded(5);
    assert.deepEqual(
      instance.takeBack().map(one => one.call.event.requestId),
      ['r2', 'r3', 'r4', 'r5'],
    );
    assert.equal(process.takeTurn(2), false);
    process.answer('"first"');
    await turn();
    assert.equal((await runs[0])?.body.toString(), '"first"');
    assert.deepEqual([process.invoked.length, instance.state], [2, 'idle']);
  });

  test('the first event of a batch on an idle instance is not ahead again', async () => {
    const { process, begin, turn } = await loaded(2);
    process.answer();
    process.answer();
    await turn();
    void begin(call('r3'));
    await turn();
    assert.deepEqual(process.flags, [0, AHEAD, 0]);
  });

  test('an event waits until the one before it is over, and its time begins then', async () => {
    const { process, instance, clock, runs, turn } = await loaded(2);
    const began = clock.now();
    assert.equal(instance.headSince, began);
    await turn(2000);
    process.answer();
    await turn();
    assert.equal(instance.headSince, began + 2000);
    await turn(2999);
    assert.equal(process.killed, false, 'its time is not that since it was sent');
    await turn(1);
    const outcome = await runs[1];
    assert.deepEqual([outcome?.status, outcome?.waitMs, outcome?.durationMs], [433, 2000, 3000]);
  });

  test('only the first run of an instance has a cold start', async () => {
    const { process, runs, turn } = await loaded(2);
    process.answer();
    process.answer();
    await turn();
    const [first, second] = await Promise.all(runs);
    assert.deepEqual([first?.initMs, second?.initMs], [40, 0]);
  });

  test('behind a run of which only the log is awaited an event begins at once', async () => {
    const { process, instance, clock, begin, turn } = await loaded(1);
    await turn(500);
    process.answer('1', { printed: true });
    await turn();
    const run = begin(call('r2'), 10);
    const sentAt = clock.now();
    assert.equal(instance.headSince, sentAt);
    await turn(100);
    process.mark(1);
    await turn(100);
    process.answer('2');
    assert.equal((await run).waitMs, 10, 'the log of the one before it was nobody\u2019s wait');
    assert.equal(instance.state, 'idle');
  });

  test('its deadline counts from then, whether that log comes or not', async () => {
    const { process, begin, turn } = await loaded(1);
    process.answer('1', { printed: true });
    await turn();
    const run = begin(call('r2'));
    await turn(2999);
    assert.equal(process.killed, false);
    await turn(1);
    assert.equal((await run).status, 433);
  });

  test('an early answer keeps those behind it waiting until the run has ended', async () => {
    const { process, instance, clock, runs, turn } = await loaded(2);
    const began = clock.now();
    process.answer('"soon"', { early: true });
    await turn(300);
    const early = await runs[0];
    assert.equal(early?.body.toString(), '"soon"');
    assert.deepEqual([instance.load, instance.headSince], [2, began]);
    process.ended({ durationMs: 300 });
    await turn();
    assert.equal((await early?.ended)?.durationMs, 300);
    assert.deepEqual([instance.load, instance.headSince], [1, began + 300]);
    process.answer('2');
    await turn();
    assert.equal((await runs[1])?.body.toString(), '2');
  });
});

describe('taking back', () => {
  test('the one that runs stays, the others come back in their order', async () => {
    const { process, instance, runs, turn } = await loaded(4);
    assert.deepEqual(ids(instance.takeBack()), ['r2', 'r3', 'r4']);
    assert.equal(instance.load, 1);
    assert.deepEqual(
      [2, 3, 4].map(number => process.takeTurn(number)),
      [false, false, false],
    );
    process.answer();
    for (const number of [2, 3, 4]) process.decline(number);
    await turn();
    assert.equal((await runs[0])?.status, 200);
    assert.deepEqual([instance.state, process.killed], ['idle', false]);
  });

  test('one that has begun stays as well', async () => {
    const { process, instance, runs, turn } = await loaded(4);
    process.answer();
    assert.equal(process.takeTurn(2), true, 'the answer is still on its way');
    assert.deepEqual(ids(instance.takeBack()), ['r3', 'r4']);
    process.answer('2');
    await turn();
    assert.deepEqual(
      (await Promise.all(runs.slice(0, 2))).map(outcome => outcome.status),
      [200, 200],
    );
    assert.equal(instance.load, 0);
  });

  test('one that has begun stays while the log of the one before it is awaited', async () => {
    const { process, instance, turn } = await loaded(3);
    process.answer('1', { printed: true });
    process.takeTurn(2);
    await turn();
    assert.deepEqual(ids(instance.takeBack()), ['r3']);
    assert.equal(instance.load, 2);
  });

  test('what is sent afterwards runs; a word of earlier turns does not hold it', async () => {
    const { process, instance, begin, turn } = await loaded(3);
    instance.takeBack();
    process.takeTurn(2);
    process.takeTurn(3);
    process.answer();
    const [fourth, fifth] = [begin(call('r4')), begin(call('r5'))];
    await turn();
    assert.deepEqual(process.turns.slice(2), [4, 5], 'the third was held, and never sent');
    process.decline(2);
    assert.equal(process.takeTurn(5), true);
    process.answer('4', { turn: 4 });
    process.answer('5', { turn: 5 });
    await turn();
    assert.deepEqual([(await fourth).body.toString(), (await fifth).body.toString()], ['4', '5']);
  });

  test('nothing is revoked where nothing is ahead', async () => {
    const idle = await started();
    assert.deepEqual(idle.instance.takeBack(), []);
    const { process, instance } = await loaded(1);
    assert.deepEqual(instance.takeBack(), []);
    assert.equal(process.takeTurn(1), true);
  });
});

describe('what the instance has left out', () => {
  /** Both sides have seen each other: r2 is the instance's until it says that it was left out. */
  async function met(count: number) {
    const it = await loaded(count);
    it.process.answer();
    it.process.takeTurn(2);
    it.instance.takeBack();
    await it.turn();
    it.heard.length = 0;
    return it;
  }

  test('comes back when it says so, and the instance is free', async () => {
    const { process, instance, heard, turn } = await met(2);
    assert.equal(instance.load, 1);
    process.decline(2);
    await turn();
    assert.deepEqual(heard, ['back r2', 'free']);
    assert.deepEqual([instance.load, instance.state], [0, 'idle']);
    assert.equal(instance.idleSince, 1_000_040);
  });

  test('the one behind it begins then', async () => {
    const { process, instance, clock, begin, heard, turn } = await met(2);
    const run = begin(call('r3'));
    await turn(100);
    process.decline(2);
    await turn();
    assert.deepEqual(heard, ['back r2', 'free']);
    assert.equal(instance.headSince, clock.now());
    assert.equal(instance.state, 'busy');
    process.answer('3', { turn: 3 });
    assert.equal((await run).waitMs, 100);
  });

  test('also while the log of the one before it is awaited', async () => {
    const it = await loaded(2);
    it.process.answer('1', { printed: true });
    it.process.takeTurn(2);
    it.instance.takeBack();
    await it.turn();
    const run = it.begin(call('r3'));
    await it.turn(100);
    it.process.decline(2);
    await it.turn();
    assert.equal(it.instance.headSince, it.clock.now());
    it.process.answer('3', { turn: 3 });
    it.process.mark(1);
    await it.turn();
    assert.equal((await run).waitMs, 100);
    assert.equal((await it.runs[0])?.status, 200);
  });

  test('is ignored for what is here already, or was never sent', async () => {
    const { process, instance, heard, turn } = await loaded(3);
    instance.takeBack();
    for (const number of [3, 2, 9, 0, 0xffffffff]) process.decline(number);
    await turn();
    assert.deepEqual([heard, instance.state, process.killed], [[], 'busy', false]);
  });

  for (const [what, spoil] of [
    ['an event that was sent to be run', (it: Started) => it.process.decline(1)],
    [
      'one that is over',
      async (it: Started) => {
        it.process.answer('1', { printed: true });
        it.process.answer('2', { printed: true });
        await it.turn();
        it.process.decline(2);
      },
    ],
  ] as const)
    test(`cannot be ${what}`, async () => {
      const it = await loaded(2);
      await spoil(it);
      await it.turn();
      assert.equal(it.process.killed, true);
    });
});

describe('death', () => {
  test('those that began fail, the rest comes back in order, before the instance is gone', async () => {
    const { process, instance, heard, runs, turn } = await loaded(4);
    await turn(100);
    process.takeTurn(2);
    process.die(1);
    await turn();
    const [first, second] = await Promise.all(runs.slice(0, 2));
    assert.deepEqual([first?.status, first?.durationMs], [439, 100]);
    assert.deepEqual([second?.status, second?.durationMs, second?.waitMs], [439, 0, 100]);
    assert.deepEqual(heard, ['back r3,r4', 'gone']);
    assert.deepEqual([instance.load, instance.state], [0, 'gone']);
    assert.equal(process.closed, true);
  });

  test('a word larger than any turn gives nothing back', async () => {
    const { process, heard, runs, turn } = await loaded(2);
    process.takeTurn(0xffffffff);
    assert.equal(begun(process.turnFd), 0xffffffff);
    process.die(1);
    await turn();
    assert.deepEqual(
      (await Promise.all(runs)).map(outcome => outcome.status),
      [439, 439],
    );
    assert.deepEqual(heard, ['gone']);
  });

  test('what was answered before it still counts, and the instance is given nothing more', async () => {
    const { process, instance, heard, runs, turn } = await loaded(3);
    process.die(0, null, true);
    await turn();
    process.answer('1', { durationMs: 1 });
    await turn();
    assert.equal((await runs[0])?.status, 200);
    assert.deepEqual(heard, ['ran 1'], 'it is not free');
    assert.notEqual(instance.state, 'idle');
    await turn(250);
    assert.equal((await runs[1])?.status, 439, 'its turn had come');
    assert.deepEqual(heard, ['ran 1', 'back r3', 'gone']);
  });

  test('an only run that was answered at the very end leaves no idle instance', async () => {
    const { process, instance, heard, runs, turn } = await loaded(1);
    process.print('x');
    process.answer('1', { printed: true, durationMs: 1 });
    process.die(0, null, true);
    await turn();
    process.mark(1);
    await turn();
    assert.equal((await runs[0])?.log, 'x');
    assert.deepEqual(heard, ['ran 1']);
    assert.notEqual(instance.state, 'idle');
    await turn(250);
    assert.deepEqual(heard, ['ran 1', 'gone']);
  });

  test('a log that becomes complete while it is ended does not free it either', async () => {
    const { process, instance, heard, runs, turn } = await loaded(1);
    process.answer('1', { printed: true, durationMs: 1 });
    await turn();
    process.kill = () => {};
    const ended = instance.end();
    process.mark(1);
    await turn();
    assert.equal((await runs[0])?.status, 200);
    assert.deepEqual([heard, instance.state], [['ran 1'], 'ending']);
    process.die(null, 'SIGKILL');
    await turn();
    await ended;
  });

  test('a time-out is the fault of the one that ran, not of one that began behind it', async () => {
    const { process, heard, runs, turn } = await loaded(3);
    await turn(2990);
    process.takeTurn(2);
    await turn(20);
    const outcomes = await Promise.all(runs.slice(0, 2));
    assert.deepEqual(
      outcomes.map(outcome => outcome.status),
      [433, 439],
    );
    assert.deepEqual(heard, ['back r3', 'gone']);
  });

  test('ended by this server: the reason is told to those that began', async () => {
    const { instance, heard, runs, turn } = await loaded(2);
    const reason = { status: 500, body: Buffer.alloc(0), message: 'stopped', stack: '' };
    void instance.end(reason);
    await turn();
    const outcome = await runs[0];
    assert.deepEqual([outcome?.status, outcome?.errorMessage], [500, 'stopped']);
    assert.deepEqual(heard, ['back r2', 'gone']);
  });
});

describe('forged answers', () => {
  for (const number of [0, 2, 3, 4, 0xffffffff])
    test(`turn ${number} is not running`, async () => {
      const { process, heard, runs, turn } = await loaded(3);
      process.answer('"forged"', { turn: number });
      await turn();
      assert.equal(process.killed, true);
      assert.equal((await runs[0])?.status, 439);
      assert.deepEqual(heard, ['back r2,r3', 'gone']);
    });

  test('the end of an event that has not begun', async () => {
    const { process, runs, turn } = await loaded(2);
    process.answer('1', { early: true });
    process.skip(1);
    process.ended();
    await turn();
    assert.equal(process.killed, true);
    assert.equal((await (await runs[0])?.ended)?.status, 439);
  });

  test('a second early answer', async () => {
    const { process, turn } = await loaded(1);
    process.answer('1', { early: true });
    process.answer('2', { early: true });
    await turn();
    assert.equal(process.killed, true);
  });
});
