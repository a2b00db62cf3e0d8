import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench } from './bench.ts';
import { lineOf, type Measure, median, round, Skipped } from './measure.ts';
import { report } from './profile.ts';

const bench = new Bench(true);
const of = (value: number | Error, goal: number | null, better: Measure['better']): Measure => ({
  name: 'it',
  goal,
  better,
  run: async () => {
    if (value instanceof Error) throw value;
    return { value, detail: 'so' };
  },
});

test('the median stands in the middle, whatever the order', () => {
  assert.equal(median([10, 9, 1]), 9);
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.equal(median([5]), 5);
  assert.throws(() => median([]), /nothing was measured/);
});

test('numbers are for people', () => {
  assert.equal(round(0.61849), 0.618);
  assert.equal(round(12345.6), 12346);
});

test('a goal is met from above or from below, and exactly', async () => {
  const rows: [number, number, Measure['better'], boolean][] = [
    [0.6, 0.6, 'higher', true],
    [0.59, 0.6, 'higher', false],
    [1.4, 1.4, 'lower', true],
    [1.5, 1.4, 'lower', false],
  ];
  for (const [value, goal, better, ok] of rows) {
    assert.deepEqual(await lineOf(of(value, goal, better), bench), { measure: 'it', value, goal, ok, detail: 'so' });
  }
});

test('without a goal nothing is met or missed', async () => {
  assert.equal((await lineOf(of(7, null, 'lower'), bench)).ok, null);
});

test('what the machine lacks is skipped, what goes wrong has failed', async () => {
  const skipped = await lineOf(of(new Skipped('wrk is missing'), 0.6, 'higher'), bench);
  assert.deepEqual(skipped, { measure: 'it', value: null, goal: 0.6, ok: null, detail: 'skipped: wrk is missing' });
  const failed = await lineOf(of(new Error('no answer'), null, 'higher'), bench);
  assert.deepEqual(failed, { measure: 'it', value: null, goal: null, ok: false, detail: 'failed: no answer' });
});

test('a thing is opened once, and closed with the last first', async () => {
  const [own, said]: [Bench, string[]] = [new Bench(true), []];
  const open = (name: string) =>
    own.shared(name, async () => {
      own.atEnd(async () => void said.push(`closed ${name}`));
      return said.push(`opened ${name}`);
    });
  assert.equal(await open('a'), await open('a'));
  await open('b');
  await own.close();
  assert.deepEqual(said, ['opened a', 'opened b', 'closed b', 'closed a']);
});

test('what cannot be closed keeps nothing else open, and is told', async () => {
  const [own, said]: [Bench, string[]] = [new Bench(true), []];
  own.atEnd(async () => void said.push('first'));
  own.atEnd(async () => {
    throw new Error('stuck');
  });
  own.atEnd(async () => void said.push('last'));
  await assert.rejects(own.close(), /stuck/);
  assert.deepEqual(said, ['last', 'first']);
  await own.close();
});

test('names are numbered', () => {
  const own = new Bench(true);
  assert.notEqual(own.next(), own.next());
});

test('a profile counts self time between two instants, without what is idle', () => {
  const frame = (functionName: string, url = '', lineNumber = 9) => ({ functionName, url, lineNumber });
  const lines = report(
    {
      nodes: [
        { id: 1, callFrame: frame('work', 'file:///x/a.ts') },
        { id: 2, callFrame: frame('', 'file:///x/b.ts', 0) },
        { id: 3, callFrame: frame('(idle)') },
        { id: 4, callFrame: frame('early', 'file:///x/c.ts') },
      ],
      startTime: 1000,
      samples: [4, 1, 2, 3, 1, 4],
      timeDeltas: [0, 100, 30, 10, 40, 30],
    },
    1100,
    1205,
  );
  assert.deepEqual(lines, [
    'idle 36.4 % of the time',
    '',
    'self time by function',
    '  85.7 %  work  /x/a.ts:10',
    '  14.3 %  (anonymous)  /x/b.ts:1',
    '',
    'self time by file',
    '  85.7 %  /x/a.ts',
    '  14.3 %  /x/b.ts',
  ]);
});
