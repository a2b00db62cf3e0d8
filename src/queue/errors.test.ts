import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { CloudError } from '../core/errors.ts';
import { explain, failureOf, QUEUE_ERRORS, threadGone } from './errors.ts';

const codeOf = (error: Error) => (error instanceof CloudError ? error.code : error.message);

test('each failure of SQLite or the system is put into words', () => {
  const message = 'reason';
  for (const [failure, code] of [
    [{ message, sqlite: 13 }, 'InternalError.System'],
    [{ message, sqlite: 5 }, 'InternalError.StoreBusy'],
    [{ message, sqlite: 6 }, 'InternalError.StoreBusy'],
    [{ message, sqlite: 8 }, 'InternalError.StoreUnwritable'],
    [{ message, sqlite: 10 }, 'InternalError.StoreUnwritable'],
    [{ message, sqlite: 11 }, 'InternalError.StoreDamaged'],
    [{ message, sqlite: 14 }, 'InternalError.StoreUnwritable'],
    [{ message, sqlite: 26 }, 'InternalError.StoreForeign'],
    [{ message, syscall: 'mkdir' }, 'InternalError.StoreUnwritable'],
    [{ message, refused: 'locked' }, 'InternalError.StoreLocked'],
    [{ message, refused: 'newer', version: 7 }, 'InternalError.StoreNewer'],
    [{ message, refused: 'foreign' }, 'InternalError.StoreForeign'],
    [{ message, sqlite: 1 }, 'reason'],
    [{ message }, 'reason'],
  ] as const) {
    const error = explain(failure, '/data/events.db');
    assert.equal(codeOf(error), code);
    if (!(error instanceof CloudError)) continue;
    for (const language of ['zh', 'en'] as const) {
      assert.ok(error.text(language).includes('/data/events.db'));
      assert.doesNotMatch(error.text(language), /[{}\n]/);
    }
    assert.equal((error.cause as Error).message, message);
  }
});

test('errors cross threads with what tells them apart', () => {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)');
  assert.deepEqual(
    failureOf(thrownBy(() => db.exec('INSERT INTO t VALUES (1)'))),
    { message: 'UNIQUE constraint failed: t.a', sqlite: 19 },
    'the primary code of an extended one',
  );
  db.close();
  const system = Object.assign(new Error('no space'), { syscall: 'write', code: 'ENOSPC' });
  assert.deepEqual(failureOf(system), { message: 'no space', syscall: 'write' });
  assert.match(failureOf(new TypeError('a mistake')).message, /a mistake\n.*errors\.test/);
  assert.deepEqual(failureOf('text'), { message: 'text' });
});

test('every row says what to do, in both languages', () => {
  for (const [code, row] of Object.entries(QUEUE_ERRORS)) {
    assert.equal(row.fault, 'platform');
    assert.match(row.zh, /[；，].*。$/, code);
    assert.match(row.en, /[;,].*\.$/, code);
  }
  assert.match(threadGone('/data/events.db', 'exit code 1').text('en'), /events\.db has ended.*exit code 1/);
});

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}
