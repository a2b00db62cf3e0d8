import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TurnableClock } from '../../core/clock.ts';
import { keptLog } from '../../core/fixture.ts';
import { keyText } from '../../core/function.ts';
import type { Store } from '../../core/ports.ts';
import type { Provision } from '../control.ts';
import { KEY, NOW, scene } from '../fixture.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

type Given = NonNullable<Parameters<typeof scene>[0]>;

/** The clock stands at 16:00 in Beijing. */
async function house(given: Given = {}) {
  const busy = new Map<string, number>();
  const looks: string[] = [];
  const machine = {
    provisionedOf(key: { readonly name: string }, version: string) {
      looks.push(`${key.name} ${version}`);
      return { available: 1000, busy: busy.get(version) ?? 0 };
    },
  };
  const all = await scene({ instances: machine, ...given });
  const { control, clock } = all;
  if (!given.store) {
    await all.made();
    await control.versions.publish(KEY, {});
    await control.versions.publish(KEY, {});
    await control.settled();
  }
  await control.start();
  const provision = (change: Partial<Provision>) =>
    control.concurrency.provision({ ...KEY, version: '1', instances: 0, ...change });
  const wanted = (version = '1') => control.catalog.find(KEY)?.concurrency.provisioned.get(version);
  return { ...all, busy, looks, provision, wanted, advance: (ms: number) => clock.advance(ms) };
}

const at = (hour: number, instances: number) => ({ name: `at-${hour}`, instances, cron: `0 0 ${hour} * * * *` });
/** The documents' example. */
const DAY = [at(6, 30), at(10, 80), at(18, 40), at(0, 0)];

describe('by schedule', () => {
  test('each tick sets its number, day after day', async () => {
    const { provision, wanted, advance } = await house();
    await provision({ instances: 5, schedule: DAY });
    assert.equal(wanted(), 5);
    await advance(2 * HOUR_MS - 1);
    assert.equal(wanted(), 5);
    await advance(1);
    assert.equal(wanted(), 40);
    const seen: (number | undefined)[] = [];
    for (let day = 0; day < 2; day++)
      for (const hours of [6, 6, 4, 8]) {
        await advance(hours * HOUR_MS);
        seen.push(wanted());
      }
    assert.deepEqual(seen, [0, 30, 80, 40, 0, 30, 80, 40]);
  });

  test('a month in one turn ends where it should, with each change told', async () => {
    const { provision, wanted, advance, deps, store } = await house();
    await provision({ schedule: DAY });
    const bus = deps.bus as unknown as { published: number };
    const before = bus.published;
    await advance(30 * 24 * HOUR_MS);
    assert.equal(wanted(), 80);
    assert.equal(bus.published - before, 30 * 4);
    const [row] = await store.list('provisioned');
    assert.equal(row?.appliedTo, NOW + 30 * 24 * HOUR_MS - 6 * HOUR_MS);
  });

  test('versions have schedules of their own', async () => {
    const { provision, wanted, advance } = await house();
    await provision({ schedule: [at(17, 1)] });
    await provision({ version: '2', schedule: [at(18, 2)] });
    await advance(HOUR_MS);
    assert.deepEqual([wanted('1'), wanted('2')], [1, 0]);
    await advance(HOUR_MS);
    assert.deepEqual([wanted('1'), wanted('2')], [1, 2]);
  });

  test('put again, the former schedule is over; deleted, everything is', async () => {
    const { provision, wanted, advance, control } = await house();
    await provision({ schedule: [at(17, 7)] });
    await provision({ schedule: [at(18, 3)] });
    await advance(HOUR_MS);
    assert.equal(wanted(), 0);
    await advance(HOUR_MS);
    assert.equal(wanted(), 3);
    await provision({ schedule: [at(19, 7)] });
    await control.concurrency.unprovision(KEY, '1');
    await advance(24 * HOUR_MS);
    assert.equal(wanted(), undefined);
  });

  test('a deleted function leaves nothing that ticks, nor does its successor have it', async () => {
    const { provision, wanted, advance, control, made } = await house();
    await provision({ schedule: [at(17, 7)] });
    await control.functions.delete(KEY);
    await made();
    await control.versions.publish(KEY, {});
    await control.settled();
    await advance(24 * HOUR_MS);
    assert.equal(wanted(), undefined);
  });

  test('what fell due while no server ran holds when one starts', async () => {
    const first = await house();
    await first.provision({ instances: 5, schedule: DAY });
    await first.control.close();
    await first.advance(4 * HOUR_MS);
    assert.equal(first.wanted(), 5, 'a closed server changes nothing');
    const second = await house({ store: first.store, clock: first.clock });
    await first.advance(0);
    assert.equal(second.wanted(), 40);
    await first.advance(4 * HOUR_MS);
    assert.equal(second.wanted(), 0);
  });

  test('two servers on one store write each tick once', async () => {
    const first = await house();
    let puts = 0;
    const { store } = first;
    const counted: Store = Object.assign(Object.create(store), {
      get: store.get.bind(store),
      list: store.list.bind(store),
      count: store.count.bind(store),
      transaction: <R>(work: Parameters<Store['transaction']>[0]) =>
        store.transaction<R>(
          rows =>
            work(
              Object.assign(Object.create(rows), {
                get: rows.get.bind(rows),
                list: rows.list.bind(rows),
                put(...args: Parameters<Store['put']>) {
                  if (args[0] === 'provisioned') puts++;
                  return rows.put(...args);
                },
              }),
            ) as Promise<R>,
        ),
    });
    await first.provision({ schedule: [at(17, 7)] });
    const second = await house({ store: counted, clock: first.clock });
    await first.advance(HOUR_MS);
    assert.deepEqual([first.wanted(), (await store.list('provisioned'))[0]?.wanted], [7, 7]);
    assert.equal(puts, 0, 'the first had written it');
    await second.control.close();
  });

  test('a store that fails is asked again', async () => {
    const log = keptLog();
    const first = await house();
    let broken = 0;
    const { store } = first;
    const failing: Store = Object.assign(Object.create(store), {
      get: store.get.bind(store),
      list: store.list.bind(store),
      count: store.count.bind(store),
      put: store.put.bind(store),
      transaction<R>(work: Parameters<Store['transaction']>[0]) {
        if (broken-- > 0) return Promise.reject(new Error('disk full'));
        return store.transaction(work) as Promise<R>;
      },
    });
    await first.control.close();
    const { provision, wanted } = await house({ store: failing, clock: first.clock, log });
    await provision({ schedule: [at(17, 7)] });
    broken = 2;
    await first.advance(HOUR_MS);
    assert.equal(wanted(), 0);
    assert.match(log.lines.at(-1)?.text ?? '', /trying again/);
    await first.advance(5 * SECOND_MS);
    assert.equal(wanted(), 0);
    await first.advance(5 * SECOND_MS);
    assert.equal(wanted(), 7);
  });

  test('before the server has started nothing ticks', async () => {
    const first = await house();
    await first.provision({ schedule: [at(17, 7)] });
    await first.control.close();
    const { control, clock } = await scene({ store: first.store });
    await clock.advance(2 * HOUR_MS);
    assert.equal(control.catalog.find(KEY)?.concurrency.provisioned.get('1'), 0);
  });
});

