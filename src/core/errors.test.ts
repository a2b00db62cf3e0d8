import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudError, type ErrorRow, errorRow, failer, PLATFORM_ERRORS } from './errors.ts';

const ROWS = {
  Plain: errorRow.caller('请改正。', 'Put it right.'),
  'With.Params': errorRow.platform('{name} 有 {count} 个：{name}', '{name} has {count}: {name}'),
};
const fail = failer(ROWS);

function caught(act: () => unknown): CloudError {
  try {
    act();
  } catch (error) {
    if (error instanceof CloudError) return error;
    throw error;
  }
  return assert.fail('nothing was thrown');
}

describe('fail', () => {
  test('raises the row with its code', () => {
    const error = caught(() => fail('Plain'));
    assert.equal(error.code, 'Plain');
    assert.equal(error.row, ROWS.Plain);
    assert.equal(error.name, 'CloudError');
    assert.equal(error.message, 'Plain: Put it right.');
    assert.equal('cause' in error, false);
  });

  test('renders in the caller’s language, a parameter as often as it is named', () => {
    const error = caught(() => fail('With.Params', { name: 'f', count: 0 }));
    assert.equal(error.text('zh'), 'f 有 0 个：f');
    assert.equal(error.text('en'), 'f has 0: f');
    assert.equal(error.row.fault, 'platform');
  });

  test('a parameter that was not given stays in braces, one too many is not shown', () => {
    const error = caught(() => fail('With.Params', { name: 'f', other: 'x' }));
    assert.equal(error.text('en'), 'f has {count}: f');
  });

  test('what a parameter holds is not rendered again', () => {
    const error = caught(() => fail('With.Params', { name: '{count}', count: '$&' }));
    assert.equal(error.text('en'), '{count} has $&: {count}');
  });

  test('keeps the cause', () => {
    const cause = new Error('disk full');
    assert.equal(caught(() => fail('Plain', {}, cause)).cause, cause);
  });

  test('a code that is in no table is a programming error, not an answer', () => {
    const loose = failer<Record<string, ErrorRow>>(ROWS);
    assert.throws(() => loose('Missing'), /no such error code: Missing/);
  });
});

describe('the platform’s rows', () => {
  const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort();

  for (const [code, row] of Object.entries<ErrorRow>(PLATFORM_ERRORS)) {
    test(code, () => {
      assert.match(code, /^[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)?$/);
      assert.ok(row.fault === 'caller' || row.fault === 'platform');
      // A sentence ends with a full stop, or with a parameter after a colon that brings its own.
      assert.match(row.zh, /\p{Script=Han}.*(。|：\{\w+\})$/u, 'zh');
      assert.match(row.en, /^(\{\w+\}|[A-Z]).* .*(\.|: \{\w+\})$/, 'en');
      assert.doesNotMatch(row.en, /\p{Script=Han}|[，。；：]/u, 'English in English');
      assert.doesNotMatch(row.zh, /[，。；：] /, 'no space after a full-width mark');
      assert.deepEqual([...new Set(names(row.zh))], [...new Set(names(row.en))], 'the same parameters');
    });
  }

  test('only internal errors are the platform’s fault', () => {
    for (const [code, { fault }] of Object.entries<ErrorRow>(PLATFORM_ERRORS))
      assert.equal(fault === 'platform', code.startsWith('InternalError'), code);
  });
});
