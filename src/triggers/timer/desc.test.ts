import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CloudError } from '../../core/errors.ts';
import { checkArgument, checkTimerName, formatTimer, parseTimer } from './desc.ts';

const code = (expected: string) => (error: unknown) => error instanceof CloudError && error.code === expected;

it('takes the bare expression and gives back the JSON form, the expression as it was', () => {
  assert.equal(formatTimer(parseTimer('0 */6 * * * * *')), '{"cron":"0 */6 * * * * *"}');
  assert.equal(formatTimer(parseTimer('*/5 * * * *')), '{"cron":"*/5 * * * *"}');
});

it('takes the form that it gives back', () => {
  const text = '{"cron":"0 15 10 * * MON-FRI *"}';
  assert.equal(formatTimer(parseTimer(text)), text);
  assert.deepEqual(parseTimer(' { "cron" : "* * * * *" } '), { cron: '* * * * *' });
});

it('refuses JSON without an expression', () => {
  for (const text of ['{}', '{"cron":5}', '{"cron":', '{"cron":"* * * * * *"}', '[]', 'null']) {
    assert.throws(() => parseTimer(text), code('InvalidParameterValue.TriggerDesc'), text);
  }
});

it('holds names to the manual: 60 characters, a letter first', () => {
  for (const name of ['a', 'EveryDay', `A${'x'.repeat(59)}`, 'a-_9']) checkTimerName(name);
  for (const name of ['', '9a', '-a', 'a b', 'ä', 'a.b', `A${'x'.repeat(60)}`, 'a\n']) {
    assert.throws(() => checkTimerName(name), code('InvalidParameterValue.TriggerName'), JSON.stringify(name));
  }
});

it('counts the argument in bytes', () => {
  checkArgument('x'.repeat(4096));
  checkArgument('');
  assert.throws(() => checkArgument('x'.repeat(4097)), code('InvalidParameterValue.CustomArgument'));
  assert.throws(() => checkArgument('中'.repeat(1366)), code('InvalidParameterValue.CustomArgument'));
});
