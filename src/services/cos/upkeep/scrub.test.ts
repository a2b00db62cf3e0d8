import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { keptLog } from '../../../core/fixture.ts';
import type { ObjectRow } from '../../../core/objects.ts';
import type { StoredObject } from '../model.ts';
import { objectIn, rowOf } from '../row.ts';
import { BUCKET, CAUSE, content, fails, HEAD, House, MB, REGION, ref, START, someBytes } from '../testing.ts';
import { Scrub, type ScrubDeps, type ScrubProgress } from './scrub.ts';

const DAY_MS = 86_400_000;
const RATE = MB;

/** A house whose scrub can be started again; `read` tells which files were read, in their order. */
class Scrubbed {
  readonly house: House;
  readonly log = keptLog();
  readonly read: string[] = [];
  kept: ScrubProgress | undefined;
  /** Before a file is read. */
  beforeRead: (file: string) => void = () => undefined;
  scrub: Scrub | undefined;

  constructor(house: House) {
    this.house = house;
  }

  start(change: Partial<ScrubDeps> = {}): Scrub {
    const scrub = this.idle(change);
    scrub.start();
    return scrub;
  }

  /** It is there and does nothing. */
  idle(change: Partial<ScrubDeps> = {}): Scrub {
    const { index, files, clock, cos } = this.house;
    const deps: ScrubDeps = {
      index,
      files: {
        read: (file, from, to) => {
          this.read.push(file);
          this.beforeRead(file);
          return files.read(file, from, to);
        },
        check: (file, crc64) => files.check(file, crc64),
      },
      buckets: () => cos.buckets.list().map(bucket => bucket.id),
      damaged: row => cos.objects.markDamaged(row),
      damagedPart: part => cos.uploads.markDamaged(part, part),
      memory: {
        load: async () => this.kept,
        save: async progress => {
          this.kept = JSON.parse(JSON.stringify(progress));
        },
      },
      clock,
      log: this.log,
      bytesPerS: RATE,
      everyMs: DAY_MS,
      ...change,
    };
    this.scrub = new Scrub(deps);
    return this.scrub;
  }

  /** Looks through all of it, and stops. */
  async once(change: Partial<ScrubDeps> = {}) {
    const scrub = this.start(change);
    await this.house.clock.advance(DAY_MS / 3);
    await scrub.close();
    return scrub.report() ?? assert.fail('it has not begun');
  }

  /** It ends, and what it says at its end is not kept. */
  async crash(): Promise<void> {
    const left = this.kept;
    await this.scrub?.close();
    this.kept = left;
  }

  fileOf(key: string): string {
    return this.house.index.find(BUCKET, key)?.files[0] ?? assert.fail(`${key} has no file`);
  }

  /** Changes one byte of it on the disk. */
  spoil(file: string, at = 5): void {
    const body = Buffer.from(this.house.files.kept.get(file) ?? assert.fail(`no ${file}`));
    body[at] = (body[at] ?? 0) ^ 1;
    this.house.files.kept.set(file, body);
  }

  async replace(key: string, change: (object: StoredObject) => StoredObject): Promise<void> {
    const row = this.house.index.find(BUCKET, key) ?? assert.fail(`no ${key}`);
    await this.house.index.commit({ put: [rowOf(change(objectIn(row)))] });
  }

  warnings(): string[] {
    return this.log.lines.filter(line => line.level === 'warn' || line.level === 'error').map(line => line.text);
  }
}

async function scrubbed(objects: Readonly<Record<string, Buffer | string>> = {}): Promise<Scrubbed & AsyncDisposable> {
  const house = await House.open();
  for (const [key, body] of Object.entries(objects)) await house.put(key, body);
  const made = new Scrubbed(house);
  const drop = async () => {
    await made.scrub?.close();
    await house[Symbol.asyncDispose]();
  };
  return Object.assign(made, { [Symbol.asyncDispose]: drop });
}

const large = (seed: number) => someBytes(20_000, seed);

