import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TurnableClock } from '../../../core/clock.ts';
import type { NoticeRow } from '../../../core/objects.ts';
import { memoryIndex } from '../../../store/objects/testing-index.ts';
import type { NoticeRule, OutsideNotice } from '../contract.ts';
import type { ObjectNotice } from '../model.ts';
import { BUCKET, CAUSE, fails, House, REGION, START } from '../testing.ts';
import { Intake } from './intake.ts';

const HOUR_MS = 3_600_000;

function outside(id: string, change: Partial<ObjectNotice> = {}): OutsideNotice {
  const notice: ObjectNotice = {
    name: 'ObjectCreated:Put',
    bucket: BUCKET,
    region: REGION,
    key: `${id}.txt`,
    versionId: '',
    bytes: 1,
    etag: 'e',
    storageClass: '',
    headers: {},
    at: START - 1000,
    cause: CAUSE,
    ...change,
  };
  return { notice, id };
}

const many = (ids: string) => [...ids].map(id => outside(id));

/** A trigger that takes events or not. */
function trigger(house: House, change: Partial<NoticeRule> = {}) {
  const told: { readonly key: string; readonly id: string }[] = [];
  const state = { refuses: false, told, keys: () => told.map(({ key }) => key.slice(0, 1)).join('') };
  const rule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:*', prefix: '', suffix: '', ...change };
  house.cos.notices.listen(rule, async ({ key }, id) => {
    told.push({ key, id });
    if (state.refuses) throw new Error('the queue is full');
  });
  return state;
}

/** What the index keeps but for the memory of what was taken. */
const waiting = (house: House) => house.index.notices(1000).filter(row => row.triggerId !== '@accepted');
const remembered = (house: House) => house.index.notices(100_000).filter(row => row.triggerId === '@accepted').length;

async function reopened(house: House): Promise<void> {
  await house.cos.close();
  await house.start();
}

describe('notices from outside', () => {
  test('are told to those whom they concern, before the verb resolves, and kept for nobody else', async () => {
    await using house = await House.open();
    const all = trigger(house);
    const some = trigger(house, { triggerId: 't-2', prefix: 'b' });
    trigger(house, { triggerId: 't-3', event: 'cos:ObjectRemove:*' });
    trigger(house, { triggerId: 't-4', bucket: 'other-1250000000' });
    await house.cos.notices.accept(many('abc'));
    assert.deepEqual([all.keys(), some.keys()], ['abc', 'b']);
    assert.equal(new Set([...all.told, ...some.told].map(({ id }) => id)).size, 4, 'each telling has its own id');
    await reopened(house);
    assert.deepEqual(waiting(house), []);
  });

  test('without a trigger leave nothing behind', async () => {
    await using house = await House.open();
    await house.cos.notices.accept(many('abc'));
    await house.cos.notices.accept([]);
    assert.deepEqual(house.index.notices(10), []);
    const late = trigger(house);
    await house.cos.notices.accept(many('abc'));
    assert.equal(late.keys(), 'abc', 'nobody had been told');
  });

  test('are kept before they are told, and wait for the answer', async () => {
    await using house = await House.open();
    const { promise, resolve } = Promise.withResolvers<void>();
    const rule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:*', prefix: '', suffix: '' };
    let kept = 0;
    house.cos.notices.listen(rule, () => {
      kept = waiting(house).length;
      return promise;
    });
    let isAccepted = false;
    const accepting = house.cos.notices.accept(many('a')).then(() => {
      isAccepted = true;
    });
    await new Promise(setImmediate);
    assert.deepEqual([kept, isAccepted], [1, false]);
    resolve();
    await accepting;
  });

  test('wait until the triggers listen', async () => {
    await using house = await House.open();
    await reopened(house);
    const accepting = house.cos.notices.accept(many('a'));
    await new Promise(setImmediate);
    const listener = trigger(house);
    await house.cos.notices.allListen();
    await accepting;
    assert.equal(listener.keys(), 'a');
  });

  test('that a trigger refuses are accepted, and tried again by the same id, also after a stop', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    await house.cos.notices.accept(many('a'));
    await house.cos.notices.accept(many('a'));
    assert.equal(listener.keys(), 'a');
    await reopened(house);
    const again = trigger(house);
    await house.cos.notices.allListen();
    await house.cos.notices.accept(many('a'));
    await house.clock.advance(60_000);
    assert.deepEqual(again.told, listener.told);
    await house.cos.close();
    assert.deepEqual(waiting(house), []);
  });

  test('come in the order in which they happened where they come late', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    for (const [id, at] of [
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ] as const)
      await house.cos.notices.accept([outside(id, { at: START + at })]);
    await reopened(house);
    const again = trigger(house);
    await house.clock.advance(60_000);
    assert.equal(again.keys(), 'abc');
  });
});

