import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NoticeRule } from '../contract.ts';
import type { ObjectEventName, ObjectNotice } from '../model.ts';
import { BUCKET, CAUSE, content, fails, HEAD, House, REGION, ref, START } from '../testing.ts';
import { covers, matches } from './notices.ts';

const RULE: NoticeRule = { triggerId: 't-1', bucket: BUCKET, event: 'cos:ObjectCreated:*', prefix: '', suffix: '' };

/** A trigger that takes events or not. */
function trigger(house: House, change: Partial<NoticeRule> = {}) {
  const told: { readonly notice: ObjectNotice; readonly id: string }[] = [];
  const state = { refuses: false, told };
  const listening = house.cos.notices.listen({ ...RULE, ...change }, async (notice, id) => {
    told.push({ notice, id });
    if (state.refuses) throw new Error('the queue is full');
  });
  return Object.assign(state, { stop: () => listening[Symbol.dispose]() });
}

const keys = ({ told }: ReturnType<typeof trigger>) => told.map(({ notice }) => notice.key);

describe('rules', () => {
  const covered: [string, ObjectEventName, boolean][] = [
    ['cos:ObjectCreated:Put', 'ObjectCreated:Put', true],
    ['cos:ObjectCreated:Put', 'ObjectCreated:Post', false],
    ['cos:ObjectCreated:*', 'ObjectCreated:AppendObject', true],
    ['cos:ObjectCreated:*', 'ObjectRemove:Delete', false],
    ['cos:ObjectRemove:*', 'ObjectRemove:DeleteMarkerCreated', true],
    ['cos:ObjectRemove:Delete', 'ObjectRemove:DeleteMarkerCreated', false],
    ['cos:ObjectRestore:*', 'ObjectRestore:Completed', true],
  ];
  for (const [event, name, does] of covered)
    test(`${event} means ${name}: ${does}`, () => assert.equal(covers(event, name), does));

  const filtered: [Partial<NoticeRule>, string, boolean][] = [
    [{ prefix: 'test/' }, 'test/a.jpg', true],
    [{ prefix: '/test/' }, 'test/a.jpg', true],
    [{ prefix: 'Test/' }, 'test/a.jpg', false],
    [{ suffix: '.jpg' }, 'test/a.jpg', true],
    [{ suffix: '.jpg' }, 'test/a.JPG', false],
    [{ prefix: 'a', suffix: '.jpg' }, 'b.jpg', false],
    [{ prefix: 'a', suffix: '.jpg' }, 'a.png', false],
    [{ bucket: 'other-1250000000' }, 'a', false],
  ];
  for (const [change, key, does] of filtered)
    test(`${JSON.stringify(change)} means ${key}: ${does}`, () =>
      assert.equal(matches({ ...RULE, ...change }, { bucket: BUCKET, key, name: 'ObjectCreated:Put' }), does));
});

