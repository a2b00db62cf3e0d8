import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { connect } from './database.ts';
import type { Asked, KillPoint, WireChange } from './protocol.ts';
import { Reserve } from './reserve.ts';
import { notice, part, ref, row, upload } from './samples.ts';
import { MIGRATIONS } from './schema.ts';
import { Thrift } from './thrift.ts';
import { Writer } from './writer.ts';

const KB = 1024;
const MB = 1024 * KB;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'openscf-reserve-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('room kept aside', () => {
  test('is really taken from the disk, and kept over a restart', t => {
    const path = join(folder(t), 'reserve');
    assert.equal(new Reserve(path).bytes, 4 * MB);
    const { size, blocks } = statSync(path);
    assert.equal(size, 4 * MB);
    assert.ok(blocks * 512 >= size, 'no hole');
    const content = readFileSync(path);
    assert.ok(gzipSync(content).length > size * 0.99, 'a file system that packs gains nothing');
    const before = statSync(path).mtimeMs;
    assert.equal(new Reserve(path).bytes, 4 * MB);
    assert.equal(statSync(path).mtimeMs, before, 'it is not written again');
  });

  test('is given up slice by slice, and taken back', t => {
    const path = join(folder(t), 'reserve');
    const reserve = new Reserve(path, 300 * KB);
    const sizes: number[] = [];
    while (reserve.spend()) sizes.push(statSync(path).size / KB);
    assert.deepEqual(sizes, [172, 44, 0]);
    assert.equal(reserve.bytes, 0);
    reserve.restore();
    assert.deepEqual([reserve.bytes, statSync(path).size], [300 * KB, 300 * KB]);
    reserve.spend();
    assert.equal(new Reserve(path, 300 * KB).bytes, 300 * KB, 'a start takes it back as well');
  });

  test('is not taken where it would leave nothing to others', t => {
    const dir = folder(t);
    const path = join(dir, 'reserve');
    // More than there is.
    const reserve = new Reserve(path, Number.MAX_SAFE_INTEGER);
    assert.deepEqual([reserve.bytes, reserve.spend(), statSync(path).size], [0, false, 0]);
  });

  test('where it cannot be made, all goes on without it', t => {
    const dir = folder(t);
    writeFileSync(join(dir, 'file'), '');
    for (const path of [join(dir, 'none', 'reserve'), join(dir, 'file', 'reserve'), dir]) {
      const reserve = new Reserve(path, KB);
      assert.deepEqual([reserve.bytes, reserve.spend()], [0, false], path);
      reserve.restore();
      assert.ok(reserve.free() > 0);
    }
    assert.ok(!existsSync(join(dir, 'none')));
  });
});

describe('the write-ahead log', () => {
  test('is kept short while the disk runs full', () => {
    const db = new DatabaseSync(':memory:');
    const pages = () => Number(db.prepare('PRAGMA wal_autocheckpoint').get()?.wal_autocheckpoint);
    let free = 1000 * MB;
    let looks = 0;
    const thrift = new Thrift(db, {
      free: () => {
        looks++;
        return free;
      },
    });
    const batches = (count: number) => {
      for (let i = 0; i < count; i++) thrift.look();
    };
    const usual = pages();
    batches(1);
    free = 100 * MB;
    batches(15);
    assert.deepEqual([pages(), looks], [usual, 1]);
    batches(1);
    assert.deepEqual([pages(), looks], [256, 2]);
    free = 200 * MB;
    batches(16);
    assert.deepEqual([pages(), looks], [8000, 3]);
    db.close();
  });
});

describe('a commit on a full disk', () => {
  const KEYS = ['a', 'b', 'c', 'd'];
  const full = () => Object.assign(new Error('database or disk is full'), { errcode: 13 });

  /** A writer whose next `failures` transactions find no room, and room kept aside for so many more tries. */
  function writer(t: TestContext, failures: number, slices: number, error = full) {
    const db = connect(join(folder(t), 'objects.db'));
    t.after(() => db.close());
    for (const script of MIGRATIONS) db.exec(script);
    let left = 0;
    const passed = (point: KillPoint) => {
      if (point === 'written' && left-- > 0) throw error();
    };
    const state = { spent: 0, restored: 0 };
    const reserve = {
      spend: () => state.spent < slices && ++state.spent > 0,
      restore: () => void state.restored++,
    };
    const made = new Writer(db, passed, reserve);
    made.run(
      KEYS.map((key, i) => ({ change: { put: [wire(key, i)], putUpload: upload(key, key) }, expected: undefined })),
    );
    left = failures;
    state.restored = 0;
    const count = () => db.prepare('SELECT count(*) AS n FROM objects').get()?.n;
    return { state, left: count, run: (...changes: WireChange[]) => made.run(changes.map(asked)) };
  }

  const wire = (key: string, order: number) => ({ ...row(key, order), inline: undefined });
  const asked = (change: WireChange): Asked => ({ change, expected: undefined });
  const removal = (key: string): WireChange => ({ remove: [ref(key, row(key, 0).versionId)] });
  const words = (told: ReturnType<Writer['run']>) =>
    told.map(one => (one === 'refused' ? one : 'failure' in one ? one.failure.errcode : 'done'));

  test('takes what it needs of the room kept aside, where it removes', t => {
    const { state, left, run } = writer(t, 3, 9);
    assert.deepEqual(words(run(removal('a'))), ['done']);
    assert.deepEqual([state, left()], [{ spent: 3, restored: 1 }, 3]);
  });

  test('also with what triggers are told of it, and to end uploads and notices', t => {
    for (const change of [
      { ...removal('a'), notices: [notice('n1')] },
      { removeUploads: ['a'] },
      { settled: ['n0'] },
    ]) {
      const { state, run } = writer(t, 1, 1);
      assert.deepEqual([words(run(change)), state.spent], [['done'], 1]);
    }
  });

  test('fails where anything is put, or nothing removed, and takes none of it', t => {
    for (const change of [
      { put: [wire('new', 9)] },
      { ...removal('a'), put: [wire('new', 9)] },
      { putUpload: upload('new', 'new') },
      { putPart: part('a', 1, 'file') },
      { notices: [notice('n1')] },
      { ...removal('a'), putPart: part('a', 1, 'file') },
    ]) {
      const { state, left, run } = writer(t, 1, 9);
      assert.deepEqual([words(run(change)), state.spent, left()], [[13], 0, 4]);
    }
  });

  test('fails when nothing is kept aside any more', t => {
    const { state, left, run } = writer(t, 9, 2);
    assert.deepEqual([words(run(removal('a'))), state.spent, left()], [[13], 2, 4]);
  });

  test('each of a batch for itself', t => {
    // The batch, and each of the first two.
    const { state, left, run } = writer(t, 3, 9);
    const told = run({ put: [wire('new', 9)] }, removal('a'), { put: [wire('other', 10)] }, removal('b'));
    assert.deepEqual(words(told), [13, 'done', 'done', 'done']);
    assert.deepEqual([state.spent, left()], [1, 3]);
  });

  test('fails at once where something else is the matter', t => {
    const broken = () => Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
    const { state, run } = writer(t, 1, 9, broken);
    assert.deepEqual([words(run(removal('a'))), state.spent], [[11], 0]);
    const short = () => Object.assign(new Error('disk I/O error'), { errcode: 4874 });
    const other = writer(t, 1, 9, short);
    assert.deepEqual([words(other.run(removal('a'))), other.state.spent], [['done'], 1]);
  });
});
