import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { closed, explain, explained, failureOf, OBJECT_INDEX_ERRORS, threadGone } from './errors.ts';

const FILE = '/data/objects.db';
const codeOf = (error: Error) => (error instanceof CloudError ? error.code : error.message);

test('each failure of SQLite or the system is put into words', () => {
  const message = 'reason';
  for (const [failure, code] of [
    [{ message, errcode: 13 }, 'InternalError.System'],
    [{ message, errcode: 5 }, 'InternalError.StoreBusy'],
    [{ message, errcode: 8 }, 'InternalError.StoreUnwritable'],
    [{ message, errcode: 10 | (3 << 8) }, 'InternalError.StoreUnwritable'],
    [{ message, errcode: 11 }, 'InternalError.StoreDamaged'],
    [{ message, errcode: 26 }, 'InternalError.StoreForeign'],
    [{ message, syscall: 'mkdir', code: 'EACCES' }, 'InternalError.StoreUnwritable'],
    [{ message, syscall: 'write', code: 'ENOSPC' }, 'InternalError.System'],
    [{ message, errcode: 1 }, 'reason'],
    [{ message }, 'reason'],
  ] as const) {
    const error = explained(failure, FILE);
    assert.equal(codeOf(error), code);
    if (!(error instanceof CloudError)) continue;
    assert.ok(error.text('zh').includes(FILE) && error.text('en').includes(FILE));
    assert.equal((error.cause as Error).message, message);
  }
});

test('errors cross threads with what tells them apart', () => {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec('SELECT');
  } catch (error) {
    assert.deepEqual(failureOf(error), { message: 'incomplete input', errcode: 1 });
  }
  db.close();
  const system = Object.assign(new Error('no space'), { syscall: 'write', code: 'ENOSPC' });
  assert.deepEqual(failureOf(system), { message: 'no space', syscall: 'write', code: 'ENOSPC' });
  assert.deepEqual(failureOf(Object.assign(new Error('x'), { syscall: 'read' })), { message: 'x', syscall: 'read' });
  assert.match(failureOf(new TypeError('a mistake')).message, /a mistake\n.*errors\.test/);
  assert.deepEqual(failureOf('text'), { message: 'text' });
});

test('what is explained already stays as it is', () => {
  const error = threadGone(FILE, 'exit code 1');
  assert.equal(explain(error, '/other'), error);
  assert.equal(codeOf(explain(Object.assign(new Error('x'), { errcode: 13 }), FILE)), 'InternalError.System');
  assert.match((error as CloudError).text('en'), /objects\.db has ended.*exit code 1/);
  assert.equal(codeOf(closed(FILE)), 'InternalError.ObjectIndexClosed');
});

test('every row says what to do, in both languages', () => {
  for (const [code, line] of Object.entries(OBJECT_INDEX_ERRORS)) {
    assert.equal(line.fault, 'platform');
    assert.match(line.zh, /[；，].*。$/, code);
    assert.match(line.en, /[;,].*\.$/, code);
  }
});
