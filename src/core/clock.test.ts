import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, mock, test } from 'node:test';
import fc from 'fast-check';
import { SystemClock, TurnableClock } from './clock.ts';

describe('SystemClock', () => {
  test('no task runs before its instant, whatever the timers do', async () => {
    const clock = new SystemClock();
    const early: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const instant = clock.now() + i;
        return new Promise<void>(resolve => {
          clock.at(instant, () => {
            if (clock.now() < instant) early.push(clock.now() - instant);
            resolve();
          });
        });
      }),
    );
    assert.deepEqual(early, []);
  });

  test('a timer that fires early is armed again', t => {
    let now = 1000;
    const armed: { wait: number; fire: () => void }[] = [];
    t.mock.method(Date, 'now', () => now);
    t.mock.method(globalThis, 'setTimeout', (fire: () => void, wait: number) => armed.push({ fire, wait }));
    const task = mock.fn();
    new SystemClock().at(1010, task);
    now = 1009;
    armed[0]?.fire();
    assert.equal(task.mock.callCount(), 0);
    assert.equal(armed[1]?.wait, 1);
    now = 1010;
    armed[1]?.fire();
    assert.equal(task.mock.callCount(), 1);
  });

  test('a past instant runs soon', async () => {
    const clock = new SystemClock();
    await new Promise<void>(resolve => clock.at(0, resolve));
  });

  test('a month is waited for in pieces, because a longer timer would fire at once', t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    const task = mock.fn();
    const month = 31 * 86_400_000;
    new SystemClock().at(month, task);
    t.mock.timers.tick(2 ** 31 - 1);
    assert.equal(task.mock.callCount(), 0);
    t.mock.timers.tick(month - (2 ** 31 - 1) - 1);
    assert.equal(task.mock.callCount(), 0);
    t.mock.timers.tick(1);
    assert.equal(task.mock.callCount(), 1);
  });

  test('no piece is longer than a timer can be', t => {
    const waits: number[] = [];
    let now = 0;
    t.mock.method(Date, 'now', () => now);
    t.mock.method(globalThis, 'setTimeout', (fire: () => void, wait: number) => {
      waits.push(wait);
      now += wait;
      fire();
    });
    const task = mock.fn();
    new SystemClock().at(2 ** 33, task);
    assert.deepEqual(waits, [...Array(4).fill(2 ** 31 - 1), 4]);
    assert.equal(task.mock.callCount(), 1);
  });

  test('disposing calls a task off, in its last piece as well', t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    const task = mock.fn();
    const month = 31 * 86_400_000;
    const [soon, late] = [10, month].map(instant => new SystemClock().at(instant, task));
    soon?.[Symbol.dispose]();
    t.mock.timers.tick(2 ** 31);
    late?.[Symbol.dispose]();
    t.mock.timers.tick(month);
    assert.equal(task.mock.callCount(), 0);
  });

  test('an aborted sleep rejects with the reason and leaves no timer', async t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    const abort = new AbortController();
    const slept = new SystemClock().sleep(1000, abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(slept, /enough/);
  });
});

/** Notes what happens and when. */
function diary(clock: TurnableClock) {
  const lines: string[] = [];
  return { lines, note: (what: string) => () => void lines.push(`${clock.now()} ${what}`) };
}

