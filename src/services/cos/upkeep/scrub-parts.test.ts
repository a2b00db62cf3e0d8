import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, CAUSE, content, fails, HEAD, House, MB, REGION, ref, someBytes } from '../testing.ts';
import { Scrub, type ScrubProgress } from './scrub.ts';
import { openParts, type PartRef } from './scrub-parts.ts';

const DAY_MS = 86_400_000;

async function begun(house: House, key: string, ...bodies: readonly Buffer[]) {
  const { uploads } = house.cos;
  const { uploadId } = await uploads.begin(ref(key), HEAD);
  const upload = { ...ref(key), uploadId };
  const put = (number: number, body: Buffer) => uploads.putPart(upload, number, content(body));
  const rows = [];
  for (const [at, body] of bodies.entries()) rows.push(await put(at + 1, body));
  return { upload, rows, put, fileOf: (number: number) => uploads.parts(upload, number - 1, 1)[0]?.file ?? '' };
}

function spoil(house: House, file: string): void {
  const body = Buffer.from(house.files.kept.get(file) ?? assert.fail(`no ${file}`));
  body[7] = (body[7] ?? 0) ^ 1;
  house.files.kept.set(file, body);
}

function scrubOf(house: House, kept?: ScrubProgress, change: { damagedPart?: () => Promise<void> } = {}) {
  const { index, files, clock, cos, log } = house;
  const memory = {
    kept,
    load: async () => memory.kept,
    save: async (progress: ScrubProgress) => {
      memory.kept = JSON.parse(JSON.stringify(progress));
    },
  };
  const scrub = new Scrub({
    ...{ index, files, clock, log, memory, bytesPerS: 100 * MB, everyMs: DAY_MS },
    buckets: () => cos.buckets.list().map(bucket => bucket.id),
    damaged: row => cos.objects.markDamaged(row),
    damagedPart: part => cos.uploads.markDamaged(part, part),
    ...change,
  });
  scrub.start();
  return { scrub, memory };
}

/** One pass, to its end. */
async function looked(house: House, ...more: Parameters<typeof scrubOf> extends [House, ...infer M] ? M : never) {
  const { scrub } = scrubOf(house, ...more);
  await house.clock.advance(60_000);
  await scrub.close();
  return scrub.report() ?? assert.fail('it has not begun');
}

