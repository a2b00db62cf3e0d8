import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LifecycleRule } from '../model.ts';
import { BUCKET, fails, HEAD, House, IDLE_RULE, REGION, ref, START, someBytes } from '../testing.ts';
import { dayAfter } from './lifecycle.ts';

const DAY = 86_400_000;

const ruled = (house: House, ...rules: Partial<LifecycleRule>[]) =>
  house.cos.buckets.change(BUCKET, { lifecycle: rules.map(rule => ({ ...IDLE_RULE, ...rule })) });

const keysOf = (house: House) =>
  house.cos.objects
    .list({ bucket: BUCKET, prefix: '', delimiter: '', after: '', limit: 10_000 })
    .entries.flatMap(entry => ('row' in entry ? [entry.row.key] : []));

const versionsOf = (house: House) =>
  house.cos.objects
    .versions({ bucket: BUCKET, prefix: '', delimiter: '', afterKey: '', afterVersionId: '', limit: 10_000 })
    .entries.flatMap(entry => ('row' in entry ? [entry.row] : []));

test('a day begins at midnight, UTC+8', () => {
  assert.equal(new Date(dayAfter(Date.UTC(2024, 3, 19, 8))).toISOString(), '2024-04-19T16:00:00.000Z');
  assert.equal(new Date(dayAfter(Date.UTC(2024, 3, 19, 16))).toISOString(), '2024-04-20T16:00:00.000Z');
  assert.equal(new Date(dayAfter(Date.UTC(2024, 3, 19, 15, 59, 59, 999))).toISOString(), '2024-04-19T16:00:00.000Z');
});