describe('a turned clock', () => {
  test('runs what is due in order of its instants, each at its own', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(300, note('c'));
    clock.at(100, note('a'));
    clock.at(200, note('b'));
    clock.at(401, note('not yet'));
    await clock.advance(400);
    assert.deepEqual(lines, ['100 a', '200 b', '300 c']);
    assert.equal(clock.now(), 400);
    await clock.advance(1);
    assert.equal(lines.at(-1), '401 not yet');
  });

  test('tasks of one instant run in the order they were armed', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    for (const name of ['a', 'b', 'c', 'd']) clock.at(50, note(name));
    await clock.moveTo(50);
    assert.deepEqual(lines, ['50 a', '50 b', '50 c', '50 d']);
  });

  test('any instants come out sorted and stable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), async instants => {
        const clock = new TurnableClock(0);
        const ran: (readonly [number, number])[] = [];
        for (const [i, instant] of instants.entries()) clock.at(instant, () => ran.push([instant, i]));
        await clock.advance(20);
        assert.deepEqual(
          ran,
          instants.map((instant, i) => [instant, i] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('what is armed while it turns runs in the same turn, in its place', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(10, () => {
      note('first')();
      clock.at(20, note('armed at 10'));
      clock.at(5, note('past'));
      clock.at(40, note('beyond'));
    });
    clock.at(30, note('last'));
    await clock.advance(30);
    assert.deepEqual(lines, ['10 first', '10 past', '20 armed at 10', '30 last']);
  });

  test('a month of a task that arms itself again every hour', async () => {
    const clock = new TurnableClock(0);
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.now());
      clock.at(clock.now() + 3_600_000, tick);
    };
    clock.at(3_600_000, tick);
    await clock.advance(30 * 86_400_000);
    assert.deepEqual(
      seen,
      Array.from({ length: 720 }, (_, hour) => (hour + 1) * 3_600_000),
    );
  });

  test('a disposed task does not run, disposing twice or too late is nothing', async () => {
    const clock = new TurnableClock(0);
    const task = mock.fn();
    const off = clock.at(10, task);
    const on = clock.at(10, task);
    off[Symbol.dispose]();
    off[Symbol.dispose]();
    await clock.advance(10);
    on[Symbol.dispose]();
    assert.equal(task.mock.callCount(), 1);
  });

  test('a task can call off a later one of the same instant', async () => {
    const clock = new TurnableClock(0);
    const task = mock.fn();
    clock.at(10, () => other[Symbol.dispose]());
    const other = clock.at(10, task);
    await clock.advance(10);
    assert.equal(task.mock.callCount(), 0);
  });

  test('what a task sets off in promises is over before the next instant', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(10, async () => {
      for (let i = 0; i < 100; i++) await undefined;
      note('effect')();
    });
    clock.at(20, note('next'));
    await clock.advance(20);
    assert.deepEqual(lines, ['10 effect', '20 next']);
  });

  test('a sleep wakes at its instant, an aborted one rejects at once and is forgotten', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    const slept = clock.sleep(100).then(note('awake'));
    const abort = new AbortController();
    const aborted = clock.sleep(50, abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    await clock.advance(100);
    await slept;
    assert.deepEqual(lines, ['100 awake']);
    await assert.rejects(clock.sleep(1, AbortSignal.abort(new Error('never began'))), /never began/);
  });

  test('a sleep that is over no longer listens for its abort', async () => {
    const clock = new TurnableClock(0);
    const abort = new AbortController();
    const slept = clock.sleep(10, abort.signal);
    assert.equal(getEventListeners(abort.signal, 'abort').length, 1);
    await clock.advance(10);
    await slept;
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
    abort.abort();
  });

  test('is not turned back', async () => {
    const clock = new TurnableClock(1000);
    await assert.rejects(clock.moveTo(999), RangeError);
    await assert.rejects(clock.advance(-1), RangeError);
    await clock.moveTo(1000);
    assert.equal(clock.now(), 1000);
  });

  test('a task that throws fails the turn; the clock can be turned on', async () => {
    const clock = new TurnableClock(0);
    const task = mock.fn();
    clock.at(10, () => assert.fail('a bad task'));
    clock.at(20, task);
    await assert.rejects(clock.advance(30), /a bad task/);
    assert.equal(clock.now(), 10);
    await clock.moveTo(30);
    assert.equal(task.mock.callCount(), 1);
  });
});

describe('holds', () => {
  /** Enough for anything that is not held to be over. */
  const turns = async () => {
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  };

  test('the next instant waits until every hold of the last one is given back', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    const holds: Disposable[] = [];
    clock.at(10, () => holds.push(clock.hold(), clock.hold()));
    clock.at(20, note('next'));
    const turned = clock.advance(20);
    await turns();
    holds[0]?.[Symbol.dispose]();
    holds[0]?.[Symbol.dispose]();
    await turns();
    assert.deepEqual([lines, clock.now()], [[], 10]);
    holds[1]?.[Symbol.dispose]();
    await turned;
    assert.deepEqual(lines, ['20 next']);
  });

  test('what the held work arms on its way out comes in its place', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(10, async () => {
      using _ = clock.hold();
      await turns();
      clock.at(15, note('consequence'));
    });
    clock.at(20, note('next'));
    await clock.advance(20);
    assert.deepEqual(lines, ['15 consequence', '20 next']);
  });

  test('a hold handed on to another is one wait', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(10, () => {
      const first = clock.hold();
      setImmediate(() => {
        const second = clock.hold();
        first[Symbol.dispose]();
        setImmediate(() => {
          note('done')();
          second[Symbol.dispose]();
        });
      });
    });
    clock.at(11, note('next'));
    await clock.advance(20);
    assert.deepEqual(lines, ['10 done', '11 next']);
  });

  test('work that takes its hold two turns of the event loop later is still seen', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    clock.at(10, () => {
      setImmediate(() => {
        setImmediate(async () => {
          using _ = clock.hold();
          await turns();
          note('done')();
        });
      });
    });
    clock.at(11, note('next'));
    await clock.advance(20);
    assert.deepEqual(lines, ['10 done', '11 next']);
  });

  test('a turn is not over while something is held', async () => {
    const clock = new TurnableClock(0);
    const hold = clock.hold();
    let over = false;
    const turned = clock.advance(5).then(() => {
      over = true;
    });
    await turns();
    assert.equal(over, false);
    hold[Symbol.dispose]();
    await turned;
  });
});

