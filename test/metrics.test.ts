// What can be known of a server afterwards: counters, health, log tails, and the logs with their filters and pages.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { wireTime } from '../src/api/times.ts';
import { SLOT_MB } from '../src/runtime/machine/slots.ts';
import { ask, deploy, invoke, type Scf, sdkOf, settled, until } from './fixture.ts';
import { startTestServer } from './harness.ts';

const server = await startTestServer();
after(() => server.close());
const sdk = sdkOf(server);

type LogQuery = Parameters<Scf['GetFunctionLogs']>[0];
const logs = async (query: LogQuery) => {
  const { Data = [], TotalCount } = await sdk.GetFunctionLogs(query);
  return { rows: Data, total: TotalCount };
};

/** The samples of a metric: its labels as text, and the value. */
async function metric(name: string, of = server): Promise<Map<string, number>> {
  const response = await fetch(`${of.endpoint}/metrics`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const samples = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found?.[1] === name) samples.set(found[2] ?? '', Number(found[3]));
  }
  return samples;
}

const label = (name: string) => `function="ap-guangzhou/default/${name}"`;

/** Succeeds, fails, or runs out of time, as the event asks. */
const OBEYS = `exports.main_handler = async event => {
  console.log('did ' + (event.do ?? 'nothing'));
  if (event.do === 'fail') throw new Error('as asked');
  if (event.do === 'wait') await new Promise(done => setTimeout(done, 60_000));
  if (event.do === 'hoard') for (const all = []; ; ) all.push(Buffer.alloc(4e6, 1));
  return event.n ?? null;
}`;

test('calls are counted by function, way and class, with their times', async () => {
  const FunctionName = 'counted';
  await deploy(sdk, FunctionName, OBEYS);
  const began = performance.now();
  for (const n of [1, 2, 3]) await invoke(sdk, FunctionName, { n });
  await invoke(sdk, FunctionName, { do: 'fail' });
  await sdk.Invoke({ FunctionName, InvocationType: 'Event', ClientContext: '{}' });
  const invocations = await until('the asynchronous run is counted', async () => {
    const samples = await metric('openscf_invocations_total');
    return samples.has(`${label(FunctionName)},mode="async",class="ok"`) && samples;
  });
  assert.equal(invocations.get(`${label(FunctionName)},mode="sync",class="ok"`), 3);
  assert.equal(invocations.get(`${label(FunctionName)},mode="sync",class="run"`), 1);
  assert.equal(invocations.get(`${label(FunctionName)},mode="async",class="ok"`), 1);
  assert.equal((await metric('openscf_duration_seconds_count')).get(label(FunctionName)), 5);
  const sum = (await metric('openscf_duration_seconds_sum')).get(label(FunctionName)) ?? 0;
  const wholeS = (performance.now() - began) / 1000;
  // They ran one after the other. Another clock has measured them, in whole milliseconds.
  assert.ok(sum > 0 && sum < wholeS + 0.1, `${sum} s of ${wholeS} s`);
  assert.equal((await metric('openscf_cold_starts_total')).get(label(FunctionName)), 1);
  assert.equal((await metric('openscf_instances')).get(''), 1);
  assert.equal((await metric('openscf_waiting')).get(''), 0);
  assert.equal((await metric('openscf_prepared_sandboxes')).get(''), 0);
  assert.ok((await metric('process_resident_memory_bytes')).size > 0);
});

test('an asynchronous event that fails is counted as tried again, not as given up', async () => {
  const FunctionName = 'fails';
  await deploy(sdk, FunctionName, OBEYS);
  await sdk.Invoke({ FunctionName, InvocationType: 'Event', ClientContext: '{"do":"fail"}' });
  const retries = await until('the attempt is counted', async () => {
    const samples = await metric('openscf_retries_total');
    return samples.has(label(FunctionName)) && samples;
  });
  assert.equal(retries.get(label(FunctionName)), 1);
  for (const name of ['dead', 'dropped', 'aborted'])
    assert.equal((await metric(`openscf_${name}_events_total`)).size, 0, name);
});

