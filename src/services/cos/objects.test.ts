import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAUSE, fails, House, ref, someBytes } from './testing.ts';

describe('damage', () => {
  test('a marked object answers so until it is written again', async () => {
    await using house = await House.open();
    const stored = await house.put('k', someBytes(20_000));
    await house.cos.objects.markDamaged(stored);
    await fails('ObjectDamaged', () => house.read('k'));
    await fails('ObjectDamaged', () => house.cos.objects.copy({ ...ref('k'), conditions: {} }, ref('l'), {}, CAUSE));
    assert.equal(house.cos.objects.head(ref('k')).damagedAt, house.clock.now());
    assert.ok(house.log.lines.some(line => line.level === 'error'));
    await house.start();
    await fails('ObjectDamaged', () => house.read('k'));
    await house.put('k', 'new');
    assert.equal(await house.text('k'), 'new');
    assert.equal(house.cos.objects.head(ref('k')).damagedAt, undefined);
    await house.cos.objects.markDamaged(stored);
    assert.equal(await house.text('k'), 'new', 'another object by now');
    await house.checkFiles();
  });

  test('a read that meets a lost file breaks off and marks the object', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(20_000));
    house.files.kept.clear();
    await assert.rejects(house.read('k'), /no file/);
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    await fails('ObjectDamaged', () => house.read('k'));
    assert.deepEqual(house.met, [{ ...ref('k'), versionId: 'null' }]);
  });

  test('a reader that fails of itself marks nothing', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(200_000));
    const stream = house.cos.objects.open(ref('k')).read(0, 200_000);
    stream.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    assert.deepEqual(await house.read('k'), someBytes(200_000));
  });

  test('a copy of a lost file is refused', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(20_000));
    house.files.before = verb => {
      if (verb === 'copy') throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    await fails('ObjectDamaged', () => house.cos.objects.copy({ ...ref('k'), conditions: {} }, ref('l'), {}, CAUSE));
  });
});

describe('a store that opens', () => {
  test('sweeps what was never finished', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(20_000));
    await house.files.write(someBytes(10));
    assert.equal(house.files.kept.size, 2);
    await house.start();
    assert.equal(house.files.kept.size, 1);
    assert.deepEqual(await house.read('k'), someBytes(20_000));
  });

  test('a file that cannot be removed is named in the log, and the verb stands', async () => {
    await using house = await House.open();
    await house.put('k', someBytes(20_000));
    house.files.before = verb => {
      if (verb === 'remove') throw new Error('busy');
    };
    await house.remove('k');
    await house.cos.close();
    assert.ok(house.log.lines.some(line => line.level === 'warn' && 'file' in line.fields));
  });
});
