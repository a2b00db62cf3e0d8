import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cell, encodeInto, encodeRow } from './codec.ts';
import { invocation, SAMPLES, trigger } from './samples.ts';
import { tableOf } from './schema.ts';

test('cells stand in the order of the columns, whatever the order of the row', () => {
  const table = tableOf('missed');
  assert.deepEqual(encodeRow(table, { lastAt: 4, calls: 3, action: 'b', service: 'a' }), ['a', 'b', 3, 4]);
  const cells = encodeRow(tableOf('triggers'), trigger({ enabled: false, desc: { a: [1] } }));
  assert.equal(cells[tableOf('triggers').names.indexOf('enabled')], 0);
  assert.equal(cells[tableOf('triggers').names.indexOf('desc')], '{"a":[1]}');
});

test('rows after rows into one list, over what was there', () => {
  const table = tableOf('missed');
  const [first, second] = SAMPLES.missed;
  const cells: Cell[] = ['old', 'old', 'old', 'old', 'old'];
  const middle = encodeInto(cells, 0, table, first);
  const end = encodeInto(cells, middle, table, second);
  assert.deepEqual([middle, end], [4, 8]);
  assert.deepEqual(cells, [...encodeRow(table, first), ...encodeRow(table, second)]);
});

test('a column too many, too few or of another kind is refused by name', () => {
  const table = tableOf('invocations');
  const refused = (row: object, reason: RegExp) => assert.throws(() => encodeInto([], 0, table, row), reason);
  refused({ ...invocation(), extra: 1 }, /no column extra/);
  const { instance: _, ...short } = invocation();
  refused(short, /column instance \(text\) cannot hold undefined/);
  refused({ ...short, extra: 'as many as it should have' }, /instance/);
  refused(invocation({ durationMs: Number.NaN }), /durationMs/);
  refused(invocation({ status: 1.5 }), /status/);
  refused({ ...invocation(), log: null }, /log/);
});