test('prepared sandboxes are counted, and doctor tells the same', async t => {
  const warm = await startTestServer({ warm: 2 * SLOT_MB });
  t.after(() => warm.close());
  await deploy(sdkOf(warm), 'early', OBEYS);
  await until('both are there', async () => (await metric('openscf_prepared_sandboxes', warm)).get('') === 2);
  const { load } = await warm.get<{ load: object }>('/doctor');
  assert.deepEqual(load, { instances: 0, prepared: 2, waiting: 0, usedMB: 0, memoryMB: 2048 });
});

test('what no function has is not counted under its name', async () => {
  const { endpoint } = server;
  await assert.rejects(sdk.Invoke({ FunctionName: 'invented' }), { code: 'ResourceNotFound.Function' });
  assert.ok(!(await (await fetch(`${endpoint}/metrics`)).text()).includes('invented'));
});

test('a call beyond the room of the machine is counted as throttled', async () => {
  const FunctionName = 'too-large';
  await deploy(sdk, FunctionName, OBEYS, { MemorySize: 3072 });
  const { RetMsg } = await invoke(sdk, FunctionName);
  assert.equal(JSON.parse(RetMsg).statusCode, 449);
  assert.equal((await metric('openscf_throttles_total')).get(`${label(FunctionName)},status="449"`), 1);
});

test('health is told without a key, and nothing else', async () => {
  const health = await ask(`${server.endpoint}/healthz`);
  assert.deepEqual([health.status, health.body.toString()], [200, '{"status":"ok"}']);
  assert.equal((await ask(`${server.endpoint}/healthz`, { method: 'HEAD' })).body.length, 0);
  assert.equal((await ask(`${server.endpoint}/healthz`, { method: 'POST' })).status, 405);
  assert.equal((await ask(`${server.endpoint}/nothing`)).status, 404);
  assert.notEqual((await ask(`${server.endpoint}/_openscf/v1/status`)).status, 200);
});

test('the tail of a log is its last 4 KB, of whole characters', async () => {
  const FunctionName = 'talks';
  const code = 'exports.main_handler = async n => { for (let i = 0; i < n; i++) console.log("行 " + i); return n; }';
  await deploy(sdk, FunctionName, code);
  const short = await invoke(sdk, FunctionName, 2);
  const id = `RequestId:${short.FunctionRequestId}`;
  const lines = short.Log.split('\n').filter(line => !line.startsWith('[PLATFORM]'));
  assert.deepEqual([lines[0], lines[3], lines[4]], [`START ${id}`, `Response ${id} RetMsg:2`, `END ${id}`]);
  assert.match(lines.slice(1, 3).join('\n'), /\t行 0\n.*\t行 1$/);
  assert.match(lines[5] ?? '', new RegExp(`^Report ${id} Duration:\\d+ms Memory:128MB MemUsage:[\\d.]+MB$`));
  assert.deepEqual(lines.slice(6), ['']);
  const { Log, FunctionRequestId = '' } = await invoke(sdk, FunctionName, 2000);
  assert.ok(Buffer.byteLength(Log) <= 4096 && Buffer.byteLength(Log) > 4090);
  assert.ok(!Log.includes('\ufffd') && Log.includes('行 1999'));
  const whole = (await logs({ FunctionName, FunctionRequestId })).rows[0]?.Log ?? '';
  assert.ok(whole.includes('行 0') && whole.endsWith(Log));
  assert.equal((await sdk.Invoke({ FunctionName, ClientContext: '1' })).Result?.Log, '', 'only when asked for');
});

