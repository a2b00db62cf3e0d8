import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, TurnableClock } from '../../core/clock.ts';
import type { FunctionEvent } from '../../core/event.ts';
import { SeededIds } from '../../core/ids.ts';
import { type Log, NO_LOG } from '../../core/log.ts';
import type { TriggerHost } from '../../core/trigger.ts';
import { BEIJING_OFFSET_MIN } from './cron.ts';
import { listenTimer, type Timer } from './listen.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function timer(cron: string, over: Partial<Timer> = {}): Timer {
  return {
    region: 'ap-guangzhou',
    namespace: 'default',
    name: 'fn',
    id: 't-1',
    type: 'timer',
    triggerName: 'tick',
    qualifier: '$DEFAULT',
    enabled: true,
    desc: { cron },
    customArgument: '',
    description: '',
    resourceId: '',
    addTime: 0,
    modTime: 0,
    ...over,
  };
}

function hostOf(
  clock: Clock,
  taken: FunctionEvent[],
  async = async (event: FunctionEvent) => void taken.push(event),
): TriggerHost {
  return {
    clock,
    ids: new SeededIds(),
    submit: { sync: () => assert.fail('a timer calls asynchronously'), async },
    account: { appId: '1250000000', uin: '100000000001' },
    source: undefined,
  };
}

const settings = { utcOffsetMin: BEIJING_OFFSET_MIN };
const times = (events: readonly FunctionEvent[]) =>
  events.map(e => (JSON.parse(e.body.toString()) as { Time: string }).Time);

describe('on a turned clock', () => {
  for (const [month, hours] of [
    [3, 720],
    [4, 744],
  ] as const) {
    it(`fires an hourly timer ${hours} times in a month`, async () => {
      const start = Date.UTC(2024, month, 1) - 8 * HOUR_MS;
      const clock = new TurnableClock(start - 1);
      const taken: FunctionEvent[] = [];
      using _listening = listenTimer(timer('0 0 * * * * *'), hostOf(clock, taken), settings);
      await clock.moveTo(Date.UTC(2024, month + 1, 1) - 8 * HOUR_MS - 1);
      assert.equal(taken.length, hours);
      assert.equal(new Set(taken.map(e => e.requestId)).size, hours);
      assert.deepEqual(times(taken), times(taken).toSorted());
      assert.equal(Date.parse(times(taken)[0] ?? ''), start);
    });
  }

  it('fires each due instant once and in order, at its own instant, beside other timers', async () => {
    const clock = new TurnableClock(Date.UTC(2024, 0, 1));
    const taken: string[] = [];
    const host = hostOf(clock, [], async event => {
      const { TriggerName, Time } = JSON.parse(event.body.toString()) as { TriggerName: string; Time: string };
      assert.equal(clock.now(), Date.parse(Time));
      taken.push(`${Time} ${TriggerName}`);
    });
    using _two = listenTimer(timer('*/2 * * * * * *', { triggerName: 'two' }), host, settings);
    using _three = listenTimer(timer('*/3 * * * * * *', { triggerName: 'three' }), host, settings);
    await clock.advance(60_000);
    assert.equal(taken.length, 50);
    assert.deepEqual(
      taken.map(t => t.slice(0, 20)),
      taken.map(t => t.slice(0, 20)).toSorted(),
    );
  });

  it('makes the clock wait for a push that is under way', async () => {
    const clock = new TurnableClock(Date.UTC(2024, 0, 1));
    const accepted: number[] = [];
    const host = hostOf(clock, [], async () => {
      await new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(() => setImmediate(resolve)))));
      accepted.push(clock.now());
    });
    using _listening = listenTimer(timer('* * * * * * *'), host, settings);
    await clock.advance(3000);
    assert.deepEqual(
      accepted.map(ms => ms - Date.UTC(2024, 0, 1)),
      [1000, 2000, 3000],
    );
  });

  it('hands over the whole event', async () => {
    const clock = new TurnableClock(Date.UTC(2024, 3, 19, 8, 44, 5, 250));
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('0 45 16 * * * *', { customArgument: 'hi' }), hostOf(clock, taken), settings);
    await clock.advance(HOUR_MS);
    assert.equal(taken.length, 1);
    const [event] = taken;
    assert.deepEqual(event?.target, { region: 'ap-guangzhou', namespace: 'default', name: 'fn' });
    assert.equal(event?.qualifier, '$DEFAULT');
    assert.equal(event?.source, 'timer');
    assert.deepEqual(JSON.parse(event?.body.toString() ?? ''), {
      Type: 'Timer',
      TriggerName: 'tick',
      Time: '2024-04-19T08:45:00Z',
      Message: 'hi',
    });
  });

  it('stops at once, and leaves nothing behind', async () => {
    const clock = new TurnableClock(0);
    const taken: FunctionEvent[] = [];
    const listening = listenTimer(timer('* * * * * * *'), hostOf(clock, taken), settings);
    await clock.advance(2000);
    listening[Symbol.dispose]();
    listening[Symbol.dispose]();
    await clock.advance(DAY_MS);
    assert.equal(taken.length, 2);
  });

  it('starts with the next future tick, not with one that is now or past', async () => {
    const clock = new TurnableClock(Date.UTC(2024, 0, 1));
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('0 0 0 * * * *'), { ...hostOf(clock, taken) }, { utcOffsetMin: 0 });
    await clock.advance(0);
    assert.equal(taken.length, 0);
    await clock.advance(DAY_MS);
    assert.deepEqual(times(taken), ['2024-01-02T00:00:00Z']);
  });

  it('never fires without a future match', async () => {
    const clock = new TurnableClock(Date.UTC(2024, 0, 1));
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('0 0 0 30 2 * *'), hostOf(clock, taken), settings);
    await clock.advance(3000 * DAY_MS);
    assert.equal(taken.length, 0);
  });
});