describe('notices', () => {
  test('tell what happened, before the verb resolves', async () => {
    await using house = await House.open();
    const { promise: accepted, resolve: accept } = Promise.withResolvers<void>();
    const told: ObjectNotice[] = [];
    house.cos.notices.listen(RULE, async notice => {
      told.push(notice);
      await accepted;
    });
    let resolved = false;
    const headers = { 'content-type': 'image/png', 'x-cos-meta-a': 'ü', 'cache-control': 'no-cache' };
    const putting = house.put('a.png', 'pixels', { headers, storageClass: 'STANDARD_IA' }).then(stored => {
      resolved = true;
      return stored;
    });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(told.length, 1);
    assert.equal(resolved, false, 'the write waits for its event');
    assert.equal(house.index.notices(10).length, 1, 'the event is kept with the write');
    assert.equal(house.index.find(BUCKET, 'a.png')?.bytes, 6);
    accept();
    const stored = await putting;
    assert.deepEqual(told, [
      {
        name: 'ObjectCreated:Put',
        bucket: BUCKET,
        region: REGION,
        key: 'a.png',
        versionId: '',
        bytes: 6,
        etag: stored.etag,
        storageClass: 'STANDARD_IA',
        headers: { 'content-type': 'image/png', 'x-cos-meta-a': 'ü' },
        at: START,
        cause: CAUSE,
      },
    ]);
    await house.cos.close();
    assert.deepEqual(house.index.notices(10), []);
  });

  test('name the version where there are any', async () => {
    await using house = await House.open();
    const listener = trigger(house, { event: 'cos:*' });
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const { versionId } = await house.put('k', 'x');
    const marker = await house.remove('k');
    await house.remove('k', versionId);
    assert.deepEqual(
      listener.told.map(({ notice }) => [notice.name, notice.versionId]),
      [
        ['ObjectCreated:Put', versionId],
        ['ObjectRemove:DeleteMarkerCreated', marker.versionId],
        ['ObjectRemove:Delete', versionId],
      ],
    );
  });

  test('none of a write that failed', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const options = { event: 'ObjectCreated:Put', forbidOverwrite: true } as const;
    await house.put('k', 'x');
    await fails('FileAlreadyExists', () => house.cos.objects.put(ref('k'), HEAD, content('y'), options, CAUSE));
    await fails('BadDigest', () =>
      house.cos.objects.put(ref('l'), HEAD, content('y', { md5: '0' }), { event: 'ObjectCreated:Put' }, CAUSE),
    );
    house.index.commit = () => Promise.reject(new Error('broken'));
    await assert.rejects(house.put('m', 'x'), /broken/);
    assert.deepEqual(keys(listener), ['k']);
  });

  test('what is refused is tried again, with backoff, and the write stands', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    await house.put('a', 'x');
    assert.equal(await house.text('a'), 'x');
    assert.equal(listener.told.length, 1);
    await house.clock.advance(999);
    assert.equal(listener.told.length, 1);
    await house.clock.advance(1);
    assert.equal(listener.told.length, 2);
    await house.clock.advance(2000);
    assert.equal(listener.told.length, 3);
    await house.clock.advance(3600_000);
    const tries = listener.told.length;
    assert.ok(tries > 60 && tries < 80, `once a minute at the last: ${tries}`);
    assert.equal(new Set(listener.told.map(({ id }) => id)).size, 1, 'always the same id');
    listener.refuses = false;
    await house.clock.advance(60_000);
    const done = listener.told.length;
    await house.clock.advance(3600_000);
    assert.equal(listener.told.length, done);
    assert.deepEqual(house.index.notices(10), []);
  });

  test('many that were refused come in their order, and new ones meanwhile', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    for (const key of ['a', 'b', 'c']) await house.put(key, 'x');
    listener.refuses = false;
    listener.told.length = 0;
    await house.put('d', 'x');
    await house.clock.advance(60_000);
    assert.deepEqual(keys(listener), ['d', 'a', 'b', 'c']);
    assert.deepEqual(house.index.notices(10), []);
  });

  test('one that nobody ever takes does not keep back the others', async () => {
    await using house = await House.open();
    let refuses = true;
    const taken: string[] = [];
    house.cos.notices.listen(RULE, async ({ key }) => {
      if (refuses || key === 'poison') throw new Error('not this one');
      taken.push(key);
    });
    for (const key of ['poison', 'a', 'b']) await house.put(key, 'x');
    refuses = false;
    await house.clock.advance(10_000);
    assert.deepEqual(taken, ['a', 'b']);
    assert.equal(house.index.notices(10).length, 1);
  });

  test('one that is being told is not told a second time', async () => {
    await using house = await House.open();
    const accepting: (() => void)[] = [];
    const told: string[] = [];
    let refuses = true;
    house.cos.notices.listen(RULE, async notice => {
      told.push(notice.key);
      if (refuses) throw new Error('the queue is full');
      await new Promise<void>(resolve => accepting.push(resolve));
    });
    await house.put('a', 'x');
    refuses = false;
    const putting = house.put('b', 'x');
    const turning = house.clock.advance(1000);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    assert.deepEqual(told, ['a', 'b', 'a']);
    for (const accept of accepting) accept();
    await Promise.all([putting, turning]);
    await house.clock.advance(600_000);
    assert.deepEqual(told, ['a', 'b', 'a']);
  });

  test('after a stop what is pending is delivered when its trigger listens, and dropped when it is gone', async () => {
    await using house = await House.open();
    const [stays, goes] = [trigger(house), trigger(house, { triggerId: 't-2' })];
    stays.refuses = true;
    goes.refuses = true;
    await house.put('a', 'x');
    const id = stays.told[0]?.id;
    await house.cos.close();
    assert.equal(house.index.notices(10).length, 2);
    await house.start();
    const again = trigger(house);
    assert.equal(again.told.length, 0);
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.deepEqual(
      again.told.map(one => [one.notice.key, one.id]),
      [['a', id]],
    );
    await house.cos.close();
    assert.deepEqual(house.index.notices(10), []);
    assert.ok(house.log.lines.some(line => line.text.includes('a trigger that is gone')));
    const late = trigger(house, { triggerId: 't-2' });
    await house.clock.advance(600_000);
    assert.deepEqual(late.told, []);
  });

  test('a trigger that has stopped is told nothing, and what waits is kept for it', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    listener.refuses = true;
    await house.put('a', 'x');
    listener.stop();
    await house.put('b', 'x');
    await house.clock.advance(600_000);
    assert.deepEqual(keys(listener), ['a']);
    const again = trigger(house);
    await house.clock.advance(0);
    assert.deepEqual(keys(again), ['a']);
  });

  test('what is refused while its trigger is changed is told to the changed one', async () => {
    for (const tries of [0, 1]) {
      await using house = await House.open();
      const refusing: ((error: Error) => void)[] = [];
      house.cos.notices.listen(
        RULE,
        () =>
          new Promise((_, refuse) => void (refusing.push(refuse) > tries || refuse(new Error('the queue is full')))),
      );
      const putting = house.put('a', 'x');
      const turning = tries === 0 ? Promise.resolve() : putting.then(() => house.clock.advance(1000));
      while (refusing.length <= tries) await new Promise(setImmediate);
      const changed = trigger(house);
      const coming = house.clock.advance(0);
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
      refusing.at(-1)?.(new Error('the queue is full'));
      await Promise.all([putting, turning, coming]);
      await house.clock.advance(60_000);
      assert.deepEqual(keys(changed), ['a'], `after ${tries} tries`);
    }
  });

  test('what could not be struck off is struck off later, not told again after a stop', async () => {
    await using house = await House.open();
    const listener = trigger(house);
    const { commit } = house.index;
    let isFull = true;
    house.index.commit = (change, expected) =>
      isFull && change.settled ? Promise.reject(new Error('the disk is full')) : commit(change, expected);
    await house.put('a', 'x');
    await house.put('b', 'x');
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    assert.deepEqual(keys(listener), ['a', 'b']);
    assert.equal(house.index.notices(10).length, 2);
    isFull = false;
    await house.put('c', 'x');
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    assert.deepEqual(house.index.notices(10), []);
    isFull = true;
    await house.put('d', 'x');
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    isFull = false;
    await house.cos.close();
    assert.deepEqual(house.index.notices(10), []);
    assert.deepEqual(keys(listener), ['a', 'b', 'c', 'd']);
  });

  test('two triggers are told apart', async () => {
    await using house = await House.open();
    const images = trigger(house, { prefix: 'img/' });
    const removed = trigger(house, { triggerId: 't-2', event: 'cos:ObjectRemove:*' });
    await house.put('img/a', 'x');
    await house.put('doc/a', 'x');
    await house.remove('doc/a');
    await house.remove('doc/a');
    assert.deepEqual(keys(images), ['img/a']);
    assert.deepEqual(keys(removed), ['doc/a']);
  });
});
