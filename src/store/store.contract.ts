// What every store does. A driver's test calls this with a way to open an empty store.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Rows, Store } from '../core/ports.ts';
import type { Row, TableName, Tables } from '../core/rows.ts';
import { invocation, SAMPLES, trigger } from './samples.ts';
import { tableOf } from './schema.ts';

/** A store made for one test. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes it and opens it again with what it kept; left out by drivers that keep nothing. */
  readonly reopen?: () => Promise<Store>;
  /** Removes what it left. */
  readonly drop: () => Promise<void>;
}

export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`store contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(async () => {
      await store.close();
      await opened.drop();
    });

    for (const table of Object.keys(SAMPLES) as TableName[]) roundTrip(table, () => store);

    test('where names columns of every kind', async () => {
      await store.put('triggers', trigger({ id: 'a', enabled: true, desc: { cron: '* * * * *' } }));
      await store.put('triggers', trigger({ id: 'b', enabled: false, triggerName: 'other' }));
      const ids = async (where: Partial<Tables['triggers']>) =>
        (await store.list('triggers', where)).map(row => row.id);
      assert.deepEqual(await ids({ enabled: true }), ['a']);
      assert.deepEqual(await ids({ enabled: false }), ['b']);
      assert.deepEqual(await ids({ desc: { cron: '* * * * *' } }), ['a']);
      assert.deepEqual(await ids({ type: 'timer', triggerName: 'other' }), ['b']);
      assert.deepEqual(await ids({ type: 'timer', triggerName: 'none' }), []);
      assert.deepEqual(await ids({ addTime: 1_700_000_000_000 }), ['a', 'b']);
    });

    test('a text is compared as it is, case, blanks, quotes and wildcards included', async () => {
      for (const text of ["o'clock", '%', 'a%', 'A', 'a ', '中文', '']) {
        await store.put('missed', { service: 's', action: text, calls: 1, lastAt: 1 });
      }
      for (const text of ["o'clock", '%', 'a%', 'A', 'a ', '中文', '']) {
        assert.equal((await store.list('missed', { action: text })).length, 1, text);
      }
      assert.deepEqual(await store.list('missed', { action: 'a' }), []);
    });

    test('an unknown column or an undefined value is refused, not ignored', async () => {
      await store.put('missed', SAMPLES.missed[0]);
      const bad = [{ nothing: 1 }, { service: undefined }, { service: null }, { calls: '1' }, { calls: Number.NaN }];
      for (const where of bad as object[]) {
        await assert.rejects(store.list('missed', where));
        await assert.rejects(store.remove('missed', where));
      }
      await assert.rejects(store.list('missed', {}, { orderBy: 'nothing' }));
      await assert.rejects(store.count('missed', {}, { column: 'nothing', from: 1 }));
      await assert.rejects(store.put('missed', { ...SAMPLES.missed[0], extra: 1 } as Tables['missed']));
      await assert.rejects(store.put('missed', { service: 's', action: 'b' } as Tables['missed']));
      assert.equal(await store.count('missed'), 1);
    });

    test('rows come in the order of their key, by bytes, unless told otherwise', async () => {
      for (const action of ['b', 'a', 'B', 'C', 'c']) {
        await store.put('missed', { service: 's', action, calls: action.charCodeAt(0) % 3, lastAt: 5 });
      }
      const actions = async (page?: object) => (await store.list('missed', {}, page)).map(row => row.action).join('');
      assert.equal(await actions(), 'BCabc');
      assert.equal(await actions({ descending: true }), 'cbaCB');
      // b: 2, a: 1, B: 0, C: 1, c: 0; equal ones by key
      assert.equal(await actions({ orderBy: 'calls' }), 'BcCab');
      assert.equal(await actions({ orderBy: 'calls', descending: true }), 'baCcB');
    });

    test('pages, ranges and counts', async () => {
      for (let i = 0; i < 10; i++)
        await store.put('invocations', invocation({ requestId: `r${i}`, startedAt: 100 - i * 10 }));
      const at = async (page: object) =>
        (await store.list('invocations', { name: 'f' }, page)).map(row => row.startedAt);
      const orderBy = 'startedAt';
      assert.deepEqual(await at({ orderBy, offset: 2, limit: 3 }), [30, 40, 50]);
      assert.deepEqual(await at({ orderBy, offset: 8 }), [90, 100]);
      assert.deepEqual(await at({ orderBy, limit: 0 }), []);
      assert.deepEqual(await at({ orderBy, offset: 99, limit: 3 }), []);
      assert.deepEqual(await at({ orderBy, range: { column: 'startedAt', from: 30, before: 50 } }), [30, 40]);
      assert.deepEqual(
        await at({ orderBy, descending: true, range: { column: 'startedAt', before: 40 } }),
        [30, 20, 10],
      );
      assert.equal(await store.count('invocations'), 10);
      assert.equal(await store.count('invocations', { requestId: 'r3' }), 1);
      assert.equal(await store.count('invocations', { name: 'f' }, { column: 'startedAt', from: 95 }), 1);
      assert.equal(await store.count('invocations', { name: 'g' }), 0);
    });

    test('the sum of a column: of all rows, of some, of none', async () => {
      for (const [service, calls] of [
        ['a', 3],
        ['a', 40],
        ['b', 500],
      ] as const)
        await store.put('missed', { service, action: String(calls), calls, lastAt: calls });
      assert.equal(await store.sum('missed', 'calls'), 543);
      assert.equal(await store.sum('missed', 'calls', { service: 'a' }), 43);
      assert.equal(await store.sum('missed', 'calls', {}, { column: 'lastAt', from: 40, before: 500 }), 40);
      assert.equal(await store.sum('missed', 'calls', { service: 'c' }), 0);
      await store.put('invocations', invocation({ durationMs: 0.5 }));
      assert.equal(await store.sum('invocations', 'durationMs'), 0.5);
      await assert.rejects(store.sum('missed', 'service'), TypeError);
      const inside = await store.transaction(async rows => {
        await rows.put('missed', { service: 'c', action: '', calls: 7, lastAt: 0 });
        return rows.sum('missed', 'calls');
      });
      assert.equal(inside, 550);
    });

    test('remove says how many, and takes a range', async () => {
      for (let i = 0; i < 6; i++) await store.put('invocations', invocation({ requestId: `r${i}`, startedAt: i }));
      assert.equal(await store.remove('invocations', { name: 'f' }, { column: 'startedAt', before: 2 }), 2);
      assert.equal(await store.remove('invocations', { requestId: 'r5' }), 1);
      assert.equal(await store.remove('invocations', { requestId: 'r5' }), 0);
      assert.deepEqual(
        (await store.list('invocations')).map(row => row.requestId),
        ['r2', 'r3', 'r4'],
      );
      assert.equal(await store.remove('invocations', {}), 3);
    });

    test('many rows at once are all there, a later one in the place of an earlier one', async () => {
      const many = Array.from({ length: 100 }, (_, i) => invocation({ requestId: `r${i}`, startedAt: i }));
      await store.put('invocations', invocation({ requestId: 'r7', log: 'before' }));
      await store.putAll('invocations', [...many, invocation({ requestId: 'r9', log: 'again' })]);
      const found = await store.list('invocations', {}, { orderBy: 'startedAt', limit: 9 });
      assert.deepEqual(found, many.slice(0, 9));
      assert.equal((await store.get('invocations', { requestId: 'r9' }))?.log, 'again');
      assert.equal(await store.count('invocations'), 100);
      for (const count of [0, 1, 15, 16, 17, 33]) {
        await store.remove('invocations', {});
        await store.putAll('invocations', many.slice(0, count));
        assert.equal(await store.count('invocations'), count);
      }
    });

    test('of many rows with a bad one none is kept, outside a transaction and inside', async () => {
      const many = Array.from({ length: 50 }, (_, i) => invocation({ requestId: `r${i}` }));
      const bad = [...many, invocation({ requestId: 'bad', durationMs: Number.NaN })];
      await assert.rejects(store.putAll('invocations', bad), /durationMs/);
      const work = store.transaction(async rows => {
        await rows.put('missed', SAMPLES.missed[0]);
        await rows.putAll('invocations', bad);
      });
      await assert.rejects(work, /durationMs/);
      assert.deepEqual([await store.count('invocations'), await store.count('missed')], [0, 0]);
      await store.transaction(rows => rows.putAll('invocations', many));
      assert.equal(await store.count('invocations'), 50);
    });

    test('triggers of one bucket share a name and differ in what they listen for: their rows do not collide', async () => {
      await store.put('triggers', trigger({ id: 'a', type: 'cos' }));
      await store.put('triggers', trigger({ id: 'b', type: 'cos' }));
      assert.equal(await store.count('triggers', { type: 'cos' }), 2);
    });

    test('rows are frozen', async () => {
      await store.put('missed', SAMPLES.missed[0]);
      const [listed] = await store.list('missed');
      assert.ok(Object.isFrozen(listed));
      assert.ok(Object.isFrozen(await store.get('missed', { service: SAMPLES.missed[0].service })));
    });

    test('a transaction is kept whole, and its own rows are seen inside', async () => {
      const answer = await store.transaction(async rows => {
        await rows.put('missed', { service: 's', action: 'a', calls: 1, lastAt: 1 });
        await rows.put('missed', { service: 's', action: 'b', calls: 1, lastAt: 1 });
        assert.equal(await rows.count('missed'), 2);
        await rows.remove('missed', { action: 'a' });
        return 'done';
      });
      assert.equal(answer, 'done');
      assert.deepEqual(
        (await store.list('missed')).map(row => row.action),
        ['b'],
      );
    });

    test('an exception undoes a transaction and is passed on as it is', async () => {
      await store.put('missed', SAMPLES.missed[0]);
      const stop = new RangeError('stop');
      const work = store.transaction(async rows => {
        await rows.remove('missed', {});
        await rows.put('namespaces', SAMPLES.namespaces[0]);
        throw stop;
      });
      await assert.rejects(work, error => error === stop);
      assert.equal(await store.count('missed'), 1);
      assert.equal(await store.count('namespaces'), 0);
      await store.put('namespaces', SAMPLES.namespaces[0]);
    });

    test('a failing statement undoes what came before it', async () => {
      const work = store.transaction(async rows => {
        await rows.put('missed', SAMPLES.missed[0]);
        await rows.put('missed', { ...SAMPLES.missed[0], calls: null as never });
      });
      await assert.rejects(work);
      assert.equal(await store.count('missed'), 0);
    });

    test('transactions run one after another', async () => {
      const key = { service: 's', action: 'a' };
      await store.put('missed', { ...key, calls: 0, lastAt: 0 });
      const raise = () =>
        store.transaction(async rows => {
          const calls = (await rows.get('missed', key))?.calls ?? 0;
          await new Promise(setImmediate);
          await rows.put('missed', { ...key, calls: calls + 1, lastAt: 0 });
        });
      await Promise.all(Array.from({ length: 20 }, raise));
      assert.equal((await store.get('missed', key))?.calls, 20);
    });

    test('nothing of an open transaction is seen outside', async () => {
      let go = () => {};
      const gate = new Promise<void>(resolve => {
        go = resolve;
      });
      const work = store.transaction(async rows => {
        await rows.put('missed', SAMPLES.missed[0]);
        await gate;
        throw new Error('undone');
      });
      const outside = store.count('missed');
      setImmediate(go);
      await assert.rejects(work, /undone/);
      assert.equal(await outside, 0);
    });

    test('a call on the store inside its own transaction is refused instead of waiting for ever', async () => {
      await assert.rejects(
        store.transaction(() => store.count('missed')),
        /inside its own transaction/,
      );
      await assert.rejects(
        store.transaction(() => store.transaction(async () => 1)),
        /inside its own transaction/,
      );
      let later: Promise<number> | undefined;
      await store.transaction(async () => {
        later = new Promise(setImmediate).then(() => store.count('missed'));
      });
      assert.equal(await later, 0, 'what a transaction set off may use the store once it is over');
    });

    test('rows of a transaction cannot be used after it', async () => {
      let kept: Rows | undefined;
      await store.transaction(async rows => {
        kept = rows;
      });
      await assert.rejects(async () => kept?.count('missed'));
      await assert.rejects(async () => kept?.put('missed', SAMPLES.missed[0]));
      await assert.rejects(async () => kept?.putAll('missed', SAMPLES.missed));
      assert.equal(await store.count('missed'), 0);
    });

    test('closing waits for what is under way, twice does no harm, and then nothing is served', async () => {
      const work = store.transaction(async rows => {
        await new Promise(setImmediate);
        await rows.put('missed', SAMPLES.missed[0]);
        return 'kept';
      });
      await store.close();
      await store.close();
      assert.equal(await work, 'kept');
      await assert.rejects(store.count('missed'), /closed/);
    });

    test('what was put is there after closing and opening', async t => {
      if (!opened.reopen) return t.skip('this driver keeps nothing');
      for (const row of SAMPLES.versions) await store.put('versions', row);
      await store.transaction(rows => rows.put('missed', SAMPLES.missed[0]));
      store = await opened.reopen();
      assert.deepEqual(await store.list('versions'), SAMPLES.versions);
      assert.equal(await store.count('missed'), 1);
    });
  });
}

function roundTrip<T extends TableName>(table: T, store: () => Store): void {
  test(`${table}: rows come back as they were put, and are replaced by key`, async () => {
    const rows: readonly Row<T>[] = SAMPLES[table];
    const { key, columns } = tableOf(table);
    for (const row of rows) {
      assert.deepEqual(Object.keys(row).sort(), [...columns.keys()].sort(), 'the sample has every column');
      await store().put(table, row);
      await store().put(table, row);
    }
    assert.equal(await store().count(table), rows.length);
    for (const row of rows) {
      const where = Object.fromEntries(Object.entries(row).filter(([column]) => key.includes(column)));
      assert.deepEqual(await store().get(table, where as Partial<Row<T>>), row);
    }
    const [first, second] = rows;
    if (!first || !second) throw new Error('two samples are needed');
    const keep = Object.fromEntries(Object.entries(first).filter(([column]) => key.includes(column)));
    const changed = { ...second, ...keep };
    await store().remove(table, second);
    await store().put(table, changed);
    assert.deepEqual(await store().list(table), [changed], 'the same key replaces every other column');
    assert.equal(await store().get(table, first), undefined);
  });
}