describe('one tick is one request', () => {
  const idsOf = async (over: Partial<Timer>) => {
    const clock = new TurnableClock(0);
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('* * * * * * *', over), hostOf(clock, taken), settings);
    await clock.advance(2000);
    return taken.map(e => e.requestId);
  };

  it('has the same id on every node', async () => {
    assert.deepEqual(await idsOf({}), await idsOf({ id: 'another row id', desc: { cron: '*/1 * * * * * *' } }));
  });

  it('has its own id for every region, namespace, function, name, qualifier and tick', async () => {
    const all = new Set<string>();
    const variants: Partial<Timer>[] = [
      {},
      { region: 'ap-beijing' },
      { namespace: 'n' },
      { name: 'f2' },
      { triggerName: 'x' },
      { qualifier: '1' },
    ];
    for (const over of variants) for (const id of await idsOf(over)) all.add(id);
    assert.equal(all.size, 2 * variants.length);
  });
});

it('logs what is not accepted, and goes on', async () => {
  const clock = new TurnableClock(0);
  const lines: string[] = [];
  const log: Log = { ...NO_LOG, warn: (_fields, text) => void lines.push(text) };
  let calls = 0;
  const host = hostOf(clock, [], () => {
    calls++;
    if (calls === 1) throw new Error('refused at once');
    return Promise.reject(new Error('refused'));
  });
  using _listening = listenTimer(timer('* * * * * * *'), host, { ...settings, log });
  await clock.advance(3000);
  assert.equal(calls, 3);
  assert.deepEqual(lines, Array(3).fill('timer event was not accepted'));
});

/** A clock like the system's: it can jump either way, and tasks run when somebody looks. */
class WallClock implements Clock {
  ms: number;
  #tasks: { at: number; task: () => void }[] = [];
  constructor(ms: number) {
    this.ms = ms;
  }
  now() {
    return this.ms;
  }
  at(at: number, task: () => void): Disposable {
    const entry = { at, task };
    this.#tasks.push(entry);
    return {
      [Symbol.dispose]: () => {
        this.#tasks = this.#tasks.filter(t => t !== entry);
      },
    };
  }
  sleep(): Promise<void> {
    return assert.fail('a timer does not sleep');
  }
  hold(): Disposable {
    return { [Symbol.dispose]() {} };
  }
  async set(ms: number) {
    this.ms = ms;
    for (let due = this.#tasks.find(t => t.at <= ms); due; due = this.#tasks.find(t => t.at <= this.ms)) {
      this.#tasks = this.#tasks.filter(t => t !== due);
      due.task();
    }
    await new Promise(setImmediate);
  }
}

describe('on a wall clock', () => {
  const start = Date.UTC(2024, 0, 1);

  it('makes up for ticks missed within a minute, each with its own time', async () => {
    const clock = new WallClock(start);
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('*/10 * * * * * *'), hostOf(clock, taken), settings);
    await clock.set(start + 45_000);
    assert.deepEqual(times(taken), [
      '2024-01-01T00:00:10Z',
      '2024-01-01T00:00:20Z',
      '2024-01-01T00:00:30Z',
      '2024-01-01T00:00:40Z',
    ]);
  });

  it('makes up at exactly a minute, and no longer after', async () => {
    for (const [late, expected] of [
      [60_000, 1],
      [60_001, 0],
    ] as const) {
      const clock = new WallClock(start);
      const taken: FunctionEvent[] = [];
      using _listening = listenTimer(timer('0 1 0 1 1 * *'), hostOf(clock, taken), { utcOffsetMin: 0 });
      await clock.set(start + 60_000 + late);
      assert.equal(taken.length, expected);
    }
  });

  it('takes a longer gap for a stop: nothing is replayed, the next tick comes', async () => {
    const clock = new WallClock(start);
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('*/10 * * * * * *'), hostOf(clock, taken), settings);
    await clock.set(start + 8 * HOUR_MS);
    assert.deepEqual(times(taken), []);
    await clock.set(start + 8 * HOUR_MS + 10_000);
    assert.deepEqual(times(taken), ['2024-01-01T08:00:10Z']);
  });

  it('fires no tick again when the clock is set back', async () => {
    const clock = new WallClock(start);
    const taken: FunctionEvent[] = [];
    using _listening = listenTimer(timer('*/10 * * * * * *'), hostOf(clock, taken), settings);
    await clock.set(start + 20_000);
    await clock.set(start - 60_000);
    for (let second = -50; second <= 30; second += 10) await clock.set(start + second * 1000);
    assert.deepEqual(times(taken), ['2024-01-01T00:00:10Z', '2024-01-01T00:00:20Z', '2024-01-01T00:00:30Z']);
  });
});