test('logs are filtered by result, call, version and time', async () => {
  const FunctionName = 'obeys';
  await deploy(sdk, FunctionName, OBEYS, { MemorySize: 128 });
  await sdk.PublishVersion({ FunctionName });
  await settled(sdk, FunctionName, '1');
  const ok = await invoke(sdk, FunctionName, { n: 1 });
  const failed = await invoke(sdk, FunctionName, { do: 'fail' });
  const limit = async (Timeout: number) => {
    await sdk.UpdateFunctionConfiguration({ FunctionName, Timeout });
    await settled(sdk, FunctionName);
  };
  await limit(1);
  const slow = await invoke(sdk, FunctionName, { do: 'wait' });
  await limit(60);
  const hoard = await invoke(sdk, FunctionName, { do: 'hoard' });
  assert.equal(JSON.parse(hoard.RetMsg).statusCode, 434);
  const old = await sdk.Invoke({ FunctionName, Qualifier: '1', ClientContext: '{}' });

  const found = async (query: LogQuery) => {
    const { rows, total } = await logs({ FunctionName, Order: 'asc', OrderBy: 'start_time', ...query });
    assert.equal(rows.length, total);
    return rows.map(row => row.RequestId);
  };
  const ids = [ok, failed, slow, hoard, old.Result].map(one => one?.FunctionRequestId);
  const [okId, failedId, slowId, hoardId, oldId] = ids;
  assert.deepEqual(await found({}), ids);
  assert.deepEqual(await found({ Order: 'desc' }), ids.toReversed());
  assert.deepEqual(await found({ Filter: { RetCode: 'is0' } }), [okId, oldId]);
  assert.deepEqual(await found({ Filter: { RetCode: 'not0' } }), [failedId, slowId, hoardId]);
  assert.deepEqual(await found({ Filter: { RetCode: 'TimeLimitExceeded' } }), [slowId]);
  assert.deepEqual(await found({ Filter: { RetCode: 'ResourceLimitExceeded' } }), [hoardId]);
  assert.deepEqual(await found({ Filter: { RetCode: 'UserCodeException' } }), [failedId]);
  assert.deepEqual(await found({ FunctionRequestId: slowId ?? '' }), [slowId]);
  assert.deepEqual(await found({ Qualifier: '1' }), [oldId]);
  assert.deepEqual(await found({ Qualifier: '$LATEST' }), ids.slice(0, 4));
  const { nowMs } = await server.get<{ nowMs: number }>('/clock');
  const window = (fromMs: number, toMs: number) => ({
    StartTime: wireTime(nowMs + fromMs),
    EndTime: wireTime(nowMs + toMs),
  });
  assert.deepEqual(await found(window(-3_600_000, 3_600_000)), ids);
  assert.deepEqual(await found(window(-7_200_000, -3_600_000)), []);
  const [row] = (await logs({ FunctionName, FunctionRequestId: failedId ?? '' })).rows;
  assert.deepEqual([row?.FunctionName, row?.InvokeFinished, row?.RetCode, row?.RetryNum], [FunctionName, 1, 1, 0]);
  assert.match(row?.Log ?? '', /did fail[\s\S]*ERROR RequestId:.*as asked/);

  await assert.rejects(logs({ FunctionName, Filter: { RetCode: 'odd' } }), {
    code: 'InvalidParameterValue.Status',
    message: /is0/,
  });
  await assert.rejects(logs({ FunctionName, OrderBy: 'colour' }), { code: 'InvalidParameterValue.OrderBy' });
  await assert.rejects(logs({ FunctionName, StartTime: wireTime(nowMs) }), {
    code: 'InvalidParameterValue.StartTimeOrEndTime',
  });
  await assert.rejects(logs({ FunctionName, ...window(-90_000_000, 0) }), { code: 'InvalidParameterValue.DateTime' });
  await assert.rejects(logs({ FunctionName: 'nobody' }), { code: 'ResourceNotFound.Function' });
});

test('pages of logs are whole and do not overlap', async () => {
  const FunctionName = 'paged';
  await deploy(sdk, FunctionName, OBEYS);
  const made: (string | undefined)[] = [];
  for (let n = 0; n < 25; n++) made.push((await invoke(sdk, FunctionName, { n })).FunctionRequestId);
  const seen: (string | undefined)[] = [];
  for (let Offset = 0; ; Offset += 10) {
    const { rows, total } = await logs({ FunctionName, Offset, Limit: 10, Order: 'asc', OrderBy: 'start_time' });
    assert.equal(total, 25);
    if (rows.length === 0) break;
    seen.push(...rows.map(row => row.RequestId));
  }
  assert.deepEqual(seen.toSorted(), made.toSorted());
  assert.deepEqual((await logs({ FunctionName, Limit: 0 })).rows, []);
  const usual = await logs({ FunctionName });
  assert.deepEqual([usual.rows.length, usual.total], [20, 25], 'twenty when nothing is said');
  const durations = (await logs({ FunctionName, OrderBy: 'duration', Order: 'desc' })).rows.map(
    row => row.Duration ?? 0,
  );
  assert.deepEqual(
    durations,
    durations.toSorted((a, b) => b - a),
  );
});
