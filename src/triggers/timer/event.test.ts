import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { tickText, timerEvent, timerSample } from './event.ts';

const golden: unknown = JSON.parse(readFileSync(new URL('./golden/timer.json', import.meta.url), 'utf8'));

it('has the bytes of the manual', () => {
  const body = timerEvent('EveryDay', Date.UTC(2019, 1, 21, 11, 49), 'user define msg body');
  assert.equal(
    body.toString(),
    '{"Type":"Timer","TriggerName":"EveryDay","Time":"2019-02-21T11:49:00Z","Message":"user define msg body"}',
  );
  assert.deepEqual(JSON.parse(body.toString()), golden);
  assert.deepEqual(timerSample(), golden);
});

it('keeps the message as text, whatever it holds', () => {
  for (const message of ['', '{"a":1}', 'line\nbreak "quoted" \\ 中文 😀', '\u2028']) {
    const event = JSON.parse(timerEvent('t', 0, message).toString()) as { Message: string };
    assert.equal(event.Message, message);
  }
});

it('prints whole seconds in UTC', () => {
  assert.equal(tickText(Date.UTC(2020, 9, 10, 1, 22)), '2020-10-10T01:22:00Z');
});
