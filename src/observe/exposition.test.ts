import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expose, labelText } from './exposition.ts';

test('a family has its help, its type and a line per sample, and a blank line before the next', () => {
  const text = expose([
    {
      name: 'calls_total',
      help: 'Calls',
      type: 'counter',
      samples: [
        { labels: labelText({ function: 'f', status: 432 }), value: 3 },
        { labels: '', value: 0.5 },
      ],
    },
    { name: 'empty', help: 'Nothing yet', type: 'gauge', samples: [] },
    { name: 'time', help: 'Time', type: 'histogram', samples: [{ suffix: '_sum', labels: 'a="b"', value: 1e-7 }] },
  ]);
  assert.equal(
    text,
    [
      '# HELP calls_total Calls',
      '# TYPE calls_total counter',
      'calls_total{function="f",status="432"} 3',
      'calls_total 0.5',
      '',
      '# HELP empty Nothing yet',
      '# TYPE empty gauge',
      '',
      '# HELP time Time',
      '# TYPE time histogram',
      'time_sum{a="b"} 1e-7',
      '',
    ].join('\n'),
  );
});

test('numbers that are none are spelled as Prometheus reads them', () => {
  const of = (value: number) => expose([{ name: 'n', help: 'h', type: 'gauge', samples: [{ labels: '', value }] }]);
  assert.match(of(Number.NaN), /^n NaN$/m);
  assert.match(of(Number.POSITIVE_INFINITY), /^n \+Inf$/m);
  assert.match(of(Number.NEGATIVE_INFINITY), /^n -Inf$/m);
});

test('whatever a label holds stays in its quotes, on one line', () => {
  assert.equal(labelText({ a: '1"2\\3\n4' }), 'a="1\\"2\\\\3\\n4"');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '中', ',') }), value => {
      const quoted = /^a="((?:[^"\\\n]|\\["\\n])*)"$/.exec(labelText({ a: value }))?.[1];
      assert.equal(
        quoted?.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char)),
        value,
      );
    }),
  );
});
