// The store over real files and a real index: what is told to be written is there, whole, whatever happens.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { openObjectFiles } from '../../blob/files.ts';
import { failingAt, faultyDisk } from '../../blob/testing-disk.ts';
import { TurnableClock } from '../../core/clock.ts';
import { crc64 } from '../../core/crc64.ts';
import { ACCOUNT, keptLog } from '../../core/fixture.ts';
import { SystemIds } from '../../core/ids.ts';
import { openObjectIndex } from '../../store/objects/sqlite.ts';
import { openSqliteStore } from '../../store/sqlite.ts';
import { createStore } from './store.ts';
import { BUCKET, CAUSE, content, fails, HEAD, inChunks, MB, REGION, ref, START, someBytes } from './testing.ts';
import { Scrub, type ScrubProgress } from './upkeep/scrub.ts';

type Fault = Parameters<typeof faultyDisk>[0];

async function openHouse(dir: string, fault: Fault = () => undefined) {
  const clock = new TurnableClock(START);
  const log = keptLog();
  const ids = new SystemIds();
  const rows = await openSqliteStore({ file: join(dir, 'rows.db'), clock, log });
  const index = await openObjectIndex({ file: join(dir, 'objects.db'), log });
  const files = await openObjectFiles(join(dir, 'objects'), { ids, disk: faultyDisk(fault) });
  const cos = await createStore({ store: rows, index, files, clock, ids, log, account: ACCOUNT });
  if (!cos.buckets.find(BUCKET)) await cos.buckets.create({ id: BUCKET, region: REGION });
  const put = (key: string, body: Buffer | Readable, bytes?: number) =>
    cos.objects.put(ref(key), HEAD, { body, bytes }, { event: 'ObjectCreated:Put' }, CAUSE);
  const read = (key: string) => {
    const opened = cos.objects.open(ref(key));
    return buffer(opened.read(0, opened.object.bytes));
  };
  let kept: ScrubProgress | undefined;
  const scrub = () =>
    new Scrub({
      ...{ index, files, clock, log, bytesPerS: 100 * MB, everyMs: 86_400_000 },
      buckets: () => cos.buckets.list().map(bucket => bucket.id),
      damaged: row => cos.objects.markDamaged(row),
      damagedPart: part => cos.uploads.markDamaged(part, part),
      memory: {
        load: async () => kept,
        save: async progress => {
          kept = progress;
        },
      },
    });
  return {
    ...{ clock, log, index, files, cos, put, read, scrub },
    fileOf: (key: string) => {
      const file = index.find(BUCKET, key)?.files[0] ?? assert.fail(`${key} has no file`);
      return join(dir, 'objects', file.slice(0, 2), file);
    },
    async [Symbol.asyncDispose]() {
      await cos.close();
      await index.close();
      await rows.close();
    },
  };
}

