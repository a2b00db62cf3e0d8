import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { normalCron, parseCron } from './cron.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Friday 2024-04-19 16:44:05 in Beijing. */
const FRIDAY = Date.UTC(2024, 3, 19, 8, 44, 5);

/** The next `count` ticks, in Beijing time. */
function ticks(text: string, count: number, from = FRIDAY): string[] {
  const schedule = parseCron(text);
  const found: string[] = [];
  for (let at = schedule.next(from); at !== undefined && found.length < count; at = schedule.next(at)) {
    found.push(new Date(at + 8 * HOUR_MS).toISOString().slice(5, 19));
  }
  return found;
}

describe('the examples of the trigger manual', () => {
  const cases: Record<string, string[]> = {
    '*/5 * * * * * *': ['04-19T16:44:10', '04-19T16:44:15', '04-19T16:44:20'],
    '0 15 10 1 * * *': ['05-01T10:15:00', '06-01T10:15:00', '07-01T10:15:00'],
    '0 15 10 * * MON-FRI *': ['04-22T10:15:00', '04-23T10:15:00', '04-24T10:15:00'],
    '0 0 10,14,16 * * * *': ['04-20T10:00:00', '04-20T14:00:00', '04-20T16:00:00'],
    '0 */30 9-17 * * * *': ['04-19T17:00:00', '04-19T17:30:00', '04-20T09:00:00'],
    '0 0 12 * * WED *': ['04-24T12:00:00', '05-01T12:00:00', '05-08T12:00:00'],
    '0 */5 * * * * *': ['04-19T16:45:00', '04-19T16:50:00', '04-19T16:55:00'],
  };
  for (const [text, expected] of Object.entries(cases)) {
    it(text, () => assert.deepEqual(ticks(text, 3), expected));
  }
});

describe('where the search library differs', () => {
  it('takes a start with a step, the start included', () => {
    assert.deepEqual(ticks('0 1/10 * * * * *', 3), ['04-19T16:51:00', '04-19T17:01:00', '04-19T17:11:00']);
    assert.deepEqual(ticks('1/10 * * * *', 3), ticks('0 1/10 * * * * *', 3));
  });

  it('fires on either of day and week when both are restricted', () => {
    assert.deepEqual(ticks('0 0 12 1 * WED *', 4), [
      '04-24T12:00:00',
      '05-01T12:00:00',
      '05-08T12:00:00',
      '05-15T12:00:00',
    ]);
    assert.deepEqual(ticks('0 0 12 */2 * WED *', 4), [
      '04-21T12:00:00',
      '04-23T12:00:00',
      '04-24T12:00:00',
      '04-25T12:00:00',
    ]);
  });

  it('reads five fields as minute … week, at second 0', () => {
    assert.deepEqual(ticks('30 8 * * SUN', 2), ['04-21T08:30:00', '04-28T08:30:00']);
  });

  it('takes names in any case', () => {
    assert.deepEqual(normalCron('0 0 0 * jan-Mar fri *'), ['0', '0', '0', '*', '1-3', '5', '*']);
  });

  it('tolerates blanks around operators and between fields', () => {
    assert.deepEqual(normalCron(' * / 5  0 , 30 9 - 17 * * * *'), ['*/5', '0,30', '9-17', '*', '*', '*', '*']);
  });

  it('never fires when nothing can match', () => {
    for (const text of ['0 0 0 30 2 * *', '0 0 0 1 1 * 2020', '0 0 0 31 4 * *']) assert.deepEqual(ticks(text, 1), []);
  });

  it('reads the expression in another zone on request', () => {
    const noon = '0 0 12 * * * *';
    assert.equal(parseCron(noon, 0).next(FRIDAY), Date.UTC(2024, 3, 19, 12));
    assert.equal(parseCron(noon).next(FRIDAY), Date.UTC(2024, 3, 20, 4));
    assert.equal(parseCron(noon, -210).next(FRIDAY), Date.UTC(2024, 3, 19, 15, 30));
  });

  it('does not know the summer time that Shanghai once had', () => {
    const summer1990 = Date.UTC(1990, 6, 1);
    assert.equal(parseCron('0 0 12 * * * *').next(summer1990), Date.UTC(1990, 6, 1, 4));
  });

  it('is strictly after the given instant, milliseconds cut', () => {
    const everySecond = parseCron('* * * * * * *');
    assert.equal(everySecond.next(FRIDAY), FRIDAY + 1000);
    assert.equal(everySecond.next(FRIDAY + 999), FRIDAY + 1000);
  });
});

