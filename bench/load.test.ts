import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench } from './bench.ts';
import { cpuRatio, cpuUs, inRounds, measured, p50Ratio, perSRatio, type Round } from './compare.ts';
import { type Load, lua, parseWrk } from './load.ts';

const wrk = (summary: object, latencies: string): string =>
  `Running 1s test @ http://x/\n  1 threads\n${JSON.stringify(summary)}\n${latencies}\n`;

test('requests, rate and latencies are read from what the script prints', () => {
  const found = parseWrk(wrk({ requests: 4, us: 2_000_000, bad: 0 }, '10:2 30:1 50:1'), 'it', 1);
  assert.equal(found.requests, 4);
  assert.equal(found.perS, 2);
  assert.equal(found.p50Us, 10);
  assert.equal(found.p99Us, 50);
});

test('latencies that wrk has added to are what they were', () => {
  // 10 requests on 2 connections in 1,000 µs: one per 200 µs on each; 700 brings 500 and 300.
  const found = parseWrk(wrk({ requests: 10, us: 1000, bad: 0 }, '90:9 300:1 500:1 700:1'), 'it', 2);
  assert.deepEqual(
    [...found.latencies],
    [
      [90, 9],
      [700, 1],
    ],
  );
  assert.equal(found.p50Us, 90);
});

test('a load that failed is no measure', () => {
  assert.throws(() => parseWrk('unable to connect', 'it', 1), /wrk said: unable to connect/);
  assert.throws(() => parseWrk(wrk({ requests: 9, us: 1, bad: 2 }, '1:9'), 'it', 1), /it: 2 of 9 requests failed/);
  assert.throws(() => parseWrk(wrk({ requests: 9, us: 1e6, bad: 0 }, '1:8'), 'it', 1), /8 latencies of 9 calls/);
});

test('several bodies are sent in turn', () => {
  const script = lua({ method: 'POST', bodies: ['{"n":0}', '{"n":1}'] });
  assert.ok(script.includes('requests[0] = wrk.format(nil, nil, nil, [==[\n{"n":0}]==])'), script);
  assert.ok(script.includes('requests[1] = wrk.format(nil, nil, nil, [==[\n{"n":1}]==])'), script);
  assert.match(script, /return requests\[count % 2\]/);
});

test('the script asks for what the request is', () => {
  const script = lua({ method: 'POST', headers: { 'X-A': 'b"c' }, body: '\n{"a":1}' });
  assert.match(script, /^wrk\.method = "POST"$/m);
  assert.ok(script.includes('wrk.headers["X-A"] = [==[\nb"c]==]'), script);
  // Lua drops the first line break alone.
  assert.ok(script.includes('wrk.body = [==[\n\n{"a":1}]==]'), script);
  assert.ok(!script.includes('request = function'), script);
});

test('rare requests take turns with the usual ones', () => {
  const script = lua({ method: 'GET', rare: { every: 200, query: '?waitMs=100' } });
  assert.ok(script.includes('wrk.format(nil, wrk.path .. [==[\n?waitMs=100]==])'), script);
  assert.ok(script.includes('count % 200 == 0'), script);
});

const loaded = (perS: number, p50Us: number, cpu?: Load['cpu']): Load => ({
  requests: 1000,
  perS,
  latencies: new Map(),
  p50Us,
  p99Us: 10 * p50Us,
  cpu,
});
const ROUNDS: readonly Round[] = [
  {
    ours: loaded(60, 400, { serverMs: 30, functionsMs: 10 }),
    bare: loaded(100, 200, { serverMs: 20, functionsMs: 0 }),
  },
  { ours: loaded(20, 900, { serverMs: 50, functionsMs: 50 }), bare: loaded(80, 300, { serverMs: 20, functionsMs: 0 }) },
  { ours: loaded(90, 100, { serverMs: 10, functionsMs: 5 }), bare: loaded(100, 100, { serverMs: 10, functionsMs: 0 }) },
];

test('the value is the median of the ratios, and the lowest round is told', () => {
  const { value, detail } = measured(ROUNDS, perSRatio, ['openscf', 'bare']);
  assert.equal(value, 0.6);
  assert.equal(
    detail,
    'openscf 60/s p50 0.4 p99 4 ms, CPU 30 + 10 µs; bare 100/s p50 0.2 p99 2 ms, CPU 20 µs; ' +
      'rounds 0.6 0.25 0.9, lowest 0.25, highest 0.9',
  );
});

test('a ratio of latencies tells that of the requests too', () => {
  const { value, detail } = measured(ROUNDS, p50Ratio, ['openscf', 'bare']);
  assert.equal(value, 2);
  assert.match(detail, /; requests\/s 0\.6 of bare; rounds 2 3 1, lowest 1, highest 3$/);
});

test('the CPU of a request is that of server and functions', () => {
  assert.deepEqual(cpuUs(loaded(1, 1, { serverMs: 30, functionsMs: 10 })), { server: 30, functions: 10 });
  assert.equal(measured(ROUNDS, cpuRatio, ['openscf', 'bare']).value, 2);
});

test('without /proc there is no ratio of CPU, and the others are told without it', () => {
  const rounds = [{ ours: loaded(1, 1), bare: loaded(2, 1) }];
  assert.throws(() => measured(rounds, cpuRatio, ['a', 'b']), /does not tell/);
  assert.match(measured(rounds, perSRatio, ['a', 'b']).detail, /^a 1\/s p50 0\.001 p99 0\.01 ms; b 2\/s/);
});

test('there are five rounds, fewer when it is to be quick', async () => {
  let count = 0;
  const one = async () => ++count;
  assert.deepEqual(await inRounds(new Bench(false), one), [1, 2, 3, 4, 5]);
  assert.ok((await inRounds(new Bench(true), one)).length < 5);
});