describe('lifecycle rules', () => {
  test('objects expire on the day, and are told to be removed', async () => {
    await using house = await House.open();
    const { told } = house.listen({ event: 'cos:ObjectRemove:*' });
    await ruled(house, { prefix: 'logs/', expiration: { days: 2 } });
    await house.put('logs/a', someBytes(20_000));
    await house.put('img/a', 'x');
    await house.clock.moveTo(START + 2 * DAY);
    await house.put('logs/b', 'x');
    assert.deepEqual(keysOf(house), ['img/a', 'logs/a', 'logs/b']);
    await house.clock.moveTo(dayAfter(START + 2 * DAY));
    assert.deepEqual(keysOf(house), ['img/a', 'logs/b']);
    assert.deepEqual(
      told.map(({ name, key, cause }) => [name, key, cause.requestId]),
      [['ObjectRemove:Delete', 'logs/a', '']],
    );
    await house.clock.advance(2 * DAY);
    assert.deepEqual(keysOf(house), ['img/a']);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('versions: a marker first, then the old one, then the marker', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await ruled(house, { expiration: { days: 1 } }, { noncurrentExpirationDays: 1, expiresLoneMarkers: true });
    await house.put('k', someBytes(20_000));
    await house.clock.moveTo(dayAfter(START + DAY));
    assert.deepEqual(
      versionsOf(house).map(({ marker, newest }) => [marker, newest]),
      [
        [true, true],
        [false, false],
      ],
    );
    await house.clock.advance(DAY);
    assert.deepEqual(
      versionsOf(house).map(({ marker }) => marker),
      [true],
    );
    await house.clock.advance(DAY);
    assert.deepEqual(versionsOf(house), []);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('the class of an object changes, and nothing else', async () => {
    await using house = await House.open();
    const { told } = house.listen({ event: 'cos:*' });
    await ruled(house, {
      transitions: [
        { days: 1, storageClass: 'STANDARD_IA' },
        { days: 3, storageClass: 'ARCHIVE' },
      ],
    });
    const body = someBytes(20_000);
    const stored = await house.put('k', body);
    await house.clock.moveTo(dayAfter(START + DAY));
    assert.deepEqual(house.cos.objects.head(ref('k')), { ...stored, storageClass: 'STANDARD_IA' });
    assert.deepEqual(
      versionsOf(house).map(({ storageClass }) => storageClass),
      ['STANDARD_IA'],
    );
    assert.deepEqual(await house.read('k'), body);
    await house.clock.advance(2 * DAY);
    await fails('InvalidObjectState', () => house.read('k'));
    assert.deepEqual(
      told.map(({ name }) => name),
      ['ObjectCreated:Put'],
    );
    await house.checkFiles();
  });

  test('uploads that nobody completes are aborted', async () => {
    await using house = await House.open();
    await ruled(house, { abortUploadsAfterDays: 1, prefix: 'a' });
    const upload = await house.cos.uploads.begin(ref('a'), HEAD);
    const other = await house.cos.uploads.begin(ref('b'), HEAD);
    await house.cos.uploads.putPart(upload, 1, { body: someBytes(100), bytes: 100 });
    await house.clock.moveTo(dayAfter(START + DAY) - 1);
    assert.equal(house.cos.uploads.find(upload).uploadId, upload.uploadId);
    await house.clock.advance(1);
    await fails('NoSuchUpload', () => house.cos.uploads.find(upload));
    house.cos.uploads.find(other);
    await house.checkFiles();
    assert.equal(house.files.kept.size, 0);
  });

  test('more than a batch, several versions of a key at its edge', async () => {
    await using house = await House.open();
    await house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await ruled(house, { noncurrentExpirationDays: 1 });
    const names = Array.from({ length: 180 }, (_, i) => `k${String(i).padStart(3, '0')}`);
    for (const name of names) for (let i = 0; i < 3; i++) await house.put(name, String(i));
    for (let i = 0; i < 600; i++) await house.put('k100', String(i));
    await house.clock.moveTo(dayAfter(START + DAY));
    const left = versionsOf(house);
    assert.deepEqual(
      left.map(({ key, newest }) => [key, newest]),
      names.map(name => [name, true]),
    );
    assert.equal(await house.text('k100'), '599');
  });

  test('what is written while the rules are applied stays', async () => {
    await using house = await House.open();
    await ruled(house, { expiration: { days: 1 } });
    for (const key of ['a', 'b', 'c']) await house.put(key, 'old');
    await house.clock.moveTo(dayAfter(START + DAY) - 1);
    const { versions } = house.index;
    const fresh = { order: (START + 9 * DAY) * 1000, modifiedAt: START + 2 * DAY };
    house.index.versions = query => {
      const listing = versions(query);
      const row = house.index.find(BUCKET, 'b');
      // Behind the look at the keys, ahead of the deeds that follow from it.
      if (row) void house.index.commit({ put: [{ ...row, ...fresh }] });
      return listing;
    };
    await house.clock.advance(1);
    assert.deepEqual(keysOf(house), ['b']);
    assert.equal(house.cos.objects.head(ref('b')).order, fresh.order);
  });

  test('a run that cannot be noted down is tried again tomorrow, not at once', async () => {
    await using house = await House.open();
    await ruled(house, { expiration: { days: 1 } });
    await house.put('a', 'x');
    house.rows.put = () => Promise.reject(new Error('broken'));
    await house.clock.moveTo(START + 3 * DAY);
    assert.equal(house.log.lines.filter(({ level }) => level === 'error').length, 3);
    assert.deepEqual(keysOf(house), []);
  });

  test('one object that fails leaves the others', async () => {
    await using house = await House.open();
    await ruled(house, { expiration: { days: 1 } });
    for (const key of ['a', 'b', 'c']) await house.put(key, 'x');
    const { commit } = house.index;
    house.index.commit = async (change, expected) => {
      if (change.remove?.[0]?.key === 'b') throw new Error('broken');
      return commit(change, expected);
    };
    await house.clock.moveTo(dayAfter(START + DAY));
    assert.deepEqual(keysOf(house), ['b']);
    assert.ok(house.log.lines.some(line => line.level === 'warn'));
    house.index.commit = commit;
    await house.clock.advance(DAY);
    assert.deepEqual(keysOf(house), []);
  });

  test('a run that was missed is made up for, once triggers listen', async () => {
    await using house = await House.open();
    await ruled(house, { expiration: { days: 1 } });
    await house.put('a', 'x');
    await house.cos.close();
    await house.clock.moveTo(START + 3 * DAY);
    await house.start();
    await house.clock.advance(1000);
    assert.deepEqual(keysOf(house), ['a']);
    const { told } = house.listen({ event: 'cos:ObjectRemove:*' });
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.deepEqual(
      told.map(({ key }) => key),
      ['a'],
    );
    await house.put('b', 'x');
    await house.clock.advance(1000);
    assert.deepEqual(keysOf(house), ['b']);
  });

  test('a run that was noted down by a clock since set back puts off none', async () => {
    await using house = await House.open();
    await ruled(house, { expiration: { days: 1 } });
    await house.put('a', 'x');
    await house.cos.close();
    const body = { ranAt: START + 300 * DAY, run: undefined };
    await house.rows.put('resources', { kind: 'cos/lifecycle', region: '', id: 'progress', parent: '', body });
    await house.start();
    await house.cos.close();
    await house.clock.moveTo(dayAfter(START + DAY));
    await house.start();
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.deepEqual(keysOf(house), [], 'that of a day on which the server stood still is made up for');
    await house.put('b', 'x');
    await house.clock.moveTo(dayAfter(START + 3 * DAY));
    assert.deepEqual(keysOf(house), []);
  });

  test('a run that is broken off goes on where it was', async () => {
    await using house = await House.open();
    await house.cos.buckets.create({ id: 'early-1250000000', region: REGION });
    await ruled(house, { expiration: { days: 1 } });
    const names = Array.from({ length: 700 }, (_, i) => `k${String(i).padStart(3, '0')}`);
    for (const name of names) await house.put(name, 'x');
    await house.clock.moveTo(dayAfter(START + DAY) - 1);
    const put = house.rows.put.bind(house.rows);
    const saved: unknown[] = [];
    let closing: Promise<void> | undefined;
    house.rows.put = async (table, row) => {
      await put(table, row);
      if (!('kind' in row) || row.kind !== 'cos/lifecycle') return;
      saved.push(row.body);
      closing ??= house.cos.close();
    };
    await house.clock.moveTo(dayAfter(START + DAY));
    await closing;
    assert.equal(keysOf(house).length, 200);
    assert.deepEqual(saved, [{ ranAt: dayAfter(START + DAY), run: { bucket: BUCKET, key: 'k499' } }]);
    const scanned: string[] = [];
    const { versions } = house.index;
    house.index.versions = query => {
      scanned.push(query.afterKey);
      return versions(query);
    };
    await house.start();
    await house.cos.notices.allListen();
    await house.clock.advance(0);
    assert.deepEqual(scanned, ['k499']);
    assert.deepEqual(keysOf(house), []);
  });

  test('without rules nothing is read', async () => {
    await using house = await House.open();
    await house.put('a', 'x');
    await ruled(house, { enabled: false, expiration: { days: 0 } });
    house.index.versions = () => assert.fail('it was read');
    house.index.uploads = () => assert.fail('it was read');
    await house.clock.advance(3 * DAY);
    assert.deepEqual(keysOf(house), ['a']);
    assert.deepEqual(house.log.lines, []);
  });
});
