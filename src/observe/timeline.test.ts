import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Clock, TurnableClock } from '../core/clock.ts';
import { CloudError, PLATFORM_ERRORS } from '../core/errors.ts';
import { anEvent, keptLog } from '../core/fixture.ts';
import { NO_LOG } from '../core/log.ts';
import type { Store } from '../core/ports.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { aBegun, anAttempt, START } from './fixture.ts';
import { watched } from './testing-store.ts';
import { createTimeline, type KeptTimeline, type TimelineBudget } from './timeline.ts';

const BUDGET: TimelineBudget = { rows: 10_000, ageMs: 86_400_000, bytes: 1 << 24, memoryRows: 5_000 };
const turn = () => new Promise(setImmediate);

describe('timeline', () => {
  let clock: TurnableClock;
  let store: Store;
  let log: ReturnType<typeof keptLog>;
  const timelines: KeptTimeline[] = [];

  beforeEach(async () => {
    clock = new TurnableClock(START);
    store = await openSqliteStore({ file: ':memory:', clock, log: NO_LOG });
    log = keptLog();
  });
  afterEach(async () => {
    for (const timeline of timelines.splice(0)) await timeline.close();
    await store.close();
  });
  const open = (given: { budget?: Partial<TimelineBudget>; store?: Store; wallClock?: Clock } = {}) => {
    const timeline = createTimeline({
      clock,
      wallClock: given.wallClock ?? clock,
      log,
      store: given.store ?? store,
      budget: { ...BUDGET, ...given.budget },
    });
    timelines.push(timeline);
    return timeline;
  };
  const ids = async () => (await store.list('invocations')).map(row => row.requestId);
  const diskFull = () =>
    new CloudError('InternalError.System', PLATFORM_ERRORS['InternalError.System'], { reason: 'full' });

  test('nothing is written while the call goes on; it is 200 ms later, in one transaction', async () => {
    const { watch, faulty } = watched(store);
    const timeline = open({ store: faulty });
    for (const id of ['a', 'b', 'c']) timeline.settled(anAttempt(id));
    await clock.advance(199);
    assert.equal(watch.transactions, 0);
    await clock.advance(1);
    assert.deepEqual(await ids(), ['a', 'b', 'c']);
    assert.equal(watch.transactions, 1);
    timeline.settled(anAttempt('d'));
    await clock.advance(200);
    assert.deepEqual(await ids(), ['a', 'b', 'c', 'd']);
  });

  test('a turned clock waits for the writing before it moves on', async () => {
    const { watch, faulty } = watched(store);
    watch.gate = turn().then(turn).then(turn).then(turn);
    const timeline = open({ store: faulty });
    const seen: number[] = [];
    timeline.settled(anAttempt('a'));
    clock.at(START + 201, () => void ids().then(all => seen.push(all.length)));
    await clock.advance(300);
    assert.deepEqual(seen, [1]);
  });

  test('on a clock that stands still, a full batch is written all the same', async () => {
    const timeline = open();
    for (let i = 0; i < 255; i++) timeline.settled(anAttempt(`r${i}`));
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(await store.count('invocations'), 0);
    for (let i = 255; i < 1000; i++) timeline.settled(anAttempt(`r${i}`));
    for (let i = 0; i < 100 && (await store.count('invocations')) < 1000 - 255; i++) await turn();
    assert.ok((await store.count('invocations')) >= 1000 - 255);
    await timeline.flush();
    assert.equal(await store.count('invocations'), 1000);
  });

  test('after a batch the writing rests 24 times as long as it took', async () => {
    let nowMs = 0;
    const rests: { ms: number; end: () => void }[] = [];
    const wallClock: Clock = {
      now: () => nowMs,
      sleep: ms => new Promise(end => rests.push({ ms, end })),
      at: () => assert.fail('real time is only read and slept'),
      hold: () => assert.fail('real time holds nothing'),
    };
    const slow: Store = {
      ...watched(store).faulty,
      transaction: work =>
        store.transaction(rows =>
          work({
            ...watched(store).faulty,
            putAll(table, some) {
              nowMs += some.length;
              return rows.putAll(table, some);
            },
          }),
        ),
    };
    const timeline = open({ store: slow, wallClock, budget: { bytes: 0 } });
    for (let i = 0; i < 300; i++) timeline.settled(anAttempt(`r${i}`));
    while (rests.length === 0) await new Promise(setImmediate);
    assert.deepEqual([rests[0]?.ms, (await ids()).length], [256 * 24, 256]);
    rests[0]?.end();
    while (rests.length === 1) await new Promise(setImmediate);
    assert.deepEqual([rests[1]?.ms, (await ids()).length], [44 * 24, 300]);
    rests[1]?.end();
  });

  test('large bodies are not held until the batch is full', async () => {
    const timeline = open();
    const body = Buffer.alloc(3 << 20, 'x');
    for (const id of ['a', 'b', 'c']) timeline.settled(anAttempt(id, { outcome: { body } }));
    for (let i = 0; i < 50 && (await store.count('invocations')) < 3; i++) await turn();
    assert.equal((await ids()).length, 3);
  });

  test('flush writes what has happened until now, and does not wait for what comes after', async () => {
    const timeline = open();
    let goOn = true;
    const busy = (async () => {
      for (let i = 0; goOn; i++) {
        // More than is written in a turn: waiting for an empty memory would take for ever.
        for (let j = 0; j < 200; j++) timeline.settled(anAttempt(`later-${i}-${j}`));
        await turn();
      }
    })();
    timeline.settled(anAttempt('now'));
    await timeline.flush();
    goOn = false;
    await busy;
    assert.equal(await store.count('invocations', { requestId: 'now' }), 1);
  });

  test('flushes at once share their work, each sees its own rows', async () => {
    const { watch, faulty } = watched(store);
    const timeline = open({ store: faulty });
    const flushes = ['a', 'b', 'c'].map(async id => {
      timeline.settled(anAttempt(id));
      await timeline.flush();
      assert.ok((await ids()).includes(id));
    });
    await Promise.all(flushes);
    assert.ok(watch.transactions <= 2, String(watch.transactions));
    await timeline.flush();
    assert.ok(watch.transactions <= 2, 'nothing to write, no transaction');
  });

  test('a waiting event has a row that its first attempt replaces', async () => {
    const timeline = open();
    timeline.accepted(anEvent({ requestId: 'a' }), START);
    await timeline.flush();
    assert.deepEqual(
      (await store.list('invocations')).map(row => [row.status, row.verdict]),
      [[202, 'accepted']],
    );
    timeline.settled(anAttempt('a', { mode: 'async', verdict: 'retried', outcome: { status: 430 } }));
    timeline.settled(anAttempt('a', { mode: 'async', verdict: 'acked', retryNum: 1 }));
    await timeline.flush();
    const rows = await store.list('invocations', { requestId: 'a' }, { orderBy: 'retryNum' });
    assert.deepEqual(
      rows.map(row => [row.retryNum, row.status, row.verdict]),
      [
        [0, 430, 'retried'],
        [1, 200, 'acked'],
      ],
    );
  });

  test('waiting and first attempt in one batch, in either order, leave the attempt', async () => {
    const timeline = open();
    timeline.accepted(anEvent({ requestId: 'a' }), START);
    timeline.settled(anAttempt('a'));
    timeline.accepted(anEvent({ requestId: 'a' }), START);
    timeline.accepted(anEvent({ requestId: 'b' }), START);
    await timeline.flush();
    assert.deepEqual(
      (await store.list('invocations')).map(row => [row.requestId, row.status]),
      [
        ['a', 200],
        ['b', 202],
      ],
    );
  });

  test('memory is bounded: what comes beyond it is not kept, and the log says how many', async () => {
    const { watch, faulty } = watched(store);
    let go = () => {};
    watch.gate = new Promise(resolve => {
      go = resolve;
    });
    const timeline = open({ store: faulty, budget: { memoryRows: 3 } });
    for (let i = 0; i < 10; i++) timeline.settled(anAttempt(`r${i}`));
    go();
    await timeline.flush();
    assert.deepEqual(await ids(), ['r0', 'r1', 'r2']);
    assert.deepEqual(
      log.lines.map(line => [line.level, line.fields]),
      [['warn', { dropped: 7 }]],
    );
  });

  test('where there is no room an asynchronous event goes before an older record', async () => {
    const timeline = open({ budget: { memoryRows: 2 } });
    for (const id of ['s1', 's2', 's3']) timeline.settled(anAttempt(id));
    timeline.settled(anAttempt('a1', { mode: 'async', verdict: 'acked' }));
    await timeline.flush();
    assert.deepEqual(await ids(), ['a1', 's2']);
  });

  test('where there is no room the beginning of an event goes before its end, and is not missed', async () => {
    const timeline = open({ budget: { memoryRows: 4 } });
    const ended = (id: string) => anAttempt(id, { mode: 'async', verdict: 'acked' });
    timeline.accepted(anEvent({ requestId: 'a' }), START);
    timeline.began(aBegun('a'));
    timeline.settled(ended('b'));
    timeline.settled(ended('c'));
    // No room for what is only a state.
    timeline.accepted(anEvent({ requestId: 'd' }), START);
    timeline.began(aBegun('d'));
    timeline.settled(ended('d'));
    timeline.settled(ended('a'));
    await timeline.flush();
    const rows = await store.list('invocations');
    assert.deepEqual(
      rows.map(row => [row.requestId, row.verdict]),
      ['a', 'b', 'c', 'd'].map(id => [id, 'acked']),
    );
    assert.deepEqual(log.lines, [], 'all of them are recorded');
  });

  test('the state of an event goes before an older call', async () => {
    const timeline = open({ budget: { memoryRows: 2 } });
    for (const id of ['s1', 's2']) timeline.settled(anAttempt(id));
    timeline.accepted(anEvent({ requestId: 'a' }), START);
    await timeline.flush();
    assert.deepEqual(await ids(), ['a', 's2']);
    assert.deepEqual(
      log.lines.map(line => line.fields),
      [{ dropped: 1 }],
    );
  });

  test('what was dropped is said every ten seconds, and the rest of it at the end', async () => {
    const timeline = open({ budget: { memoryRows: 1 } });
    const drop = async (count: number) => {
      for (let i = 0; i <= count; i++) timeline.settled(anAttempt(`r${i}`));
      await timeline.flush();
    };
    await drop(3);
    await drop(4);
    await clock.advance(9_999);
    await drop(5);
    const said = () => log.lines.map(line => line.fields);
    assert.deepEqual(said(), [{ dropped: 3 }]);
    await clock.advance(1);
    await drop(6);
    assert.deepEqual(said(), [{ dropped: 3 }, { dropped: 15 }]);
    await drop(7);
    await timeline.close();
    assert.deepEqual(said(), [{ dropped: 3 }, { dropped: 15 }, { dropped: 7 }]);
  });

  test('a store that cannot write is named once, asked again later, and nothing is lost', async () => {
    const { watch, faulty } = watched(store);
    const timeline = open({ store: faulty });
    watch.failure = diskFull();
    for (let i = 0; i < 300; i++) timeline.settled(anAttempt(`r${i}`));
    await timeline.flush();
    await clock.advance(4_999);
    timeline.settled(anAttempt('more'));
    for (let i = 0; i < 10; i++) await turn();
    const tries = watch.transactions;
    await clock.advance(1);
    assert.equal(watch.transactions, tries + 1);
    assert.deepEqual(
      log.lines.map(line => line.text),
      ['invocation records cannot be written'],
    );
    watch.failure = undefined;
    await clock.advance(5_000);
    assert.equal(await store.count('invocations'), 301);
    watch.failure = diskFull();
    timeline.settled(anAttempt('again'));
    await clock.advance(200);
    assert.equal(log.lines.length, 2, 'a new failure is a new line');
    watch.failure = undefined;
  });

  test('a row that no store can hold is lost alone', async () => {
    const timeline = open();
    timeline.settled(anAttempt('a'));
    timeline.settled(anAttempt('bad', { outcome: { durationMs: Number.NaN } }));
    timeline.settled(anAttempt('c'));
    await timeline.flush();
    assert.deepEqual(await ids(), ['a', 'c']);
    assert.equal(log.lines.length, 1);
    assert.ok('requestId' in (log.lines[0]?.fields ?? {}));
  });

  test('nothing is lost at close, on a clock that stands still', async () => {
    const timeline = open();
    for (let i = 0; i < 1000; i++) timeline.settled(anAttempt(`r${i}`));
    await timeline.close();
    assert.equal(await store.count('invocations'), 1000);
    timeline.settled(anAttempt('late'));
    await timeline.flush();
    assert.equal(await store.count('invocations'), 1000);
    assert.deepEqual(
      log.lines.map(line => line.fields),
      [{ requestId: 'late' }],
    );
  });

  test('what cannot be written at close is counted', async () => {
    const { watch, faulty } = watched(store);
    const timeline = open({ store: faulty });
    watch.failure = diskFull();
    timeline.settled(anAttempt('a'));
    await timeline.close();
    assert.deepEqual(log.lines.at(-1)?.fields, { lost: 1 });
  });

  test('an entry that is not asked for costs no conversion', () => {
    const timeline = open();
    const attempt = anAttempt('a');
    const outcome = { ...attempt.outcome, log: '' };
    let reads = 0;
    const read = () => {
      reads++;
      return 200;
    };
    Object.defineProperty(outcome, 'status', { get: read });
    timeline.settled({ ...attempt, outcome });
    assert.equal(reads, 0);
  });

  describe('budget', () => {
    const fill = (timeline: KeptTimeline, from: number, count: number, gapMs = 1) => {
      for (let i = from; i < from + count; i++) {
        timeline.settled(anAttempt(`r${String(i).padStart(5, '0')}`, { startedAt: START + i * gapMs }));
      }
    };

    test('rows beyond the number go, the oldest first', async () => {
      const timeline = open({ budget: { rows: 100 } });
      fill(timeline, 0, 100);
      await clock.advance(200);
      assert.equal(await store.count('invocations'), 100, 'the budget itself is kept');
      fill(timeline, 100, 700);
      await timeline.close();
      const kept = await ids();
      assert.ok(kept.length >= 100 && kept.length <= 107, String(kept.length));
      assert.equal(kept.at(-1), 'r00799');
      assert.equal(kept[0], `r${String(800 - kept.length).padStart(5, '0')}`);
    });

    test('rows of one instant, as on a clock that stands still, are bounded as well', async () => {
      const timeline = open({ budget: { rows: 100 } });
      fill(timeline, 0, 500, 0);
      await timeline.close();
      const count = await store.count('invocations');
      assert.ok(count >= 100 && count <= 107, String(count));
    });

    test('what was there before the start counts', async () => {
      const before = open();
      fill(before, 0, 300);
      await before.close();
      const timeline = open({ budget: { rows: 100 } });
      fill(timeline, 300, 1);
      await timeline.close();
      assert.equal(await store.count('invocations'), 100);
    });

    test('a row written twice is one row', async () => {
      const timeline = open({ budget: { rows: 32 } });
      for (let i = 0; i < 100; i++) {
        fill(timeline, 0, 20);
        await timeline.flush();
      }
      await timeline.close();
      assert.equal(await store.count('invocations'), 20);
    });

    test('rows beyond the age go, looked for once a minute', async () => {
      const timeline = open({ budget: { ageMs: 3_600_000 } });
      fill(timeline, 0, 600, 10_000); // 100 minutes
      await clock.moveTo(START + 6_000_000);
      timeline.settled(anAttempt('z', { startedAt: clock.now() }));
      await clock.advance(200);
      const oldest = (await store.list('invocations', {}, { orderBy: 'startedAt', limit: 1 }))[0]?.startedAt ?? 0;
      assert.ok(oldest >= START + 2_400_000 && oldest < START + 2_420_000, String(oldest - START));
    });

    test('a store that fails while old rows are removed is logged', async () => {
      const { faulty } = watched(store);
      const timeline = open({ store: { ...faulty, count: () => Promise.reject(new Error('no count')) } });
      timeline.settled(anAttempt('a'));
      await timeline.close();
      assert.deepEqual(
        log.lines.map(line => line.text),
        ['old invocation records could not be removed'],
      );
      assert.deepEqual(await ids(), ['a']);
    });
  });
});