describe('scrub', () => {
  test('whole objects: in files, in rows, empty, versions and markers', async () => {
    await using it = await scrubbed({ a: large(1), b: 'inline', c: '' });
    await it.house.cos.buckets.setVersioning(BUCKET, 'Enabled');
    await it.house.put('a', large(2));
    await it.house.remove('b');
    const report = await it.once();
    assert.deepEqual(
      { ...report, begunAt: 0, endedAt: 0 },
      {
        checked: 4,
        damaged: 0,
        unchecked: 0,
        begunAt: 0,
        endedAt: 0,
        afterCrash: undefined,
        found: [],
        parts: [],
      },
    );
    assert.equal(it.read.length, 2);
    assert.deepEqual(it.warnings(), []);
  });

  test('damage of every kind is found, marked and named; its neighbours are not', async () => {
    await using it = await scrubbed({
      a: large(1),
      b: large(2),
      c: large(3),
      d: large(4),
      e: 'in the row',
      f: 'whole',
    });
    it.spoil(it.fileOf('a'));
    it.house.files.kept.delete(it.fileOf('b'));
    const short = it.fileOf('c');
    it.house.files.kept.set(short, (it.house.files.kept.get(short) ?? Buffer.alloc(0)).subarray(0, 9));
    await it.replace('e', object => ({ ...object, inline: Buffer.from('in the rov') }));
    const report = await it.once();
    assert.deepEqual([report.checked, report.damaged, report.unchecked], [6, 4, 0]);
    assert.deepEqual(
      report.found.map(found => found.key),
      ['a', 'b', 'c', 'e'],
    );
    for (const key of ['a', 'b', 'c', 'e']) await fails('ObjectDamaged', () => it.house.read(key));
    assert.deepEqual(await it.house.read('d'), large(4));
    assert.equal(await it.house.text('f'), 'whole');
    assert.deepEqual(it.warnings(), ['objects are damaged: they answer with an error until they are written again']);
  });

  test('any piece of an object of parts', async () => {
    await using it = await scrubbed();
    const { uploads } = it.house.cos;
    const { uploadId } = await uploads.begin(ref('parts'), HEAD);
    const upload = { ...ref('parts'), uploadId };
    const parts = [];
    for (const number of [1, 2, 3]) {
      const { etag } = await uploads.putPart(upload, number, content(someBytes(MB, number)));
      parts.push({ number, etag });
    }
    await uploads.complete(upload, parts, CAUSE);
    assert.equal((await it.once()).damaged, 0);
    const [, , last = ''] = it.house.index.find(BUCKET, 'parts')?.files ?? [];
    it.spoil(last, MB - 1);
    assert.equal((await it.once()).damaged, 0, 'the day is not over');
    await it.house.clock.advance(DAY_MS / 3);
    assert.equal((await it.once()).damaged, 1);
  });

  test('a damaged object is not read again, stays in the report, and leaves it when it is written anew', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    it.spoil(it.fileOf('a'));
    const scrub = it.start();
    await it.house.clock.advance(DAY_MS - 1);
    assert.deepEqual(it.read, ['file-1', 'file-2']);
    await it.house.clock.advance(DAY_MS);
    assert.deepEqual(it.read, ['file-1', 'file-2', 'file-2']);
    assert.equal(scrub.report()?.damaged, 1);
    assert.deepEqual(scrub.report()?.found, [{ bucket: BUCKET, key: 'a', versionId: 'null' }]);
    await it.house.put('a', large(3));
    assert.deepEqual(scrub.report()?.found, []);
    await it.house.clock.advance(DAY_MS);
    assert.deepEqual([scrub.report()?.checked, scrub.report()?.damaged], [2, 0]);
  });

  test('what a reader has met is in the report at once, also where nothing is looked through, and over a restart', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    const met = { bucket: BUCKET, key: 'b', versionId: 'null' };
    const scrub = it.idle();
    assert.equal(scrub.report(), undefined);
    const object = it.house.cos.objects.head({ bucket: BUCKET, key: 'b' });
    await it.house.cos.objects.markDamaged(object);
    for (let i = 0; i < 2; i++) scrub.met(met);
    assert.deepEqual([scrub.report()?.begunAt, scrub.report()?.found], [undefined, [met]]);
    scrub.start();
    await it.house.clock.advance(1000);
    assert.deepEqual(scrub.report()?.found, [met]);
    await scrub.close();
    const again = it.start();
    await it.house.clock.advance(1000);
    assert.deepEqual(again.report()?.found, [met]);
    await again.close();
  });

  test('it reads so many bytes a second', async () => {
    await using it = await scrubbed(
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, someBytes(MB / 2, i)])),
    );
    const scrub = it.start();
    await it.house.clock.advance(4000);
    const { checked = 0 } = scrub.report() ?? {};
    assert.ok(checked >= 7 && checked <= 8, `${checked}`);
    await it.house.clock.advance(DAY_MS - 5000);
    const { begunAt = 0, endedAt = 0 } = scrub.report() ?? {};
    // 10 MB, and 1 KB for each row.
    assert.ok(Math.abs(endedAt - begunAt - 10_020) < 25, `${endedAt - begunAt} ms`);
  });

  test('a pass begins once a day, whatever the number of restarts; a late one at once', async () => {
    await using it = await scrubbed({ a: large(1) });
    await it.once();
    assert.equal(it.read.length, 1);
    const scrub = it.start();
    await it.house.clock.moveTo(START + DAY_MS - 1);
    assert.equal(it.read.length, 1);
    await it.house.clock.advance(1000);
    assert.equal(it.read.length, 2);
    assert.equal(scrub.report()?.begunAt, START + DAY_MS);
    await scrub.close();
    await it.house.clock.advance(10 * DAY_MS);
    const late = it.start();
    await it.house.clock.advance(1000);
    assert.equal(late.report()?.begunAt, START + 11 * DAY_MS + 999);
  });

  test('a pass that was noted down by a clock since set back puts off none', async () => {
    await using it = await scrubbed({ a: large(1) });
    await it.once();
    const last = it.kept ?? assert.fail('nothing is kept');
    it.kept = { ...last, begunAt: last.begunAt + 300 * DAY_MS, endedAt: last.begunAt + 300 * DAY_MS };
    const report = await it.once();
    assert.equal(it.read.length, 2);
    assert.equal(report.begunAt, START + DAY_MS / 3);
  });

  test('closed in the middle it goes on where it was', async () => {
    await using it = await scrubbed({ a: large(1), b: someBytes(3 * MB), c: large(3) });
    const first = it.start();
    await it.house.clock.advance(1000);
    await first.close();
    assert.deepEqual(it.read, ['file-1', 'file-2']);
    assert.equal(first.report()?.checked, 1);
    await it.house.clock.advance(5000);
    assert.deepEqual(it.read, ['file-1', 'file-2'], 'nothing goes on behind a close');
    const report = await it.once();
    assert.deepEqual(it.read, ['file-1', 'file-2', 'file-2', 'file-3']);
    assert.equal(report.checked, 3);
    assert.equal(report.begunAt, START);
    assert.equal(report.afterCrash, undefined);
  });

  test('after a crash it looks first at what was written last', async () => {
    await using it = await scrubbed({ old: large(1) });
    await it.house.clock.advance(3_600_000);
    await it.house.put('late', large(2));
    it.start();
    await it.house.clock.advance(1000);
    await it.crash();
    await it.house.clock.advance(3_600_000);
    await it.house.put('last', large(3));
    it.spoil('file-3');
    it.read.length = 0;
    const scrub = it.start();
    await it.house.clock.advance(1000);
    assert.deepEqual(it.read, ['file-3', 'file-2']);
    assert.deepEqual(scrub.report()?.afterCrash, { checked: 2, damaged: 1, unchecked: 0 });
    await fails('ObjectDamaged', () => it.house.read('last'));
    await scrub.close();
    it.read.length = 0;
    assert.equal((await it.once()).afterCrash, undefined, 'it is over');
  });

  test('a crash in the midst of that look: it looks again; also after a close in the midst', async () => {
    await using it = await scrubbed({ a: someBytes(2 * MB), b: large(2) });
    const zero = { checked: 0, damaged: 0, unchecked: 0 };
    const kept = { ...zero, begunAt: START, endedAt: START, found: [], place: undefined, suspectFrom: START };
    it.kept = kept;
    const crashed = it.start();
    await it.house.clock.advance(1000);
    assert.deepEqual(it.kept, JSON.parse(JSON.stringify(kept)));
    await crashed.close();
    assert.equal(it.kept?.suspectFrom, START);
    it.read.length = 0;
    const scrub = it.start();
    await it.house.clock.advance(4000);
    assert.deepEqual(it.read, ['file-1', 'file-2']);
    assert.equal(scrub.report()?.afterCrash?.checked, 2);
    await scrub.close();
    assert.equal(it.kept?.suspectFrom, undefined);
  });

  test('how far it is, is kept every minute, and it goes on from there after a crash', async () => {
    await using it = await scrubbed(
      Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, someBytes(MB, i)])),
    );
    // Long ago, as far as a crash goes.
    await it.house.clock.advance(DAY_MS);
    it.start({ bytesPerS: MB / 30 });
    await it.house.clock.advance(130_000);
    assert.equal(it.kept?.place?.key, 'k3');
    assert.equal(it.kept?.checked, 4);
    await it.crash();
    it.read.length = 0;
    const report = await it.once();
    assert.deepEqual(it.read, ['file-5', 'file-6', 'file-7', 'file-8']);
    assert.equal(report.checked, 8);
    assert.deepEqual(report.afterCrash, { checked: 0, damaged: 0, unchecked: 0 });
  });

  test('what is replaced or removed while it is read is not damaged', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2), c: 'row' });
    const { files } = it.house;
    let writing: Promise<unknown> = Promise.resolve();
    const report = await it.once({
      files: {
        read: (file, from, to) => {
          if (file !== 'file-1') return files.read(file, from, to);
          // A new one comes, and the old file goes before it is opened.
          writing = it.house.put('a', large(5));
          return Readable.from(
            (async function* () {
              await writing;
              yield* files.read(file, from, to);
            })(),
          );
        },
        check: (file, crc64) => files.check(file, crc64),
      },
    });
    assert.ok(!files.kept.has('file-1'));
    assert.deepEqual([report.checked, report.damaged], [2, 0]);
    assert.deepEqual(await it.house.read('a'), large(5));
  });

  test('one wrong answer of the disk is asked again', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    const { files } = it.house;
    const report = await it.once({
      files: {
        read: (file, from, to) => (file === 'file-1' ? Readable.from([large(9)]) : files.read(file, from, to)),
        check: (file, crc64) => files.check(file, crc64),
      },
    });
    assert.deepEqual([report.checked, report.damaged], [2, 0]);
    assert.deepEqual(await it.house.read('a'), large(1));
  });

  test('what cannot be told is no damage; the others are looked at', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    it.beforeRead = file => {
      if (file === 'file-1') throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    };
    const report = await it.once();
    assert.deepEqual([report.checked, report.damaged, report.unchecked], [1, 0, 1]);
    assert.deepEqual(it.warnings(), ['an object could not be checked']);
    assert.deepEqual(await it.house.read('a'), large(1));
  });

  test('an index that fails is asked again in a minute', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    const { index } = it.house;
    let broken = true;
    const scan = (...asked: Parameters<typeof index.scan>) => {
      if (broken) throw new Error('the index is busy');
      return index.scan(...asked);
    };
    const scrub = it.start({ index: { ...index, scan } });
    await it.house.clock.advance(59_999);
    assert.deepEqual(it.warnings(), ['objects could not be looked through; going on in a minute']);
    assert.equal(it.read.length, 0);
    broken = false;
    await it.house.clock.advance(1000);
    assert.deepEqual(it.read, ['file-1', 'file-2']);
    assert.notEqual(scrub.report()?.endedAt, undefined);
  });

  test('a mark and a place that cannot be kept stop nothing', async () => {
    await using it = await scrubbed({ a: large(1), b: large(2) });
    it.spoil('file-1');
    const full = async () => {
      throw new Error('the disk is full');
    };
    const report = await it.once({ damaged: full, memory: { load: async () => undefined, save: full } });
    assert.deepEqual([report.checked, report.damaged], [2, 1]);
    assert.deepEqual(it.warnings().slice(0, 2), [
      'how far objects have been looked through could not be kept',
      'an object is damaged and could not be marked',
    ]);
    assert.deepEqual(report.found, [], 'not marked, so it does not answer so');
  });

  test('without a start there is no report, and a close ends at once', async () => {
    await using it = await scrubbed();
    const { index, files, clock } = it.house;
    const nothing = { load: async () => undefined, save: async () => undefined };
    const done = async () => undefined;
    const rest = { buckets: () => [], damaged: done, damagedPart: done, log: it.log, bytesPerS: 1, everyMs: 1 };
    const scrub = new Scrub({ index, files, clock, memory: nothing, ...rest });
    assert.equal(scrub.report(), undefined);
    await scrub.close();
  });

  test('stopped anywhere and any number of times, each object is looked at in its pass', {
    timeout: 300_000,
  }, async () => {
    const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme' }), { maxLength: 8 });
    const stops = fc.array(fc.nat({ max: 200 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(keys, keys, stops, async (here, there, stopsMs) => {
        await using it = await scrubbed();
        const other = BUCKET.replace('pictures', 'albums');
        await it.house.cos.buckets.create({ id: other, region: REGION });
        const file = (bucket: string, key: string, order: number): ObjectRow => {
          const { crc64, ...object } = {
            ...HEAD,
            crc64: '0',
            appendable: false,
            restore: undefined,
            pieces: [{ file: `${bucket} ${key}`, bytes: 0, crc64: '0' }],
          };
          const place = { bucket, key, versionId: 'null', order, modifiedAt: 0, etag: '', bytes: 0, inline: undefined };
          return rowOf({ ...object, crc64, ...place });
        };
        const rows = [
          ...here.map((key, i) => file(BUCKET, key, i + 1)),
          ...there.map((key, i) => file(other, key, i + 1)),
        ];
        await it.house.index.commit({ put: rows });
        for (const row of rows) it.house.files.kept.set(row.files[0] ?? '', Buffer.alloc(0));
        // 50 ms each.
        const change = { bytesPerS: 1024 * 20 };
        for (const stopMs of stopsMs) {
          const scrub = it.start(change);
          await it.house.clock.advance(stopMs);
          await scrub.close();
        }
        const report = await it.once(change);
        assert.equal(report.checked, rows.length);
        assert.deepEqual(new Set(it.read), new Set(rows.map(row => row.files[0])));
      }),
      { numRuns: 25 },
    );
  });
});