describe('the parts of open uploads', () => {
  test('are all found, of every bucket', async () => {
    await using house = await House.open();
    const other = BUCKET.replace('pictures', 'albums');
    await house.cos.buckets.create({ id: other, region: REGION });
    const wanted: string[] = [];
    for (let i = 0; i < 105; i++) {
      const { uploadId } = await house.cos.uploads.begin({ bucket: i % 3 ? BUCKET : other, key: `k${i % 50}` }, HEAD);
      for (let number = 1; number <= (i === 7 ? 101 : i % 3); number++) {
        const row = { uploadId, number, etag: 'e', bytes: 0, crc64: '0', file: `${uploadId} ${number}`, modifiedAt: 0 };
        await house.index.commit({ putPart: row });
        wanted.push(`${i % 3 ? BUCKET : other} k${i % 50} ${row.file}`);
      }
    }
    const found: string[] = [];
    const buckets = house.cos.buckets.list().map(({ id }) => id);
    for await (const { bucket, key, file } of openParts(house.index, buckets)) found.push(`${bucket} ${key} ${file}`);
    assert.deepEqual(found.toSorted(), wanted.toSorted());
  });

  test('are looked through with the objects, and whole ones are left alone', async () => {
    await using house = await House.open();
    await house.put('object', someBytes(20_000));
    const { upload, rows } = await begun(house, 'k', someBytes(MB, 1), someBytes(9, 2));
    const { checked, damaged, parts } = await looked(house);
    assert.deepEqual([checked, damaged, parts], [3, 0, []]);
    await house.cos.uploads.complete(upload, rows, CAUSE);
  });

  test('a damaged one is named, and no object is made of it before it was sent again', async () => {
    await using house = await House.open();
    const { upload, rows, put, fileOf } = await begun(house, 'k', someBytes(MB, 1), someBytes(MB, 2), someBytes(9, 3));
    spoil(house, fileOf(2));
    house.files.kept.delete(fileOf(3));
    const report = await looked(house);
    const named = (number: number): PartRef => ({ bucket: BUCKET, key: 'k', uploadId: upload.uploadId, number });
    assert.deepEqual([report.checked, report.damaged, report.found], [3, 2, []]);
    assert.deepEqual(report.parts, [named(2), named(3)]);
    await fails('InvalidPart', () => house.cos.uploads.complete(upload, rows, CAUSE));
    // As some clients do: with what the list says.
    const listed = house.cos.uploads.parts(upload, 0, 10);
    assert.deepEqual(
      listed.map(({ etag }) => etag === rows[0]?.etag),
      [true, false, false],
    );
    await fails('InvalidPart', () => house.cos.uploads.complete(upload, listed, CAUSE));
    await put(2, someBytes(MB, 2));
    await put(3, someBytes(9, 3));
    await house.cos.uploads.complete(upload, rows, CAUSE);
    assert.deepEqual(await house.read('k'), Buffer.concat([someBytes(MB, 1), someBytes(MB, 2), someBytes(9, 3)]));
    assert.ok(![...house.files.kept.keys()].some(file => !house.index.named([file]).has(file)), 'no file is left over');
  });

  test('stays in the report until it is sent again, and is not read again', async () => {
    await using house = await House.open();
    const { put, fileOf } = await begun(house, 'k', someBytes(30_000, 1));
    spoil(house, fileOf(1));
    const { scrub } = scrubOf(house);
    await house.clock.advance(2.5 * DAY_MS);
    assert.deepEqual([scrub.report()?.damaged, scrub.report()?.parts.length], [1, 1]);
    await put(1, someBytes(30_000, 1));
    assert.deepEqual(scrub.report()?.parts, []);
    await house.clock.advance(DAY_MS);
    assert.deepEqual([scrub.report()?.checked, scrub.report()?.damaged], [1, 0]);
    await scrub.close();
  });

  test('one that is sent again while it is judged is not marked', async () => {
    await using house = await House.open();
    const { upload, put, fileOf } = await begun(house, 'k', someBytes(30_000, 1));
    const old = fileOf(1);
    const again = await put(1, someBytes(30_000, 2));
    await house.cos.uploads.markDamaged(upload, { number: 1, file: old });
    await house.cos.uploads.markDamaged(upload, { number: 2, file: old });
    await house.cos.uploads.complete(upload, [again], CAUSE);
    await house.cos.uploads.markDamaged(upload, again);
    assert.deepEqual(await house.read('k'), someBytes(30_000, 2));
  });

  test('one that cannot be marked stops nothing, and is told of in the log', async () => {
    await using house = await House.open();
    const { fileOf } = await begun(house, 'k', someBytes(30_000, 1), someBytes(30_000, 2));
    spoil(house, fileOf(1));
    const damagedPart = () => Promise.reject(new Error('the disk is full'));
    const report = await looked(house, undefined, { damagedPart });
    assert.deepEqual([report.checked, report.damaged, report.parts], [2, 1, []]);
    const lines = house.log.lines.filter(({ text }) => /could not be marked/.test(text));
    assert.deepEqual(
      lines.map(({ fields }) => 'number' in fields && fields.number),
      [1],
    );
  });

  test('what came last before a crash is looked at first', async () => {
    await using house = await House.open();
    await begun(house, 'early', someBytes(30_000, 1));
    await house.clock.advance(3_600_000);
    const at = house.clock.now();
    const { fileOf } = await begun(house, 'late', someBytes(30_000, 2));
    spoil(house, fileOf(1));
    const over = { begunAt: at, endedAt: at, place: undefined, found: [], checked: 1, damaged: 0, unchecked: 0 };
    const report = await looked(house, { ...over, suspectFrom: at });
    assert.deepEqual(report.afterCrash, { checked: 1, damaged: 1, unchecked: 0 });
    assert.equal(report.parts[0]?.key, 'late');
  });
});
