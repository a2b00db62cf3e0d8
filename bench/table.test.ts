import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTINGS } from '../src/config/setting.ts';
import { type Line, Skipped, withSteal } from './measure.ts';
import { flagsOf } from './switches.ts';
import { tableOf } from './table.ts';

const line = (more: Partial<Line>): Line => ({ measure: 'a', value: 1, goal: null, ok: null, detail: 'so', ...more });

test('a table has a row per measure, with what was to be reached', () => {
  const text = tableOf([
    { line: line({ value: 0.7, goal: 0.65, ok: true }), better: 'higher' },
    { line: line({ measure: 'b', value: 9, goal: 3, ok: false }), better: 'lower' },
    { line: line({ measure: 'c', value: null, detail: 'a|b\nc' }), better: 'lower' },
  ]);
  assert.deepEqual(text.split('\n'), [
    '| measure | value | goal |  | behind it |',
    '| --- | --- | --- | --- | --- |',
    '| `a` | 0.7 | ≥ 0.65 | met | so |',
    '| `b` | 9 | ≤ 3 | missed | so |',
    '| `c` | – | – |  | a\\|b c |',
    '',
  ]);
});

test('steal is told where the system tells it', () => {
  assert.equal(withSteal(line({}), 2.345).detail, 'so; steal 2.35 %');
  assert.equal(withSteal(line({}), 0).detail, 'so; steal 0 %');
  assert.equal(withSteal(line({}), undefined).detail, 'so');
});

test('a switch is a flag of the server, or cannot be turned', () => {
  const [known] = SETTINGS;
  assert.ok(known);
  assert.deepEqual(flagsOf({ setting: known.name, value: 'x' }), [known.flag, 'x']);
  assert.throws(() => flagsOf({ setting: 'no.such', value: 'x' }), Skipped);
});
