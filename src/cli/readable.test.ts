import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration } from './duration.ts';
import { sayer } from './io.ts';
import { ago, functionName, length, size, statusText, whyText } from './readable.ts';

const HOUR_MS = 3_600_000;

test('lengths of time', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [0.04, '0 ms'],
    [0.44, '0.4 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [12.4, '12 ms'],
    [999, '999 ms'],
    [999.7, '1 s'],
    [1500, '1.5 s'],
    [59_940, '59.9 s'],
    [59_960, '1m 00s'],
    [60_000, '1m 00s'],
    [125_999, '2m 05s'],
    [6 * HOUR_MS, '6h 00m'],
    [26 * HOUR_MS, '1d 02h'],
  ];
  for (const [ms, text] of cases) assert.equal(length(ms), text, String(ms));
});

test('property: what is written is what was, rounded to what is shown', () => {
  fc.assert(
    fc.property(fc.nat(400 * 24 * HOUR_MS), ms => {
      const written = parseDuration(length(ms).replaceAll(' ', ''));
      const shown = ms < 1000 ? 1 : ms < 60_000 ? 100 : ms < HOUR_MS ? 1000 : ms < 24 * HOUR_MS ? 60_000 : HOUR_MS;
      assert.ok(Math.abs(ms - written) <= shown, `${ms} → ${length(ms)}`);
    }),
  );
});

test('ages, also of what lies a little ahead', () => {
  assert.equal(ago(61_400, sayer('en')), '1m 01s ago');
  assert.equal(ago(61_400, sayer('zh')), '1m 01s 前');
  for (const ms of [999, 0, -5]) assert.deepEqual([ago(ms, sayer('en')), ago(ms, sayer('zh'))], ['now', '刚刚']);
});

test('sizes', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KB'],
    [128 * 1024, '128.0 KB'],
    [1024 * 1024 - 1, '1.0 MB'],
    [3 * 1024 ** 3, '3.0 GB'],
    [5000 * 1024 ** 3, '5000.0 GB'],
  ];
  for (const [bytes, text] of cases) assert.equal(size(bytes), text, String(bytes));
});

test('names, codes and reasons', () => {
  const one = { region: 'ap-guangzhou', namespace: 'default', name: 'f' };
  assert.equal(functionName(one, 'ap-guangzhou'), 'f');
  assert.equal(functionName(one, 'ap-beijing'), 'f (ap-guangzhou)');
  assert.equal(functionName({ ...one, namespace: 'n' }, 'ap-beijing'), 'f (ap-guangzhou/n)');
  assert.equal(statusText(433), '433 TimeLimitReached');
  assert.equal(statusText(799), '799');
  assert.equal(whyText('queue full', sayer('zh')), '队列已满');
  assert.equal(whyText('queue full', sayer('en')), 'queue full');
  assert.equal(whyText('another', sayer('zh')), 'another');
});
