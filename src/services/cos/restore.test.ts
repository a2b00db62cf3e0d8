import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, CAUSE, fails, HEAD, House, ref, START, someBytes } from './testing.ts';

const DAY = 86_400_000;
const DELAYS = { Expedited: 1000, Standard: 3000, Bulk: 5000 };
const open = () => House.open({ restoreDelays: DELAYS });
const restore = (house: House, key = 'k', days = 2, tier: 'Expedited' | 'Standard' | 'Bulk' = 'Standard') =>
  house.cos.objects.restore(ref(key), days, tier, CAUSE);

describe('restore', () => {
  test('makes an archived object readable for some days, and tells both steps', async () => {
    await using house = await open();
    const { told } = house.listen({ event: 'cos:ObjectRestore:*' });
    const body = someBytes(50_000);
    const stored = await house.put('k', body, { storageClass: 'ARCHIVE' });
    await fails('InvalidObjectState', () => house.read('k'));
    assert.equal(house.cos.objects.head(ref('k')).bytes, body.length);
    assert.equal(await restore(house), 'begun');
    await fails('RestoreAlreadyInProgress', () => restore(house));
    await house.clock.advance(2999);
    await fails('InvalidObjectState', () => house.read('k'));
    await house.clock.advance(1);
    assert.deepEqual(await house.read('k'), body);
    assert.deepEqual(
      told.map(({ name, at, bytes, cause }) => [name, at, bytes, cause.requestId]),
      [
        ['ObjectRestore:Post', START, body.length, CAUSE.requestId],
        ['ObjectRestore:Completed', START + 3000, body.length, ''],
      ],
    );
    const { restore: state, modifiedAt, order } = house.cos.objects.head(ref('k'));
    assert.deepEqual(state, { tier: 'Standard', days: 2, askedAt: START, doneAt: START + 3000 });
    assert.deepEqual([modifiedAt, order], [stored.modifiedAt, stored.order], 'it is the same version');
    await house.clock.advance(2 * DAY - 1);
    assert.deepEqual(await house.read('k'), body);
    await house.clock.advance(1);
    await fails('InvalidObjectState', () => house.read('k'));
    assert.equal(await restore(house), 'begun');
    await house.checkFiles();
  });

  test('of what is restored counts the days anew', async () => {
    await using house = await open();
    await house.put('k', 'x', { storageClass: 'DEEP_ARCHIVE' });
    await restore(house, 'k', 1, 'Bulk');
    await house.clock.advance(5000);
    await house.clock.advance(DAY - 1000);
    assert.equal(await restore(house, 'k', 3), 'again');
    await house.clock.advance(3 * DAY - 1);
    assert.equal(await house.text('k'), 'x');
    await house.clock.advance(1);
    await fails('InvalidObjectState', () => house.read('k'));
  });

  test('is refused where there is nothing to restore', async () => {
    await using house = await open();
    await house.put('plain', 'x');
    await house.put('k', 'x', { storageClass: 'DEEP_ARCHIVE' });
    await fails('RestoreNonArchiveObject', () => restore(house, 'plain'));
    await fails('NoSuchKey', () => restore(house, 'none'));
    await fails('InvalidArgument', () => restore(house, 'k', 1, 'Expedited'));
    for (const days of [0, -1, 366, 1.5]) await fails('InvalidArgument', () => restore(house, 'k', days));
    await fails('InvalidObjectState', () =>
      house.cos.objects.copy({ ...ref('k'), conditions: {} }, ref('l'), {}, CAUSE),
    );
  });

  test('that was under way at a stop is completed after it, once', async () => {
    await using house = await open();
    await house.put('k', 'x', { storageClass: 'ARCHIVE' });
    await restore(house);
    await house.cos.close();
    await house.clock.advance(10_000);
    await house.start();
    const { told } = house.listen({ event: 'cos:ObjectRestore:Completed' });
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.deepEqual(
      told.map(notice => notice.key),
      ['k'],
    );
    await house.cos.close();
    await house.start();
    const again = house.listen({ event: 'cos:ObjectRestore:Completed' });
    await house.cos.notices.allListen();
    await house.clock.advance(10_000);
    assert.deepEqual(again.told, []);
    assert.deepEqual(house.index.notices(10), []);
  });

  test('of what is written again or removed meanwhile tells no completion', async () => {
    await using house = await open();
    const { told } = house.listen({ event: 'cos:ObjectRestore:Completed' });
    for (const key of ['a', 'b', 'c']) {
      await house.put(key, 'x', { storageClass: 'ARCHIVE' });
      await restore(house, key);
    }
    await house.put('a', 'y', { storageClass: 'ARCHIVE' });
    await house.remove('b');
    await house.clock.advance(3000);
    assert.deepEqual(
      told.map(notice => notice.key),
      ['c'],
    );
    await fails('InvalidObjectState', () => house.read('a'));
    assert.deepEqual(house.index.notices(10), []);
  });

  test('of a bucket that is gone leaves nothing behind', async () => {
    await using house = await open();
    await house.put('k', 'x', { storageClass: 'ARCHIVE' });
    await restore(house);
    await house.remove('k');
    await house.cos.buckets.remove(BUCKET);
    await house.clock.advance(3000);
    assert.deepEqual(house.index.notices(10), []);
    assert.deepEqual(house.log.lines, []);
  });

  test('that cannot be told now is told after the next start', async () => {
    await using house = await open();
    await house.put('k', 'x', { storageClass: 'ARCHIVE' });
    await restore(house);
    const { commit } = house.index;
    house.index.commit = () => Promise.reject(new Error('broken'));
    await house.clock.advance(3000);
    assert.equal(house.log.lines.filter(({ level }) => level === 'error').length, 1);
    house.index.commit = commit;
    assert.equal(await house.text('k'), 'x', 'it is restored all the same');
    await house.cos.close();
    await house.start();
    const { told } = house.listen({ event: 'cos:ObjectRestore:Completed' });
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.equal(told.length, 1);
  });

  test('… or a minute later, once', async () => {
    await using house = await open();
    const { told } = house.listen({ event: 'cos:ObjectRestore:Completed' });
    await house.put('k', 'x', { storageClass: 'ARCHIVE' });
    await restore(house);
    const { commit } = house.index;
    house.index.commit = () => Promise.reject(new Error('broken'));
    await house.clock.advance(90_000);
    house.index.commit = commit;
    await house.clock.advance(60_000);
    assert.equal(told.length, 1);
    assert.deepEqual(house.index.notices(10), []);
    await house.clock.advance(600_000);
    assert.equal(told.length, 1);
  });

  test('names a version', async () => {
    await using house = await open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    const { versionId } = await house.put('k', 'old', { storageClass: 'ARCHIVE' });
    await house.put('k', 'new', HEAD);
    await house.cos.objects.restore(ref('k', versionId), 1, 'Expedited', CAUSE);
    await house.clock.advance(1000);
    assert.equal(await house.text('k', versionId), 'old');
    assert.equal(await house.text('k'), 'new');
  });
});
