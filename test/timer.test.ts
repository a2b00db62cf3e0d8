// The timer on the turned clock: every tick once, with its own time; months in seconds; retries; off, on and gone.

import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { wireTime } from '../src/api/times.ts';
import { deploy, type Scf, sdkOf, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clock = (body: object) => server.post<{ nowMs: number }>('/clock', body);
const advance = (ms: number) => clock({ action: 'advance', ms });

let startMs = Date.UTC(2031, 0, 1);

/** Stops the clock at the beginning of a year of its own, after everything that was before. */
async function begin(): Promise<void> {
  await clock({ action: 'to', instantMs: startMs });
  startMs = Date.UTC(new Date(startMs).getUTCFullYear() + 1, 0, 1);
}

const made: string[] = [];
afterEach(async () => {
  for (const FunctionName of made.splice(0)) await sdk.DeleteFunction({ FunctionName }).catch(() => undefined);
});

const PRINTS = 'exports.main_handler = async event => { console.log("EVENT " + JSON.stringify(event)); }';

async function timed(FunctionName: string, cron: string, code = PRINTS): Promise<void> {
  await deploy(sdk, FunctionName, code);
  made.push(FunctionName);
  const timer = { FunctionName, TriggerName: 'tick', Type: 'timer', Enable: 'OPEN' } as const;
  await sdk.CreateTrigger({ ...timer, TriggerDesc: JSON.stringify({ cron }), CustomArgument: 'hello' });
}

type LogRow = NonNullable<Awaited<ReturnType<Scf['GetFunctionLogs']>>['Data']>[number];

/** Every attempt of the last day of the clock, oldest first. */
async function attempts(FunctionName: string): Promise<LogRow[]> {
  const { Data = [], TotalCount } = await sdk.GetFunctionLogs({
    FunctionName,
    Order: 'asc',
    OrderBy: 'start_time',
    Limit: 1000,
  });
  assert.equal(Data.length, TotalCount);
  return Data;
}

interface TimerEvent {
  readonly Type: string;
  readonly TriggerName: string;
  readonly Time: string;
  readonly Message: string;
}

const eventOf = (row: LogRow): TimerEvent => JSON.parse(/EVENT (.*)/.exec(row.Log ?? '')?.[1] ?? 'null');
const count = async (FunctionName: string) => (await attempts(FunctionName)).length;

test('each second has its own event', async () => {
  await begin();
  await timed('seconds', '*/1 * * * * * *');
  await advance(60 * SECOND_MS);
  const rows = await attempts('seconds');
  const times = rows.map(row => eventOf(row).Time);
  const expected = Array.from(
    { length: 60 },
    (_, at) => `2031-01-01T00:0${at < 59 ? 0 : 1}:${String((at + 1) % 60).padStart(2, '0')}Z`,
  );
  assert.deepEqual(times, expected);
  const [first] = rows;
  assert.ok(first);
  assert.deepEqual(eventOf(first), { Type: 'Timer', TriggerName: 'tick', Time: expected[0], Message: 'hello' });
  assert.equal(new Set(rows.map(row => row.RequestId)).size, 60);
  assert.ok(rows.every(row => row.RetCode === 0 && row.RetryNum === 0));
});

test('a month of an hourly timer passes in a moment, in order', async t => {
  await begin();
  await timed('hourly', '0 0 * * * * *');
  const { nowMs } = await clock({ action: 'freeze' });
  const began = performance.now();
  await advance(31 * DAY_MS);
  const ms = Math.round(performance.now() - began);
  t.diagnostic(`31 days of an hourly timer: ${ms} ms`);
  const metrics = await (await fetch(`${server.endpoint}/metrics`)).text();
  assert.match(metrics, /^openscf_invocations_total\{function="[^"]*hourly[^"]*",mode="async",class="ok"\} 744$/m);
  // Of a month the last seven days are kept.
  const times: string[] = [];
  for (let day = 24; day < 31; day++) {
    const StartTime = wireTime(nowMs + day * DAY_MS + SECOND_MS);
    const EndTime = wireTime(nowMs + (day + 1) * DAY_MS + SECOND_MS);
    const { Data = [] } = await sdk.GetFunctionLogs({
      FunctionName: 'hourly',
      StartTime,
      EndTime,
      Order: 'asc',
      OrderBy: 'start_time',
      Limit: 100,
    });
    for (const row of Data) times.push(eventOf(row).Time);
  }
  const hours = Array.from({ length: 7 * 24 }, (_, at) => nowMs + 24 * DAY_MS + (at + 1) * HOUR_MS);
  assert.deepEqual(
    times,
    hours.map(at => `${new Date(at).toISOString().slice(0, 19)}Z`),
  );
  assert.ok(ms < HOUR_MS, `${ms} ms: not one of these hours was waited for`);
});

test('the zone of an expression is that of Beijing', async () => {
  await begin();
  await timed('breakfast', '0 30 7 * * * *');
  await advance(DAY_MS);
  assert.deepEqual(
    (await attempts('breakfast')).map(row => eventOf(row).Time),
    ['2033-01-01T23:30:00Z'],
  );
});

test('a run that fails is tried again after one minute and after two, and then given up', async () => {
  await begin();
  await timed('fails', '0 0 12 * * * *', 'exports.main_handler = async () => { throw new Error("again") }');
  const tries = async () => (await attempts('fails')).map(row => [row.RetryNum, row.StartTime, row.RetCode]);
  const noon = Date.UTC(2034, 0, 1, 4);
  await clock({ action: 'to', instantMs: noon });
  const expected = [
    [0, '2034-01-01 12:00:00', 1],
    [1, '2034-01-01 12:01:00', 1],
    [2, '2034-01-01 12:02:00', 1],
  ];
  assert.deepEqual(await tries(), expected.slice(0, 1));
  await advance(MINUTE_MS - 1);
  assert.deepEqual(await tries(), expected.slice(0, 1));
  await advance(1);
  assert.deepEqual(await tries(), expected.slice(0, 2));
  await advance(MINUTE_MS);
  assert.deepEqual(await tries(), expected);
  await advance(12 * HOUR_MS);
  assert.deepEqual(await tries(), expected, 'no further attempt');
  const { Data } = await sdk.GetFunctionLogs({ FunctionName: 'fails' });
  assert.equal(new Set(Data?.map(row => row.RequestId)).size, 1, 'one event');
  const FunctionRequestId = Data?.[0]?.RequestId ?? '';
  const metrics = await (await fetch(`${server.endpoint}/metrics`)).text();
  assert.match(metrics, /^openscf_dropped_events_total\{function="[^"]*fails[^"]*"\} 1$/m);
  const status = await sdk.GetRequestStatus({
    FunctionName: 'fails',
    FunctionRequestId,
    StartTime: '2034-01-01 00:00:00',
    EndTime: '2034-01-02 00:00:00',
  });
  assert.deepEqual(
    status.Data?.map(one => one.RetryNum),
    [0, 1, 2],
  );
});

test('a retry policy of none gives up at once', async () => {
  await begin();
  await timed('once', '0 0 12 * * * *', 'exports.main_handler = async () => { throw new Error("no") }');
  await sdk.UpdateFunctionEventInvokeConfig({
    FunctionName: 'once',
    AsyncTriggerConfig: { RetryConfig: [{ RetryNum: 0 }], MsgTTL: 3600 },
  });
  await advance(DAY_MS / 2);
  assert.equal(await count('once'), 1);
});

test('switched off it is silent, switched on it goes on from then', async () => {
  await begin();
  await timed('paused', '0 * * * * * *');
  const set = (Enable: 'OPEN' | 'CLOSE') =>
    sdk.UpdateTriggerStatus({ FunctionName: 'paused', TriggerName: 'tick', Type: 'timer', Enable });
  await advance(3 * MINUTE_MS);
  assert.equal(await count('paused'), 3);
  await set('CLOSE');
  await advance(10 * MINUTE_MS);
  assert.equal(await count('paused'), 3);
  await set('OPEN');
  await advance(2 * MINUTE_MS);
  const times = (await attempts('paused')).map(row => eventOf(row).Time.slice(14, 16));
  assert.deepEqual(times, ['01', '02', '03', '14', '15'], 'what was missed is not made up for');
});

test('a function that is deleted takes its timer along', async () => {
  await begin();
  await timed('leaving', '* * * * * * *');
  await advance(2 * SECOND_MS);
  assert.equal(await count('leaving'), 2);
  await sdk.DeleteFunction({ FunctionName: 'leaving' });
  await until('leaving has gone', async () => {
    const { Functions } = await sdk.ListFunctions({ SearchKey: 'leaving' });
    return Functions?.length === 0;
  });
  await advance(10 * SECOND_MS);
  await deploy(sdk, 'leaving', PRINTS);
  made.push('leaving');
  await advance(10 * SECOND_MS);
  const { Triggers } = await sdk.ListTriggers({ FunctionName: 'leaving' });
  assert.deepEqual(Triggers, []);
  assert.ok((await attempts('leaving')).every(row => eventOf(row).Time <= '2037-01-01T00:00:02Z'));
});