describe('several turns at once', () => {
  test('queue up, each from where the last one ended', async () => {
    const clock = new TurnableClock(0);
    const { lines, note } = diary(clock);
    for (const instant of [5, 15, 25]) clock.at(instant, note('task'));
    const ends: number[] = [];
    await Promise.all([10, 10, 10].map(ms => clock.advance(ms).then(() => ends.push(clock.now()))));
    assert.deepEqual(lines, ['5 task', '15 task', '25 task']);
    assert.equal(clock.now(), 30);
    assert.equal(ends.length, 3);
  });

  test('one that is refused does not stop those behind it', async () => {
    const clock = new TurnableClock(100);
    const refused = clock.moveTo(0);
    const turned = clock.advance(1);
    await assert.rejects(refused, RangeError);
    await turned;
    assert.equal(clock.now(), 101);
  });
});

describe('standing still and running', () => {
  test('a frozen clock runs what is past already, and nothing else', async () => {
    const clock = new TurnableClock(1000);
    const { lines, note } = diary(clock);
    clock.at(1000, note('now'));
    clock.at(1, note('past'));
    clock.at(1001, note('later'));
    await clock.sleep(0);
    assert.deepEqual(lines, ['1000 past', '1000 now']);
    assert.equal(clock.now(), 1000);
  });

  test('started without an instant it follows the system', async () => {
    const clock = new TurnableClock();
    assert.equal(clock.frozen, false);
    const system = new SystemClock();
    const [before, now, after] = [system.now(), clock.now(), system.now()];
    assert.ok(before <= now && now <= after);
    const from = clock.now();
    await clock.sleep(3);
    assert.ok(clock.now() >= from + 3);
  });

  test('freeze keeps the instant and the tasks; resume goes on from there', async t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 });
    const clock = new TurnableClock();
    const task = mock.fn();
    clock.at(1005, task);
    t.mock.timers.tick(2);
    clock.freeze();
    t.mock.timers.tick(1000);
    assert.deepEqual([clock.frozen, clock.now(), task.mock.callCount()], [true, 1002, 0]);
    clock.resume();
    assert.deepEqual([clock.frozen, clock.now()], [false, 1002]);
    t.mock.timers.tick(2);
    assert.deepEqual([clock.now(), task.mock.callCount()], [1004, 0]);
    t.mock.timers.tick(1);
    assert.deepEqual([clock.now(), task.mock.callCount()], [1005, 1]);
  });

  test('turned forward and resumed it keeps its distance to the system', async t => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 });
    const clock = new TurnableClock();
    await clock.advance(86_400_000);
    assert.equal(clock.frozen, true);
    clock.resume();
    assert.equal(clock.now(), 86_401_000);
    const task = mock.fn();
    clock.at(86_401_002, task);
    t.mock.timers.tick(1);
    assert.equal(task.mock.callCount(), 0);
    t.mock.timers.tick(1);
    assert.equal(task.mock.callCount(), 1);
    assert.equal(clock.now() - new SystemClock().now(), 86_400_000);
  });

  test('running, an earlier task that is armed later still comes first', async () => {
    const clock = new TurnableClock();
    const ran: string[] = [];
    await new Promise<void>(resolve => {
      const now = clock.now();
      clock.at(now + 8, () => {
        ran.push('second');
        resolve();
      });
      clock.at(now + 2, () => ran.push('first'));
    });
    assert.deepEqual(ran, ['first', 'second']);
  });

  test('resuming a running clock and freezing a frozen one change nothing', t => {
    const clock = new TurnableClock(7);
    clock.freeze();
    assert.equal(clock.now(), 7);
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 });
    clock.resume();
    t.mock.timers.tick(3);
    clock.resume();
    assert.equal(clock.now(), 10);
  });
});

test('a task that is disposed leaves no system timer behind', () => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const before = timers();
  const clock = new TurnableClock();
  const first = clock.at(clock.now() + 300_000, () => undefined);
  const second = clock.at(clock.now() + 400_000, () => undefined);
  assert.equal(timers(), before + 1);
  first[Symbol.dispose]();
  assert.equal(timers(), before + 1);
  second[Symbol.dispose]();
  assert.equal(timers(), before);
});