/** Whole or not. */
const filesIn = (dir: string) =>
  readdirSync(join(dir, 'objects'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => entry.name)
    .toSorted();

function inDir(name: string, body: (dir: string) => Promise<void>): void {
  test(name, { timeout: 300_000 }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'openscf-ondisk-'));
    try {
      await body(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

describe('the store on a disk', () => {
  inDir('an object is read to its end while it is replaced and removed; then its file is gone', async dir => {
    await using house = await openHouse(dir);
    const first = someBytes(3 * MB, 1);
    await house.put('k', inChunks(first, 65_536), first.length);
    const stream = house.cos.objects.open(ref('k')).read(0, first.length);
    await house.put('k', someBytes(2 * MB, 2));
    await house.cos.objects.remove(ref('k'), CAUSE);
    assert.ok((await buffer(stream)).equals(first));
    if (!stream.closed) await once(stream, 'close');
    await house.cos.close();
    assert.deepEqual(filesIn(dir), []);
  });

  inDir('many writers of one key: one whole object, and no other file', async dir => {
    await using house = await openHouse(dir);
    const contents = Array.from({ length: 24 }, (_, i) => someBytes(30_000 + i * 1111, i));
    await Promise.all(contents.map(body => house.put('k', inChunks(body, 4096), body.length)));
    const got = await house.read('k');
    assert.ok(contents.some(body => body.equals(got)));
    assert.equal(house.cos.objects.head(ref('k')).crc64, crc64(got));
    await house.cos.close();
    assert.deepEqual(filesIn(dir), house.index.find(BUCKET, 'k')?.files);
  });

  inDir('a full disk is told so and keeps what was there', async dir => {
    let isFull = false;
    const full = failingAt('write', 'ENOSPC');
    await using house = await openHouse(dir, place => isFull && full(place));
    await house.put('k', someBytes(MB, 1));
    isFull = true;
    const source = inChunks(someBytes(2 * MB, 2), 65_536);
    await fails('StorageFull', () => house.put('k', source, 2 * MB));
    assert.equal(source.destroyed, false, 'the request can still be answered');
    assert.equal(filesIn(dir).length, 1);
    assert.ok((await house.read('k')).equals(someBytes(MB, 1)));
    isFull = false;
    await house.put('k', someBytes(2 * MB, 2));
    assert.ok((await house.read('k')).equals(someBytes(2 * MB, 2)));
  });

  inDir('content that breaks off, is short, or is other than announced leaves nothing', async dir => {
    await using house = await openHouse(dir);
    const half = inChunks(someBytes(MB), 65_536, Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await fails('IncompleteBody', () => house.put('k', half, 2 * MB));
    await fails('IncompleteBody', () => house.put('k', inChunks(someBytes(MB), 65_536), 2 * MB));
    const wrong = { ...content(someBytes(MB)), md5: '0'.repeat(32) };
    const put = house.cos.objects.put(ref('k'), HEAD, wrong, { event: 'ObjectCreated:Put' }, CAUSE);
    await fails('BadDigest', () => put);
    assert.deepEqual(filesIn(dir), []);
  });

  inDir('a copy lives on without its source', async dir => {
    await using house = await openHouse(dir);
    await house.put('source', someBytes(MB));
    await house.cos.objects.copy({ ...ref('source'), conditions: {} }, ref('copy'), {}, CAUSE);
    await house.cos.objects.remove(ref('source'), CAUSE);
    assert.ok((await house.read('copy')).equals(someBytes(MB)));
  });

  inDir('damage on the disk: found by the scrub, or by the first reader that meets a short file', async dir => {
    await using house = await openHouse(dir);
    for (const key of ['flipped', 'cut', 'gone', 'whole']) await house.put(key, someBytes(MB, key.length));
    const bytes = readFileSync(house.fileOf('flipped'));
    bytes[MB - 1] = (bytes[MB - 1] ?? 0) ^ 0x80;
    writeFileSync(house.fileOf('flipped'), bytes);
    truncateSync(house.fileOf('cut'), MB - 1);
    rmSync(house.fileOf('gone'));
    await assert.rejects(house.read('cut'), { code: 'InternalError.FileDamaged' });
    const scrub = house.scrub();
    scrub.start();
    await house.clock.advance(10_000);
    await scrub.close();
    const report = scrub.report();
    assert.deepEqual([report?.checked, report?.damaged, report?.unchecked], [4, 3, 0]);
    assert.deepEqual(
      report?.found.map(found => found.key),
      ['cut', 'flipped', 'gone'],
    );
    for (const key of ['flipped', 'cut', 'gone']) await fails('ObjectDamaged', () => house.read(key));
    assert.ok((await house.read('whole')).equals(someBytes(MB, 5)));
  });

  inDir(
    'killed in the midst of 200 writes, again and again: all that was told is there, and nothing else',
    async dir => {
      const told = new Map<string, string>();
      for (const count of [3, 60, 137]) {
        for (const [key, sum] of await writeUntilKilled(dir, count, told.size)) told.set(key, sum);
        await using house = await openHouse(dir);
        for (const [key, sum] of told) {
          assert.equal(crc64(await house.read(key)), sum, key);
          assert.equal(house.cos.objects.head(ref(key)).crc64, sum, key);
        }
        // Of what was not told, all that is there is whole.
        const rows = house.index.scan(BUCKET, undefined, 10_000);
        for (const row of rows)
          assert.equal(crc64(await house.read(row.key)), house.cos.objects.head(ref(row.key)).crc64);
        // The sweep goes on beside the first requests, and is over with the store at the latest.
        await house.cos.close();
        assert.deepEqual(filesIn(dir), rows.flatMap(row => row.files).toSorted());
        assert.ok(
          rows.length >= told.size && rows.length <= told.size + 3 * 8,
          `${rows.length} rows, ${told.size} told`,
        );
      }
      assert.ok(told.size >= 200);
    },
  );
});

/** A process that puts eight objects at a time and tells each once it is promised; it is killed after so many. */
async function writeUntilKilled(dir: string, count: number, from: number): Promise<ReadonlyMap<string, string>> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { writeSync } from 'node:fs';
    import { Readable } from 'node:stream';
    import { openObjectFiles } from ${url('../../blob/files.ts')};
    import { SystemClock } from ${url('../../core/clock.ts')};
    import { SystemIds } from ${url('../../core/ids.ts')};
    import { NO_LOG as log } from ${url('../../core/log.ts')};
    import { openObjectIndex } from ${url('../../store/objects/sqlite.ts')};
    import { openSqliteStore } from ${url('../../store/sqlite.ts')};
    import { createStore } from ${url('./store.ts')};
    const [dir, bucket, region, account, head, cause] = ${JSON.stringify([dir, BUCKET, REGION, ACCOUNT, HEAD, CAUSE])};
    const [clock, ids] = [new SystemClock(), new SystemIds()];
    const store = await openSqliteStore({ file: dir + '/rows.db', clock, log });
    const index = await openObjectIndex({ file: dir + '/objects.db', log });
    const files = await openObjectFiles(dir + '/objects', { ids });
    const cos = await createStore({ store, index, files, clock, ids, log, account });
    if (!cos.buckets.find(bucket)) await cos.buckets.create({ id: bucket, region });
    let next = ${from} * 1000;
    async function writer() {
      for (;;) {
        const number = next++;
        const chunks = Array.from({ length: number % 9 }, (_, i) => Buffer.alloc(9000, 'n' + number + i));
        const key = 'k' + number;
        const content = { body: Readable.from(chunks), bytes: chunks.length * 9000 };
        const { crc64 } = await cos.objects.put({ bucket, key }, head, content, { event: 'ObjectCreated:Put' }, cause);
        writeSync(1, key + ' ' + crc64 + '\\n');
      }
    }
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(writer));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const told = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [key = '', sum = ''] = line.split(' ');
    told.set(key, sum);
    if (told.size === count) child.kill('SIGKILL');
  }
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  return told;
}