describe('what is told again', () => {
  test('is taken once: within one telling, at the same time, later, and after a stop', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const { notices } = house.cos;
    await Promise.all([notices.accept(many('aab')), notices.accept(many('bc')), notices.accept(many('ca'))]);
    await notices.accept(many('abc'));
    assert.equal(listener.keys(), 'abc');
    await reopened(house);
    const again = trigger(house);
    await house.cos.notices.allListen();
    await house.cos.notices.accept(many('abcd'));
    assert.equal(again.keys(), 'd');
  });

  test('is taken again an hour later, and the memory of it does not grow', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const { notices } = house.cos;
    await notices.accept(many('a'));
    await house.clock.advance(HOUR_MS - 1);
    await notices.accept(many('ab'));
    assert.deepEqual([listener.keys(), remembered(house)], ['ab', 2]);
    await house.clock.advance(1);
    await notices.accept(many('bc'));
    assert.deepEqual([listener.keys(), remembered(house)], ['abc', 2], 'the first is forgotten');
    await notices.accept(many('a'));
    assert.equal(listener.keys(), 'abca');
  });

  test('is forgotten after so many others', async () => {
    const index = memoryIndex();
    const board = {
      rowsOf: (_: ObjectNotice, idFor = (triggerId: string) => triggerId) => [
        { id: idFor('t'), triggerId: 't', detail: '' },
      ],
      deliver: async (rows: readonly NoticeRow[]) => {
        told.push(rows.length);
        await index.commit({ settled: rows.map(({ id }) => id) });
      },
    };
    const told: number[] = [];
    const intake = new Intake({ index, clock: new TurnableClock(START), board, most: 3 });
    await intake.accept(many('abcde'));
    await intake.accept(many('fe'));
    await intake.accept(many('a'));
    assert.deepEqual(told, [5, 1, 1], 'the last is known, the first is not');
    assert.equal(index.notices(100).length, 4, 'three, and the newest');
  });

  test('is not told again while the trigger has not taken it, however long ago that was', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    const { notices } = house.cos;
    await notices.accept(many('a'));
    await house.clock.advance(2 * HOUR_MS);
    await notices.accept(many('b'));
    assert.equal(remembered(house), 1);
    await notices.accept(many('ac'));
    assert.deepEqual(waiting(house).length, 3);
    listener.told.length = 0;
    listener.refuses = false;
    await house.clock.advance(240_000);
    assert.deepEqual(listener.keys().split('').toSorted().join(''), 'abc');
  });

  test('is taken after all when the first telling failed', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const { commit } = house.index;
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    house.index.commit = () => Promise.reject(full);
    const { notices } = house.cos;
    await Promise.all(['a', 'ab'].map(ids => fails('StorageFull', () => notices.accept(many(ids)))));
    assert.equal(listener.keys(), '');
    house.index.commit = commit;
    await notices.accept(many('ab'));
    assert.equal(listener.keys(), 'ab');
  });

  test('stands when only the answer of the disk was lost', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const { commit } = house.index;
    house.index.commit = async change => {
      await commit(change);
      throw new Error('the thread is gone');
    };
    await house.cos.notices.accept(many('a'));
    house.index.commit = commit;
    await house.cos.notices.accept(many('a'));
    assert.equal(listener.keys(), 'a');
  });

  test('once, whatever comes in what batches, with restarts between', async () => {
    const ids = 'abcdefgh';
    const batch = fc.record({
      ids: fc.string({ unit: fc.constantFrom(...ids), maxLength: 12 }),
      beside: fc.boolean(),
      restart: fc.boolean(),
      refuses: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async batches => {
        await using house = await House.open();
        const accepted = new Map<string, number>();
        const listen = () => {
          const state = { refuses: false };
          const rule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:*', prefix: '', suffix: '' };
          house.cos.notices.listen(rule, async ({ key }) => {
            if (state.refuses) throw new Error('the queue is full');
            accepted.set(key, (accepted.get(key) ?? 0) + 1);
          });
          return state;
        };
        let listener = listen();
        let going: Promise<void>[] = [];
        for (const { ids: given, beside, restart, refuses } of batches) {
          listener.refuses = refuses;
          going.push(house.cos.notices.accept(many(given)));
          if (beside) continue;
          await Promise.all(going);
          going = [];
          if (!restart) continue;
          await reopened(house);
          listener = listen();
          await house.cos.notices.allListen();
        }
        await Promise.all(going);
        listener.refuses = false;
        await house.clock.advance(120_000);
        const wanted = new Set(batches.flatMap(one => [...one.ids].map(id => `${id}.txt`)));
        assert.deepEqual(new Map(accepted), new Map([...accepted.keys()].map(key => [key, 1])));
        assert.deepEqual(new Set(accepted.keys()), wanted);
      }),
      { numRuns: 60 },
    );
  });
});
