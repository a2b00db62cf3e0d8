import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvocationRow } from '../core/rows.ts';
import type { LogQuery } from './control.ts';
import { KEY, NOW, rejects, scene } from './fixture.ts';

const DAY_MS = 86_400_000;

function row(change: Partial<InvocationRow>): InvocationRow {
  return {
    ...KEY,
    requestId: 'r',
    retryNum: 0,
    version: '$LATEST',
    qualifier: '$DEFAULT',
    source: 'invoke',
    acceptedAt: NOW,
    startedAt: NOW,
    status: 200,
    verdict: 'answered',
    durationMs: 1,
    initMs: 0,
    waitMs: 0,
    memoryBytes: 1,
    memoryMB: 128,
    retMsg: '',
    errMsg: '',
    log: '',
    instance: '',
    queuedMs: 0,
    nextAt: 0,
    why: '',
    ...change,
  };
}

async function withRows(...rows: Partial<InvocationRow>[]) {
  const made = await scene();
  await made.made();
  for (const change of rows) await made.store.put('invocations', row(change));
  const query = (change: Partial<LogQuery> = {}) =>
    made.control.logs.functionLogs({ region: KEY.region, namespace: KEY.namespace, functionName: KEY.name, ...change });
  const ids = async (change: Partial<LogQuery> = {}) => (await query(change)).rows.map(row => row.requestId).join('');
  return { ...made, query, ids };
}

const STATUSES = [200, 433, 434, 432, 430, 202].map((status, i) => ({
  requestId: 'abcdef'[i] ?? '',
  status,
  startedAt: NOW - i,
  durationMs: 10 * i,
}));

test('the last day, newest first', async () => {
  const { ids } = await withRows(
    ...STATUSES,
    { requestId: 'old', startedAt: NOW - DAY_MS - 1 },
    { requestId: 'z', name: 'other' },
  );
  assert.equal(await ids(), 'abcdef');
  assert.equal(await ids({ order: 'asc' }), 'fedcba');
  assert.equal(await ids({ orderBy: 'duration', order: 'desc' }), 'fedcba');
  assert.equal(await ids({ offset: 1, limit: 2 }), 'bc');
});

test('filters by result; a total counts all of them', async () => {
  const { ids, query } = await withRows(...STATUSES);
  assert.equal(await ids({ retCode: 'is0' }), 'a');
  assert.equal(await ids({ retCode: 'not0' }), 'bcde');
  assert.equal(await ids({ retCode: 'TimeLimitExceeded' }), 'b');
  assert.equal(await ids({ retCode: 'ResourceLimitExceeded' }), 'cd');
  assert.equal(await ids({ retCode: 'UserCodeException' }), 'e');
  assert.equal(await ids({ retCode: '' }), 'abcdef');
  const page = await query({ retCode: 'not0', offset: 1, limit: 2 });
  assert.deepEqual([page.total, page.rows.map(row => row.requestId)], [4, ['c', 'd']]);
  await rejects(query({ retCode: 'is1' }), 'InvalidParameterValue.Status');
});

test('filters by request, version and alias', async () => {
  const { ids } = await withRows({ requestId: 'a' }, { requestId: 'b', version: '1', qualifier: 'prod' });
  assert.equal(await ids({ requestId: 'b' }), 'b');
  assert.equal(await ids({ qualifier: '1' }), 'b');
  assert.equal(await ids({ qualifier: '$LATEST' }), 'a');
  assert.equal(await ids({ qualifier: 'prod' }), 'b');
});

test('a filter that reads each row goes through all of them', async () => {
  const { query, store } = await withRows();
  await store.transaction(async rows => {
    for (let i = 0; i < 2100; i++)
      await rows.put('invocations', row({ requestId: String(i), status: i % 3 === 0 ? 430 : 200, startedAt: NOW - i }));
  });
  const { total, rows } = await query({ retCode: 'not0', offset: 690, limit: 100 });
  assert.deepEqual([total, rows.length, rows.at(-1)?.requestId], [700, 10, '2097']);
});

test('the window has both ends, and a day at most', async () => {
  const { ids, query } = await withRows(...STATUSES);
  assert.equal(await ids({ startTime: NOW - 3, endTime: NOW - 1 }), 'cd', 'from the start, up to the end');
  await rejects(query({ startTime: NOW }), 'InvalidParameterValue.StartTimeOrEndTime');
  await rejects(query({ endTime: NOW }), 'InvalidParameterValue.StartTimeOrEndTime');
  await rejects(query({ startTime: NOW, endTime: NOW }), 'InvalidParameterValue.StartTimeOrEndTime');
  await query({ startTime: NOW - DAY_MS, endTime: NOW });
  await rejects(query({ startTime: NOW - DAY_MS - 2000, endTime: NOW }), 'InvalidParameterValue.DateTime');
});

test('refuses bad pages and unknown functions', async () => {
  const { query } = await withRows();
  await rejects(query({ offset: 9_990, limit: 20 }), 'LimitExceeded.Offset');
  await rejects(query({ offset: -1 }), 'InvalidParameterValue.Offset');
  await rejects(query({ orderBy: 'toString' }), 'InvalidParameterValue.OrderBy');
  await rejects(query({ order: 'x' }), 'InvalidParameterValue.Order');
  await rejects(query({ functionName: 'none' }), 'ResourceNotFound.Function');
});

test('the status of a request: a row per attempt, of the last quarter of an hour', async () => {
  const { control } = await withRows(
    { requestId: 'a', retryNum: 1, startedAt: NOW - 1000 },
    { requestId: 'a', retryNum: 0, startedAt: NOW - 61_000 },
    { requestId: 'b' },
    { requestId: 'c', startedAt: NOW - 16 * 60_000 },
  );
  const status = (requestId: string, window = {}) => control.logs.requestStatus({ ...KEY, requestId, ...window });
  assert.deepEqual(
    (await status('a')).rows.map(row => row.retryNum),
    [0, 1],
  );
  assert.equal((await status('c')).total, 0);
  assert.equal((await status('c', { startTime: NOW - DAY_MS, endTime: NOW })).total, 1);
  await rejects(status('a', { startTime: NOW }), 'InvalidParameterValue.StartTimeOrEndTime');
  await rejects(control.logs.requestStatus({ ...KEY, name: 'none', requestId: 'a' }), 'ResourceNotFound.Function');
});

test('what a run that goes on has printed so far stands in its row', async () => {
  const asked: string[] = [];
  const { control, made, store } = await scene({
    printed: requestId => {
      asked.push(requestId);
      return requestId === 'runs' ? 'so far\n' : undefined;
    },
  });
  await made();
  await store.put('invocations', row({ requestId: 'runs', status: 202, verdict: 'running' }));
  await store.put('invocations', row({ requestId: 'waits', status: 202, verdict: 'accepted', log: '' }));
  await store.put('invocations', row({ requestId: 'ended', log: 'all' }));
  const { rows } = await control.logs.functionLogs({ region: KEY.region, namespace: KEY.namespace });
  assert.deepEqual(Object.fromEntries(rows.map(({ requestId, log }) => [requestId, log])), {
    runs: 'so far\n',
    waits: '',
    ended: 'all',
  });
  const status = await control.logs.requestStatus({ ...KEY, requestId: 'runs' });
  assert.equal(status.rows[0]?.log, 'so far\n');
  assert.ok(!asked.includes('ended'), 'one that is over has its own');
});