describe('by utilisation', () => {
  const TRACKED = { type: 'ConcurrencyUtilizationTracking', target: 0.5, min: 2, max: 10 } as const;

  test('begins with the least; more within a minute, fewer after three', async () => {
    const { provision, wanted, advance, busy } = await house();
    await provision(TRACKED);
    assert.equal(wanted(), 2);
    busy.set('1', 4);
    await advance(MINUTE_MS - 1);
    assert.equal(wanted(), 2);
    await advance(1);
    assert.equal(wanted(), 8);
    busy.set('1', 100);
    await advance(MINUTE_MS);
    assert.equal(wanted(), 10, 'never more than the most');
    busy.set('1', 1);
    await advance(MINUTE_MS);
    assert.equal(wanted(), 10);
    await advance(MINUTE_MS);
    assert.equal(wanted(), 10);
    await advance(MINUTE_MS);
    assert.equal(wanted(), 2);
  });

  test('one look a minute for each version that is tracked, and none when no one is', async () => {
    const { provision, advance, looks, control } = await house();
    await advance(5 * MINUTE_MS);
    assert.deepEqual(looks, []);
    await provision(TRACKED);
    await provision({ ...TRACKED, version: '2' });
    looks.length = 0;
    await advance(10 * MINUTE_MS);
    assert.equal(looks.length, 20);
    await control.concurrency.unprovision(KEY, '1');
    await provision({ version: '2', instances: 3 });
    looks.length = 0;
    await advance(10 * MINUTE_MS);
    assert.deepEqual(looks, []);
  });

  test('after a restart it goes on from where it was', async () => {
    const first = await house();
    await first.provision(TRACKED);
    first.busy.set('1', 4);
    await first.advance(MINUTE_MS);
    await first.control.close();
    await first.advance(HOUR_MS);
    const second = await house({ store: first.store, clock: first.clock });
    assert.equal(second.wanted(), 8);
    await first.advance(2 * MINUTE_MS);
    assert.equal(second.wanted(), 8, 'not enough looks to end any');
    await first.advance(MINUTE_MS);
    assert.equal(second.wanted(), 2);
  });

  test('a look that cannot be kept is named and made again', async () => {
    const log = keptLog();
    const first = await house();
    await first.provision(TRACKED);
    await first.control.close();
    let broken = true;
    const { store } = first;
    const failing: Store = Object.assign(Object.create(store), {
      get: store.get.bind(store),
      list: store.list.bind(store),
      count: store.count.bind(store),
      transaction: (work: Parameters<Store['transaction']>[0]) =>
        broken ? Promise.reject(new Error('disk full')) : store.transaction(work),
    });
    const { wanted, busy } = await house({ store: failing, clock: first.clock, log });
    busy.set('1', 3);
    await first.advance(MINUTE_MS);
    assert.equal(wanted(), 2);
    assert.deepEqual(log.lines.at(-1)?.fields, {
      err: new Error('disk full'),
      function: keyText(KEY),
      version: '1',
    });
    broken = false;
    await first.advance(MINUTE_MS);
    assert.equal(wanted(), 6);
  });
});

test('closing leaves no alarm behind', async () => {
  const clock = new TurnableClock(NOW);
  const armed = new Set<object>();
  const at = clock.at.bind(clock);
  clock.at = (instantMs, task) => {
    const alarm = at(instantMs, () => {
      armed.delete(alarm);
      task();
    });
    armed.add(alarm);
    return {
      [Symbol.dispose]() {
        armed.delete(alarm);
        alarm[Symbol.dispose]();
      },
    };
  };
  const { provision, control } = await house({ clock });
  await provision({ schedule: DAY });
  await provision({ version: '2', type: 'ConcurrencyUtilizationTracking', target: 0.5, min: 1, max: 2 });
  assert.equal(armed.size, 3, 'two versions, and the hourly one of executions');
  await control.close();
  assert.equal(armed.size, 0);
});