describe('what the grammar refuses', () => {
  const refused = [
    ['', 'no field'],
    ['* * * * * *', 'six fields'],
    ['* * * *', 'four fields'],
    ['* / 5 * * * * *', 'the misprint of the manual: six fields once the blanks are gone'],
    ['*/2****', 'no blanks at all'],
    ['* * * * * * * *', 'eight fields'],
    ['60 * * * * * *', 'second 60'],
    ['* * 24 * * * *', 'hour 24'],
    ['* * * 0 * * *', 'day 0'],
    ['* * * 32 * * *', 'day 32'],
    ['* * * * 13 * *', 'month 13'],
    ['* * * * * 7 *', 'week 7'],
    ['* * * * * 1-7 *', 'week 1-7'],
    ['* * * * * FRI-SUN *', 'a range that ends on Sunday'],
    ['* * * * * SAT-MON *', 'a range backwards'],
    ['* * * * * Monday *', 'a long name'],
    ['* * * * JANUARY * *', 'a long month'],
    ['MON * * * * * *', 'a name in a field without names'],
    ['* * * * * * 1969', 'a year too early'],
    ['* * * * * * 2100', 'a year too late'],
    ['*/0 * * * * * *', 'step 0'],
    ['*/60 * * * * * *', 'a step beyond the field'],
    ['5-1 * * * * * *', 'a range backwards'],
    ['1,,2 * * * * * *', 'an empty item'],
    ['-1 * * * * * *', 'a negative number'],
    ['1.5 * * * * * *', 'a fraction'],
    ['* * * L * * *', 'L'],
    ['* * * LW * * *', 'LW'],
    ['* * * 15W * * *', 'W'],
    ['* * * * * FRI#2 *', '#'],
    ['* * * * * 5L *', 'nL'],
    ['* * * ? * * *', '?'],
    ['* * * +1 * * *', '+'],
    ['H * * * *', 'H'],
    ['@daily', 'a nickname'],
    ['2024-04-19T16:44:05', 'a date'],
    ['CRON_TZ=UTC 0 0 0 * * * *', 'a zone'],
  ];
  for (const [text = '', why] of refused) {
    it(`${why}: ${text}`, () => {
      assert.throws(
        () => parseCron(text),
        (error: unknown) => error instanceof CloudError && error.code === 'InvalidParameterValue.TriggerDesc',
      );
    });
  }

  it('says which field, in both languages', () => {
    try {
      parseCron('0 0 25 * * * *');
      assert.fail('accepted');
    } catch (error) {
      assert.ok(error instanceof CloudError);
      assert.match(error.text('en'), /25 is not valid for the hour field.*0–23/);
      assert.match(error.text('zh'), /小时.*25.*0–23/);
    }
  });
});

// A second reading of the grammar, as sets, searched day by day.

interface Range {
  readonly min: number;
  readonly max: number;
}
interface Piece {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

const RANGES: readonly Range[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12 },
  { min: 0, max: 6 },
  { min: 1970, max: 2099 },
];

const upTo = (low: number, high: number, step = 1) => {
  const values = new Set<number>();
  for (let value = low; value <= high; value += step) values.add(value);
  return values;
};

function pieceOf({ min, max }: Range): fc.Arbitrary<Piece> {
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 1, max: max - min });
  const pair = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  return fc.oneof(
    { weight: 3, arbitrary: value.map(v => ({ text: `${v}`, values: upTo(v, v) })) },
    { weight: 2, arbitrary: step.map(s => ({ text: `*/${s}`, values: upTo(min, max, s) })) },
    { weight: 2, arbitrary: pair.map(([a, b]) => ({ text: `${a}-${b}`, values: upTo(a, b) })) },
    { weight: 1, arbitrary: fc.tuple(value, step).map(([v, s]) => ({ text: `${v}/${s}`, values: upTo(v, max, s) })) },
    {
      weight: 1,
      arbitrary: fc.tuple(pair, step).map(([[a, b], s]) => ({ text: `${a}-${b}/${s}`, values: upTo(a, b, s) })),
    },
  );
}

