import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { connect, openForReads } from './database.ts';
import type { KillPoint, WireChange } from './protocol.ts';
import { notice, row } from './samples.ts';
import { Writer } from './writer.ts';

/** PRAGMA synchronous: the log alone, or to the disk. */
const [NORMAL, FULL] = [1, 2];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function opened(passed: (point: KillPoint) => void = () => {}) {
  const file = join(folder, 'objects.db');
  openForReads(file).close();
  const db = connect(file);
  const synchronous = () => db.prepare('PRAGMA synchronous').get()?.synchronous;
  const seen: unknown[] = [];
  const reserve = { spend: () => false, restore() {} };
  const note = (point: KillPoint) => {
    if (point === 'written') seen.push(synchronous());
    passed(point);
  };
  const writer = new Writer(db, note, reserve);
  const run = (...changes: WireChange[]) => writer.run(changes.map(change => ({ change, expected: undefined })));
  const notices = () =>
    db
      .prepare('SELECT id FROM notices ORDER BY id')
      .all()
      .map(({ id }) => id);
  return { run, seen, synchronous, notices, [Symbol.dispose]: () => db.close() };
}

const put = (key: string, order: number): WireChange => ({ put: [{ ...row(key, order), inline: undefined }] });

test('only that triggers have been told does not wait for the disk', () => {
  using store = opened();
  store.run({ ...put('a', 1), notices: [notice('1'), notice('2'), notice('3')] });
  store.run({ settled: ['1'] });
  store.run({ settled: ['2'] }, put('b', 2));
  store.run({ ...put('c', 3), settled: ['3'] });
  assert.deepEqual(store.seen, [FULL, NORMAL, FULL, FULL]);
  assert.deepEqual(store.notices(), []);
});

test('what comes after it does, also when it failed', () => {
  let failures = 0;
  using store = opened(point => {
    if (point === 'written' && failures-- > 0) throw new Error('disk I/O error');
  });
  store.run({ ...put('a', 1), notices: [notice('1')] });
  failures = 1;
  const [told] = store.run({ settled: ['1'] });
  assert.ok(told && typeof told === 'object' && 'failure' in told);
  assert.deepEqual([store.notices(), store.synchronous()], [['1'], FULL]);
  store.run({ settled: ['1'] });
  store.run(put('b', 2));
  assert.deepEqual(store.seen, [FULL, NORMAL, NORMAL, FULL]);
});