function fieldOf(range: Range): fc.Arbitrary<Piece> {
  const list = fc.array(pieceOf(range), { minLength: 1, maxLength: 3 }).map(pieces => ({
    text: pieces.map(p => p.text).join(','),
    values: new Set(pieces.flatMap(p => [...p.values])),
  }));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({ text: '*', values: upTo(range.min, range.max) }) },
    { weight: 3, arbitrary: list },
  );
}

/** Years are wide enough to matter and near enough to search. */
const nearYears = fc.oneof(
  fc.constant({ text: '*', values: upTo(1970, 2099) }),
  fc.integer({ min: 2020, max: 2032 }).map(y => ({ text: `${y}`, values: upTo(y, y) })),
  fc.integer({ min: 2020, max: 2028 }).map(y => ({ text: `${y}-${y + 4}/2`, values: upTo(y, y + 4, 2) })),
);

function bruteNext(fields: readonly Piece[], afterMs: number): number | undefined {
  const has = (i: number, value: number) => fields[i]?.values.has(value) ?? false;
  const first = Math.floor(afterMs / 1000) * 1000 + 1000 + 8 * HOUR_MS;
  for (let day = Math.floor(first / DAY_MS) * DAY_MS; day < first + 9 * 366 * DAY_MS; day += DAY_MS) {
    const date = new Date(day);
    const byDay = has(3, date.getUTCDate());
    const byWeek = has(5, date.getUTCDay());
    const either = fields[3]?.text !== '*' && fields[5]?.text !== '*';
    if (!has(6, date.getUTCFullYear()) || !has(4, date.getUTCMonth() + 1)) continue;
    if (either ? !byDay && !byWeek : !byDay || !byWeek) continue;
    for (let h = 0; h < 24; h++) {
      if (!has(2, h)) continue;
      for (let m = 0; m < 60; m++) {
        if (!has(1, m)) continue;
        for (let s = 0; s < 60; s++) {
          const at = day + ((h * 60 + m) * 60 + s) * 1000;
          if (has(0, s) && at >= first) return at - 8 * HOUR_MS;
        }
      }
    }
  }
  return undefined;
}

describe('against a brute-force reading of the grammar', () => {
  const instant = fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2026, 0, 1) });

  it('finds the same next instants, seven fields', () => {
    const expression = fc.tuple(...RANGES.slice(0, 6).map(fieldOf), nearYears);
    fc.assert(
      fc.property(expression, instant, (fields, from) => {
        const schedule = parseCron(fields.map(f => f.text).join(' '));
        let at: number | undefined = from;
        for (let i = 0; i < 3 && at !== undefined; i++) {
          const expected = bruteNext(fields, at);
          const found = schedule.next(at);
          // The brute search ends after nine years.
          if (expected !== undefined || found === undefined || found < at + 9 * 365 * DAY_MS)
            assert.equal(found, expected);
          at = expected;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('finds the same next instants, five fields', () => {
    const expression = fc.tuple(...RANGES.slice(1, 6).map(fieldOf));
    fc.assert(
      fc.property(expression, instant, (five, from) => {
        const fields = [{ text: '0', values: upTo(0, 0) }, ...five, { text: '*', values: upTo(1970, 2099) }];
        const expected = bruteNext(fields, from);
        const found = parseCron(five.map(f => f.text).join(' ')).next(from);
        if (expected !== undefined || found === undefined || found < from + 9 * 365 * DAY_MS)
          assert.equal(found, expected);
      }),
      { numRuns: 150 },
    );
  });

  it('never accepts a text that croner would read by itself, nor throws anything but a CloudError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789*/,-? LWMONSUN#@H+'), maxLength: 24 }), text => {
        try {
          parseCron(text);
        } catch (error) {
          assert.ok(error instanceof CloudError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
